"""What a site takes to answer as PokéAPI does: all of upstream's documents, in this one process.

In: a Lab, of which only the documents are used, and a number of rounds. Out: Findings: milliseconds
of the processor, which a busy machine changes least, with the example site's settings and a
connection that stays.
"""

import gzip
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from sprites.testing.server.reply import dump
from sprites.testing.server.world import World

from .findings import Findings, Spread, Table, Target
from .lab import Lab

ORIGIN = "https://pokeapi.co"
IMAGE = b"\x89PNG" + bytes(1200)
KEPT = ("type", "generation", "pokemon")
"""What a run keeps of upstream."""
ASKED, MAX_ROUNDS = 300, 5
LIMITS = {"a document": 2, "a document that is known: 304": 1, "a page of a list": 3, "a sprite": 2}
COLUMNS = ("what", "ms", "bytes")
NOTE = """\
The example site in the place of PokéAPI, with {documents:,} documents kept and all {sprites:,}
sprites stored. Milliseconds of the processor for a reply, with all middleware: of {asked} replies
the median, and of that the median (minimum–maximum) of {rounds} rounds. Command: `python -m bench
mirror --rounds {rounds}`."""

Reply = tuple[dict[str, str], bytes]


def measure(lab: Lab, rounds: int) -> Findings:
    """Fill a site, and ask it for everything, some times."""
    rounds = min(rounds, MAX_ROUNDS)
    prepare(lab.work / "mirror")
    documents, sprites = fill(lab.source.world(ORIGIN))
    found = [{what: _median(*case) for what, case in cases().items()} for _ in range(rounds)]
    spent = {what: Spread.of(each[what][0] for each in found) for what in found[0]}
    rows = [(what, f"{spent[what]}", f"{found[0][what][1]:,.0f}") for what in spent]
    note = NOTE.format(documents=documents, sprites=sprites, asked=ASKED, rounds=rounds)
    return Findings(
        [Target(f"{what}, ms", limit, spent[what]) for what, limit in LIMITS.items()],
        [Table("In the place of PokéAPI", note, COLUMNS, rows)],
    )


def prepare(folder: Path) -> None:
    """Set the example site up in a folder, on SQLite."""
    folder.mkdir()
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}?conn_max_age=600"
    os.environ |= {"MEDIA_ROOT": str(folder / "media"), "SECRET_KEY": "only for this measurement"}
    os.environ |= {"DEBUG": "off", "DJANGO_SETTINGS_MODULE": "pokesite.settings"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def fill(world: World) -> tuple[int, int]:
    """Keep every document and the list, and store every sprite; return how many there are."""
    from django.db.models import CharField, Value
    from django.db.models.functions import Cast, Concat
    from django.utils import timezone

    from sprites.models import Document, Sprite

    for kind in KEPT:
        for name, number in world.index[kind].items():
            if document := world.document(kind, number):
                _keep(
                    kind, number, name, document if isinstance(document, bytes) else dump(document)
                )
    _keep_list(world.index["pokemon"])
    pokemon = Cast("pokemon_id", CharField())
    file = Concat(Value("sprites/"), pokemon, Value("/"), "key", Value(".png"))
    facts = {"state": "stored", "sha256": "0" * 64, "media_type": "image/png"}
    Sprite.objects.update(**facts, changed_at=timezone.now(), file=file)
    return Document.objects.count(), Sprite.objects.count()


def _keep(kind: str, number: int, name: str, body: bytes) -> None:
    """Write a document as a run does, and a Pokémon's own rows."""
    from django.utils import timezone

    from sprites.sync.entries import Change, DocumentEntry, PokemonEntry
    from sprites.sync.save import save_documents, save_pokemon
    from sprites.worker.pokeapi import parse
    from sprites.worker.records import Kind, Packed, PokemonRecord

    packed, now = Packed(gzip.compress(body, 6), f"{number:064}"), timezone.now()
    if kind == Kind.POKEMON:
        record = parse(Kind.POKEMON, body)
        assert isinstance(record, PokemonRecord)
        save_pokemon([PokemonEntry(number, Change.NEW, record._replace(document=packed))], now, {})
    else:
        save_documents([DocumentEntry(kind, number, name, packed)], now)


def _keep_list(names: dict[str, int]) -> None:
    from django.utils import timezone

    from sprites.sync.documents import of_list
    from sprites.sync.save import save_documents
    from sprites.worker.records import Kind, Reference

    rows = [Reference(number, name) for name, number in names.items()]
    save_documents([of_list(f"{ORIGIN}/api/v2/", Kind.POKEMON, rows)], timezone.now())


def cases() -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Return what is measured: paths, and the validator that is sent with each, or ""."""
    documents = [f"/api/v2/pokemon/{number}/" for number in islice(_pokemon(), ASKED)]
    known = [ask(path)[0]["ETag"] for path in documents]
    lists = [f"/api/v2/pokemon/?limit=20&offset={offset}" for offset in range(ASKED)]
    sprites = [f"/sprites/{path}" for path in islice(_paths(), ASKED)]
    none = [""] * ASKED
    return {
        "a document": (documents, none),
        "a document that is known: 304": (documents, known),
        "a page of a list": (lists, none),
        "the whole list": (["/api/v2/pokemon/?limit=2000"] * 20, none),
        "a sprite": (sprites, none),
        "a redirect to upstream": (["/api/v2/move/1/"] * ASKED, none),
    }


def _pokemon() -> Iterator[int]:
    """Yield Pokémon from all of the list."""
    from sprites.models import Pokemon

    numbers = list(Pokemon.objects.values_list("pk", flat=True))
    yield from numbers[:: max(len(numbers) // ASKED, 1)]


def _paths() -> Iterator[str]:
    """Yield the paths of sprites whose file is there."""
    from django.core.files.storage import default_storage

    from sprites.models import Sprite

    for number in _pokemon():
        if sprite := Sprite.objects.filter(pokemon=number).order_by("id").first():
            file = Path(default_storage.path(str(sprite.file)))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(IMAGE)
            yield sprite.path


def _median(paths: Sequence[str], validators: Sequence[str]) -> tuple[float, float]:
    """Return the median of the milliseconds that some replies take, and of their bytes."""
    spent, sizes = [], []
    for path, validator in zip(paths, validators, strict=False):
        began = time.process_time()
        body = ask(path, validator)[1]
        spent.append((time.process_time() - began) * 1000)
        sizes.append(len(body))
    return statistics.median(spent), statistics.median(sizes)


@cache
def _application() -> Any:
    from pokesite.wsgi import application

    return application


def ask(address: str, validator: str = "") -> Reply:
    """Return the headers and the body of a reply, as a WSGI server gets them."""
    path, _, query = address.partition("?")
    environment = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "HTTP_ACCEPT_ENCODING": "gzip",
        "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
    }  # fmt: skip
    if validator:
        environment["HTTP_IF_NONE_MATCH"] = validator
    head: dict[str, str] = {}
    reply = _application()(environment, lambda status, headers: head.update(headers))
    body = b"".join(reply)
    reply.close()
    return head, body
