"""Names in every language: how they are found, and how pages and JSON show them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprites.labels import fold
from sprites.models import Pokemon

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
