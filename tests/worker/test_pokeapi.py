"""PokéAPI's JSON: records out of good documents, a code and the field's name out of any other."""

import json
from typing import Any

import pytest

from sprites.errors import Code, SpritesError
from sprites.testing.server.world import DrawnWorld
from sprites.worker.fields import identifier
from sprites.worker.pokeapi import parse, single_url
from sprites.worker.records import Group, Kind, Listing, ListPage, PokemonRecord, Reference

WORLD = DrawnWorld("http://upstream.example")
PNG = "http://upstream.example/a.png"


def document(number: int = 7, **changes: Any) -> dict[str, Any]:
    """Return a Pokémon's document with some fields replaced."""
    found = WORLD.document("pokemon", number)
    assert found is not None
    return json.loads(json.dumps(found)) | changes  # type: ignore[no-any-return]


def record(source: dict[str, Any]) -> PokemonRecord:
    """Read a Pokémon's document."""
    found = parse(Kind.POKEMON, json.dumps(source).encode(), '"etag"')
    assert isinstance(found, PokemonRecord)
    return found


def refused(kind: Kind, body: bytes | dict[str, Any]) -> SpritesError:
    """Return the error that a body is refused with."""
    with pytest.raises(SpritesError) as caught:
        parse(kind, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert caught.value.detail.isprintable()
    return caught.value


def listings(sprites: Any) -> tuple[Listing, ...]:
    """Return what a tree of sprites lists."""
    return record(document(sprites=sprites)).listings


def test_a_document_becomes_a_record() -> None:
    """Every field that the mirror keeps is read, the types in the order of their slots."""
    source = document(2)
    source["types"] = [
        {"slot": 2, "type": {"name": "flying", "url": "http://x/type/3/"}},
        {"slot": 1, "type": {"name": "fire", "url": "http://x/type/10/"}},
    ]
    found = record(source)
    assert (found.id, found.name, found.species, found.form) == (2, "cindle", "cindle", "")
    assert found.types == (Reference(10, "fire"), Reference(3, "flying"))
    assert [name for name, _ in found.stats] == [
        *("hp", "attack", "defense", "special_attack", "special_defense", "speed")
    ]
    assert (found.height, found.weight) == (source["height"], source["weight"])
    assert (found.etag, found.is_default) == ('"etag"', True)


def test_a_form_is_named_after_its_species() -> None:
    """``pikachu-starter`` of ``pikachu`` is the form ``starter``; order -1 is kept."""
    species = {"name": "pikachu", "url": "http://x/pokemon-species/25/"}
    source = document(id=10_158, name="pikachu-starter", order=-1, is_default=False)
    found = record(source | {"species": species})
    assert (found.species, found.number, found.form) == ("pikachu", 25, "starter")
    assert (found.order, found.is_default) == (-1, False)


@pytest.mark.parametrize("name", ["order", "base_experience"])
def test_a_number_may_be_unknown(name: str) -> None:
    """Null or missing, some numbers are stored as none."""
    source = document()
    assert getattr(record(source | {name: None}), name) is None
    del source[name]
    assert getattr(record(source), name) is None


@pytest.mark.parametrize(
    "name",
    ["id", "name", "species", "height", "weight", "is_default", "types", "stats", "sprites"],
)
@pytest.mark.parametrize("value", ["missing", None, [], {}, 1.5, -3, 2**31, 10**30, "", [1], "\0"])
def test_a_field_of_another_shape_is_named(name: str, value: Any) -> None:
    """What is missing or of another type is ``schema``, and the detail names the field."""
    source = document()
    if value == "missing":
        del source[name]
    elif (name, value) in (("types", []), ("stats", []), ("sprites", {})):
        return
    else:
        source[name] = value
    error = refused(Kind.POKEMON, source)
    assert error.code is Code.SCHEMA
    assert name in error.detail or name == "species"


@pytest.mark.parametrize("name", ["x" * 101, "a\nb", "a\x1b[31m", "\ud800", "a\u202eb", "a\0"])
def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    """Too long for its column, a control character or half a surrogate: ``schema``."""
    assert refused(Kind.POKEMON, document(name=name)).code is Code.SCHEMA


def test_a_truth_value_is_no_number() -> None:
    """JSON's ``true`` is not 1."""
    assert "height" in refused(Kind.POKEMON, document(height=True)).detail


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"<html></html>", b"{'a': 1}", b"\xff\xfe\xfd", b'{"a": \xff}'),
        pytest.param(b"[" * 200_000, id="deep list"),
        pytest.param(b'{"a":' * 200_000, id="deep object"),
        pytest.param(b'{"id": ' + b"9" * 5000 + b"}", id="long number"),
        b'{"a": 1} {"b": 2}',
        b'{"a": "\x00"}',
        *(b'{"moves": "\xff"}', b'{"moves": [1,]}', b'{"moves": NaN, "id": x}'),
    ],
)
@pytest.mark.parametrize("kind", [Kind.POKEMON, Kind.LIST])
def test_what_is_not_json_is_bad_json(kind: Kind, body: bytes) -> None:
    """However a body is broken, it ends in ``bad_json`` and nothing else escapes."""
    assert refused(kind, body).code is Code.BAD_JSON


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"null", b"5", b"true", b"NaN"])
@pytest.mark.parametrize("kind", list(Kind))
def test_json_that_is_no_object_is_refused(kind: Kind, body: bytes) -> None:
    """Valid JSON of another shape is ``schema``."""
    assert refused(kind, body).code is Code.SCHEMA


