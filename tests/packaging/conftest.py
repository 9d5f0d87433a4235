"""What is built once for all of these tests: the wheel, and the PokéAPI that sites ask."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .stranger import ROOT


@dataclass(frozen=True)
class Built:
    """The files that git knows, what was built of them, and what the build said."""

    source: Path
    sdist: Path
    wheel: Path
    output: str


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build both from what git knows, so that nothing that merely lies in the folder is in them."""
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--outdir", str(dist), str(source)]
    done = subprocess.run(build, cwd=dist, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
    return Built(source, sdist, wheel, done.stdout + done.stderr)
