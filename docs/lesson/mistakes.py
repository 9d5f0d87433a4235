"""What goes wrong, seen to go wrong: each function makes one mistake and says what came of it."""

import multiprocessing
import os
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures import ThreadPoolExecutor as Threads
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from typing import Any


def map_unread() -> str:
    """An error that nobody reads."""
    with Threads(2) as executor:
        executor.map(int, ["1", "two", "3"])
    return "int('two') failed, and the program goes on: nobody asked map for its results"


def map_stops() -> str:
    """An error in the middle of map."""
    ran, seen = [], []
    together = threading.Barrier(10)

    def task(number: int) -> int:
        ran.append(number)
        together.wait()
        return 1 // (number - 2)

    with Threads(10) as executor, suppress(ZeroDivisionError):
        for result in executor.map(task, range(10)):
            seen.append(result)
    return f"{len(ran)} tasks ran, one failed, and the loop saw {len(seen)} results"


def submit_all() -> str:
    """Everything submitted at once, and every result kept."""

    def window(executor: Executor) -> None:
        running: set[Future[bytes]] = set()
        for _ in range(TASKS):
            if len(running) == 16:
                _, running = wait(running, return_when=FIRST_COMPLETED)
            running.add(executor.submit(bytes, SIZE))

    def at_once(executor: Executor) -> None:
        wait([executor.submit(bytes, SIZE) for _ in range(TASKS)])

    return f"{peak(at_once):.0f} MB at the peak; with a window of 16 it is {peak(window):.1f} MB"


TASKS, SIZE = 2000, 40_000


def peak(use: Callable[[Executor], None]) -> float:
    """Return the most memory in MB that was in use at a time."""
    tracemalloc.start()
    with Threads(8) as executor:
        use(executor)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def lambda_to_process() -> str:
    """A lambda for another process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        error = executor.submit(lambda: 1).exception()
    return f"{type(error).__name__}: a process gets the name of a function, and this has none"


def killed_worker() -> str:
    """A worker process that dies."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        futures: list[Future[Any]] = [executor.submit(os._exit, 1)]
        with suppress(BrokenProcessPool):
            futures += [executor.submit(os.getpid) for _ in range(7)]
        lost = sum(isinstance(future.exception(), BrokenProcessPool) for future in futures)
    return f"{lost} of {len(futures)} calls are lost with it, and the pool takes no more"


def fork_with_threads() -> str:
    """A fork while another thread holds a lock."""
    if not hasattr(os, "fork"):
        return "there is no fork on this system"
    lock, held, done = threading.Lock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait()

    threading.Thread(target=hold).start()
    held.wait()
    child = multiprocessing.get_context("fork").Process(target=partial(try_lock, lock))
    child.start()
    child.join()
    done.set()
    return (
        f"the child {'got' if child.exitcode == 0 else 'never gets'} it: its holder was not copied"
    )


def try_lock(lock: threading.Lock) -> None:
    """Wait a moment for a lock; end with 1 if it does not come."""
    os._exit(0 if lock.acquire(timeout=0.3) else 1)


def ctrl_c() -> str:
    """Ctrl-C inside ``with ThreadPoolExecutor``."""

    def finished(*, cancel: bool) -> int:
        with suppress(KeyboardInterrupt), Threads(8) as executor:
            futures = [executor.submit(time.sleep, 0.02) for _ in range(60)]
            try:
                raise KeyboardInterrupt
            finally:
                executor.shutdown(wait=False, cancel_futures=cancel)
        return sum(not future.cancelled() for future in futures)

    all_of_them, some = finished(cancel=False), finished(cancel=True)
    return f"{all_of_them} of 60 calls are done before it ends; with cancel_futures {some}"


MISTAKES = (
    map_unread,
    map_stops,
    submit_all,
    lambda_to_process,
    killed_worker,
    fork_with_threads,
    ctrl_c,
)

if __name__ == "__main__":
    for mistake in MISTAKES:
        print(f"{str(mistake.__doc__).rstrip('.')}: {mistake()}.", flush=True)
