"""The JSON that a run reads, as entries for the writer: records and lists in, DocumentEntry out."""

import json
from collections.abc import Iterator, Sequence

from ..models.document import LIST
from ..worker.records import Group, Kind, Packed, PokemonRecord, Reference, SpeciesRecord
from .entries import DocumentEntry


def of_record(kind: Kind, record: PokemonRecord | SpeciesRecord | Group) -> Iterator[DocumentEntry]:
    """Yield the document that a record brings, if any."""
    if record.document:
        yield DocumentEntry(kind, record.id, record.name, record.document)


def of_list(api: str, kind: Kind, rows: Sequence[Reference]) -> DocumentEntry:
    """Return the list of a kind as one page, however many it was read from."""
    page = {
        "count": len(rows),
        "next": None,
        "previous": None,
        "results": [{"name": row.name, "url": f"{api}{kind}/{row.id}/"} for row in rows],
    }
    body = json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
    return DocumentEntry(kind, LIST, "", Packed.of(body))
