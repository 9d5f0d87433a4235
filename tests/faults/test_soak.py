"""A long run with 5 % of the replies faulty, of every kind, and then one without.

Only where ``SPRITES_SOAK`` says of how many Pokémon; ``SPRITES_SOAK_DATA`` names real data.
"""

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from sprites.testing import PokeAPI

from .conftest import shell_lab_in
from .lab import ShellLab

_COUNT = os.environ.get("SPRITES_SOAK", "")
_KINDS: list[dict[str, Any]] = [
    {"status": 500}, {"status": 503, "retry_after": 1}, {"status": 404}, {"status": 403},
    {"body": "<!doctype html>"}, {"body": ""}, {"status": 206}, {"truncate": 0.5},
    {"truncate": 0.5, "no_length": True}, {"reset": "before"}, {"reset": "middle"},
    {"drip": 0.5}, {"redirect": "http://127.0.0.1:1/"}, {"gzip_bomb": 10**8}, {"etag": "rotate"},
    {"content_length": 10**10}, {"endless": True}, {"status": 304}, {"close_idle": True},
]  # fmt: skip


@pytest.mark.skipif(not _COUNT, reason="SPRITES_SOAK is not set")
def test_a_mirror_of_faulty_replies_becomes_whole(tmp_path: Path, migrated: Path) -> None:
    """I6 at length: faults of all kinds, run after run, then a clean one: no difference at all."""
    data = os.environ.get("SPRITES_SOAK_DATA")
    with PokeAPI(data=data) as api:
        whole, soaked = (_lab(api, tmp_path / name, migrated) for name in ("whole", "soaked"))
        chosen = ("--limit", _COUNT, "--sprites", "all")
        assert whole.site.manage("fetch_sprites", *chosen, timeout=900).returncode == 0
        for seed in range(2):
            for kind in _KINDS:
                api.fault("/*", probability=0.05 / len(_KINDS), seed=seed, **kind)
            done = soaked.site.manage("fetch_sprites", *chosen, "--timeout", "3", timeout=900)
            print(done.stdout[:600], done.stderr[-300:])
            assert done.returncode in (0, 1, 3), done.stderr
            soaked.assert_files(strays=True)
            api.clear()
        # All is due: an ETag that was a lie is renewed when its sprite is asked for again.
        soaked.site.environment["SPRITES_FRESH_FOR"] = "0"
        last = soaked.site.manage("fetch_sprites", *chosen, timeout=900)
        assert last.returncode == 0, last.stdout
        found, expected = soaked.state(), whole.state()
        for table, rows in expected.items():
            differ = [pair for pair in zip(found[table], rows, strict=True) if pair[0] != pair[1]]
            assert differ == [], f"{len(differ)} of {table}"
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest process: {most / 1024:.0f} MiB")


def _lab(api: PokeAPI, folder: Path, migrated: Path) -> ShellLab:
    folder.mkdir()
    return shell_lab_in(api, folder, migrated, {})
