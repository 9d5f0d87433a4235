"""Names in every language: how they are found, and how pages and JSON show them."""

import unicodedata

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from sprites.labels import fold
from sprites.models import Pokemon, SpeciesName

from ..support.rows import add_pokemon, add_species, add_sprite

pytestmark = pytest.mark.django_db


@pytest.fixture
def called() -> None:
    """Three species with names in four scripts, one with a form, and one without any names."""
    add_sprite(add_pokemon(1, "mossbun", "grass"), "front_default")
    add_pokemon(10001, "mossbun-starter", "grass", species="mossbun", number=1, is_default=False)
    add_pokemon(2, "zwirbel", "fire")
    add_pokemon(3, "nameless", "water")
    names = {
        "ja": "モスガ・ブン",
        "ko": "이상꽃",
        "zh_hans": "妙蛙花",
        "de": "Mössbün",
        "fr": "Œuf d’Été",
    }
    add_species(1, **names, en="Mossbun", es="MOSSBÚN")
    add_species(2, ja="ツヴィルベル", de="Weißzwirbel", en="Zwirbel 2")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("モスガブン", {1, 10001}),
        ("もすがぶん", {1, 10001}),
        ("ﾓｽｶﾞ", {1, 10001}),
        ("モスカ", set()),
        ("が", {1, 10001}),
        ("이상꽃", {1, 10001}),
        ("상꽃", {1, 10001}),
        ("妙蛙", {1, 10001}),
        ("MÖSSBÜN", {1, 10001}),
        ("mossbun", {1, 10001}),
        ("Ｍｏｓｓｂｕｎ", {1, 10001}),
        ("mossbu\u0308n", {1, 10001}),
        ("oeuf", set()),
        ("œuf d'ete", {1, 10001}),
        ("oeuf-d", set()),
        ("WEISSZWIRBEL", {2}),
        ("weiß zwirbel", {2}),
        ("zwirbel2", {2}),
        ("つぅ゛ぃ", set()),
        ("妙2", set()),
        ("・・", set()),
        ("%", set()),
        ("starter", {10001}),
    ],
)
def test_a_pokemon_is_found_by_any_name_however_typed(
    called: None, typed: str, found: set[int]
) -> None:
    """Whatever the case, width, accents or kind of kana; a voiced kana is another letter."""
    assert set(Pokemon.objects.search(typed).values_list("pk", flat=True)) == found


