"""Upstream's own documents, every one of them: what goes in comes out."""

import gzip
import re

import pytest
from django.test import Client
from django.utils import timezone

from sprites.models import Document, Pokemon
from sprites.sync.rows import listing_rows
from sprites.testing.server.real import unpack
from sprites.worker import pokeapi
from sprites.worker.records import Kind, PokemonRecord

from ..support.rows import add_sprite
from ..worker.test_real_data import FOLDER

UPSTREAM, HERE = "https://pokeapi.co/api/v2/", "http://testserver/api/v2/"
RAW = "https://raw.githubusercontent.com/PokeAPI/sprites/master/sprites/"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no real data: SPRITES_REAL_DATA may name its folder"
)


@pytest.fixture
def originals(db: None) -> dict[tuple[str, int], bytes]:
    """Every document of the data, kept under its resource and number."""
    files = (unpack(FOLDER) / "api" / "v2").glob("*/*/index.json")
    found = {(path.parts[-3], int(path.parts[-2])): path.read_bytes() for path in files}
    Document.objects.bulk_create(
        Document(
            resource=resource, number=number, sha256="", changed_at=timezone.now(),
            packed=gzip.compress(body, 1),
        )
        for (resource, number), body in found.items()
    )  # fmt: skip
    return found


def store_sprites(body: bytes) -> int:
    """Write the rows of a Pokémon and of its sprites, as if all were stored; tell how many."""
    record = pokeapi.parse(Kind.POKEMON, body)
    assert isinstance(record, PokemonRecord)
    facts = {"species": record.species, "number": record.number, "height": 1, "weight": 1}
    pokemon = Pokemon.objects.create(pk=record.id, name=record.name, **facts)
    rows = list(listing_rows(record, None))
    for row in rows:
        add_sprite(pokemon, str(row["key"]), url=row["url"], path=row["path"])
    return len(rows)


def test_every_document_comes_out_as_it_went_in(
    originals: dict[tuple[str, int], bytes], client: Client
) -> None:
    """Byte for byte, but for the URLs that are ours, and these are just those of what is here."""
    assert len(originals) > 2000
    stored = sum(store_sprites(originals["pokemon", number]) for number in (1, 25, 132, 1025))
    assert stored > 100
    sprites = 0
    for (resource, number), body in originals.items():
        text = client.get(f"/api/v2/{resource}/{number}/").content.decode()
        links = re.findall(rf'"{HERE}([a-z-]+)/(\d+)/"', text)
        assert {(kind, int(pk)) for kind, pk in links} <= originals.keys()
        others = re.findall(rf'"{UPSTREAM}([a-z-]+)/(\d+)/"', text)
        assert not {(kind, int(pk)) for kind, pk in others} & originals.keys()
        sprites += text.count('"http://testserver/sprites/')
        back = text.replace(HERE, UPSTREAM).replace("http://testserver/sprites/", RAW)
        assert back == body.decode(), (resource, number)
    assert sprites == stored
