"""Pages that a visitor has already: an unchanged one is known before it is made, none is stale."""

import itertools
import json
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
from django.db import connection
from django.db.transaction import atomic, set_rollback
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sprites.gallery import unchanged
from sprites.models import Pokemon, PokemonType, Sprite, SyncRun, Type

from ..support.background import running
from ..support.rows import add_pokemon, add_sprite
from ..support.site import Site

pytestmark = pytest.mark.django_db

PAGES = ("/", "/?q=mon&set=home", "/pokemon/mon1/", "/pokemon/1/?sprite=front_default",
         "/api/pokemon/", "/api/pokemon/1/")  # fmt: skip


@pytest.fixture
def pokemon() -> Pokemon:
    """Two Pokémon, one with a sprite."""
    add_pokemon(2, "mon2", "fire")
    first = add_pokemon(1, "mon1", "water")
    add_sprite(first, "front_default")
    return first


def ask(client: Client, path: str, etag: str = "", **headers: str) -> tuple[Any, bool]:
    """Ask for a page that may be here already; tell also whether it had to be made."""
    known = {"If-None-Match": etag} if etag else {}
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers=known | headers)
    return response, len(queries) > 1


def etag_of(client: Client, path: str, **headers: str) -> str:
    """Return the ETag of a page, which has then been made once."""
    return str(ask(client, path, **headers)[0]["ETag"])


@pytest.mark.parametrize("path", PAGES)
def test_an_unchanged_page_is_known_before_it_is_made(
    client: Client, pokemon: Pokemon, path: str
) -> None:
    """A visitor who has the page gets 304 for one query, with all that a cache must know."""
    first = client.get(path)
    response, was_made = ask(client, path, first["ETag"])
    assert (response.status_code, response.content, was_made) == (304, b"", False)
    for header in ("ETag", "Cache-Control", "Content-Language"):
        assert response[header] == first[header]
    assert response["Cache-Control"] == "no-cache"
    varies = "Accept-Language" if "api" in path else "Cookie, Accept-Language"
    assert response["Vary"] == varies == first["Vary"].removesuffix(", Accept-Encoding")


def test_a_compressed_page_is_known_as_well(client: Client, pokemon: Pokemon) -> None:
    """Compression makes the ETag a weak one, and that is recognised."""
    etag = etag_of(client, "/", **{"Accept-Encoding": "gzip"})
    assert etag.startswith("W/")
    response, was_made = ask(client, "/", etag)
    assert (response.status_code, was_made) == (304, False)


def test_a_page_without_an_etag_that_holds_is_sent_whole(client: Client, pokemon: Pokemon) -> None:
    """Whoever has another version, or none, gets the page."""
    page = client.get("/").content
    for known in ("", '"another"'):
        response = ask(client, "/", known)[0]
        assert (response.status_code, response.content) == (200, page)


@pytest.mark.parametrize("path", PAGES)
def test_an_unchanged_page_is_made_once_for_all_visitors(
    client: Client, pokemon: Pokemon, path: str
) -> None:
    """Another visitor gets the same bytes and headers for one query."""
    first = client.get(path)
    response, was_made = ask(Client(), path)
    assert (response.status_code, was_made) == (200, False)
    assert response.content == first.content
    assert dict(response.items()) == dict(first.items())
    pokemon.save()
    assert ask(client, path)[1]


@pytest.mark.parametrize("path", PAGES)
def test_head_tells_what_get_would(client: Client, pokemon: Pokemon, path: str) -> None:
    """Before and after the page was made for somebody, with the same ETag."""
    first = client.head(path)
    page = client.get(path)
    again = client.head(path)
    assert [first.status_code, page.status_code, again.status_code] == [200] * 3
    assert first["ETag"] == page["ETag"] == again["ETag"]
    assert client.head(path, headers={"If-None-Match": page["ETag"]}).status_code == 304


