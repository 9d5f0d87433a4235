"""A ThreadPoolExecutor whose threads share a core."""

from concurrent.futures import ThreadPoolExecutor

from . import cores


class OneCoreExecutor(ThreadPoolExecutor):
    """Threads that stay on the core where their maker is, which stays there, too, until the end.

    It waits for them, so it has its turn between them.
    """

    def __init__(self, max_workers: int) -> None:
        super().__init__(max_workers, thread_name_prefix="sprites")
        cores.stay_on(cores.current())  # a thread takes over the cores of the one that starts it

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, and let the caller go wherever it could before."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        cores.stay_on(cores.ALL)
