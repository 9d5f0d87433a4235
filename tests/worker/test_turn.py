"""Turns: threads of a process take them one after another, but wait for no slow one."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from sprites.worker.turn import Turn

_LONG = 30
"""Seconds after which a test is taken for stuck."""


def test_one_thread_has_the_turn_at_a_time() -> None:
    """Whoever comes while it is taken comes in when it is given back, and never earlier."""
    assert _is_taken_alone(Turn(patience=_LONG))


def test_a_slow_turn_is_not_waited_for() -> None:
    """Where one waits for its disk, the others work beside it and each other, and then in turns."""
    turn = Turn(patience=0.01)
    begun, end = threading.Event(), threading.Event()
    together = threading.Barrier(3, timeout=_LONG)

    def wait() -> bool:
        with turn.taken():
            begun.set()
            return end.wait(_LONG)

    def meet() -> None:
        with turn.taken():
            together.wait()

    with ThreadPoolExecutor(4) as pool:
        slow = pool.submit(wait)
        assert begun.wait(_LONG)
        for other in [pool.submit(meet) for _ in range(3)]:
            other.result()
        end.set()
        assert slow.result()
    turn.patience = _LONG
    assert _is_taken_alone(turn)


def _is_taken_alone(turn: Turn) -> bool:
    inside: list[int] = []

    def work(number: int) -> bool:
        with turn.taken():
            inside.append(number)
            for _ in range(20):  # each of them passes Python's own lock on
                os.listdir()
            is_alone = inside == [number]
            inside.remove(number)
        return is_alone

    with ThreadPoolExecutor(8) as pool:
        return all(pool.map(work, range(500)))
