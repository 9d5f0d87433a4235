"""What is written: each row whole or not at all, a bad one alone, and no good file ever lost."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import CheckConstraint, Model, Q
from django.db.transaction import atomic

from sprites.models import Pokemon, Sprite, SyncRun, Type
from sprites.sync.entries import Change, PokemonEntry
from sprites.sync.lock import RunLock
from sprites.sync.writer import Writer
from sprites.testing import PokeAPI
from sprites.worker.pokeapi import parse
from sprites.worker.records import Kind
from sprites.worker.storage import Store

from ..support.policies import fetch
from ..support.site import Site, until

KEYS = "front_default,back_default"
TWENTY = ("--ids", "1-20", "--sprites", KEYS)
FEW = ("--ids", "1-3", "--sprites", KEYS)
PNG = "/sprites/pokemon/2.png"


@contextmanager
def refused(model: type[Model], bad: Q) -> Iterator[None]:
    """Let the database refuse some rows of a model, by a real constraint."""
    constraint = CheckConstraint(condition=~bad, name="a_test_refuses_it")
    before = model._meta.constraints
    model._meta.constraints = [*before, constraint]  # SQLite's editor makes the table from these
    with connection.schema_editor() as editor:
        editor.add_constraint(model, constraint)
    try:
        yield
    finally:
        model._meta.constraints = before
        with connection.schema_editor() as editor:
            editor.remove_constraint(model, constraint)


@contextmanager
def locked(seconds: float, when: Callable[[], Any], then: Callable[[], None]) -> Iterator[None]:
    """Hold the database's write lock on another connection, and do something once it is held."""

    def hold() -> None:
        until(when)
        with atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("LOCK TABLE sprites_sprite IN EXCLUSIVE MODE")
            Sprite.objects.filter(pk=0).delete()
            then()
            threading.Event().wait(seconds)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    yield
    holder.join(30)


def sprite(pokemon: int = 2, key: str = "front_default") -> Sprite:
    """Return a sprite's row."""
    return Sprite.objects.get(pokemon=pokemon, key=key)


def _rows() -> list[Any]:
    return [*Sprite.objects.values(), *Pokemon.objects.values()]


def bytes_of(row: Sprite) -> bytes:
    """Return a sprite's stored bytes."""
    with row.file.open() as file:
        data: bytes = file.read()
        return data


def another_image(api: PokeAPI, path: str, site: Site) -> bytes:
    """Let upstream serve another image at a path, and return it."""
    data = next(d for name, d in site.files().items() if name.startswith("sprites/3/back_default"))
    api.put(path, data, "image/png")
    return data


def test_a_bad_sprite_row_fails_alone(site: Site) -> None:
    """Of a batch the database refuses one row: the others are saved, and its file is not left."""
    assert site.run("1").exit_code == 0  # so that no sweep hides a file that was left
    with refused(Sprite, Q(pokemon=11, key="back_default", state="stored")):
        run = site.run(*TWENTY)
    assert run.exit_code == 1
    assert (run.sprites["wanted"], run.sprites["failed"]) == (run.sprites["stored"] + 2, 1)
    (failure,) = run.report["failures"]
    assert (failure["pokemon"], failure["key"], failure["code"]) == (11, "back_default", "db")
    site.assert_whole(run)
    again = site.run(*TWENTY)
    assert (again.exit_code, again.sprites["stored"]) == (0, 1)
    site.assert_whole(again)


def test_a_bad_pokemon_row_fails_alone(site: Site) -> None:
    """A Pokémon that can't be written takes its own sprites along, and nobody else's."""
    with refused(Pokemon, Q(id=11)):
        run = site.run(*TWENTY)
    assert run.exit_code == 1
    assert (run.report["pokemon"]["new"], run.report["pokemon"]["failed"]) == (19, 1)
    assert {failure["pokemon"] for failure in run.report["failures"]} == {11}
    assert set(run.codes) == {"db"}
    assert Pokemon.objects.count() == 19
    site.assert_whole(run)
    again = site.run(*TWENTY)
    assert (again.exit_code, again.report["pokemon"]["new"]) == (0, 1)
    site.assert_whole(again)


def test_a_lock_of_seconds_costs_nothing(site: Site) -> None:
    """Somebody else writes for 3 s in the middle of a run: it waits, and all is stored."""
    site.api.fault("/sprites/pokemon/*", hold=True)
    with locked(3.0, when=lambda: site.api.requests("/sprites/*"), then=site.api.clear):
        run = site.run(*TWENTY)
    assert run.exit_code == 0, run.stderr
    assert run.sprites["stored"] == run.sprites["wanted"]
    assert run.report["seconds"] > 2
    assert "locked" not in run.stderr
    site.assert_whole(run)


