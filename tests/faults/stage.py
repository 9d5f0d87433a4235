"""Where a storm is played: real processes on a lab's site, and what befalls them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from ..support.database import SQLite
from ..support.site import ROOT, until
from .lab import ShellLab
from .signalled import descendants, ended, kill
from .storms import POINTS, Act, Storm

Process = subprocess.Popen[str]

_ELSEWHERE = ("unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh")
"""Runs a command on what it takes for another host."""
_HURRIED = {"RETRIES": "1", "TIMEOUT": "2", "READ_TIMEOUT": "0.5", "MAX_PAUSE": "1"}
_OPTIONS = {f"SPRITES_{name}": value for name, value in _HURRIED.items()}
_OPTIONS["SPRITES_PRUNE_AFTER"] = "0"
_PATIENCE = 3.0
"""Seconds of a run after which its operator has had enough of it."""
_KILLED = {-signal.SIGKILL, -signal.SIGXFSZ, -signal.SIGINT, -signal.SIGTERM}
"""How a run is killed: also by a signal in its very last moment, when it minds none any more."""
_ENDS = frozenset({0, 1, 3, 4, 130, 143, *_KILLED})

_HOLDER = "WHERE state = 'running'"
_ON_SQLITE = ("PRAGMA busy_timeout = 50", "datetime(heartbeat_at, '-2 minutes')", "SELECT 0")
_ON_POSTGRESQL = (
    "SET lock_timeout = 50",
    "heartbeat_at - interval '2 minutes'",
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND state <> 'idle'",
)
"""Waiting little for locks, an older heartbeat, and how many transactions are under way."""


@cache
def may_be_elsewhere() -> bool:
    """Tell whether this user may run a command under another host's name."""
    return subprocess.run([*_ELSEWHERE, "true"], capture_output=True).returncode == 0


@dataclass
class Stage:
    """A lab on which a storm is played, and the names of the files that were damaged."""

    lab: ShellLab
    harmed: set[str] = field(default_factory=set)

    def play(self, storm: Storm) -> None:
        """Play all acts; after each of them rows and files agree, but for what was damaged."""
        chance = Random(f"files of {storm.seed}")
        for act in storm.acts:
            self._damage(act.harm, chance)
            self.lab.api.clear()
            for path, what in act.faults:
                self.lab.api.fault(path, **what)
            process = self.start(act)
            _EVENTS[act.event](self, process, act)
            self.end(process)
            until(self.age, seconds=60)
            self.lab.assert_files(strays=True, but=self.harmed)
        self._damage(storm.harm, chance)

    def _damage(self, ways: tuple[str, ...], chance: Random) -> None:
        """Damage files that rows name; what was damaged before and has no row any more goes."""
        names = {row["file"] for row in self.lab.rows()} & set(self.lab.files())
        for name in self.harmed - names:  # nobody could tell it from somebody else's file
            (self.lab.media / name).unlink(missing_ok=True)
        files = sorted(names)
        for way in ways:
            if way == "wipe":
                self.harmed.update(files)
                shutil.rmtree(self.lab.media, ignore_errors=True)
            elif files:
                name = files.pop(chance.randrange(len(files)))
                self.harmed.add(name)
                _spoil(self.lab.media / name, way)

    def start(self, act: Act, *more: str, prefix: Sequence[str] = ()) -> Process:
        """Start an act's run, in a hurry, with more arguments; a prefix runs it elsewhere."""
        fuse = ("-m", "tests.faults.crash", act.event, str(act.moment))
        main = fuse if act.event in POINTS else ("manage.py",)
        arguments = [*self.lab.selection, *act.arguments, *more]
        process = subprocess.Popen(
            [*prefix, sys.executable, *main, "fetch_sprites", *arguments],
            cwd=ROOT, env={**self.lab.site.environment, **_OPTIONS},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lab.started.append(process)
        return process

    def end(self, process: Process) -> None:
        """Wait for the end of a run, and lose patience with it after a while."""
        self._begun(process)
        try:
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        exit_code, _, err = ended(process, within=60)
        assert exit_code in _ENDS, f"exit code {exit_code}: {err[-2000:]}"
        assert exit_code in _KILLED or "Traceback" not in err, err[-4000:]

    def reached(self, process: Process, moment: int) -> bool:
        """Wait for so many requests, with patience; tell whether the run is still at it."""
        self._begun(process)
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and self.asked() < moment and time.monotonic() < end:
            time.sleep(0.005)
        return process.poll() is None

    def _begun(self, process: Process) -> None:
        """Wait until a run holds the lock, or has ended."""
        name = f"{process.pid}:"
        until(
            lambda: (
                process.poll() is not None
                or any(row["process"].startswith(name) for row in self.lab.rows("sprites_syncrun"))
            ),
            seconds=60,
        )

    def asked(self) -> int:
        """Return how many requests upstream has seen in this act."""
        requests: int = self.lab.api.stats()["requests"]
        return requests

    def suspend(self, process: Process) -> bool:
        """Stop a run for what seems to be minutes; not in a transaction, for which others wait."""
        while process.poll() is None:
            _signal(process, signal.SIGSTOP)
            if self.age():
                return True
            _signal(process, signal.SIGCONT)
            time.sleep(0.01)
        return False

    def age(self) -> bool:
        """Make the holder's heartbeat minutes older; tell whether no transaction is in the way."""
        is_file = isinstance(self.lab.site.database, SQLite)
        patience, older, busy = _ON_SQLITE if is_file else _ON_POSTGRESQL
        with self.lab.site.database.connect() as line:
            line.execute(patience)
            try:
                line.execute(f"UPDATE sprites_syncrun SET heartbeat_at = {older} {_HOLDER}")
            except line.OperationalError:
                return False
            return not line.execute(busy).fetchone()[0]


def _spoil(path: Path, way: str) -> None:
    if way == "delete":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if way == "cut" else data + b"more")


def _signal(process: Process, number: signal.Signals) -> None:
    """Send a signal to a run and to all processes that it has started."""
    for pid in (process.pid, *descendants(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _nothing(stage: Stage, process: Process, act: Act) -> None:
    """Leave a run to upstream, or to its fuse."""


def _kill(stage: Stage, process: Process, act: Act) -> None:
    """Let the machine end."""
    if stage.reached(process, act.moment):
        kill(process)


def _kill_worker(stage: Stage, process: Process, act: Act) -> None:
    """Let one of the processes die that a run has started."""
    if stage.reached(process, act.moment) and (family := descendants(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(family[act.moment % len(family)], signal.SIGKILL)


def _stop(stage: Stage, process: Process, act: Act) -> None:
    """Let an operator stop a run."""
    if stage.reached(process, act.moment):
        process.send_signal((signal.SIGINT, signal.SIGTERM)[act.moment % 2])


def _usurp(stage: Stage, process: Process, act: Act) -> None:
    """Suspend a run until another host takes over, which may die of it or meet it again."""
    what, moment, more = act.other
    if not (stage.reached(process, act.moment) and stage.suspend(process)):
        return
    other = stage.start(act, *more, prefix=_ELSEWHERE)
    if what == "let be":
        stage.end(other)
    elif stage.reached(other, stage.asked() + moment) and what == "kill":
        kill(other)
    _signal(process, signal.SIGCONT)
    stage.end(other)


_EVENTS: dict[str, Callable[[Stage, Process, Act], None]] = {
    **dict.fromkeys(("none", *POINTS), _nothing),
    "kill": _kill,
    "worker": _kill_worker,
    "stop": _stop,
    "usurp": _usurp,
}
