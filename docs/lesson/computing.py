"""Waiting and computing: the same calls one after another, on threads and on processes.

Out: a Markdown table of seconds. Threads of one interpreter wait together; pure Python they compute
one at a time, whoever holds the GIL.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

CALLS, SECONDS, NUMBERS = 16, 0.1, 1_000_000


def waiting(_: int) -> None:
    """Do what a worker does between a request and its reply: nothing."""
    time.sleep(SECONDS)


def computing(_: int) -> int:
    """Keep one core busy for about as long."""
    return sum(number & 1 for number in range(NUMBERS))


def timed(call: Callable[[int], object], executor: Executor | None) -> float:
    """Return the seconds that some calls take, once all workers have started."""
    run = executor.map if executor else map
    list(run(waiting, range(CALLS)))
    began = time.perf_counter()
    list(run(call, range(CALLS)))
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    cores = os.cpu_count() or 1
    print(f"| {CALLS} calls, {cores} cores | one after another | 8 threads | 8 processes |")
    print("|---|---|---|---|")
    context = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(8) as threads, ProcessPoolExecutor(8, context) as processes:
        for call in (waiting, computing):
            seconds = (timed(call, executor) for executor in (None, threads, processes))
            print(f"| {call.__name__} |", " | ".join(f"{one:.2f} s" for one in seconds), "|")


if __name__ == "__main__":
    main()
