"""PokéAPI's JSON, broken in any way at all: a record or a code, and nothing else escapes."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sprites.errors import Code, SpritesError
from sprites.keys import is_valid
from sprites.worker.pokeapi import parse
from sprites.worker.records import Kind, PokemonRecord

from .test_pokeapi import document

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["http://x/1/", "id", "name"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(["name", "url"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def _parsed(kind: Kind, body: bytes) -> None:
    try:
        found = parse(kind, body)
    except SpritesError as error:
        assert error.code in (Code.BAD_JSON, Code.SCHEMA)  # noqa: PT017
        return
    if isinstance(found, PokemonRecord):
        assert all(listing.code or is_valid(listing.key) for listing in found.listings)


@given(st.sampled_from(Kind), st.dictionaries(st.text(max_size=8), _JSON, max_size=5) | _JSON)
def test_any_json_is_read_or_refused(kind: Kind, value: Any) -> None:
    """Whatever JSON upstream sends, it ends in a result or in ``bad_json`` or ``schema``."""
    _parsed(kind, json.dumps(value).encode())


@given(st.sampled_from(Kind), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(kind: Kind, body: bytes) -> None:
    """Whatever bytes upstream sends, nothing but SpritesError escapes."""
    _parsed(kind, body)


_FIELDS = st.sampled_from(sorted(document()))


@settings(max_examples=200)
@given(_FIELDS, st.lists(st.integers(0, 9), max_size=3), _JSON)
def test_a_document_with_anything_anywhere_is_read_or_refused(
    name: str, path: list[int], value: Any
) -> None:
    """A good document, broken at any one place, is read or names what is wrong."""
    source: Any = document()
    target: Any = source
    key: Any = name
    for step in path:
        inner = target[key]
        if not isinstance(inner, (dict, list)) or not inner:
            break
        target = inner
        key = list(inner)[step % len(inner)] if isinstance(inner, dict) else step % len(inner)
    target[key] = value
    _parsed(Kind.POKEMON, json.dumps(source).encode())
