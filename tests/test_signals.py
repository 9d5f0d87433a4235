"""The signals: who is told of what, when, and what comes of a receiver that fails."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.dispatch import Signal
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from sprites.models import Pokemon, Sprite, SyncRun
from sprites.signals import sprite_stored, sync_finished
from sprites.sync import announce
from sprites.sync.entries import SpriteEntry, Verdict
from sprites.sync.report import SyncReport
from sprites.worker.records import ImageFacts, StoredSprite

from .support.site import Site

Heard = list[dict[str, Any]]


@pytest.fixture
def listen() -> Iterator[Callable[[Signal], Heard]]:
    """Connect a receiver to a signal; what it hears is in the list that this returns."""
    connected = []

    def listen(signal: Signal) -> Heard:
        heard: Heard = []

        def receiver(**arguments: Any) -> None:
            place = {"in_transaction": connection.in_atomic_block}
            heard.append({**arguments, **place, "thread": threading.current_thread()})

        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))
        return heard

    yield listen
    for signal, receiver in connected:
        signal.disconnect(receiver)


@pytest.fixture
def failing() -> Iterator[None]:
    """Connect a receiver to both signals that raises."""

    def failing(**arguments: Any) -> None:
        raise ValueError("a bug\nof two lines")

    for signal in (sprite_stored, sync_finished):
        signal.connect(failing, weak=False)
    yield
    for signal in (sprite_stored, sync_finished):
        signal.disconnect(failing)


@pytest.mark.parametrize("executor", ["sync", "threads", "processes"])
def test_each_new_file_is_told_of_once(
    site: Site, listen: Callable[[Signal], Heard], executor: str
) -> None:
    """In the parent, outside transactions, with the committed row, its Pokémon and its file."""
    heard = listen(sprite_stored)
    run = site.run("--ids", "1-3", "--sprites", "all", "--executor", executor)
    assert len(heard) == run.sprites["stored"] == Sprite.objects.count()
    assert {each["sprite"] for each in heard} == set(Sprite.objects.all())
    for each in heard:
        sprite = each["sprite"]
        assert each["sender"] is Sprite
        assert each["created"] is True
        assert not each["in_transaction"]
        assert each["thread"] is threading.current_thread()
        assert isinstance(sprite._state.fields_cache["pokemon"], Pokemon)  # without a query
        with sprite.file as file:
            assert len(file.read()) == sprite.size


def test_only_a_changed_file_is_told_of_again(
    site: Site, listen: Callable[[Signal], Heard]
) -> None:
    """What upstream has as before is no news; other bytes are, and they were not created."""
    site.run("--ids", "1-3")
    heard = listen(sprite_stored)
    site.run("--ids", "1-3", "--force")
    assert heard == []
    with Sprite.objects.get(pokemon=1, key="front_default").file as other:
        site.api.put("/sprites/pokemon/2.png", other.read(), "image/png")
    site.api.fault("/sprites/pokemon/3.png", status=404)
    site.run("--ids", "1-3", "--force")
    assert [(each["sprite"].pokemon_id, each["created"]) for each in heard] == [(2, False)]


def test_a_file_that_was_repaired_is_told_of(site: Site, listen: Callable[[Signal], Heard]) -> None:
    """The report counts it as stored, and a cache in front of it may have the damaged bytes."""
    site.run("--ids", "1-3")
    heard = listen(sprite_stored)
    sprite = Sprite.objects.get(pokemon=2, key="front_default")
    (site.media / str(sprite.file.name)).write_bytes(b"damaged")
    run = site.run("--ids", "1-3")
    assert run.report["repaired"] == 1
    assert [(each["sprite"], each["created"]) for each in heard] == [(sprite, False)]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "state"),
    [
        (["--ids", "1-3"], 0, SyncRun.State.DONE),
        (["--ids", "4-5"], 1, SyncRun.State.FAILED),
        (["--ids", "1-30"], 3, SyncRun.State.STOPPED),
    ],
)
def test_a_runs_end_is_told_however_it_ended(
    site: Site,
    settings: Settings,
    listen: Callable[[Signal], Heard],
    arguments: list[str],
    exit_code: int,
    state: str,
) -> None:
    """With the run's row as it stands at last and the report that the command prints."""
    heard = listen(sync_finished)
    if exit_code:
        settings.SPRITES = {**settings.SPRITES, "BREAKER": 2}
        bad = {1: "<!doctype html>", 3: ""}[exit_code]
        site.api.fault("*.png", **({"body": bad} if bad else {"status": 403}))
    run = site.run(*arguments)
    assert run.exit_code == exit_code
    (told,) = heard
    assert told["sender"] is SyncRun
    assert (told["run"].state, told["run"].exit_code) == (state, exit_code)
    assert told["run"].finished_at is not None
    assert not told["in_transaction"]
    assert told["report"].exit_code == exit_code
    assert told["report"].sprites.wanted == run.sprites["wanted"] > 0


def test_a_run_that_was_none_is_not_told_of(site: Site, listen: Callable[[Signal], Heard]) -> None:
    """Dry runs, refused ones and those that met the lock have no row to tell of."""
    heard = listen(sync_finished)
    assert site.run("--ids", "1-3", "--dry-run").exit_code == 0
    assert site.run("no-such-creature").exit_code == 2
    now = timezone.now()
    SyncRun.objects.create(
        host="elsewhere", process="1:1", workers=1, started_at=now, heartbeat_at=now
    )
    assert site.run("--ids", "1-3").exit_code == 4
    assert heard == []


def test_a_run_whose_row_is_gone_is_told_of(site: Site, listen: Callable[[Signal], Heard]) -> None:
    """Somebody may delete it meanwhile: it was the lock, so the run ends, and the report tells."""

    def forget(**arguments: Any) -> None:
        SyncRun.objects.all().delete()

    heard = listen(sync_finished)
    sprite_stored.connect(forget)
    run = site.run("--ids", "1-3")
    sprite_stored.disconnect(forget)
    assert run.exit_code == heard[0]["report"].exit_code == 3
    assert heard[0]["run"].state == SyncRun.State.RUNNING


def test_a_receiver_that_fails_breaks_nothing(site: Site, failing: None) -> None:
    """The run ends whole, and each failure is one line."""
    run = site.run("--ids", "1-3")
    assert (run.exit_code, run.sprites["stored"]) == (0, 3)
    site.assert_whole(run)
    lines = run.stderr.splitlines()
    assert len(lines) == 4
    assert all("a bug of two lines" in line for line in lines)
    assert sum("a receiver of sprite_stored, failed" in line for line in lines) == 3
    assert "a receiver of sync_finished, failed: ValueError" in lines[-1]


def test_where_nobody_listens_nothing_is_asked(
    django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    """Neither signal costs a query."""
    facts = ImageFacts("image/png", "png", 1, 1, 1)
    found = StoredSprite("sprites/1/front_default.00000000.png", "0" * 64, 1, facts, "")
    entry = SpriteEntry(1, "front_default", "", Verdict.STORED, 1, found=found)
    with django_assert_num_queries(0):
        announce.stored([entry])
        announce.finished(SyncRun(pk=1), SyncReport("sync", 1))
