"""What upstream seems to have lost, what is deleted for it, and how it comes back."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import storages
from django.utils import timezone
from PIL import Image

from sprites.models import Pokemon, Sprite, SyncRun

from ..support.background import DEAD, running
from .lab import BACK, DOCUMENT, GIF, PNG, HereLab

IMAGES = "/sprites/*"
ALL_DOCUMENTS = "/api/v2/pokemon/?/"


def list_nothing(lab: HereLab) -> None:
    """Let upstream's documents list no sprite at all."""
    lab.api.edit(ALL_DOCUMENTS, {"sprites": {"front_default": None, "other": {}}})


def long_gone(lab: HereLab) -> None:
    """Let what is gone upstream be gone for longer than ``PRUNE_AFTER``."""
    Sprite.objects.exclude(missing_since=None).update(
        missing_since=timezone.now() - timedelta(days=8)
    )


def test_a_pruned_sprite_comes_back_with_upstream(lab: HereLab) -> None:
    """A sprite that was gone, was pruned and is there again is mirrored by the next plain run."""
    lab.clean()
    lab.api.gone(PNG)
    assert lab.settle(lab.run("--force"), 0).sprites["missing"] == 1
    long_gone(lab)
    assert lab.settle(lab.run("--prune"), 0).report["pruned"] == 1
    lab.heal()


def test_a_row_that_somebody_deleted_comes_back(lab: HereLab) -> None:
    """Whoever deletes a listed row makes its Pokémon's JSON due: a 304 would not tell of it."""
    lab.clean()
    Sprite.objects.filter(pokemon=2, key="front_default").delete()
    run = lab.run()
    assert (run.exit_code, run.sprites["stored"]) == (0, 1)
    assert [entry.status for entry in lab.api.requests("/api/v2/pokemon/2/")] == [200]
    lab.heal()


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_images_that_go_all_at_once_are_not_believed(lab: HereLab, share: float) -> None:
    """A 404 for more than a tenth of what is stored ends the run and changes no row."""
    lab.clean()
    before = lab.state()
    lab.api.gone(IMAGES if share == 1 else BACK)
    if share < 1:
        lab.api.gone("/sprites/pokemon/[12].png")
    run = lab.settle(lab.run("--force", "--prune"), 3)
    assert "SPRITES_MAX_SHRINK=1" in run.stderr
    assert run.sprites["missing"] == run.sprites["failed"] == 0
    assert lab.state() == before
    assert not Sprite.objects.exclude(missing_since=None).exists()
    lab.heal()


def test_documents_that_list_nothing_are_not_believed(lab: HereLab) -> None:
    """Slots that become null for more than a tenth of what is stored end the run: all is kept."""
    lab.clean()
    before = lab.state()
    list_nothing(lab)
    run = lab.settle(lab.run("--force", "--prune"), 3)
    assert "not listed" in run.stderr
    assert lab.state() == before
    lab.heal()


def test_a_great_loss_is_believed_when_it_is_said_to_be_right(lab: HereLab) -> None:
    """With ``MAX_SHRINK=1`` all of it is taken for true, kept, and pruned after its time."""
    lab.clean()
    lab.options(MAX_SHRINK=1)
    lab.api.gone(IMAGES)
    run = lab.settle(lab.run("--force"), 0)
    assert run.sprites["missing"] == run.sprites["wanted"] == 15
    long_gone(lab)
    assert lab.settle(lab.run("--prune"), 0).report["pruned"] == 15
    assert lab.files() == {}
    lab.heal()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_prune_of_too_much_deletes_nothing(lab: HereLab, dry_run: bool) -> None:
    """More than a tenth of all sprites is not pruned: exit 3, the number, and what allows it."""
    lab.clean()
    lab.options(MAX_SHRINK=1)
    lab.api.gone(IMAGES)
    lab.settle(lab.run("--force"), 0)
    long_gone(lab)
    before = lab.state()
    lab.options(MAX_SHRINK=0.1)
    run = lab.run("--prune", *(["--dry-run"] if dry_run else []))
    assert run.exit_code == 3
    assert "15 of 15" in run.stderr
    assert "SPRITES_MAX_SHRINK=1" in run.stderr
    assert lab.state() == before
    lab.heal()


def test_what_is_not_listed_for_a_day_comes_back_the_next(lab: HereLab) -> None:
    """A document that dropped a stored sprite is due in each run, however fresh it is."""
    lab.clean()
    lab.api.edit(DOCUMENT, {"sprites/front_default": None})
    lab.settle(lab.run("--force"), 0)
    assert not lab.row()["listed"]
    lab.heal()


