"""The client of the test server: starts one in a process of its own, or steers a running one.

In: options and, later, faults and edits. Out: the server's URL and the log of what it was asked.
Only the standard library is used here, so that importing ``sprites.testing`` stays cheap.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from .server.log import LoggedRequest

_ROOT = Path(__file__).parents[2]


class PokeAPI:
    """A PokéAPI on loopback, started at once and ended by ``stop()`` or the end of a ``with``.

    ``latency`` is in seconds a request; ``data`` is a folder of real data. RuntimeError when the
    server does not start.
    """

    def __init__(
        self, latency: float = 0.0, data: str | Path | None = None, forms: bool = False
    ) -> None:
        command = [sys.executable, "-m", "sprites.testing", "--until-eof"]
        command += ["--latency", str(latency)]
        command += ["--data", str(data)] if data is not None else []
        command += ["--forms"] if forms else []
        self._process: subprocess.Popen[str] | None = _start(command)
        self._attach(self._first_line())

    @classmethod
    def connect(cls, url: str) -> Self:
        """Steer the server at an API URL; ``stop()`` leaves it running."""
        api = cls.__new__(cls)
        api._process = None
        api._attach(url)
        return api

    def _first_line(self) -> str:
        """The URL that the server prints when it is ready."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            code = process.wait()
            _end(process)
            raise RuntimeError(f"the test server ended with exit code {code}")
        return line

    def _attach(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.pid = self._process.pid if self._process else None
        # One that is kept, because it goes on where the server refuses new ones.
        self._control = http.client.HTTPConnection(parts.netloc, timeout=30)
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server's process, if it is ours; a second call does nothing."""
        self._control.close()
        if self._process is not None:
            _end(self._process)

    def fault(self, path: str, **what: Any) -> None:
        """Make requests for a glob of paths go wrong; the options are those of ``Fault``.

        ValueError for an option that does not exist. ``body`` may be bytes.
        """
        if isinstance(what.get("body"), bytes):
            what["body_base64"] = _base64(what.pop("body"))
        self._call("POST", "fault", {"path": path, **what})

    def put(
        self,
        path: str,
        body: str | bytes,
        content_type: str = "text/plain; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Serve other bytes at a glob of paths, with their own ETag, until ``clear()``."""
        options = {"path": path, "body_base64": _base64(body), "content_type": content_type}
        self._call("POST", "put", {**options, "headers": dict(headers or {})})

    def edit(
        self,
        path: str,
        changes: Mapping[str, Any] | None = None,
        *,
        text: Mapping[str, str] | None = None,
    ) -> None:
        """Change JSON documents: values by pointer (``DELETE`` removes one), or text by text."""
        options = {"path": path, "changes": dict(changes or {}), "text": dict(text or {})}
        self._call("POST", "edit", options)

    def gone(self, path: str, status: int = 404) -> None:
        """Take away what a glob of paths names, until ``clear()``."""
        self._call("POST", "gone", {"path": path, "status": status})

    def deploy(self, snapshot: str, after: int = 0) -> None:
        """Say ``X-PokeAPI-Hash: snapshot`` once so many more documents have been served."""
        self._call("POST", "deploy", {"snapshot": snapshot, "after": after})

    def clear(self) -> None:
        """End all faults and edits, and empty the log."""
        self._call("DELETE", "")

    def clear_log(self) -> None:
        """Empty the log."""
        self._call("DELETE", "log")

    def requests(self, path: str = "*") -> list[LoggedRequest]:
        """The logged requests whose path (with or without its query) matches a glob, in order."""
        logged = [LoggedRequest(**entry) for entry in self._call("GET", "log")]
        return [
            entry
            for entry in logged
            if fnmatchcase(entry.path, path) or fnmatchcase(entry.path.partition("?")[0], path)
        ]

    def stats(self) -> dict[str, Any]:
        """Totals of the log: requests, running, max_concurrent, bytes_sent, …"""
        stats: dict[str, Any] = self._call("GET", "stats")
        stats["statuses"] = {int(status): n for status, n in stats["statuses"].items()}
        return stats

    def _call(self, method: str, name: str, options: dict[str, Any] | None = None) -> Any:
        data = None if options is None else json.dumps(options)
        with self._lock:
            try:
                self._control.request(method, f"/_control/{name}", data)
                response = self._control.getresponse()
                answer = json.load(response)
            except BaseException:
                self._control.close()
                raise
        if response.status != 200:
            raise ValueError(answer["detail"])
        return answer


def _base64(body: str | bytes) -> str:
    raw = body.encode() if isinstance(body, str) else body
    return base64.b64encode(raw).decode("ascii")


def _start(command: list[str]) -> subprocess.Popen[str]:
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    pipe = subprocess.PIPE
    # In a session of its own, so that Ctrl-C in a terminal reaches the test and not its server.
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, env=environment, start_new_session=True
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
