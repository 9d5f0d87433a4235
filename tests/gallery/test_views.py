"""The gallery's pages as a client without a browser sees them."""

import gzip
import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import InMemoryStorage
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sprites.gallery.filters import Choices, Filters
from sprites.models import Sprite, SyncRun

from ..support.background import running
from ..support.rows import add_pokemon, add_sprite

pytestmark = pytest.mark.django_db

KEYS = ("front_default", "front_shiny", "back_default", "other/showdown/front_default",
        "other/official-artwork/front_default")  # fmt: skip


@pytest.fixture
def crowd() -> None:
    """A hundred and thirty Pokémon of two types in two generations, with five sprites each."""
    for n in range(1, 131):
        types = ("fire", "flying") if n % 2 else ("water",)
        pokemon = add_pokemon(n, f"mon{n}", *types, generation=1 + n % 2)
        for key in KEYS:
            add_sprite(pokemon, key)


def page(client: Client, path: str, status: int = 200) -> str:
    """Ask for a page and return its HTML."""
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?size=120",
        "/?page=3",
        "/?set=animated&shiny=on&back=on",
        "/?q=mon1&type=fire&type=flying&generation=1&generation=2&has=artwork&forms=off&sort=-name",
        "/?q=nom1",
        "/?page=77",
        "/pokemon/mon7/",
        "/pokemon/7/?sprite=front_shiny",
        "/pokemon/nom7/",
        "/api/pokemon/",
        "/api/pokemon/7/",
    ],
)
def test_no_page_needs_more_than_five_queries(
    client: Client, crowd: None, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    """Whatever the page, filter or size, five queries are enough."""
    with django_assert_max_num_queries(5):
        client.get(path)


def test_the_list_is_light(client: Client, crowd: None) -> None:
    """The list's HTML is at most 15 kB gzipped, its style 10 kB and its script 20 kB."""
    assert len(gzip.compress(page(client, "/?size=120").encode())) <= 15_000
    for name, most in (("gallery.css", 10_000), ("gallery.js", 20_000)):
        path = finders.find(f"sprites/{name}")
        assert isinstance(path, str)
        with open(path, "rb") as file:
            assert len(gzip.compress(file.read())) <= most


def test_the_list_shows_a_page_of_cards(client: Client, crowd: None) -> None:
    """Sixty cards a page; the last page has the rest."""
    assert page(client, "/").count('class="card ') == 60
    assert page(client, "/?page=3").count('class="card ') == 10
    assert page(client, "/?size=120").count('class="card ') == 120
    second = page(client, "/?size=30&page=2")
    assert [name in second for name in (">Mon30<", ">Mon31<", ">Mon60<", ">Mon61<")] == [
        False, True, True, False
    ]  # fmt: skip


def test_the_title_says_what_is_shown(client: Client, crowd: None) -> None:
    """Title and heading name count, filters, look and page."""
    html = page(client, "/?type=fire&generation=1&generation=2&set=artwork&shiny=on&size=30&page=2")
    assert "<title>65 fire Pokémon of generations I and II · artwork, shiny front · page 2" in html
    assert ">65 fire Pokémon of generations I and II</h1>" in html


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "size=7", "sort=etag", "generation=x", "set=", "type=<b>", "page=٣",
     "q=%00", "q=" + "x" * 500, "generation=99999999999", "shiny=maybe"],
)  # fmt: skip
def test_a_query_string_that_makes_no_sense_is_read(
    client: Client, crowd: None, query: str
) -> None:
    """Values that are none are left out; nothing a visitor types is an error."""
    page(client, f"/?{query}")


def read(query: str) -> tuple[Filters, dict[str, str]]:
    """Read a query string for a mirror of two types, two generations and a set nobody knows."""
    return Filters.read(QueryDict(query), Choices(["fire", "dust"], [1, 40], [("new-game", 40)], 2))


def test_control_characters_never_reach_the_database() -> None:
    """A NUL, which PostgreSQL refuses, is a space in a search; numbers are ASCII and short."""
    filters, _ignored = read("q=%00a%00b%0a&page=٣&generation=99999999999")
    assert filters == Filters(q="a b")


