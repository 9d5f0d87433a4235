"""A private PostgreSQL server for the time of a command, which finds it in ``DATABASE_URL``.

``python -m tests.support.postgres pytest`` runs the tests on it. The server listens on a Unix
socket in a folder of its own and nowhere else, and ends with the command. It needs PostgreSQL 15 or
newer.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

OWNER = "postgres" if os.geteuid() == 0 else None
"""Who runs the server: it refuses to be root's."""
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
"""Text is sorted as people do, unlike in SQLite: so a test sees what depends on it."""
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "autovacuum": "off",
    # Nothing here outlives the tests: there is no crash to recover from.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


@contextmanager
def server() -> Iterator[str]:
    """Start a server, yield the URL of a database on it, and end the server."""
    with tempfile.TemporaryDirectory(prefix="sprites-pg-", ignore_cleanup_errors=True) as name:
        if OWNER:
            shutil.chown(name, OWNER)
        folder = Path(name)
        _call(folder, "initdb", "--username=postgres", "--auth=trust", "--no-sync", *LOCALE)
        settings = {**SETTINGS, "unix_socket_directories": name}
        options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        _call(folder, "pg_ctl", "start", "--wait", f"--log={folder}/log", f"--options={options}")
        try:
            yield f"postgres://postgres@/postgres?host={name}"
        finally:
            _call(folder, "pg_ctl", "stop", "--wait", "--mode=immediate")


def _call(folder: Path, program: str, *arguments: str) -> None:
    command = [str(_programs() / program), f"--pgdata={folder}/data", *arguments]
    subprocess.run(command, user=OWNER, cwd=folder, stdout=subprocess.DEVNULL, check=True)


def _programs() -> Path:
    """Return the folder of the newest server's programs, as Debian has them or as PATH does."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
    if found:
        return found[-1]
    if path := shutil.which("pg_ctl"):
        return Path(path).parent
    sys.exit("No PostgreSQL server here; on Debian: apt-get install postgresql")


def _terminate(*_: object) -> NoReturn:
    sys.exit(143)


def main() -> int:
    """Run the command of the arguments beside a server, and return its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    with server() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
