"""X10: what a text costs grows with its length alone, and what a document lists is counted."""

import json
from typing import Any

import pytest

from sprites.errors import Code, SpritesError, plain
from sprites.keys import is_valid
from sprites.labels import slug
from sprites.worker import pokeapi
from sprites.worker.records import Kind, PokemonRecord

from ..support.policies import fetch
from .costs import soon
from .lab import DOCUMENT, LIST, HereLab
from .servers import Line
from .test_limits import POKEMON

_MARKS = "\u0301\u0316" * 100_000
"""Marks that a normal form has to sort, each one past all the others."""


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"sprites/front_default": "http://" * 40_000 + "\nx"}, {"bad_url": 1}),
        ({"sprites/front_default": "http://u:p" + _MARKS}, {"bad_url": 1}),
        ({"species/url": f"http://{_MARKS}/pokemon-species/1/"}, {"schema": 1}),
        ({"name": _MARKS}, {"schema": 1}),
        ({"sprites/more": {f"s{n}": "http://x/" for n in range(100_000)}}, {"schema": 1}),
    ],
    ids=["prefixes", "marks", "species", "name", "slots"],
)
def test_a_text_costs_no_more_than_its_length(
    lab: HereLab, changes: dict[str, Any], codes: dict[str, int]
) -> None:
    """X10: half a megabyte of anything in a document fails it, or one sprite, at once."""
    lab.api.edit(DOCUMENT, changes)
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == codes
    lab.heal("--force")


def _parsed(**changes: Any) -> PokemonRecord:
    record = pokeapi.parse(Kind.POKEMON, json.dumps({**json.loads(POKEMON), **changes}).encode())
    assert isinstance(record, PokemonRecord)
    return record


def _many(row: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [row] * count


_TYPE = {"slot": 1, "type": {"name": "grass", "url": "https://x/type/12/"}}
_STAT = {"base_stat": 1, "stat": {"name": "hp", "url": "https://x/stat/1/"}}
_ROW = {"name": "a", "url": "https://x/pokemon/1/"}


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Kind.POKEMON, {"types": _many(_TYPE, 10_000)}),
        (Kind.POKEMON, {"stats": _many(_STAT, 10_000)}),
        (Kind.POKEMON, {"sprites": {f"s{n}": 1 for n in range(1001)}}),
        (Kind.LIST, {"count": 50_000, "next": None, "results": _many(_ROW, 50_000)}),
        (Kind.LIST, {"count": 10**9, "next": None, "results": _many(_ROW, 1)}),
        (Kind.LIST, {"count": 1, "next": "/" * 100_000, "results": _many(_ROW, 1)}),
        (Kind.TYPE, {"id": 1, "pokemon": _many({"pokemon": _ROW}, 50_000)}),
        (Kind.GENERATION, {"id": 1, "pokemon_species": _many(_ROW, 50_000)}),
    ],
)
def test_more_rows_than_there_could_be_are_refused(kind: Kind, document: dict[str, Any]) -> None:
    """X10: types, stats, sprites and rows of lists are counted before anything is made of them."""
    base = json.loads(POKEMON) if kind is Kind.POKEMON else {}
    with soon(), pytest.raises(SpritesError) as caught:
        pokeapi.parse(kind, json.dumps(base | document).encode())
    assert caught.value.code is Code.SCHEMA


def test_a_long_folder_is_not_copied_into_each_of_its_keys() -> None:
    """X10: a folder of a megabyte with many slots is one slot that fails."""
    tree = {"a" * 2**20: {f"s{n}": "https://x/1.png" for n in range(50_000)}}
    with soon():
        (listing,) = _parsed(sprites=tree).listings
    assert (listing.code, len(listing.key)) == (Code.SCHEMA, 200)


def test_a_key_that_is_cut_is_not_the_key_of_another() -> None:
    """X10: a key that is too long is shown in part, and that part is no key."""
    tree: Any = {"b" * 60: "https://x/1.png"}
    for _ in range(4):
        tree = {"a" * 45: tree}
    (listing,) = _parsed(sprites=tree).listings
    assert (listing.code, len(listing.key)) == (Code.SCHEMA, 200)
    assert not is_valid(listing.key)


def test_what_stands_for_a_field_is_shown_without_being_spelled_out() -> None:
    """X10: whatever depth a value has, its type is named; a long text is cut and then cleaned."""
    tower: Any = 1
    for _ in range(900):
        tower = [tower]
    for value, shown in ((tower, "list"), ("\n" * 10**6, r"'\\n"), ({"a": 1}, "dict")):
        with soon(), pytest.raises(SpritesError, match=f"height is .*{shown}") as caught:
            _parsed(height=value)
        assert len(caught.value.detail) < 100


def test_pages_that_hold_more_than_is_counted_end_the_run(lab: HereLab) -> None:
    """X10: a list whose pages go beyond its own count is not read on."""
    rows = [{"name": f"p{n}", "url": f"https://x/pokemon/{n}/"} for n in range(1, 100)]
    page = {"count": 9, "next": f"{lab.api.url}pokemon/?limit=9&offset=9", "results": rows}
    lab.api.put(LIST, json.dumps(page), "application/json")
    run = lab.settle(lab.run(), 3, asked=1)
    assert "has 99 rows and says 9" in run.stderr
    assert len(lab.api.requests("/api/v2/pokemon/")) == 1
    lab.heal()


@pytest.mark.parametrize("line", [b"<" * 60_000, b"(" * 60_000, b"HTTP/1.1 " + b"<" * 60_000])
def test_a_status_line_that_is_none_is_not_searched(lab: HereLab, line: bytes) -> None:
    """X10: what a host says instead of HTTP is cut before anything is taken out of it."""
    with Line(lambda connection: connection.sendall(line + b"\r\n\r\n")) as other:
        with soon(0.5), pytest.raises(SpritesError) as caught:
            fetch(lab.api, f"{other.origin}/x.png", ALLOWED_ORIGINS=[other.origin])
        assert caught.value.code is Code.CONNECTION
    lab.heal()


def test_a_long_text_is_cut_before_it_is_cleaned() -> None:
    """X10: errors and names that somebody typed cost what is kept of them, less passwords."""
    with soon(1):
        assert plain("\n" * 4_000_000) == " " * 300
        assert plain("://" * 1_000_000).startswith("://:")
        assert slug("e" + _MARKS) == "e"
    for length in range(280, 310):
        text = plain("x" * length + " https://user:secret@host/")
        assert "sec" not in text
