"""``python -m sprites.testing``: serve a PokéAPI on loopback, and print its URL when it is ready.

In: options. Out: one line on stdout, the URL of the API. Ends with 0 on SIGINT and SIGTERM, and
with 2 and one line on stderr when an option makes no sense.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NoReturn

from .server.http import Server
from .server.real import RealWorld
from .server.world import DrawnWorld, World


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 60:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 60 seconds")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 65535")
    return value


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = _Parser(prog="python -m sprites.testing", description="A PokéAPI of our own.")
    options.add_argument("--host", default="127.0.0.1", help="address to listen on")
    options.add_argument("--port", type=_port, default=0, help="0 takes a free one")
    options.add_argument("--latency", type=_seconds, default=0.0, help="seconds before a reply")
    options.add_argument("--data", type=Path, help="folder with real data to serve")
    options.add_argument("--forms", action="store_true", help="with --data: add a few forms")
    options.add_argument("--log", type=Path, help="append a line per request to this file")
    options.add_argument("--until-eof", action="store_true", help="end when stdin is closed")
    return options


def _world(options: argparse.Namespace) -> Callable[[str], World]:
    if options.data is None:
        return DrawnWorld
    return RealWorld.opener(options.data, forms=options.forms)


def _serve(server: Server, until_eof: bool) -> None:
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    ends: SimpleQueue[None] = SimpleQueue()  # an Event takes a lock, which no handler may
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ends.put(None))
    if until_eof:
        Thread(target=_wait_for_eof, args=(ends,), daemon=True).start()
    print(server.url, flush=True)
    ends.get()
    server.stopping.set()
    server.shutdown()
    server.server_close()


def _wait_for_eof(ends: SimpleQueue[None]) -> None:
    # Not through sys.stdin: its lock, held by this thread, would break the interpreter's exit.
    while os.read(0, 4096):
        pass
    ends.put(None)


def main(argv: list[str] | None = None) -> int:
    """Serve until a signal comes."""
    command = parser()
    options = command.parse_args(argv)
    if options.forms and options.data is None:
        command.error("--forms needs --data; the drawn world has forms already")
    with ExitStack() as stack:
        try:
            log = options.log and stack.enter_context(options.log.open("a", buffering=1))
            server = Server(
                _world(options), options.host, options.port, options.latency, log_to=log
            )
        except (OSError, OverflowError, ValueError) as problem:
            command.error(str(problem))
        _serve(server, options.until_eof)
    return 0


if __name__ == "__main__":
    exit_code = main()
    os._exit(exit_code)  # the interpreter's own end would let a late signal kill it
