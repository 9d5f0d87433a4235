"""A long run with 5 % of the replies faulty, of every kind, and then one without.

Only where ``SPRITES_SOAK`` says of how many Pokémon; ``SPRITES_SOAK_DATA`` names real data.
"""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sprites.testing import PokeAPI

from ..support.database import Database
from ..support.site import until
from .conftest import shell_lab_in
from .lab import ShellLab, differences
from .signalled import ended

_COUNT = os.environ.get("SPRITES_SOAK", "")
_KINDS: list[dict[str, Any]] = [
    {"status": 500}, {"status": 503, "retry_after": 1}, {"status": 404}, {"status": 403},
    {"status": 429, "retry_after": 0.5}, {"status": 418}, {"status": 206}, {"status": 304},
    {"body": "<!doctype html>"}, {"body": ""}, {"body": '{"id": 1'}, {"gzip_bomb": 10**8},
    {"truncate": 0.5}, {"truncate": 0.5, "no_length": True}, {"reset": "before"},
    {"reset": "middle"}, {"hang": True}, {"drip": 0.5}, {"drip": 0.5, "drip_headers": True},
    {"redirect": "http://127.0.0.1:1/"}, {"redirect": ""}, {"etag": "rotate"}, {"etag": "weak"},
    {"content_length": 10**10}, {"endless": True}, {"close_idle": True},
    {"headers": {"Content-Encoding": "br"}}, {"headers": {"X-PokeAPI-Hash": "another"}},
]  # fmt: skip
_MIB = 2**20
_GROWTH = 50 * _MIB
"""Bytes that the parent may grow by once it is at work."""


@pytest.mark.skipif(not _COUNT, reason="SPRITES_SOAK is not set")
def test_a_mirror_of_faulty_replies_becomes_whole(tmp_path: Path, migrated: Database) -> None:
    """I5, I6 at length: faults of all kinds, then a clean run: no difference, little memory."""
    with PokeAPI(data=os.environ.get("SPRITES_SOAK_DATA")) as api:
        whole, soaked = (_lab(api, tmp_path / name, migrated) for name in ("whole", "soaked"))
        chosen = ("--limit", _COUNT, "--sprites", "all")
        assert whole.site.manage("fetch_sprites", *chosen, timeout=3000).returncode == 0
        for seed, executor in enumerate(("threads", "processes")):
            _spoil(api, seed)
            growth = _soak(soaked, *chosen, "--timeout", "3", "--executor", executor)
            soaked.assert_files(strays=True)
            assert growth <= _GROWTH
            api.clear()
        # All is due: an ETag that was a lie is renewed when its sprite is asked for again.
        soaked.site.environment["SPRITES_FRESH_FOR"] = "0"
        last = soaked.site.manage("fetch_sprites", *chosen, timeout=3000)
        assert last.returncode == 0, last.stdout
        soaked.assert_files()
        found, expected = soaked.state(), whole.state()
        for table, rows in expected.items():
            assert differences(found[table], rows) == [], table
            print(f"{table}: {len(rows)} alike")


def _spoil(api: PokeAPI, seed: int) -> None:
    """Make 5 % of the replies faulty, each kind as often as the others."""
    for number, kind in enumerate(_KINDS):
        api.fault("/*", probability=0.05 / len(_KINDS), seed=100 * seed + number, **kind)
    # Without the first list no run begins: it is asked for once, and the faults come after it.
    api.fault("/api/v2/pokemon/[?]*", times=1)


def _soak(lab: ShellLab, *arguments: str) -> int:
    """Run to the end; return by how many bytes the parent grew once it was at work."""
    lab.api.clear_log()
    process = lab.site.start(*arguments)
    until(lambda: lab.api.stats()["requests"] > 1)
    sizes = [_memory(process.pid)]

    def watch() -> None:
        while size := _memory(process.pid):
            sizes.append(size)
            time.sleep(0.05)

    threading.Thread(target=watch, daemon=True).start()
    exit_code, out, err = ended(process, within=3000)
    faulted = sum(entry.faulted for entry in lab.api.requests())
    print(f"exit code {exit_code}, {faulted} faulty replies, {out[:700]} {err[-300:]}")
    shown = [f"{size / _MIB:.0f}" for size in sizes[:: len(sizes) // 10 or 1]]
    print(f"parent: {' '.join(shown)} MiB over time, {max(sizes) / _MIB:.0f} MiB at most")
    assert exit_code in (0, 1), err
    return max(sizes) - sizes[0]


def _memory(pid: int) -> int:
    """Return the bytes of a process that are in memory; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _lab(api: PokeAPI, folder: Path, migrated: Database) -> ShellLab:
    folder.mkdir()
    return shell_lab_in(api, folder, migrated, {})