@pytest.mark.parametrize(
    ("query", "filters", "ignored"),
    [
        ("type=fire&type=fire&generation=1&generation=01", {"type": ("fire",), "generation": (1,)},
         {}),
        ("type=fire&type=dust&type=water", {"type": ("dust", "water")}, {"type": "fire"}),
        ("type=dust&type=mud&generation=40&generation=41", {"type": ("dust",), "generation": (40,)},
         {"type": "mud", "generation": "41"}),
        ("generation=9&has=new-game&set=artwork",
         {"generation": (9,), "has": "new-game", "set": "artwork"}, {}),
        ("has=official-artwork&set=artwork&set=official-artwork",
         {"has": "artwork", "set": "artwork"}, {}),
        ("has=nothing&set=" + "x" * 99, {}, {"has": "nothing", "set": "x" * 20 + "…"}),
        ("page=2&page=0&size=30&size=31", {"page": 2, "size": 30}, {"page": "0", "size": "31"}),
        ("forms=off&shiny=maybe&back=on&sort=etag", {"forms": False, "back": True},
         {"shiny": "maybe", "sort": "etag"}),
        ("q=" + "a" * 60, {"q": "a" * 50}, {"q": "a" * 10}),
        ("q=&type=&generation=&has=&set=&page=", {}, {}),
    ],
)  # fmt: skip
def test_what_is_ignored_is_known(
    query: str, filters: dict[str, Any], ignored: dict[str, str]
) -> None:
    """Each value counts once, what nothing is like and what is too much is left out and named."""
    assert read(query) == (Filters(**filters), ignored)


FLOODS = {
    "generations": "&".join(f"generation={n}" for n in range(2200)),
    "one generation": "&".join(["generation=1"] * 2200),
    "types": "&".join(f"type=t{n}" for n in range(3500)),
    "one type": "&".join(["type=fire"] * 3000),
    "text": "q=mon" + "%F0%9F%98%80" * 2600,
    "words": "q=" + "+".join(["mon"] * 7000),
    "sets": "&".join(f"set=s{n}&has=s{n}" for n in range(1800)),
    "pages": "page=" + "9" * 31_000,
    "strangers": "&".join(f"x{n}=1" for n in range(4000)),
    "sprites": "sprite=" + "x" * 31_000,
}


@pytest.mark.parametrize(
    "path", ["/", "/api/pokemon/", "/pokemon/mon7/", f"/pokemon/{'x' * 31_000}/"]
)
def test_a_long_query_makes_no_long_page(client: Client, crowd: None, path: str) -> None:
    """Thirty kilobytes of query make pages at most three times the plain one, of short links."""
    running()
    plain = len(client.get(path).content)
    for name, query in FLOODS.items():
        assert 25_000 < len(query) < 40_000
        full = client.get(f"{path}?{query}").content.decode()
        assert len(full) < 3 * plain, name
        links = re.findall(r'(?:href|value)="([^"]*)"', full)
        assert max(map(len, links), default=0) < 1000, name


def test_a_page_says_what_it_ignored(client: Client, crowd: None) -> None:
    """A line names each filter that was left out with a value of it; so does the JSON."""
    query = "?type=mud&generation=1&generation=99&page=0"
    html = page(client, f"/{query}")
    assert ">65 Pokémon of generation I</h1>" in html
    line = re.search(r'<p class="ignored">(.*)</p>', html)
    assert line
    assert re.findall("<code>(.*?)</code>", line[1]) == ["type=mud", "generation=99", "page=0"]
    told = client.get(f"/api/pokemon/{query}").json()
    assert told["ignored"] == {"type": "mud", "generation": "99", "page": "0"}
    assert "ignored" not in page(client, "/?type=fire")
    portuguese = client.get(f"/{query}", headers={"Accept-Language": "pt-br"}).content.decode()
    assert "Ignorado" in portuguese


