"""A site that serves a class, as ``class.sh`` starts it: what it spends, and what it was asked.

In: a mirrored Site. Out: its address, seconds of CPU, and a line a request.
"""

import http.client
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from .nginx import free_ports
from .ours import Site

HOST, PROCESSES = "127.0.0.1", 2
PAGES = {"the list": "/", "a Pokémon": "/pokemon/pikachu/"}
_TICK = os.sysconf("SC_CLK_TCK")
_COMMAND = (sys.executable, "-m", "gunicorn", "-c", "python:pokesite.classroom", "pokesite.wsgi")
_LOGGED = "--access-logformat='%(U)s %(s)s' --access-logfile="
_PLACES = ("/api/v2", "/sprites")
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Teacher:
    """A site that serves: the process that started the others, its port and its log."""

    pid: int
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Return the origin of the site."""
        return f"http://{HOST}:{self.port}"

    def cpu(self) -> float:
        """Return the seconds of CPU that the processes which serve have spent."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] for pid in children)
        return sum(sum(map(int, each.split()[11:13])) for each in fields) / _TICK

    def asked(self) -> list[tuple[str, str]]:
        """Return the path and the status of each request in PokéAPI's place."""
        lines = (line.split() for line in self.log.read_text().splitlines())
        return [(path, status) for path, status in lines if path.startswith(_PLACES)]

    def ask(self, path: str) -> float:
        """Return the milliseconds that a page takes a visitor with a new connection."""
        began = time.perf_counter()
        line = http.client.HTTPConnection(HOST, self.port, timeout=60)
        line.request("GET", path)
        reply = line.getresponse()
        reply.read()
        line.close()
        assert reply.status == 200, reply.status
        return (time.perf_counter() - began) * 1000


@contextmanager
def teach(site: Site) -> Iterator[Teacher]:
    """Serve a site until the end."""
    log, (port, _) = site.folder / "access.log", free_ports()
    log.unlink(missing_ok=True)
    env = {"ADDRESS": HOST, "PORT": str(port), "PROCESSES": str(PROCESSES), "ALLOWED_HOSTS": HOST}
    env |= {"SPRITES_STANDALONE": "on", "GUNICORN_CMD_ARGS": f"{_LOGGED}{log}"}
    process = subprocess.Popen(_COMMAND, env=site.env | env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for _ in iter(process.stdout.readline, "Ctrl-C ends the class.\n"):
            assert process.poll() is None, "bench: gunicorn did not start"
        yield Teacher(process.pid, port, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


@dataclass(slots=True)
class Visitor:
    """Asks for the site's own pages by turns, a while after each other, until it has left."""

    teacher: Teacher
    times: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PAGES})

    def rows(self) -> Iterator[tuple[str, float, float]]:
        """Yield each page with the median and the worst of its milliseconds."""
        for name, found in self.times.items():
            yield name, statistics.median(found), max(found)

    @contextmanager
    def there(self) -> "Iterator[Visitor]":
        """Visit in the background."""
        left = Event()
        thread = Thread(target=self._visit, args=(left,))
        thread.start()
        try:
            yield self
        finally:
            left.set()
            thread.join()

    def _visit(self, left: Event) -> None:
        while True:
            for name, path in PAGES.items():
                self.times[name].append(self.teacher.ask(path))
            if left.wait(_PAUSE):
                return
