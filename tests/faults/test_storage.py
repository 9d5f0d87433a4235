"""S: what the disk does wrong, and what comes of it."""

import errno
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.site import until
from .lab import GIF, PNG, HereLab

needs_mount = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


class Disk:
    """A small file system in memory, mounted for one test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(path)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no small disk can be mounted here")

    def remount(self, options: str) -> None:
        """Change its size or make it read-only, as soon as no file on it is being written."""
        command = ["mount", "-o", f"remount,{options}", str(self.path)]
        until(lambda: subprocess.run(command, capture_output=True).returncode == 0)


@pytest.fixture
def disk(lab: HereLab) -> Iterator[Disk]:
    """A media folder on a disk of 64 kB."""
    disk = Disk(lab.media)
    yield disk
    subprocess.run(["umount", str(disk.path)], check=True, capture_output=True)


@needs_mount
@pytest.mark.parametrize("executor", ["sync", "threads"])
def test_a_full_disk_ends_the_run_and_leaves_no_part(
    lab: HereLab, disk: Disk, executor: str
) -> None:
    """S1: the first file that does not fit ends the run; the message names it; no part stays."""
    run = lab.settle(lab.run("--executor", executor), 3)
    assert "No space left on device" in run.stderr
    assert str(lab.media) in run.stderr
    if executor == "sync":  # eight threads may have begun every sprite by then
        assert (run.sprites["failed"], run.sprites["not_tried"] > 0) == (1, True)
    disk.remount("size=20m")
    lab.heal()


def limit(lab: HereLab, room: int, error: int = errno.EDQUOT) -> None:
    """Let the storage take the probe and so many sprites, and no more."""
    options = {"location": str(lab.media), "room": 1 + room, "error": error}
    limited = {"BACKEND": "tests.faults.storages.Limited", "OPTIONS": options}
    lab.settings.STORAGES = {**lab.settings.STORAGES, "limited": limited}
    lab.options(STORAGE="limited")


@pytest.mark.parametrize("error", [errno.EDQUOT, errno.ENOSPC, errno.EIO])
def test_a_quota_that_is_used_up_ends_the_run(lab: HereLab, error: int) -> None:
    """S1: EDQUOT is no fault of one file: the first ends the run, and what was stored is kept."""
    limit(lab, 2, error)
    run = lab.settle(lab.run("--executor", "sync"), 3)
    assert os.strerror(error) in run.stderr
    assert str(lab.media) in run.stderr
    assert (run.sprites["stored"], run.sprites["failed"]) == (2, 1)
    assert run.sprites["not_tried"] > 0
    lab.heal()


def test_a_run_that_a_guard_stopped_is_never_called_swept(lab: HereLab) -> None:
    """S1: what a failing disk may have left is swept by the next run, which is told of it."""
    lab.clean()
    assert lab.rows("sprites_syncrun")[-1]["swept"]
    lab.api.put(PNG, lab.files()[lab.row(pokemon=2)["file"]], "image/png")
    limit(lab, 0)
    lab.settle(lab.run("--force"), 3)
    assert not lab.rows("sprites_syncrun")[-1]["swept"]
    (lab.media / "sprites/.incoming/half.part").write_bytes(b"half")
    lab.heal()


@needs_mount
def test_a_full_disk_keeps_the_old_bytes(lab: HereLab, disk: Disk) -> None:
    """S1: a new version that does not fit takes nothing from the old one."""
    disk.remount("size=20m")
    lab.clean()
    old, row = lab.files(), lab.row()
    large = lab.files()[lab.row("other/official-artwork/front_default")["file"]]
    ballast = lab.media / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=4k"], capture_output=True)
    os.truncate(ballast, ballast.stat().st_size - 8192)  # room for the probe, and no more
    lab.api.put("/sprites/pokemon/1.png", large, "image/png")
    run = lab.run("--force")
    ballast.unlink()
    lab.settle(run, 3)
    assert lab.row()["file"] == row["file"]
    assert lab.files() == old
    lab.heal("--force")


@needs_mount
def test_an_old_file_that_can_not_be_deleted_is_left_to_the_next_run(
    lab: HereLab, disk: Disk
) -> None:
    """S5: what a run could not delete after its commit, the next one does."""
    disk.remount("size=20m")
    lab.clean()
    old, other = lab.media / lab.row()["file"], lab.files()[lab.row(pokemon=2)["file"]]
    subprocess.run(["mount", "--bind", old, old], check=True)  # busy: it can't be deleted
    try:
        lab.api.put("/sprites/pokemon/1.png", other, "image/png")
        assert lab.run("--force").exit_code == 0
        lab.assert_files(strays=True)
        assert old.exists()
    finally:
        subprocess.run(["umount", old], check=True)
    lab.settle(lab.run(), 0)
    lab.heal("--force")


@needs_mount
def test_a_disk_that_is_read_only_is_known_before_any_request(lab: HereLab, disk: Disk) -> None:
    """S2: a probe is written before upstream is asked: exit 2."""
    disk.remount("ro")
    run = lab.run()
    assert run.exit_code == 2
    assert "Read-only" in run.stderr
    assert lab.api.requests() == []
    disk.remount("rw,size=20m")
    lab.heal()


@needs_mount
def test_a_disk_that_becomes_read_only_ends_the_run(lab: HereLab, disk: Disk) -> None:
    """S2: in the middle of a run it is exit 3, and what was stored before is kept."""
    disk.remount("size=20m")
    lab.options(TIMEOUT=60, READ_TIMEOUT=60)  # what is held is no silence
    lab.api.fault(GIF, hold=True)
    lab.api.fault("/sprites/*3.png", hold=True)

    def turn() -> None:
        until(lambda: lab.api.requests(GIF))
        disk.remount("ro")
        lab.api.clear()

    turning = threading.Thread(target=turn)
    turning.start()
    run = lab.run()
    turning.join()
    assert run.exit_code == 3
    assert "Read-only" in run.stderr
    lab.assert_files(strays=True)  # what is half written can't be deleted, either
    disk.remount("rw")
    lab.settle(lab.run(), 0)
    lab.heal()


def test_a_media_folder_that_is_a_file_is_known_before_any_request(lab: HereLab) -> None:
    """S2: MEDIA_ROOT is a file: exit 2, no request, and the file is as it was."""
    lab.media.write_text("a file")
    run = lab.run()
    assert run.exit_code == 2
    assert str(lab.media) in run.stderr
    assert lab.api.requests() == []
    assert lab.media.read_text() == "a file"
    lab.media.unlink()
    lab.heal()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_known_before_any_request(lab: HereLab) -> None:
    """S2: EACCES is exit 2."""
    lab.media.mkdir()
    lab.media.chmod(0o500)
    run = lab.run()
    lab.media.chmod(0o700)
    assert run.exit_code == 2
    lab.heal()


def test_a_folder_that_gets_into_the_way_fails_its_sprite(lab: HereLab) -> None:
    """S2: a file where a folder should be ends the run with its path, exit 3."""
    (lab.media / "sprites").mkdir(parents=True)
    (lab.media / "sprites/1").write_text("in the way")
    run = lab.run()
    assert run.exit_code == 3
    assert "sprites/1" in run.stderr
    (lab.media / "sprites/1").unlink()
    lab.heal()


def test_files_that_are_gone_or_cut_come_back(lab: HereLab) -> None:
    """S3: what is missing or has another size is fetched afresh in the next run, and counted."""
    lab.clean()
    gone, cut, swollen = (lab.media / lab.row(pokemon=n)["file"] for n in (1, 2, 3))
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    swollen.write_bytes(swollen.read_bytes() + b"x")
    run = lab.settle(lab.run(), 0)
    assert (run.sprites["stored"], run.report["repaired"]) == (3, 3)
    lab.heal()


def test_a_media_folder_that_is_gone_comes_back(lab: HereLab) -> None:
    """S3: deleting the whole folder and running again brings everything back."""
    lab.clean()
    shutil.rmtree(lab.media)
    assert lab.settle(lab.run(), 0).report["repaired"] == len(lab.ideal["files"])
    lab.heal()


def test_a_flipped_bit_is_found_by_verify(lab: HereLab) -> None:
    """S3: ``--verify`` hashes every file, and fetches only the damaged one."""
    lab.clean()
    path = lab.media / lab.row()["file"]
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.write_bytes(data)
    run = lab.settle(lab.run("--verify"), 0)
    assert run.report["repaired"] == 1
    assert len(lab.api.requests("/sprites/*")) == 1
    lab.heal()


def test_an_orphan_with_the_same_bytes_is_adopted(lab: HereLab) -> None:
    """S4: a file that a lost row left behind becomes its file again."""
    lab.clean()
    row = lab.row()
    stamp = (lab.media / row["file"]).stat().st_mtime_ns
    with lab.cursor() as cursor:
        cursor.execute("UPDATE sprites_sprite SET file = '', sha256 = '', state = 'pending'")
    lab.settle(lab.run(), 0)
    assert lab.row()["file"] == row["file"]
    assert (lab.media / row["file"]).stat().st_mtime_ns == stamp
    lab.heal()


def test_a_foreign_file_under_our_name_is_not_touched(lab: HereLab) -> None:
    """S4: the sprite gets the name that the storage gives, and the foreign file stays."""
    name = next(name for name in lab.ideal["files"] if "/1/front_default" in name)
    foreign = lab.media / name
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"not ours")
    run = lab.run()
    assert run.exit_code == 0
    row = lab.row()
    assert row["file"] != name
    assert (lab.media / row["file"]).stat().st_size == row["size"]
    lab.settle(lab.run("--prune"), 0) if not foreign.exists() else None
    assert foreign.read_bytes() == b"not ours"


def test_a_storage_that_renames_is_believed(lab: HereLab) -> None:
    """S4: the row has the name that ``save`` returned, whatever it was asked for."""
    location = {"location": str(lab.media)}
    lab.settings.STORAGES = {
        **lab.settings.STORAGES,
        "renaming": {"BACKEND": "tests.faults.storages.Renaming", "OPTIONS": location},
    }
    lab.options(STORAGE="renaming")
    lab.settle(lab.run(), 0)
    assert all("-renamed" in row["file"] for row in lab.rows() if row["file"])
