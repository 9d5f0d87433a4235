"""D: what the database does wrong, and what comes of it."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Q
from django.test import Client

from sprites.models import Pokemon, Sprite, SyncRun

from ..support.site import sha256, until
from ..sync.test_writer import refused
from .lab import GIF, PNG, HereLab, ShellLab
from .signalled import ended, sprite_files, start

on_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="one lock for the whole database is SQLite's own"
)
on_postgres = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has no server that cuts a connection"
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
def locked_from(
    lab: HereLab, happened: Callable[[], object], over: Callable[[], object]
) -> Iterator[None]:
    """Hold the database's write lock, from another connection, between two events.

    Replies that are held back leave once it is held.
    """
    path = connection.settings_dict["NAME"]

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as line:
            until(happened)
            line.execute("BEGIN IMMEDIATE")
            lab.api.clear()
            over()
            line.execute("ROLLBACK")

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        holder.join()


@on_sqlite
def test_a_lock_that_passes_costs_nothing(
    impatient: HereLab, caplog: pytest.LogCaptureFixture
) -> None:
    """D1, D3: a batch that the database refuses is written again over a new connection."""
    lab = impatient
    lab.api.fault(GIF, hold=True)
    options = connection.settings_dict["OPTIONS"]

    def under_way() -> bool:
        if is_held := bool(lab.api.requests(GIF)):
            options["timeout"] = 60  # of the new connection: the lock may pass slowly
        return is_held

    def refused_once() -> None:
        until(lambda: "one more try" in caplog.text)

    with locked_from(lab, under_way, refused_once):
        run = lab.run()
    lab.settle(run, 0)
    lab.heal()


@on_sqlite
def test_a_lock_that_stays_ends_the_run_and_leaves_no_orphan(impatient: HereLab) -> None:
    """D1: the run stops fetching, says why, and takes back the files that got no row."""
    lab = impatient
    over = threading.Event()
    lab.api.fault(GIF, hold=True)
    with locked_from(lab, lambda: lab.api.requests(GIF), lambda: over.wait(30)):
        run = lab.run()
        over.set()
    lab.settle(run, 3)
    assert "locked" in run.stderr
    lab.heal()


@on_sqlite
def test_a_lock_from_the_start_ends_the_run_before_any_request(impatient: HereLab) -> None:
    """D1: where not even the run can be noted, upstream is not asked."""
    lab = impatient
    over, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        over.wait(30)

    with locked_from(lab, lambda: True, hold):
        begun.wait(60)
        run = lab.run()
        over.set()
    assert run.exit_code == 3
    assert lab.api.requests() == []
    lab.heal()


def cut(pid: int) -> None:
    """Let the server end a connection, over one that is opened for it."""

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.close()

    other = threading.Thread(target=end)
    other.start()
    other.join()


class Cutter:
    """Cuts the run's connection around the n-th statement that begins with a text."""

    def __init__(self, text: str, times: int, when: str) -> None:
        self._text, self._times, self._when = text, times, when
        self.hits = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Stand around one of Django's statements."""
        is_meant = sql.startswith(self._text) and self.hits < self._times
        self.hits += is_meant
        if is_meant and self._when == "before":
            cut(context["connection"].connection.info.backend_pid)
        result = execute(sql, params, many, context)
        if is_meant and self._when == "after":
            cut(context["connection"].connection.info.backend_pid)
        return result


_STATEMENTS = (
    'INSERT INTO "sprites_pokemon"',
    'INSERT INTO "sprites_sprite"',
    'INSERT INTO "sprites_pokemontype"',
    'UPDATE "sprites_syncrun"',
    'UPDATE "sprites_pokemon"',
    'SELECT "sprites_pokemon"',
    'SELECT "sprites_sprite"',
)


@on_postgres
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("text", _STATEMENTS)
def test_a_connection_that_is_cut_is_opened_anew(
    lab: HereLab, caplog: pytest.LogCaptureFixture, text: str, when: str
) -> None:
    """D3: cut before a statement or before its commit, the batch is done again, and only once."""
    lab.options(TIMEOUT=60, READ_TIMEOUT=60)  # what is held is no silence
    lab.api.fault(GIF, hold=True)
    lab.api.fault("*/generation/*", hold=True)  # behind the Pokémon, which get theirs at the end
    cutter = Cutter(text, 1, when)

    def let_go() -> None:
        until(lambda: Pokemon.objects.count() == 3 and lab.api.requests(GIF))
        connection.close()
        time.sleep(1.2)  # for a heartbeat and a batch in the middle
        lab.api.clear()

    letting_go = threading.Thread(target=let_go)
    letting_go.start()
    with connection.execute_wrapper(cutter):
        run = lab.run()
    letting_go.join()
    assert cutter.hits == 1
    lab.settle(run, 0)
    assert run.report["pokemon"]["new"] == 3
    assert caplog.text.count("one more try") == 1
    assert lab.state() == lab.ideal
    lab.heal()