def test_a_changed_image_replaces_file_and_row(site: Site) -> None:
    """New bytes get a new file, the row follows, and the old file goes once the run has ended."""
    site.run(*FEW)
    before = sprite()
    data = another_image(site.api, PNG, site)
    run = site.run(*FEW, "--force")
    after = sprite()
    assert (run.sprites["stored"], run.sprites["unchanged"]) == (1, 5)
    assert bytes_of(after) == data
    assert after.file.name != before.file.name
    assert after.etag != before.etag
    assert after.changed_at != before.changed_at
    site.assert_whole(run)


def test_a_rotated_validator_of_the_same_bytes_changes_nothing_else(site: Site) -> None:
    """The same bytes under a new ETag keep their file; only the validator is new."""
    site.run(*FEW)
    before, files = sprite(), site.files()
    site.api.fault(PNG, etag='"another"')
    run = site.run(*FEW, "--force")
    after = sprite()
    assert run.sprites["unchanged"] == 6
    assert (after.etag, after.changed_at) == ('"another"', before.changed_at)
    assert site.files() == files


def test_a_304_notes_a_look_and_nothing_else(site: Site, settings: Any) -> None:
    """Of each row only the time of the look changes, and of each Pokémon that of its JSON."""
    site.run(*FEW)
    before = _rows()
    settings.SPRITES["FRESH_FOR"] = 0
    run = site.run(*FEW)
    assert run.sprites["unchanged"] == 6
    pairs = zip(before, _rows(), strict=True)
    changed = Counter(name for old, new in pairs for name in new if new[name] != old[name])
    assert changed == {"checked_at": 6, "synced_at": 3}


def test_a_sprite_that_failed_is_well_again_though_its_bytes_are_the_old_ones(site: Site) -> None:
    """The row is whole again: stored, without its error, and with the file that it kept."""
    site.run(*FEW)
    before = sprite()
    site.api.fault(PNG, status=500)
    site.run(*FEW, "--force")
    assert sprite().state == Sprite.State.FAILED
    site.api.clear()
    run = site.run(*FEW)
    after = sprite()
    assert (run.sprites["stored"], run.sprites["unchanged"]) == (0, 6)
    assert (after.state, after.error_code, after.http_status) == ("stored", "", None)
    assert (after.file.name, after.changed_at) == (before.file.name, before.changed_at)
    site.assert_whole(run)


def test_a_missing_image_keeps_its_last_good_file(site: Site) -> None:
    """404 marks the row, with the time when it was first seen, and touches nothing else."""
    site.run(*FEW)
    before = sprite()
    site.api.gone(PNG)
    site.run(*FEW, "--force")
    first = sprite()
    run = site.run(*FEW, "--force")
    after = sprite()
    assert (after.state, after.error_code, after.http_status) == ("missing", "not_found", 404)
    assert after.missing_since == first.missing_since is not None
    assert (after.file.name, after.sha256, after.etag) == (
        before.file.name,
        before.sha256,
        before.etag,
    )
    site.assert_whole(run)
    site.api.clear()
    site.run(*FEW)
    assert (sprite().state, sprite().missing_since, sprite().error_code) == ("stored", None, "")


def test_a_failed_image_keeps_its_last_good_file(site: Site) -> None:
    """A failure says why, with attempts; file, hash and validator are those of the good bytes."""
    site.run(*FEW)
    before = sprite()
    site.api.fault(PNG, status=403, headers={"ETag": '"of the refusal"'}, body="<!doctype html>")
    run = site.run(*FEW, "--force")
    after = sprite()
    assert (after.state, after.error_code, after.http_status, after.attempts) == (
        *("failed", "blocked", 403),
        1,
    )
    assert after.error_detail
    assert (after.file.name, after.etag) == (before.file.name, before.etag)
    site.assert_whole(run)


def test_a_sprite_that_is_not_listed_any_more_is_kept(site: Site) -> None:
    """A slot that became null is marked, with the time, until it is listed again."""
    site.run(*FEW)
    site.api.edit("*/pokemon/2/", {"sprites/front_default": None})
    run = site.run(*FEW, "--force")
    row = sprite()
    assert (row.listed, bool(row.file), row.missing_since is None) == (False, True, False)
    assert run.report["pokemon"]["changed"] == 1
    assert run.sprites["wanted"] == 5
    site.assert_whole(run)
    site.api.clear()
    site.run(*FEW, "--force")
    assert (sprite().listed, sprite().missing_since) == (True, None)


