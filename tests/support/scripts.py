"""Scripts in a Python of their own; workers import this module, so it must not need Django."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def printed(script: str) -> str:
    """Run a script in the project's folder, and return what it prints."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout
