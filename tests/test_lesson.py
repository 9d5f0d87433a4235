"""The lesson: every step runs and stores the same, and every mistake comes out as it is told."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest

from sprites.testing import PokeAPI

from .support.site import ROOT, ShellSite, heard, until

LESSON = ROOT / "docs" / "lesson"
SCRIPTS = sorted(path.stem for path in LESSON.glob("s*[0-9]_*.py"))
SPRITES = 6
DOCUMENTS = [ROOT / "docs" / name for name in ("lesson.md", "lesson.pt-br.md")]
ANY_PICTURE = "/sprites/pokemon/*"
LINK = re.compile(r"\]\(([^)]+)\)")


def command(name: str, *arguments: str) -> list[str]:
    """Return how a script of the lesson is started."""
    return [sys.executable, str(LESSON / f"{name}.py"), *arguments]


def run(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script of the lesson as a student does."""
    return subprocess.run(
        command(name, *arguments), cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def step(name: str, api: PokeAPI, folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Run a step for a few sprites."""
    few = ["--limit", str(SPRITES), "--workers", "2"]
    return run(name, "--api", api.url, "--folder", str(folder), *few, *more)


def files(folder: Path) -> Mapping[str, bytes]:
    """Return what a folder holds."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def upstream(api: PokeAPI) -> Mapping[str, bytes]:
    """What there is to be stored."""
    names = [f"{number}.png" for number in range(1, SPRITES + 1)]
    return {name: urlopen(f"{api.origin}/sprites/pokemon/{name}").read() for name in names}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_step_stores_the_same(
    name: str, api: PokeAPI, upstream: Mapping[str, bytes], tmp_path: Path
) -> None:
    """Whoever does the tasks, the same files are there in the end, byte by byte."""
    done = step(name, api, tmp_path / "images")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{SPRITES} sprites in ")
    assert files(tmp_path / "images") == upstream


def test_map_ends_at_an_error(api: PokeAPI, tmp_path: Path) -> None:
    """Step 4 ends with the first error, whatever else was done."""
    api.fault("/sprites/pokemon/2.png", status=503)
    done = step("step4_executor_map", api, tmp_path)
    assert done.returncode == 1
    assert "503 Server Error" in done.stderr.splitlines()[-1]


def test_a_future_holds_its_own_error(
    api: PokeAPI, upstream: Mapping[str, bytes], tmp_path: Path
) -> None:
    """Step 5 tells of the sprite that failed, and stores every other."""
    api.fault("/sprites/pokemon/2.png", status=503)
    done = step("step5_submit_and_futures", api, tmp_path)
    assert done.returncode == 0
    assert f"{api.url}pokemon/2/: 503 Server Error" in done.stderr
    assert files(tmp_path).keys() == upstream.keys() - {"2.png"}


@pytest.mark.parametrize("name", ["step7_schedule", "solution4_try_again"])
def test_what_may_pass_is_tried_again(
    name: str, api: PokeAPI, upstream: Mapping[str, bytes], tmp_path: Path
) -> None:
    """An upstream that is busy for a moment costs no sprite."""
    api.fault("/sprites/pokemon/2.png", status=503, times=1)
    done = step(name, api, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path) == upstream


def test_ctrl_c_ends_the_solution(api: PokeAPI, tmp_path: Path) -> None:
    """At Ctrl-C the calls that run are waited for, and no other begins."""
    api.fault(ANY_PICTURE, hold=True)
    arguments = ["--api", api.url, "--folder", str(tmp_path), "--workers", "2"]
    student = subprocess.Popen(
        command("solution5_ctrl_c", *arguments),
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # as in a terminal
    )
    until(lambda: len(api.requests(ANY_PICTURE)) == 2)
    student.send_signal(signal.SIGINT)
    heard(student.pid, signal.SIGINT)
    assert student.poll() is None
    api.clear()
    _, told = student.communicate(timeout=60)
    assert told.strip().endswith(b"KeyboardInterrupt")
    assert len(files(tmp_path)) == 2
    assert api.requests(ANY_PICTURE) == []


def test_a_trace_becomes_a_picture(api: PokeAPI, tmp_path: Path) -> None:
    """The picture of a step has a lane for each worker, and two bars for each sprite."""
    trace = tmp_path / "trace.json"
    step("step1_one_after_another", api, tmp_path, "--trace", str(trace))
    drawn = run("picture", str(trace))
    assert (drawn.returncode, drawn.stderr) == (0, "")
    picture = ElementTree.fromstring(drawn.stdout)
    shapes = {item.get("class", ""): item for item in picture.iter()}
    assert [item.get("class") for item in picture.iter()].count("lane") == 1
    for bar in ("bar json", "bar image"):
        assert shapes[bar].get("d", "").count("M") == SPRITES


def test_the_command_takes_an_executor_of_ones_own(shell: ShellSite, api: PokeAPI) -> None:
    """``fetch_sprites`` works on the lesson's own executor as on any."""
    shell.environment["PYTHONPATH"] = str(LESSON)
    few = ["--limit", str(SPRITES), "--executor", "own_executor.ThreadPerCall"]
    done = shell.manage("fetch_sprites", *few)
    assert done.returncode == 0, done.stderr
    assert "(own_executor.ThreadPerCall)" in done.stdout
    assert len(list(shell.media.rglob("*.png"))) == SPRITES


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one of the mistakes is to fork")
def test_the_mistakes_are_mistakes() -> None:
    """Each mistake does what the lesson says of it."""
    told = run("mistakes").stdout
    for words in (
        "An error that nobody reads",
        "10 tasks ran, one failed, and the loop saw 2 results",
        "MB at the peak; with a window of 16",
        "A lambda for another process",
        "the child never gets it",
        "60 of 60 calls are done before it ends",
    ):
        assert words in told
    assert re.search(r"\b([1-8]) of \1 calls are lost", told), "those that it took, up to 8"


def blocks(text: str, language: str) -> list[str]:
    """Return a document's blocks of code, without their indentation."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE)
    return [unindented(block) for block in found]


def unindented(text: str) -> str:
    """Return a text whose lines all begin at the margin."""
    return "\n".join(line.strip() for line in text.splitlines())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_code_in_the_lesson_is_what_runs(document: Path) -> None:
    """Every block of Python stands in a script as it stands in the lesson."""
    scripts = [unindented(path.read_text()) for path in LESSON.glob("*.py")]
    code = blocks(document.read_text(), "python")
    assert len(code) > len(DOCUMENTS)
    for block in code:
        assert any(block in script for script in scripts), block


def test_both_languages_tell_the_same() -> None:
    """Code, commands, pictures, links, sections, tables and figures are the same in both."""
    english, portuguese = (facts(document.read_text()) for document in DOCUMENTS)
    assert english == portuguese


def facts(text: str) -> dict[str, object]:
    """Return what does not depend on a document's language."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {
        "code": [blocks(text, language) for language in ("python", "console")],
        "links": [link for link in LINK.findall(prose) if not link.startswith(("#", "lesson."))],
        "sections": [line.partition(" ")[0] for line in prose.splitlines() if line[:1] == "#"],
        "rows": [line.count("|") for line in prose.splitlines() if line[:1] == "|"],
        "figures": re.findall(r"\b\d+\.\d\d?\b", prose.replace(",", ".")),
    }