@given(st.text(max_size=10))
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is stored and what is asked for meet, in whatever form they came."""
    once = fold(text)
    assert fold(once) == once
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == once


def test_folding_a_long_text_takes_no_time() -> None:
    """Of half a megabyte of marks, which a normal form sorts, only the head is looked at."""
    assert fold("a" + "\u0301\u0316" * 250_000) == "a"


def html(client: Client, path: str, language: str = "en") -> str:
    """Ask for a page in a language."""
    response = client.get(path, headers={"Accept-Language": language})
    assert response.status_code == 200
    return response.content.decode()


def test_a_page_has_the_names_of_the_visitors_language(
    client: Client, called: None, settings: Settings
) -> None:
    """Cards, titles and alternatives; English where there is none, else what upstream calls it."""
    settings.LANGUAGES = [("en", "English"), ("pt-br", "Português"), ("ja", "日本語")]
    cards = {
        "en": ['class="name">Mossbun</span>', 'class="name">Mossbun Starter</span>'],
        "pt-br": ['class="name" lang="en">Mossbun</span>', 'class="name">Nameless</span>'],
        "ja": ['class="name">モスガ・ブン</span>', 'alt="モスガ・ブン, front, default"'],
    }
    for language, shown in cards.items():
        page = html(client, "/", language)
        assert [text for text in shown if text not in page] == [], language
    detail = html(client, "/pokemon/mossbun/", "ja")
    assert "<title>モスガ・ブン #0001" in detail
    assert "<h1>モスガ・ブン</h1>" in detail
    assert '<h1 lang="en">Mossbun Starter</h1>' in html(client, "/pokemon/10001/", "pt-br")


def test_a_pokemons_page_lists_all_its_names(client: Client, called: None) -> None:
    """Each with its language, which is also said to a screen reader, and its direction."""
    assert "Names</h2>" not in html(client, "/pokemon/nameless/")
    add_species(3, en="Nameless", he="חסר", ja_roma="Nainashi", tlh="pong")
    page = html(client, "/pokemon/mossbun/")
    assert '<dt>Korean</dt><dd><span lang="ko">이상꽃</span>' in page
    assert '<span class="genus" lang="ko">ko genus</span>' in page
    assert '<dt>coreano</dt><dd><span lang="ko">' in html(client, "/pokemon/1/", "pt-br")
    page = html(client, "/pokemon/nameless/")
    assert '<dt>he</dt><dd><span lang="he" dir="rtl">חסר</span>' in page
    assert '<dt>Japanese in Latin letters</dt><dd><span lang="ja-latn">Nainashi</span>' in page


def test_a_page_changes_when_a_name_does(client: Client, called: None) -> None:
    """A visitor who has it gets 304 until a name is written, by whatever way of Django's."""
    for path in ("/", "/pokemon/mossbun/", "/api/pokemon/1/"):
        etag = client.get(path)["ETag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
        SpeciesName.objects.filter(species=1, language="en").update(name=f"Moss{len(path)}")
        response = client.get(path, headers={"If-None-Match": etag})
        assert (response.status_code, response["ETag"] == etag) == (200, False)


def test_names_need_no_query_of_their_own(
    client: Client, called: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Whatever the page, five queries are enough."""
    for path in ("/", "/?q=もす", "/pokemon/mossbun/", "/api/pokemon/", "/api/pokemon/1/"):
        with django_assert_max_num_queries(5):
            client.get(path)


def test_the_json_has_all_names(client: Client, called: None) -> None:
    """By language, in upstream's order; the genera where one Pokémon is asked for."""
    row = client.get("/api/pokemon/?q=もす").json()["results"][0]
    assert row["names"]["ja"] == "モスガ・ブン"
    assert list(row["names"]) == ["ja", "ko", "zh-hans", "de", "fr", "en", "es"]
    assert client.get("/api/pokemon/1/").json()["genera"]["ko"] == "ko genus"
    assert client.get("/api/pokemon/3/").json()["names"] == {}


@pytest.mark.parametrize(
    ("typed", "found"),
    [("もすがぶん", 1), ("妙蛙花", 1), ("MÖSSBUN", 1), ("Œuf d’été", 1), ("weisszwirbel", 2)],
)
def test_a_pokemon_is_had_by_its_name_in_any_language(
    client: Client, called: None, typed: str, found: int
) -> None:
    """Of the forms that share the name it is the default one; its page and its JSON know it too."""
    assert Pokemon.objects.find(typed).pk == found
    assert client.get(f"/api/pokemon/{typed}/").json()["id"] == found
    address = Pokemon.objects.get(pk=found).get_absolute_url()
    canonical = f'<link rel="canonical" href="http://testserver{address}">'
    assert canonical in html(client, f"/pokemon/{typed}/")


@pytest.mark.parametrize("typed", ["もす", "ニドラン", "・・", "%"])
def test_what_is_no_name_of_one_species_is_not_had(called: None, typed: str) -> None:
    """A part of a name, and the name of two species, which differ by a sign that nobody types."""
    for pk, name in ((29, "nidoran-f"), (32, "nidoran-m")):
        add_pokemon(pk, name, "poison")
        add_species(pk, ja=f"ニドラン{'♀♂'[pk == 32]}")
    with pytest.raises(Pokemon.DoesNotExist):
        Pokemon.objects.find(typed)


def test_a_typing_error_is_forgiven_in_any_language(client: Client, called: None) -> None:
    """The Pokémon whose names are most like it are named, each once, as the visitor calls them."""
    for typed, found in (
        ("モスガブソ", [1]),
        ("이성꽃", [1]),
        ("Weißzwirbul", [2]),
        ("妙蛙草", [1]),
    ):
        assert [pokemon.pk for pokemon in Pokemon.objects.nearest(typed)] == found
    mossbun = '<a href="/pokemon/mossbun/" lang="en">Mossbun</a>'
    assert mossbun in html(client, "/?q=モスガブソ", "pt-br")
    assert (
        mossbun
        in client.get("/pokemon/モスガブソ/", headers={"Accept-Language": "pt-br"}).content.decode()
    )
    reply = client.get("/api/pokemon/モスガブソ/")
    assert (reply.status_code, reply.json()["nearest"]) == (404, ["mossbun"])
