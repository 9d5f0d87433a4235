"""The flags that keep a mirror true: force, retry-failed, verify, prune."""

from datetime import timedelta

from django.utils import timezone

from sprites.models import Sprite

from .support.site import Site
from .test_command import FEW, asked, counted


def damage(sprite: Sprite) -> bytes:
    """Flip a bit of a sprite's file, and return what it was."""
    with sprite.file.open() as whole:
        before: bytes = whole.read()
    with open(sprite.file.path, "r+b") as file:
        file.seek(20)
        file.write(bytes([before[20] ^ 1]))
    return before


def test_force_asks_again_for_what_is_fresh(site: Site) -> None:
    """``--force`` fetches JSON and images without validators, and stores what has changed."""
    site.run(*FEW)
    asked(site)
    site.api.put("/sprites/pokemon/1.png", _other_png(site), "image/png")
    run = site.run(*FEW, "--force")
    assert {request.headers.get("If-None-Match") for request in site.api.requests()} == {None}
    assert len(asked(site)) == 1 + 3 + 9
    assert (run.sprites["stored"], run.sprites["unchanged"]) == (1, 8)
    site.assert_whole(run)


def _other_png(site: Site) -> bytes:
    return next(data for name, data in site.files().items() if "/3/front_default" in name)


def test_only_what_failed_is_tried_again(site: Site) -> None:
    """``--retry-failed`` asks for the list and the failed sprites, and for nothing else."""
    site.api.fault("/sprites/pokemon/*2.png", body="<!doctype html>")
    assert site.run(*FEW).sprites["failed"] == 3
    site.api.clear()
    run = site.run("--retry-failed")
    paths = asked(site)
    assert len(paths) == 1 + 3
    assert all("/2.png" in path for path in paths[1:])
    assert counted(run.sprites) == {"wanted": 3, "stored": 3}
    assert site.run("--retry-failed").sprites["wanted"] == 0
    site.assert_whole(run)


def test_verify_repairs_what_is_damaged_or_gone(site: Site) -> None:
    """Every stored file is hashed; a flipped bit and a deleted file are fetched afresh."""
    site.run(*FEW)
    state = site.state()
    flipped, gone, *_ = Sprite.objects.order_by("id").exclude(file="")
    before = damage(flipped)
    gone.file.storage.delete(gone.file.name or "")
    asked(site)
    run = site.run("--verify")
    paths = [path for path in asked(site) if path.startswith("/sprites/")]
    assert len(paths) == 2
    assert run.report["repaired"] == 2
    assert (run.sprites["stored"], run.sprites["unchanged"]) == (2, 7)
    assert site.state() == state
    with Sprite.objects.get(pk=flipped.pk).file as file:
        assert file.read() == before
    site.assert_whole(run)


def test_verify_of_a_whole_mirror_asks_for_nothing(site: Site) -> None:
    """Nothing damaged: no sprite is asked for, and none counts as repaired."""
    site.run(*FEW)
    asked(site)
    run = site.run("--verify")
    assert not [path for path in asked(site) if path.startswith("/sprites/")]
    assert (run.report["repaired"], run.sprites["unchanged"]) == (0, 9)


def test_a_deleted_media_folder_comes_back(site: Site) -> None:
    """A file that is gone is fetched again by any run, fresh or not."""
    site.run(*FEW)
    state = site.state()
    for name in site.files():
        (site.media / name).unlink()
    run = site.run(*FEW)
    assert (run.sprites["stored"], run.report["repaired"]) == (9, 9)
    assert site.state() == state


def _missing_since(days: int) -> None:
    since = timezone.now() - timedelta(days=days)
    Sprite.objects.filter(pokemon=2, key="front_default").update(
        state="missing", missing_since=since
    )


def test_prune_deletes_what_has_been_missing_for_a_week(site: Site) -> None:
    """``--prune`` deletes rows and files of sprites that upstream has not had for long, only."""
    site.run(*FEW)
    _missing_since(days=6)
    site.api.gone("/sprites/pokemon/2.png")
    assert site.run(*FEW, "--prune").report["pruned"] == 0
    _missing_since(days=8)
    dry = site.run(*FEW, "--prune", "--dry-run")
    assert dry.report["pruned"] == 1
    assert len(site.files()) == 9
    run = site.run(*FEW, "--prune")
    assert run.report["pruned"] == 1
    assert not Sprite.objects.filter(pokemon=2, key="front_default").exists()
    assert len(site.files()) == 8
    site.assert_whole(run)


def test_without_prune_nothing_is_deleted(site: Site) -> None:
    """A sprite that went missing long ago keeps its row and its last good file."""
    site.run(*FEW)
    _missing_since(days=800)
    site.api.gone("/sprites/pokemon/2.png")
    run = site.run(*FEW, "--force")
    row = Sprite.objects.get(pokemon=2, key="front_default")
    assert (row.state, bool(row.file)) == ("missing", True)
    site.assert_whole(run)