def damage(lab: HereLab, key: str = "front_default") -> None:
    """Flip a bit of a stored file."""
    path = lab.media / lab.row(key)["file"]
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def test_verify_mends_what_upstream_lists_no_more(lab: HereLab) -> None:
    """A damaged file of a sprite that is not listed is fetched again where its URL still works."""
    lab.clean()
    lab.api.edit(DOCUMENT, {"sprites/front_default": None})
    lab.settle(lab.run("--force"), 0)
    damage(lab)
    run = lab.settle(lab.run("--verify"), 0)
    assert run.report["repaired"] == 1
    lab.heal()


def test_verify_mends_a_pokemon_that_upstream_lists_no_more(lab: HereLab) -> None:
    """So is that of a Pokémon that is not in the list any more."""
    lab.clean()
    lab.api.edit("/api/v2/pokemon/[?]*", {"results/0": {"name": "other", "url": "/pokemon/99/"}})
    damage(lab)
    run = lab.site.run("--verify")
    assert (run.exit_code, run.report["repaired"]) == (0, 1)
    lab.heal()


@pytest.mark.parametrize("harm", ["flipped", "gone"])
@pytest.mark.parametrize("listed", [True, False])
def test_what_can_not_be_repaired_is_named(lab: HereLab, harm: str, listed: bool) -> None:
    """A damaged file that upstream has no more is ``lost``: exit 1, with Pokémon, key and URL."""
    lab.clean()
    if not listed:
        lab.api.edit(DOCUMENT, {"sprites/front_default": None})
        lab.settle(lab.run("--force"), 0)
    row = lab.row()
    lab.api.gone(PNG)
    if harm == "gone":
        (lab.media / row["file"]).unlink()
    else:
        damage(lab)
    run = lab.run("--verify")
    assert run.exit_code == 1
    (failure,) = run.report["failures"]
    assert (failure["pokemon"], failure["key"], failure["code"]) == (1, "front_default", "lost")
    assert failure["url"] == row["url"]
    lab.api.clear()
    lab.clean("--verify")
    lab.heal()


def test_verify_says_nothing_of_upstream(lab: HereLab) -> None:
    """An intact file of a sprite that is missing upstream stays one that is missing."""
    lab.clean()
    lab.api.gone(PNG)
    lab.settle(lab.run("--force"), 0)
    run = lab.settle(lab.run("--verify"), 0)
    assert run.sprites["unchanged"] == run.sprites["wanted"]
    assert lab.row()["state"] == "missing"
    lab.heal()


def test_what_a_power_cut_took_is_fetched_again(lab: HereLab) -> None:
    """After a run that did not end, what it wrote last is hashed: a file of zeros is none."""
    lab.clean()
    path = lab.media / lab.row()["file"]
    path.write_bytes(bytes(path.stat().st_size))
    running(process=DEAD)
    run = lab.settle(lab.run(), 0)
    assert run.report["repaired"] == 1
    lab.heal()


def drawn() -> bytes:
    """Return a GIF of one pixel."""
    file = BytesIO()
    Image.new("P", (1, 1)).save(file, "GIF")
    return file.getvalue()


def test_two_sprites_never_share_a_file(lab: HereLab) -> None:
    """Where a site's NAMING gives two sprites one name, the second fails and the first is kept."""
    for number in (2, 3):
        lab.api.put(GIF.replace("1.gif", f"{number}.gif"), drawn(), "image/gif")
    lab.options(NAMING="tests.faults.naming.by_pairs")
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"db": 1}
    lab.settle(lab.run("--force"), 1)


def test_only_so_many_runs_are_remembered(lab: HereLab) -> None:
    """The oldest runs are forgotten beyond ``KEEP_RUNS``, but none that may have left files."""
    left = running(process=DEAD, state="interrupted")
    lab.clean()
    assert SyncRun.objects.filter(pk=left.pk, swept=True).exists()
    lab.options(KEEP_RUNS=2)
    for _ in range(3):
        lab.settle(lab.run(), 0)
    assert SyncRun.objects.count() <= 2 + 1
    assert not SyncRun.objects.filter(pk=left.pk).exists()


def test_a_file_that_is_gone_is_never_unchanged(lab: HereLab) -> None:
    """Also on a storage that is no folder: a plain run looks whether each file is there."""
    lab.settings.STORAGES = {
        **lab.settings.STORAGES,
        "kept": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    lab.options(STORAGE="kept")
    run = lab.site.run("--limit", "3")
    assert run.sprites["stored"] == 3
    storages["kept"].delete(Sprite.objects.get(pokemon=2, key="front_default").file.name or "")
    run = lab.site.run("--limit", "3")
    assert (run.exit_code, run.sprites["stored"], run.sprites["unchanged"]) == (0, 1, 2)
    assert run.report["repaired"] == 1
    assert Pokemon.objects.count() == 3
