"""Kill -9 at named points and at seeded moments of a run; then one clean run, and all is whole.

``SPRITES_CRASH_POINTS=60`` sweeps over so many moments instead of a few.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..support.site import ROOT
from .lab import SELECTION, ShellLab

POINTS = ("probe", "rename", "row", "batch", "delete", "end")
_MOMENTS = 350
"""So many times a run of the selection reaches ``any`` point, about."""
_SWEEP = int(os.environ.get("SPRITES_CRASH_POINTS", "0"))
_EACH = 3
"""Kills in a row before the clean run: each of them finds what the last one left."""


def crash(lab: ShellLab, point: str, number: int, *arguments: str) -> bool:
    """Run the command until it reaches a point; tell whether it died there."""
    command = [sys.executable, "-m", "tests.faults.crash", point, str(number), "fetch_sprites"]
    done = subprocess.run(
        [*command, *SELECTION, *arguments],
        cwd=ROOT, env=lab.site.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    killed = (-signal.SIGKILL, -signal.SIGXFSZ)
    assert done.returncode in (0, *killed), done.stderr
    return done.returncode in killed


def furnish(lab: ShellLab, untouched: ShellLab) -> None:
    """Make a mirror that is whole, of an upstream whose pictures are other ones since then."""
    lab.site.use(untouched.site.database.copy(lab.site.folder))
    shutil.copytree(untouched.media, lab.media)
    for number, other in ((1, 4), (2, 5), (3, 6)):
        lab.api.fault(f"*/pokemon/{number}.png", redirect=f"/sprites/pokemon/{other}.png")


@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_is_killed_at_a_point_leaves_nothing_wrong(
    shell_lab: ShellLab, untouched: ShellLab, point: str
) -> None:
    """P3, S5: a file without a row, half a batch, an old file: all of it is healed."""
    furnish(shell_lab, untouched)
    assert crash(shell_lab, point, 1, "--force")
    shell_lab.assert_files(strays=True)
    shell_lab.heal("--force")


def test_a_run_that_is_killed_within_a_file_leaves_nothing_wrong(
    shell_lab: ShellLab, untouched: ShellLab
) -> None:
    """P3, S5: on one thread, as the limit on files kills whoever writes next, SQLite as well."""
    furnish(shell_lab, untouched)
    incoming = shell_lab.media / "sprites/.incoming"
    for digit in "0123456789abcdef":  # a file whose folder is not there yet is opened twice
        (incoming / digit).mkdir(parents=True, exist_ok=True)
    assert crash(shell_lab, "write", 2, "--force", "--executor", "sync")  # 1 is the probe
    parts = incoming.rglob("*.part")
    assert [part.stat().st_size for part in parts] == [100]
    shell_lab.assert_files(strays=True)
    shell_lab.heal("--force")


def _moments() -> list[tuple[str, tuple[int, ...]]]:
    chance = random.Random(4)
    count = max(_SWEEP // _EACH, 2)
    executors = ("threads", "sync", "processes")
    return [
        (executors[place % 3], tuple(chance.randrange(1, _MOMENTS) for _ in range(_EACH)))
        for place in range(count)
    ]


@pytest.mark.parametrize(("executor", "numbers"), _moments())
def test_runs_that_are_killed_at_any_moment_leave_nothing_wrong(
    shell_lab: ShellLab, untouched: ShellLab, executor: str, numbers: tuple[int, ...]
) -> None:
    """P3: three kills in a row, each in what the last one left; then one run ends as if none."""
    if sum(numbers) % 2:
        furnish(shell_lab, untouched)
    for number in numbers:
        crash(shell_lab, "any", number, "--force", "--executor", executor, "--workers", "2")
        shell_lab.assert_files(strays=True)
    shell_lab.heal("--force")


def test_a_document_and_its_row_are_written_together(shell_lab: ShellLab) -> None:
    """P3: killed between a Pokémon's row and its document, a run leaves neither of them."""
    assert crash(shell_lab, "json", 1)  # Pokémon are written before the lists
    assert shell_lab.rows("sprites_pokemon") == shell_lab.rows("sprites_document") == []
    shell_lab.heal()


def test_the_fuse_burns_only_where_it_is_told_to(shell_lab: ShellLab, tmp_path: Path) -> None:
    """A run whose point is never reached ends as any other: the fuse itself changes nothing."""
    assert not crash(shell_lab, "any", 10**9)
    assert shell_lab.state() == shell_lab.ideal
