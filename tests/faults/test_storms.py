"""Storms: faults of all kinds at once, in real processes; then one run, and the mirror is whole.

``SPRITES_STORMS=200`` plays so many instead of a few; ``SPRITES_STORM_SEED=7`` plays one again.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sprites.testing import PokeAPI

from ..support.database import Database
from .conftest import shell_lab_in
from .lab import KEYS, ShellLab
from .signalled import kill
from .stage import Stage, may_be_elsewhere
from .storms import Storm

_SEED = os.environ.get("SPRITES_STORM_SEED")
_SWEEP = range(int(os.environ.get("SPRITES_STORMS", "0")))
_SEEDS = [int(_SEED)] if _SEED else _SWEEP or (25, 26, 72)
"""Without a sweep: a pruned sprite that is listed, a lock that was lost, slots that are null."""
_CHOSEN = ("--ids", "1-6", "--sprites", ",".join(KEYS))


@pytest.fixture(scope="module")
def upstream() -> Iterator[PokeAPI]:
    """A server that takes its time, so that there is a middle of a run."""
    with PokeAPI(latency=0.01) as api:
        yield api


@pytest.fixture(scope="module")
def spared(
    upstream: PokeAPI, tmp_path_factory: pytest.TempPathFactory, migrated: Database
) -> Iterator[ShellLab]:
    """A mirror that no storm has met; to be copied, and not to be used."""
    lab = lab_in(upstream, tmp_path_factory.mktemp("spared"), migrated)
    lab.settle(lab.run(), 0)
    lab.ideal = lab.state()
    yield lab
    lab.site.close()


def lab_in(api: PokeAPI, folder: Path, migrated: Database) -> ShellLab:
    """Make a site in a folder, of enough sprites for a storm."""
    lab = shell_lab_in(api, folder, migrated, {})
    lab.selection = _CHOSEN
    return lab


@pytest.fixture
def lab(
    upstream: PokeAPI, tmp_path: Path, migrated: Database, spared: ShellLab
) -> Iterator[ShellLab]:
    """A site without a sprite, none of whose processes outlives its storm."""
    upstream.clear()
    lab = lab_in(upstream, tmp_path, migrated)
    lab.ideal = spared.ideal
    yield lab
    for process in lab.started:
        if process.poll() is None:
            kill(process)
    lab.site.close()


def furnish(lab: ShellLab, spared: ShellLab) -> None:
    """Make a mirror that is whole."""
    lab.site.use(spared.site.database.copy(lab.site.folder))
    shutil.copytree(spared.media, lab.media)


@pytest.mark.skipif(not may_be_elsewhere(), reason="only root may be another host")
@pytest.mark.parametrize("seed", _SEEDS)
def test_after_a_storm_one_run_makes_the_mirror_whole(
    lab: ShellLab, spared: ShellLab, seed: int
) -> None:
    """I1, I2, I6: no difference to a mirror that met no storm: rows, bytes, files."""
    storm = Storm.of(seed)
    if storm.whole:
        furnish(lab, spared)
    if storm.due:
        lab.site.environment["SPRITES_FRESH_FOR"] = "0"
    try:
        Stage(lab).play(storm)
        lab.heal()
    except (AssertionError, subprocess.TimeoutExpired) as failure:
        failure.add_note(f"SPRITES_STORM_SEED={seed} plays it again: {storm}")
        raise


def test_what_a_storm_changes_is_seen(lab: ShellLab, spared: ShellLab) -> None:
    """The control: a mirror that met none is whole, and one changed row or file is a difference."""
    furnish(lab, spared)
    lab.heal()
    with lab.cursor() as cursor:
        cursor.execute("UPDATE sprites_sprite SET etag = 'other' WHERE pokemon_id = 1")
    with pytest.raises(AssertionError, match="sprites_sprite differ"):
        lab.heal()
    next(lab.media.glob("sprites/1/**/*.png")).unlink()
    with pytest.raises(AssertionError, match="which is not there"):
        lab.assert_files()