def test_a_byte_order_mark_is_read_over() -> None:
    """A BOM before good JSON does no harm."""
    body = b"\xef\xbb\xbf" + json.dumps(document()).encode()
    assert isinstance(parse(Kind.POKEMON, body), PokemonRecord)


def test_every_slot_is_walked() -> None:
    """Empty slots list nothing; a folder that nobody has heard of is mirrored as well."""
    tree = {"front_default": PNG, "back_default": None, "new": {"deep": {"er": PNG}}, "none": {}}
    assert listings(tree) == (Listing("front_default", PNG), Listing("new/deep/er", PNG))
    assert listings({}) == ()


@pytest.mark.parametrize(
    "name",
    [
        *("..", ".", "", "a/b", "/etc", "a\\b", "con", "COM1", "a.b", "a b", "\0", "\ud800", "é"),
        *("-a", "_a", "x" * 64, "a\n", "%2e%2e"),
    ],
)
def test_a_key_that_is_no_safe_path_fails_alone(name: str) -> None:
    """A slot whose name could leave its folder fails as ``schema``; its neighbours do not."""
    good, bad = listings({"front_default": PNG, "other": {name: PNG}})
    assert good == Listing("front_default", PNG)
    assert (bad.code, bad.url) == (Code.SCHEMA, "")
    assert bad.key.isprintable()


@pytest.mark.parametrize("value", [5, True, ["http://x"], 1.5])
def test_a_slot_that_holds_no_text_fails_alone(value: Any) -> None:
    """A number or a list where a URL should be is that sprite's ``schema``."""
    (found,) = listings({"front_default": value})
    assert found.code is Code.SCHEMA


@pytest.mark.parametrize("height", [30, 400])
def test_a_tower_of_folders_fails_alone(height: int) -> None:
    """Folders in folders are walked to a depth, and no further."""
    tower: Any = PNG
    for _ in range(height):
        tower = {"a": tower}
    (found,) = listings(tower)
    assert found.code is Code.SCHEMA


@pytest.mark.parametrize("url", ["http://x/" + "a" * 500, "http://x/\n", "http://x/\ud800"])
def test_a_url_that_cannot_be_asked_for_fails_alone(url: str) -> None:
    """Too long for its column, or with characters that no URL has: ``bad_url``."""
    (found,) = listings({"front_default": url})
    assert (found.code, found.url) == (Code.BAD_URL, "")


@pytest.mark.parametrize(
    ("url", "single"),
    [
        (PNG, PNG),
        (f"https://raw.example/master/{PNG}", PNG),
        (f"https://a/https://b/{PNG}", PNG),
        ("https://a/b?c=d", "https://a/b?c=d"),
        ("no url", "no url"),
    ],
)
def test_a_doubled_url_is_the_inner_one(url: str, single: str) -> None:
    """Upstream has listed a URL behind its own prefix; the inner one is meant."""
    assert single_url(url) == single
    assert listings({"front_default": url}) == (Listing("front_default", single),)


@pytest.mark.parametrize(
    ("url", "number"),
    [
        *(("http://x/pokemon/25/", 25), ("http://x/pokemon/25", 25), ("/pokemon/25/?a=1", 25)),
        *(("http://x/pokemon/", None), ("http://x/pokemon/-1/", None), ("http://[", None)),
        *(("http://x/pokemon/²/", None), ("http://x/" + "9" * 5000, None), ("", None)),
    ],
)
def test_an_id_is_the_end_of_a_url(url: str, number: int | None) -> None:
    """Only the last part of a resource's URL counts, and only if it is a number."""
    assert identifier(url) == number


def test_lists_and_groups_are_read() -> None:
    """A page of the list, a generation's species, a type's Pokémon: ids and names."""
    rows = [{"name": "a", "url": "http://x/1/"}]
    page = parse(Kind.LIST, json.dumps({"count": 9, "next": "n", "results": rows}).encode())
    assert page == ListPage(9, (Reference(1, "a"),), "n")
    last = parse(Kind.LIST, json.dumps({"count": 9, "next": None, "results": []}).encode())
    assert last == ListPage(9, (), "")
    group = {"id": 3, "pokemon_species": rows, "pokemon": [{"pokemon": rows[0]}]}
    for kind in (Kind.GENERATION, Kind.TYPE):
        assert parse(kind, json.dumps(group).encode()) == Group(3, (Reference(1, "a"),))