def test_links_keep_every_other_choice(client: Client, crowd: None) -> None:
    """A filter's link changes that filter and goes to the first page; the look's keeps the page."""
    html = page(client, "/?q=mon&type=fire&size=30&page=2")
    assert 'href="/?q=mon&amp;type=fire&amp;type=water&amp;size=30"' in html
    assert 'href="/?q=mon&amp;size=30"' in html
    assert 'href="/?q=mon&amp;type=fire&amp;set=home&amp;size=30&amp;page=2"' in html
    assert '<input type="hidden" name="size" value="30">' in html


def test_a_third_type_takes_the_place_of_the_first(client: Client, crowd: None) -> None:
    """Two types are the most a Pokémon can have, so a third one chosen replaces the older."""
    html = page(client, "/?type=fire&type=flying")
    assert 'href="/?type=flying&amp;type=water"' in html


def test_what_is_missing_is_said(client: Client) -> None:
    """A sprite that stands in is named; where even none does, the stage says what is missing."""
    add_sprite(add_pokemon(1, "plain", "fire"), "front_default")
    add_pokemon(2, "bare", "fire")
    html = page(client, "/?set=home")
    assert "Shown: default" in html
    assert "No sprite: HOME" in html
    assert page(client, "/?shiny=on").count("No sprite: default, shiny front") == 2


def test_an_empty_gallery_shows_the_command(client: Client) -> None:
    """Before the first sync, the page says which command to run."""
    assert "python manage.py fetch_sprites" in page(client, "/")


def test_a_running_sync_is_shown(client: Client, crowd: None) -> None:
    """While a sync runs, the list says how far it is."""
    now = timezone.now()
    SyncRun.objects.create(
        trigger="command", executor="threads", workers=1, started_at=now, heartbeat_at=now,
        sprites_wanted=100, sprites_stored=34,
    )  # fmt: skip
    assert "A sync is running: 34 of 100 sprites so far." in page(client, "/")


def test_nothing_found_shows_the_filters(client: Client, crowd: None) -> None:
    """With nothing found, each filter can be taken off, and near names are offered."""
    html = page(client, "/?q=mno7&type=water")
    assert ">No water Pokémon matching “mno7”</h1>" in html
    assert 'href="/?type=water"' in html
    assert 'href="/?q=mno7"' in html
    assert "Did you mean" in html


def test_a_page_past_the_end_leads_to_the_last(client: Client, crowd: None) -> None:
    """A page behind the last one is a 404 that says which is the last."""
    html = page(client, "/?page=99&type=fire", status=404)
    assert "There is no page 99; the last one is 2." in html
    assert 'href="/?type=fire&amp;page=2"' in html


def test_an_unknown_pokemon_is_a_404_with_near_names(client: Client) -> None:
    """An unknown name is a 404 that offers the names most like it."""
    add_pokemon(25, "pikachu", "electric")
    html = page(client, "/pokemon/pikachoo/", status=404)
    assert 'href="/pokemon/pikachu/"' in html


def test_a_pokemon_is_found_by_name_and_id(client: Client) -> None:
    """Name, id and sloppy names lead to one page, which names its own address."""
    add_pokemon(122, "mr-mime", "psychic")
    for name in ("mr-mime", "122", "0122", "Mr%20Mime"):
        html = page(client, f"/pokemon/{name}/")
        assert 'rel="canonical" href="http://testserver/pokemon/mr-mime/"' in html
        assert ">Mr. Mime</h1>" in html


def test_facts_are_shown_in_units_of_people(client: Client) -> None:
    """Height is in metres, weight in kilograms, and a base stat has a bar of its length."""
    add_pokemon(25, "pikachu", "electric", hp=35, speed=90)
    html = page(client, "/pokemon/pikachu/")
    assert "0.4 m" in html
    assert "6.0 kg" in html
    assert 'd="M0 0h90v6H0z"' in html
    assert ">125</td>" in html


