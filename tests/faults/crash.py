"""``python -m tests.faults.crash POINT NUMBER fetch_sprites …``: a run that is killed at a point.

The kernel's kill -9, at the n-th time that the process reaches the point; Python's audit events and
Django's hook around statements tell when that is, and nothing of the app is replaced.

    probe   the first file of a run, which only tries the storage, is not in its place
    write   a file is half written              row     its file stands, its row does not yet
    rename  written, and not in its place       batch   its row is written, and not committed
    delete  before an old file is deleted       end     before the run notes its end
    json    before a document is written, whose row is
    any     any of these, and opening, connecting, or a statement
"""

import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.core.management import execute_from_command_line
from django.db.backends.signals import connection_created

_EVENTS = {"open", "os.link", "os.rename", "os.remove", "os.mkdir", "os.listdir", "socket.connect"}
_SPRITE = 'INSERT INTO "sprites_sprite"'
_DOCUMENT = 'INSERT INTO "sprites_document"'
_END = 'UPDATE "sprites_syncrun" SET "state"'


class Fuse:
    """Counts how often the point is reached; at the last time the process is killed."""

    def __init__(self, point: str, number: int) -> None:
        self._point, self._left = point, number
        self._lock = threading.Lock()

    def reach(self, *points: str) -> bool:
        """Note that some points are reached; tell whether this is where it ends."""
        if self._point not in points:
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0

    def burn(self, *points: str) -> None:
        """Note that some points are reached, and die there."""
        if self.reach(*points):
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at one of Python's audit events."""
        if event not in _EVENTS:
            return
        name = str(arguments[0])
        if event == "open" and not ("/media/" in name or ".sqlite3" in name):
            return
        if event == "open" and name.endswith(".part") and self.reach("write"):
            # The write goes as far as this and no further: the next byte kills the process.
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        self.burn("any", self._place(event, name, str(arguments[:2])))

    def _place(self, event: str, name: str, other: str) -> str:
        if event in ("os.link", "os.rename"):
            return "probe" if ".probe" in other else "rename"
        return "delete" if event == "os.remove" and ".incoming" not in name else ""

    def statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Stand around one of Django's statements."""
        stored = sql.startswith(_SPRITE) and '"sha256"' in sql
        self.burn("any", "row" if stored else "", "end" if sql.startswith(_END) else "")
        self.burn("json" if sql.startswith(_DOCUMENT) else "")
        result = execute(sql, params, many, context)
        self.burn("any", "batch" if stored else "")
        return result


def main() -> None:
    """Run the command with a fuse lit."""
    fuse = Fuse(sys.argv[1], int(sys.argv[2]))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

    def light(connection: Any, **kwargs: Any) -> None:
        connection.execute_wrappers.append(fuse.statement)

    connection_created.connect(light)
    sys.addaudithook(fuse.audit)
    execute_from_command_line(["manage.py", *sys.argv[3:]])


if __name__ == "__main__":
    main()