@on_postgres
def test_a_connection_that_is_cut_while_nothing_is_written_costs_nothing(lab: HereLab) -> None:
    """D3: an idle connection that has gone is noticed by whoever uses it next."""
    lab.api.fault(GIF, hold=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    def wait_and_cut() -> None:
        until(lambda: lab.api.requests(GIF))
        cut(pid)
        lab.api.clear()

    cutting = threading.Thread(target=wait_and_cut)
    cutting.start()
    run = lab.run()
    cutting.join()
    lab.settle(run, 0)
    assert lab.state() == lab.ideal
    lab.heal()


@on_postgres
def test_a_database_that_cuts_every_connection_ends_the_run(lab: HereLab) -> None:
    """D3: twice in a row is no accident: exit 3, and no file is left without a row."""
    with connection.execute_wrapper(Cutter('INSERT INTO "sprites_sprite"', 9, "before")):
        run = lab.run()
    lab.settle(run, 3)
    assert "the database is gone" in run.stderr
    assert lab.files() == {}
    lab.heal()


def test_readers_and_the_writer_do_not_meet(lab: HereLab) -> None:
    """D2: eight readers of the gallery during a run: no error in them, none in the run."""
    lab.clean()
    lab.options(TIMEOUT=60, READ_TIMEOUT=60)  # the readers take most of Python's time
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


def test_one_bad_row_is_found_in_its_batch(lab: HereLab) -> None:
    """D4: a batch with a bad row is halved until only that row is refused, as ``db``."""
    with refused(Sprite, Q(pokemon=2, state="stored", key="front_default")):
        run = lab.settle(lab.run(), 1)
    assert run.codes == {"db": 1}
    assert run.sprites["stored"] == len(lab.ideal["files"]) - 1
    assert lab.row(pokemon=2)["file"] == ""
    lab.heal()


def test_one_bad_pokemon_fails_alone(lab: HereLab) -> None:
    """D4: a Pokémon that the database refuses fails with its sprites, and the others are saved."""
    with refused(Pokemon, Q(id=2)):
        run = lab.settle(lab.run(), 1)
    assert set(run.codes) == {"db"}
    assert {row["id"] for row in lab.rows("sprites_pokemon")} == {1, 3}
    lab.heal()


def test_a_row_that_is_refused_keeps_its_old_file(lab: HereLab) -> None:
    """S5: the new file goes, the old one stays, when the row between them can't be written."""
    lab.clean()
    old = lab.row()
    other = lab.files()[lab.row(pokemon=2)["file"]]
    lab.api.put(PNG, other, "image/png")
    with refused(Sprite, Q(pokemon=1, sha256=sha256(other))):
        run = lab.settle(lab.run("--force"), 1)
    assert run.codes == {"db": 1}
    assert lab.row()["file"] == old["file"]
    assert SyncRun.objects.order_by("-id")[0].failures[0]["code"] == "db"
    lab.heal("--force")


def garbage(path: Path, start: int) -> None:
    """Write over all that a file has from a byte on."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(start)
        file.write(os.urandom(max(0, size - start)))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no database": lambda path: garbage(path, 0),
    "bad pages": lambda path: garbage(path, 4096),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
}


@on_sqlite
@pytest.mark.parametrize(
    ("damage", "arguments"),
    [("no database", "--list-sprites"), ("bad pages", "--limit=1"), ("cut", "--dry-run")],
)
def test_a_database_that_is_damaged_is_known_before_any_request(
    shell_lab: ShellLab, damage: str, arguments: str
) -> None:
    """D5: a file that is garbage, or cut: exit 3 with one line, from each way in."""
    lab = shell_lab
    DAMAGES[damage](lab.site.folder / "db.sqlite3")
    lab.api.clear_log()
    run = lab.site.fetch(arguments)
    assert run.exit_code == 3, run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert "database" in run.stderr
    assert lab.api.requests() == []


@on_sqlite
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_database_that_is_damaged_in_a_run_ends_it(shell_lab: ShellLab, damage: str) -> None:
    """D5: no row is blamed for it; the run ends with exit 3 and takes back what got no row."""
    lab = shell_lab
    lab.site.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.forgetful"
    lab.api.fault(GIF, hold=True)
    process = start(lab)
    until(lambda: lab.api.requests(GIF) and sprite_files(lab))
    until(lambda: len(lab.rows()) > 0)
    for path in lab.site.folder.glob("db.sqlite3*"):
        if not path.name.endswith("-shm"):
            DAMAGES[damage](path)
    lab.api.clear()
    exit_code, out, err = ended(process)
    assert exit_code == 3, err
    assert '"code": "db"' not in out
    assert "Traceback" not in err
    assert "damaged" in err


_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE 'made' USING ERRCODE = '{state}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON sprites_sprite FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@on_postgres
@pytest.mark.parametrize("state", ["XX001", "XX002", "53100", "25006"])
def test_what_a_server_says_of_itself_ends_the_run(lab: HereLab, state: str) -> None:
    """D5: damaged data or index, a full disk, read-only: exit 3, and no row is blamed for it."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSE.format(state=state))
    try:
        run = lab.settle(lab.run(), 3)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse CASCADE")
    assert "damaged: made" in run.stderr
    assert run.codes == {}
    assert lab.files() == {}
    lab.heal()
