"""The worker in a program of its own: no settings of a site, no apps, no database."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from sprites.conf import Options
from sprites.sync.preflight import policy
from sprites.testing import PokeAPI
from sprites.worker.records import Policy

from ..support.site import ROOT

UPSTREAM = "https://raw.githubusercontent.com/PokeAPI/sprites/master"


def run(command: list[str], folder: Path) -> str:
    """Run Python where no settings are known, and return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    environment = {**kept, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def assert_stored(said: str, api: PokeAPI, folder: Path) -> None:
    """The sprite's bytes are in the folder, and the program has printed what came of its job."""
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    assert said.startswith(f"StoredSprite(name='sprites/25/{file.name}'")
    assert file.read_bytes() == urlopen(f"{api.origin}/sprites/pokemon/25.png").read()


def test_the_program_in_the_guide_stores_a_sprite(api: PokeAPI, tmp_path: Path) -> None:
    """The code of docs/executors.md, against the test server in upstream's place."""
    text = (ROOT / "docs/executors.md").read_text()
    code = text.partition("```python\nfrom concurrent.futures import ThreadPoolExecutor\n")
    program = "".join(code[1:]).partition("\n")[2].partition("```")[0]
    assert UPSTREAM in program
    program = program.replace(UPSTREAM, api.origin)
    program = program.replace("Policy()", f"Policy(origins=frozenset({{{api.origin!r}}}))")
    assert_stored(run(["-c", program], tmp_path), api, tmp_path)


def test_the_program_in_the_lesson_stores_a_sprite(api: PokeAPI, tmp_path: Path) -> None:
    """The lesson's own, which is told where the server is."""
    script = str(ROOT / "docs/lesson/one_job.py")
    assert_stored(run([script, api.origin, str(tmp_path)], tmp_path), api, tmp_path)


def test_a_policy_has_the_defaults_of_a_site() -> None:
    """What a program gets that names nothing is what a site gets that sets nothing."""
    assert policy(Options()) == Policy()
