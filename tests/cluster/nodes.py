"""A dask cluster of real processes on loopback, as it would stand on different machines.

``Nodes`` starts a scheduler and workers, tells the scheduler's address, and kills what it is told.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from ..support.site import ROOT, until


class Nodes:
    """A scheduler, and workers whose environment may differ from the site's."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._log = (folder / "cluster.log").open("wb")
        self.workers: list[subprocess.Popen[bytes]] = []
        here = ("--host", "127.0.0.1", "--scheduler-file", str(self._file), "--no-dashboard")
        self.scheduler = self._start("dask_scheduler", *here, "--port", "0")
        self.address: str = until(self._address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self._log.close()

    def add(self, count: int, *, threads: int = 2, know: Mapping[str, str] | None = None) -> None:
        """Start workers that know some variables, and wait until the scheduler knows them."""
        options = ("--no-nanny", "--no-dashboard", "--nthreads", str(threads))
        for _ in range(count):
            worker = self._start("dask_worker", self.address, *options, **(know or {}))
            self.workers.append(worker)
        until(lambda: self._registered() >= len(self.workers), seconds=180)

    def _start(self, name: str, *options: str, **more: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.{name}", *options]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_")}
        environment = {**kept, "PYTHONPATH": str(ROOT), **more}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=self._log)

    def _address(self) -> str:
        try:
            address: str = json.loads(self._file.read_text())["address"]
        except (OSError, ValueError):
            return ""
        return address

    def _registered(self) -> int:
        return Path(self._log.name).read_text().count("Register worker addr")
