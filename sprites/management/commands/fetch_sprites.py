"""``python manage.py fetch_sprites``: options in, a run, its summary and exit code out."""

import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from ...console import Progress, as_json, summary
from ...errors import DatabaseGoneError, LockHeldError, UsageError
from ...keys import PRESETS
from ...models import Sprite
from ...sync.records import Request
from ...sync.report import ExitCode, SyncReport
from ...sync.run import Listener, sync
from ...sync.site import checked_options
from ...sync.stop import Stop
from ..arguments import add_arguments, overrides, read_request

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

    def handle(self, *args: Any, **given: Any) -> None:
        self._set_log_level(given["verbosity"])
        self.stop = Stop()
        try:
            if given["list_sprites"]:
                self._list_sprites()
                return
            request = read_request(given)
            report = self._run(request, given)
        except UsageError as error:
            raise CommandError(str(error), returncode=ExitCode.USAGE) from None
        except LockHeldError as error:
            raise CommandError(str(error), returncode=ExitCode.LOCKED) from None
        except DatabaseGoneError as error:
            raise CommandError(str(error), returncode=ExitCode.STOPPED) from None
        self._tell(report, request, given["format"])

    def _run(self, request: Request, given: dict[str, Any]) -> SyncReport:
        options = checked_options(**overrides(given))
        stream: TextIO = getattr(self.stderr, "_out", sys.stderr)
        progress = Progress(stream, quiet=given["verbosity"] == 0)
        listener = Listener(on_progress=progress.show)
        try:
            with _stopped_by_signals(self.stop):
                return sync(request, options, stop=self.stop, listener=listener)
        finally:
            progress.close()

    def _tell(self, report: SyncReport, request: Request, form: str) -> None:
        """Print the report and leave with its exit code."""
        if form == "json":
            self.stdout.write(as_json(report))
        else:
            self.stdout.write(summary(report, dry_run=request.dry_run))
        if report.message:
            self.stderr.write(f"Stopped: {report.message}{_hint(report)}")
        if self.stop.gave_up:  # a worker that hangs would keep the interpreter from ending
            self.stdout.flush()
            os._exit(report.exit_code)
        if report.exit_code:
            sys.exit(report.exit_code)

    def _list_sprites(self) -> None:
        """Print the presets and every key that upstream has listed so far."""
        for name, globs in PRESETS.items():
            self.stdout.write(f"{name} = {', '.join(globs)}")
        keys = Sprite.objects.order_by("key").values_list("key", flat=True).distinct()
        for key in keys:
            self.stdout.write(key)
        if not keys:
            self.stderr.write("No Pokémon has been mirrored yet, so no key is known.")

    def _set_log_level(self, verbosity: int) -> None:
        """Show the app's own log lines on stderr, as many as the verbosity asks for."""
        logger = logging.getLogger("sprites")
        logger.setLevel(_LEVELS[verbosity])
        if not logger.handlers:
            handler = logging.StreamHandler(getattr(self.stderr, "_out", None))
            handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
            logger.addHandler(handler)


def _hint(report: SyncReport) -> str:
    if report.exit_code is not ExitCode.STOPPED or report.pokemon.checked:
        return ""
    return "\nWithout network, try 'make demo'; SPRITES_API_URL names a mirror of PokéAPI."


@contextmanager
def _stopped_by_signals(stop: Stop) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM ask the run to stop; a second one ends the process at once."""
    codes = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}

    def handle(number: int, frame: FrameType | None) -> None:
        code = codes[signal.Signals(number)]
        if stop.asked:
            os._exit(code)
        stop.ask(code, f"by {signal.Signals(number).name}; what was done is kept")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in codes}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
