"""``python manage.py fetch_sprites``: options in, a run, its summary and exit code out."""

import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from types import FrameType
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.db import DatabaseError, InterfaceError

from ...errors import DatabaseGoneError, LockHeldError, UsageError, plain
from ...keys import PRESETS
from ...sync.events import Event, Tick
from ...sync.known import keys
from ...sync.preflight import check_migrations, checked_options
from ...sync.report import SyncReport
from ...sync.request import SyncRequest, overrides, read_request
from ...sync.run import sync
from ...sync.stop import ExitCode, Stop
from ...worker.records import Job
from .. import memory
from ..arguments import add_arguments, explained, refusal, wants_json
from ..terminal import Lossy, Progress, as_json, summary
from ..trace import open_trace

_CODES: dict[type[Exception], ExitCode] = {
    UsageError: ExitCode.USAGE,
    LockHeldError: ExitCode.LOCKED,
}
_MAX_TEXT = 6000
"""Characters of a refusal, which names the value that was given."""
_LEVELS = {0: logging.ERROR, 1: logging.WARNING, 2: logging.INFO, 3: logging.DEBUG}


class Command(BaseCommand):
    """Mirrors Pokémon and their sprites from PokéAPI into the database and the media storage."""

    help = (
        "Mirror Pokémon and their sprites from PokéAPI. Without arguments: the default sprite of"
        " the first 100. Exit codes: 0 done, 1 some sprites failed, 2 wrong usage or settings,"
        " 3 stopped by a guard, 4 another run holds the lock, 130 Ctrl-C, 143 SIGTERM."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make a parser that raises CommandError, where Django's would tell its whole usage."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as Django does; what argparse does not know is one line as well."""
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            if "--traceback" in argv:
                raise
            self._ready_streams()
            message = plain(explained(str(error), self.create_parser(*argv[:2])), _MAX_TEXT)
            self._refuse(ExitCode.USAGE, message, as_json=wants_json(argv[2:]))
            self.stderr.write(f"CommandError: {message}")
            sys.exit(ExitCode.USAGE)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Do it, and where JSON was asked for, say in JSON why it could not be done."""
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if error.returncode == 1:  # Django's own: two of its options exclude each other
                error.returncode = ExitCode.USAGE
            self._refuse(error.returncode, str(error), as_json=options["format"] == "json")
            raise

    def _refuse(self, exit_code: int, message: str, *, as_json: bool) -> None:
        with suppress(CommandError):  # a stdout that takes nothing is no news
            if as_json:
                self._print(refusal(exit_code, message))

    def handle(self, *args: Any, **given: Any) -> None:
        self._ready_streams()
        memory.prepare()
        self.stop = Stop()
        with _stopped_by_signals(self.stop, for_good=self._is_process):
            self._do(given)

    @property
    def _is_process(self) -> bool:
        """Tell whether this process is the command's own, and ends with it."""
        return getattr(self, "_called_from_command_line", False)

    def _do(self, given: dict[str, Any]) -> None:
        try:
            request = read_request(given)
            if given["list_sprites"]:
                return self._list_sprites(given)
            with _logging_to(self._stream, _LEVELS[given["verbosity"]]):
                report = self._run(request, given)
        except UsageError as error:
            raise _refusal(ExitCode.USAGE, error) from None
        except LockHeldError as error:
            raise _refusal(ExitCode.LOCKED, error) from None
        except (DatabaseGoneError, DatabaseError, InterfaceError) as error:
            raise _refusal(ExitCode.STOPPED, error) from None
        return self._tell(report, request, given)

    def _ready_streams(self) -> None:
        """Let stdout and stderr take any text, also closed, as by ``>&-``, or in ASCII.

        What stderr does not take is dropped.
        """
        wrapper: Any
        for wrapper in (self.stdout, self.stderr):
            stream = getattr(wrapper, "_out", wrapper)
            if stream is None:
                wrapper._out = open(os.devnull, "w")  # noqa: SIM115 # the process's end closes it
            elif isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        # Django's wrapper ends every write with a new line; a bar and a log need what is under it.
        self._stream = cast("TextIO", Lossy(getattr(wrapper, "_out", wrapper)))
        self.stderr = OutputWrapper(self._stream)
        self.stderr.style_func = wrapper.style_func

    def _run(self, request: SyncRequest, given: dict[str, Any]) -> SyncReport:
        options = checked_options(**overrides(given))
        progress = Progress(self._stream, quiet=given["verbosity"] == 0)
        try:
            with open_trace(given["trace"]) as trace:

                def listen(event: Event[Job], report: SyncReport) -> None:
                    if isinstance(event, Tick):
                        progress.show(report)
                    elif trace is not None:
                        trace.add(event)

                return sync(request, options, stop=self.stop, listener=listen)
        finally:
            progress.close()

    def _tell(self, report: SyncReport, request: SyncRequest, given: dict[str, Any]) -> None:
        """Print the report and leave with its exit code."""
        if given["format"] == "json":
            self._print(as_json(report))
        elif given["verbosity"]:
            self._print(summary(report, dry_run=request.dry_run))
        if report.message:
            self.stderr.write(f"Stopped: {report.message}{_hint(report)}")
        if self.stop.gave_up and self._is_process:
            # A worker that hangs would keep the interpreter from ending, and outlive it.
            self.stdout.flush()
            for child in multiprocessing.active_children():
                child.terminate()
            os._exit(report.exit_code)
        if report.exit_code:
            sys.exit(report.exit_code)

    def _print(self, text: str) -> None:
        """Write to stdout; whoever reads it may have had enough, as ``head`` does."""
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                why = f"stdout can't be written to: {error.strerror}"
                raise CommandError(why, returncode=ExitCode.STOPPED) from None

    def _list_sprites(self, given: dict[str, Any]) -> None:
        """Print the presets and every key that upstream has listed so far."""
        check_migrations()
        found = keys()
        if given["format"] == "json":
            self._print(json.dumps({"presets": PRESETS, "keys": found}))
        else:
            presets = [f"{name} = {', '.join(globs)}" for name, globs in PRESETS.items()]
            self._print("\n".join([*presets, *found]))
        if not found:
            self.stderr.write("No Pokémon has been mirrored yet, so no key is known.")


def _refusal(code: ExitCode, error: Exception) -> CommandError:
    return CommandError(plain(str(error), _MAX_TEXT), returncode=code)


def _hint(report: SyncReport) -> str:
    if report.exit_code is not ExitCode.STOPPED or report.pokemon.checked:
        return ""
    return "\nWithout network, try 'make demo'; SPRITES_API_URL names a mirror of PokéAPI."


@contextmanager
def _logging_to(stream: TextIO, level: int) -> Iterator[None]:
    """Show the app's own log lines on a stream while the command runs."""
    logger, handler = logging.getLogger("sprites"), logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@contextmanager
def _stopped_by_signals(stop: Stop, *, for_good: bool) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a terminal that is closed ask the run to stop.

    A second signal ends the process at once; one that is ignored, as under ``nohup``, stays so.
    With ``for_good`` that holds until the process ends, so that no late one meets Python's own.
    """
    codes = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        codes[signal.SIGHUP] = ExitCode.TERMINATED
    heard: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        """Take no lock: the second signal may come while the first one is handled."""
        code = codes[signal.Signals(number)]
        if heard:
            os._exit(code)
        heard.append(number)
        stop.ask(code, f"by {signal.Signals(number).name}; what was done is kept")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in codes}
    try:
        yield
    finally:
        for number, handler in before.items() if not for_good else ():
            signal.signal(number, handler)