def test_a_url_that_moved_is_asked_for_at_its_new_place(site: Site) -> None:
    """Another URL means other bytes until they are seen: no old validator goes along."""
    site.run(*FEW)
    site.api.edit("*/pokemon/2/", {"sprites/front_default": f"{site.api.origin}/moved.png"})
    data = another_image(site.api, "/moved.png", site)
    run = site.run(*FEW, "--force")
    assert bytes_of(sprite()) == data
    assert sprite().url.endswith("/moved.png")
    site.assert_whole(run)


def test_a_changed_pokemon_is_counted_and_written(site: Site) -> None:
    """Names may swap, types and numbers change: each change reaches its row, and only there."""
    site.run(*FEW)
    names = list(Pokemon.objects.order_by("id").values_list("name", flat=True))
    site.api.edit("*/pokemon/1/", {"name": names[1], "weight": 4321, "base_experience": None})
    fire = {"slot": 1, "type": {"name": "fire", "url": f"{site.api.url}type/10/"}}
    site.api.edit("*/pokemon/2/", {"name": names[0], "types": [fire]})
    run = site.run(*FEW, "--force")
    assert (run.report["pokemon"]["changed"], run.report["pokemon"]["unchanged"]) == (2, 1)
    one, two, _ = Pokemon.objects.order_by("id")
    assert (one.name, one.weight, one.base_experience) == (names[1], 4321, None)
    assert two.name == names[0]
    assert list(two.type_slots.values_list("type__name", "slot")) == [("fire", 1)]
    assert Type.objects.filter(name="fire").count() == 1
    assert site.run(*FEW, "--force").report["pokemon"]["unchanged"] == 3


def test_a_sprite_of_an_unknown_shape_fails_alone(site: Site) -> None:
    """A slot without a URL, a key that is no path, a URL off the list: each fails for itself."""
    changes = {"sprites/front_default": 5, "sprites/back_default": "http://169.254.169.254/a.png"}
    site.api.edit("*/pokemon/2/", changes)
    site.api.edit("*/pokemon/3/", {"sprites/versions": {"..": {"front_default": "x"}}})
    run = site.run("--ids", "1-3", "--sprites", f"{KEYS},versions/*")
    assert run.codes == {"schema": 2, "url_not_allowed": 1}
    assert run.sprites["stored"] == run.sprites["wanted"] - 3
    site.assert_whole(run)


def test_json_stays_fresh_where_only_an_unwanted_sprite_is_refused(site: Site) -> None:
    """Another site's JSON names elsewhere what it has not stored; who wants that asks anew."""
    site.api.edit("*/pokemon/2/", {"sprites/back_shiny": "http://169.254.169.254/a.png"})
    assert site.run("--ids", "1-3").exit_code == 0
    assert site.run("--ids", "1-3").report["requests"] == 1
    wanted = ("--ids", "1-3", "--sprites", "back_shiny")
    assert site.run(*wanted).codes == {"url_not_allowed": 1}
    site.api.clear()
    assert site.run(*wanted).exit_code == 0


@pytest.mark.parametrize("name", ["1/front_shiny.2cf24dba.png", ".incoming/0.part"])
def test_a_new_database_beside_old_files_leaves_none_without_a_row(site: Site, name: str) -> None:
    """A site's first run deletes what another database's runs have left, wherever it stands."""
    stray = site.media / "sprites" / name
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"hello")
    run = site.run("--ids", "1-3")
    assert not stray.exists()
    site.assert_whole(run)


def test_many_new_pokemon_are_written_a_few_at_a_time(site: Site) -> None:
    """So no batch is long, whatever comes at once; each is written, in the order of coming."""
    body = fetch(site.api, "/api/v2/pokemon/1/").body
    first: Any = parse(Kind.POKEMON, body)
    run = SyncRun(trigger="command", executor="threads", workers=8)
    writer = Writer(Store.connect("default"), RunLock.take(run))
    for number in range(1, 31):
        record = first._replace(id=number, name=f"mon{number}")
        writer.take(PokemonEntry(number, Change.NEW, record))
    written = []
    assert writer.is_due
    while writer.has_more:
        written.append([str(entry) for entry in writer.flush()])
    assert all(0 < len(batch) < 10 for batch in written)
    assert list(chain.from_iterable(written)) == [f"Pokémon {n}" for n in range(1, 31)]
    assert Pokemon.objects.count() == 30
    assert Sprite.objects.count() == 30 * len(first.listings)