def test_every_sprite_has_its_place_or_a_reason(client: Client) -> None:
    """A stage a listed sprite: by generation, counted, and where there is no image the reason."""
    pikachu = add_pokemon(25, "pikachu", "electric")
    yellow = "versions/generation-i/yellow/"
    add_sprite(pikachu, "front_default")
    add_sprite(pikachu, yellow + "front_default")
    add_sprite(pikachu, yellow + "back_default", state=Sprite.State.MISSING)
    add_sprite(pikachu, yellow + "front_gray", state=Sprite.State.FAILED, error_code="timeout")
    add_sprite(pikachu, yellow + "back_gray", state=Sprite.State.PENDING)
    html = page(client, "/pokemon/pikachu/")
    assert html.count('class="plays" id="s-') == 5
    assert ">2 of 5</p>" in html
    assert ">1 of 4</p>" in html
    for reason in ("Missing upstream", "Could not be fetched: timeout", "Not fetched yet"):
        assert reason in html
    assert ">shiny front<" not in html


def test_an_unknown_path_upstream_is_shown_too(client: Client) -> None:
    """A sprite whose key has a shape that nobody knows yet has a stage of its own."""
    pikachu = add_pokemon(25, "pikachu", "electric")
    add_sprite(pikachu, "other/new-thing/spinning")
    html = page(client, "/pokemon/pikachu/")
    assert ">New Thing</h4>" in html
    assert "Pikachu, spinning, New Thing" in html


def test_a_sprite_can_be_linked_to(client: Client) -> None:
    """A page for one sprite shows its address, its tag and its file to download."""
    pikachu = add_pokemon(25, "pikachu", "electric")
    add_sprite(pikachu, "front_shiny")
    html = page(client, "/pokemon/pikachu/?sprite=front_shiny")
    address = "/media/sprites/25/front_shiny.3f2a9c1b.png"
    assert f'value="http://testserver{address}"' in html
    assert "{% sprite pokemon &quot;front_shiny&quot; %}" in html
    assert f'href="{address}" download="25-front_shiny.png"' in html


def test_text_from_upstream_is_escaped(client: Client) -> None:
    """Names, types and error codes from upstream are text, on every page."""
    nasty = '"><img src=x onerror=alert(1)>'
    pokemon = add_pokemon(1, nasty, nasty, species=nasty)
    add_sprite(pokemon, "front_default")
    for path in ("/", "/pokemon/1/", f"/?q={nasty}", f"/pokemon/{nasty}/"):
        assert "<img src=x" not in client.get(path).content.decode(), unquote(path)


@pytest.mark.parametrize(
    ("given", "cookie", "value"),
    [
        ({"theme": "dark"}, "sprites_theme", "dark"),
        ({"motion": "on"}, "sprites_motion", "on"),
        ({"language": "pt-br"}, "django_language", "pt-br"),
    ],
)
def test_a_preference_is_kept(
    client: Client, given: dict[str, str], cookie: str, value: str
) -> None:
    """A preference becomes a cookie, and one is back where one was."""
    response = client.post("/preferences/", {**given, "next": "/?type=fire"})
    assert (response.status_code, response["Location"]) == (302, "/?type=fire")
    assert response.cookies[cookie].value == value
    assert (response.cookies[cookie]["path"], response.cookies[cookie]["samesite"]) == ("/", "Lax")


def test_a_preference_cannot_lead_away(client: Client) -> None:
    """Going back never leads to another site, and unknown values are not kept."""
    response = client.post("/preferences/", {"theme": "<b>", "next": "https://example.org/"})
    assert response["Location"] == "/"
    assert not response.cookies


def test_pages_are_read_only(client: Client) -> None:
    """A page answers GET and HEAD alone, and a preference POST alone."""
    for path in ("/", "/pokemon/1/", "/api/pokemon/", "/api/pokemon/1/"):
        assert client.post(path).status_code == 405
    assert client.get("/preferences/").status_code == 405


def test_any_storage_will_do(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages ask the storage for addresses, and for nothing else: the file need not be here."""
    field = Sprite._meta.get_field("file")
    monkeypatch.setattr(field, "storage", InMemoryStorage(base_url="https://cdn.example/"))
    add_sprite(add_pokemon(25, "pikachu", "electric"), "front_default")
    assert 'src="https://cdn.example/sprites/25/front_default.3f2a9c1b.png"' in page(client, "/")