def test_the_pages_that_were_made_last_are_kept(
    client: Client, pokemon: Pokemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many of them as there is room for, and the oldest go first."""
    sizes = [len(client.get(path).content) for path in PAGES[:3]]
    monkeypatch.setattr(unchanged, "_MAX_BYTES", sum(sizes[1:]))
    pokemon.save()
    unchanged._bodies.clear()
    assert sum(ask(client, path)[1] for path in PAGES[:3]) == 3
    assert [ask(client, path)[1] for path in (PAGES[2], PAGES[1], PAGES[0])] == [False, False, True]


def _load(pokemon: Pokemon) -> None:
    """Load a fixture that has another name for the Pokémon."""
    call_command("dumpdata", "sprites.pokemon", output="pokemon.json", verbosity=0)
    rows = json.loads(Path("pokemon.json").read_text())
    rows[0]["fields"]["height"] = 99
    Path("pokemon.json").write_text(json.dumps(rows))
    call_command("loaddata", "pokemon.json", verbosity=0)


WRITES: dict[str, Callable[[Pokemon], object]] = {
    "save": lambda p: p.save(),
    "delete": lambda p: p.delete(),
    "delete a sprite": lambda p: p.sprites.get().delete(),
    "update": lambda p: Pokemon.objects.update(height=9),
    "update through a Pokémon": lambda p: p.sprites.update(state="failed"),
    "delete a queryset": lambda p: Sprite.objects.all().delete(),
    "bulk_create": lambda p: Sprite.objects.bulk_create([Sprite(pokemon=p, key="x", url="y")]),
    "bulk_update": lambda p: Pokemon.objects.bulk_update([p], ["name"]),
    "update_or_create": lambda p: Type.objects.update_or_create({"name": "dust"}, id=1),
    "types": lambda p: p.types.clear(),
    "a type's name": lambda p: Type.objects.update(name="dust"),
    "a slot": lambda p: PokemonType.objects.update(slot=3),
    "add": lambda p: Pokemon.objects.get(pk=2).sprites.add(p.sprites.get()),
    "loaddata": _load,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_by_way_of_django_is_seen(
    client: Client, pokemon: Pokemon, write: Callable[[Pokemon], object],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """After a write, however it was done, every page is made anew."""
    monkeypatch.chdir(tmp_path)
    etags = {path: etag_of(client, path) for path in PAGES}
    write(pokemon)
    assert all(ask(client, path, etag)[1] for path, etag in etags.items())


def test_what_a_run_writes_is_seen(client: Client, site: Site) -> None:
    """The first Pokémon replace the empty page; a sprite alone that is written is seen as well."""
    etag = etag_of(client, "/")
    site.run("1")
    response, was_made = ask(client, "/", etag)
    assert (response.status_code, was_made) == (200, True)
    for name in site.files():
        (site.media / name).unlink()
    assert site.run("1", "--verify").sprites["stored"] == 1
    assert ask(client, "/", response["ETag"])[1]


@pytest.mark.parametrize("options", [(), ("--species",)])
def test_a_run_that_finds_nothing_new_leaves_every_page_known(
    client: Client, site: Site, settings: Settings, options: tuple[str, ...]
) -> None:
    """All is asked for again, all is a 304, and no page has to be made anew."""
    site.run("1", "25", *options)
    etags = {path: etag_of(client, path) for path in ("/", "/pokemon/1/", "/api/pokemon/1/")}
    settings.SPRITES |= {"FRESH_FOR": 0}
    run = site.run("1", "25", *options)
    assert (run.sprites["unchanged"], run.report["requests"]) == (2, 5 + 2 * len(options))
    assert not any(ask(client, path, etag)[1] for path, etag in etags.items())


def test_a_write_of_no_row_leaves_the_state(pokemon: Pokemon) -> None:
    """An update, a deletion or a creation that meets no row changes no page."""
    before, none = unchanged.read_state(), Pokemon.objects.filter(pk=99)
    assert (none.update(height=9), none.delete()[0], Pokemon.objects.bulk_create([])) == (0, 0, [])
    assert unchanged.read_state() == before


def test_a_write_that_is_taken_back_leaves_the_state(pokemon: Pokemon) -> None:
    """The state is written in the transaction of the rows."""
    before = unchanged.read_state()
    with atomic():
        Pokemon.objects.update(height=9)
        assert unchanged.read_state() != before
        set_rollback(True)
    assert unchanged.read_state() == before


def test_how_far_a_run_has_come_is_seen(client: Client, pokemon: Pokemon) -> None:
    """The notice of a run is new with each of its counts, and goes when the run is silent."""
    etag = etag_of(client, "/")
    run = running(sprites_wanted=9)
    for changes in (
        {"sprites_stored": 0},
        {"sprites_stored": 5},
        {"sprites_wanted": 10},
        {"heartbeat_at": run.heartbeat_at.replace(year=2001)},
    ):
        SyncRun.objects.update(**changes)
        response = ask(client, "/", etag)[0]
        assert (response.status_code, response["ETag"] == etag) == (200, False)
        etag = response["ETag"]
    assert b"A sync is running" not in response.content


@pytest.mark.parametrize(
    "asked",
    [
        {"headers": {"Cookie": "sprites_theme=dark"}},
        {"headers": {"Cookie": "sprites_motion=on"}},
        {"headers": {"Accept-Language": "pt-br"}},
        {"path": "/pokemon/mon1/?sprite=front_default"},
        {"headers": {"Host": "127.0.0.1"}},
        {"secure": True},
    ],
    ids=lambda asked: str(next(iter(asked.items()))),
)
def test_what_a_visitor_chose_is_seen(
    client: Client, pokemon: Pokemon, settings: Settings, asked: dict[str, Any]
) -> None:
    """Theme, animations, language, query, host and scheme each have a page of their own."""
    plain = client.get("/pokemon/mon1/")
    other = {"path": "/pokemon/mon1/"} | asked
    for _ in range(2):
        headers = {"If-None-Match": plain["ETag"]} | asked.get("headers", {})
        response = client.get(**other | {"headers": headers})
        assert response.status_code == 200
        assert response["ETag"] != plain["ETag"]


@pytest.fixture
def own_template(tmp_path: Path, settings: Settings) -> None:
    """A site whose own frame tells who the visitor is."""
    folder = tmp_path / "sprites"
    folder.mkdir()
    (folder / "base.html").write_text("{{ request.user }}{% block content %}{% endblock %}")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path]}]


def test_a_site_with_templates_of_its_own_has_every_page_made(
    client: Client, pokemon: Pokemon, own_template: None, django_user_model: Any
) -> None:
    """What such a page shows we can't know: it is made, and then compared."""
    etag = etag_of(client, "/")
    response, was_made = ask(client, "/", etag)
    assert (response.status_code, was_made) == (304, True)
    client.force_login(django_user_model.objects.create(username="ash"))
    response, _was_made = ask(client, "/", etag)
    assert (response.status_code, response.content[:3]) == (200, b"ash")


class Signed(InMemoryStorage):
    """A storage that signs its addresses for some time."""

    signatures = itertools.count()

    def url(self, name: str | None) -> str:
        """Return an address that is another each time."""
        return f"https://cdn.example/{name}?signature={next(self.signatures)}"


def test_a_page_with_signed_addresses_is_always_made(
    client: Client, pokemon: Pokemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page leads to must not have expired."""
    monkeypatch.setattr(Sprite._meta.get_field("file"), "storage", Signed())
    response, was_made = ask(client, "/", etag_of(client, "/"))
    assert (response.status_code, was_made) == (200, True)


@pytest.mark.parametrize(
    "change", [{"DEBUG": True}, {"DATABASE_ROUTERS": ["tests.support.routers.Same"]}], ids=str
)
def test_where_more_can_change_every_page_is_made(
    client: Client, pokemon: Pokemon, settings: Settings, change: dict[str, Any]
) -> None:
    """A template that is being written, and a replica that lags behind, tell nothing."""
    for name, value in change.items():
        setattr(settings, name, value)
    response, was_made = ask(client, "/", etag_of(client, "/"))
    assert (response.status_code, was_made) == (304, True)


def test_many_addresses_take_no_more_memory(
    client: Client, pokemon: Pokemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many query strings are made up, a bounded number of ETags is kept."""
    monkeypatch.setattr(unchanged, "_MAX_PAGES", 3)
    for number in range(9):
        client.get(f"/api/pokemon/1/?{number}")
    assert len(unchanged._etags) <= 3


def get(url: str, etag: str = "") -> tuple[int, Message, bytes]:
    """Ask over HTTP; return status, headers and body."""
    request = Request(url, headers={"If-None-Match": etag} if etag else {})
    try:
        with urlopen(request) as reply:
            return reply.status, reply.headers, reply.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_a_page_is_revalidated_over_http(transactional_db: None, live_server: LiveServer) -> None:
    """A client that keeps ETags gets 304 until a row changes, and then the new page."""
    add_sprite(add_pokemon(1, "mon1", "water"), "front_default")
    for path in PAGES:
        status, headers, _body = get(live_server.url + path)
        assert status == HTTPStatus.OK
        status, again, body = get(live_server.url + path, headers["ETag"])
        assert (status, again["ETag"], body) == (HTTPStatus.NOT_MODIFIED, headers["ETag"], b"")
    _status, headers, _body = get(live_server.url)
    Pokemon.objects.update(name="other")
    status, _headers, body = get(live_server.url, headers["ETag"])
    assert status == HTTPStatus.OK
    assert b"Other" in body
