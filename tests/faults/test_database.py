"""D: what the database does wrong, and what comes of it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from django.db import connection, connections
from django.test import Client

from sprites.models import SyncRun

from .lab import GIF, HereLab, wait_for

pytestmark = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="locks and triggers in SQLite's words"
)


@pytest.fixture
def impatient(lab: HereLab) -> Iterator[HereLab]:
    """A mirror whose database waits for a lock half a second only."""
    options = connection.settings_dict["OPTIONS"]
    before = options.get("timeout")
    options["timeout"] = 0.5
    connection.close()
    yield lab
    options["timeout"] = before
    connection.close()


@contextmanager
def locked_from(happened: Callable[[], object], until: Callable[[], object]) -> Iterator[None]:
    """Hold the database's write lock, from another connection, between two events."""
    path = connection.settings_dict["NAME"]

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as line:
            wait_for(happened)
            line.execute("BEGIN IMMEDIATE")
            until()
            line.execute("ROLLBACK")

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        holder.join()


def test_a_lock_that_passes_costs_nothing(
    impatient: HereLab, caplog: pytest.LogCaptureFixture
) -> None:
    """D1, D3: a batch that the database refuses is written again over a new connection."""
    lab = impatient
    lab.api.fault(GIF, delay=0.5)

    def refused_once() -> None:
        wait_for(lambda: "one more try" in caplog.text)

    with locked_from(lambda: lab.api.requests(GIF), refused_once):
        run = lab.run()
    lab.settle(run, 0)
    lab.heal()


def test_a_lock_that_stays_ends_the_run_and_leaves_no_orphan(impatient: HereLab) -> None:
    """D1: the run stops fetching, says why, and takes back the files that got no row."""
    lab = impatient
    over = threading.Event()
    lab.api.fault(GIF, delay=0.3)
    with locked_from(lambda: lab.api.requests(GIF), lambda: over.wait(30)):
        run = lab.run()
        over.set()
    lab.settle(run, 3)
    assert "locked" in run.stderr
    lab.heal()


def test_a_lock_from_the_start_ends_the_run_before_any_request(impatient: HereLab) -> None:
    """D1: where not even the run can be noted, upstream is not asked."""
    lab = impatient
    over, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        over.wait(30)

    with locked_from(lambda: True, hold):
        begun.wait(10)
        run = lab.run()
        over.set()
    assert run.exit_code == 3
    assert lab.api.requests() == []
    lab.heal()


def test_readers_and_the_writer_do_not_meet(lab: HereLab) -> None:
    """D2: eight readers of the gallery during a run: no error in them, none in the run."""
    lab.clean()
    over, errors, reads = threading.Event(), [], []

    def read() -> None:
        client = Client()
        try:
            while not over.is_set():
                for url in ("/", "/pokemon/1/", "/?type=grass"):
                    reads.append(client.get(url).status_code)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    run = lab.run("--force", "--sprites", "*front*")
    over.set()
    for reader in readers:
        reader.join()
    lab.settle(run, 0, within=30)
    assert errors == []
    assert set(reads) == {200}
    assert len(reads) >= 8


@contextmanager
def refused(table: str, when: str) -> Iterator[None]:
    """Let the database itself refuse some rows, as a constraint would."""
    with connection.cursor() as cursor:
        for event in ("INSERT", "UPDATE"):
            cursor.execute(
                f"CREATE TRIGGER refuse_{event} BEFORE {event} ON {table} WHEN {when}"
                " BEGIN SELECT RAISE(ABORT, 'refused by a constraint'); END"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for event in ("INSERT", "UPDATE"):
                cursor.execute(f"DROP TRIGGER refuse_{event}")


def test_one_bad_row_is_found_in_its_batch(lab: HereLab) -> None:
    """D4: a batch with a bad row is halved until only that row is refused, as ``db``."""
    with refused("sprites_sprite", "NEW.pokemon_id = 2 AND NEW.state = 'stored'"
                 " AND NEW.key = 'front_default'"):  # fmt: skip
        run = lab.settle(lab.run(), 1)
    assert run.codes == {"db": 1}
    assert run.sprites["stored"] == len(lab.ideal["files"]) - 1
    assert lab.row(pokemon=2)["file"] == ""
    lab.heal()


def test_one_bad_pokemon_fails_alone(lab: HereLab) -> None:
    """D4: a Pokémon that the database refuses fails with its sprites, and the others are saved."""
    with refused("sprites_pokemon", "NEW.id = 2"):
        run = lab.settle(lab.run(), 1)
    assert set(run.codes) == {"db"}
    assert {row["id"] for row in lab.rows("sprites_pokemon")} == {1, 3}
    lab.heal()


def test_a_row_that_is_refused_keeps_its_old_file(lab: HereLab) -> None:
    """S5: the new file goes, the old one stays, when the row between them can't be written."""
    lab.clean()
    old = lab.row()
    other = lab.files()[lab.row(pokemon=2)["file"]]
    lab.api.put("/sprites/pokemon/1.png", other, "image/png")
    with refused("sprites_sprite", "NEW.pokemon_id = 1 AND NEW.key = 'front_default'"):
        run = lab.settle(lab.run("--force"), 1)
    assert run.codes == {"db": 1}
    assert lab.row()["file"] == old["file"]
    assert SyncRun.objects.order_by("-id")[0].failures[0]["code"] == "db"
    lab.heal("--force")
