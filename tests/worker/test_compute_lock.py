"""The compute lock: one thread of a process holds it, but no slow one is waited for."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from sprites.worker.compute_lock import ComputeLock

_LONG = 30
"""Seconds after which a test is taken for stuck."""


def test_one_thread_holds_the_lock_at_a_time() -> None:
    """Whoever comes while it is held comes in when it is released, and never earlier."""
    assert _is_held_alone(ComputeLock(patience=_LONG))


def test_a_slow_holder_is_not_waited_for() -> None:
    """Where one waits for its disk, the others work beside it and each other, then alone."""
    lock = ComputeLock(patience=0.01)
    begun, end = threading.Event(), threading.Event()
    together = threading.Barrier(3, timeout=_LONG)

    def wait() -> bool:
        with lock.held():
            begun.set()
            return end.wait(_LONG)

    def meet() -> None:
        with lock.held():
            together.wait()

    with ThreadPoolExecutor(4) as pool:
        slow = pool.submit(wait)
        assert begun.wait(_LONG)
        for other in [pool.submit(meet) for _ in range(3)]:
            other.result()
        end.set()
        assert slow.result()
    lock.patience = _LONG
    assert _is_held_alone(lock)


def test_all_who_wait_for_a_slow_holder_are_let_in_together() -> None:
    """They do not wait for each other as well: where a disk is slow, hundreds may be at it."""
    lock, together = ComputeLock(patience=0.5), threading.Barrier(100, timeout=_LONG)

    def meet() -> None:
        with lock.held():
            together.wait()

    with ThreadPoolExecutor(100) as pool:
        for each in [pool.submit(meet) for _ in range(100)]:
            each.result()


def _is_held_alone(lock: ComputeLock) -> bool:
    inside: list[int] = []

    def work(number: int) -> bool:
        with lock.held():
            inside.append(number)
            for _ in range(20):  # each of them passes Python's own lock on
                os.listdir()
            is_alone = inside == [number]
            inside.remove(number)
        return is_alone

    with ThreadPoolExecutor(8) as pool:
        return all(pool.map(work, range(500)))
