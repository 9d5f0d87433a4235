"""The JSON that is kept: as it came, written once, in step with the row that it belongs to."""

import gzip
import hashlib
import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from pytest_django import Settings

from sprites.models import Document, Pokemon
from sprites.sync.documents import of_list
from sprites.worker.records import Kind, Reference

from ..support.site import Site

THREE = ("--ids", "1-3")


def upstream(url: str, encoding: str = "identity") -> bytes:
    """Return a body as upstream sends it."""
    request = Request(url, headers={"Accept-Encoding": encoding})
    with build_opener(ProxyHandler({})).open(request, timeout=30) as response:
        data: bytes = response.read()
        return data


def kept() -> dict[str, bytes]:
    """Return what is kept, unpacked."""
    return {str(row): gzip.decompress(row.packed) for row in Document.objects.all()}


def rows() -> list[Any]:
    """Return the rows with the times of their last change."""
    return list(Document.objects.order_by("resource", "number").values())


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_what_a_run_reads_is_kept_as_it_came(site: Site, executor: str) -> None:
    """Pokémon, a type and a generation byte for byte, packed as they were; and all three lists."""
    run = site.run("--type", "grass", "--generation", "1", "--limit", "2", "--executor", executor)
    assert run.exit_code == 0, run.stderr
    chosen = [f"pokemon/{pk}" for pk in Pokemon.objects.values_list("pk", flat=True)]
    lists = {"pokemon/0", "type/0", "generation/0"}
    found = kept()
    assert len(chosen) == 2
    assert set(chosen) | {"type/12", "generation/1"} | lists <= set(found)
    for name in set(found) - lists:
        assert found[name] == upstream(f"{site.api.url}{name}/")
    for row in Document.objects.all():
        assert row.sha256 == hashlib.sha256(found[str(row)]).hexdigest()
        if row.number:
            assert row.packed == upstream(f"{site.api.url}{row}/", "gzip")
            assert row.name == json.loads(found[str(row)])["name"]
    listed = json.loads(found["pokemon/0"])
    assert listed == json.loads(upstream(f"{site.api.url}pokemon/?limit=2000"))


def test_what_has_not_changed_is_not_written_again(site: Site) -> None:
    """Neither after a 304 nor after the same bytes; a document that changes is written alone."""
    assert site.run(*THREE).exit_code == 0
    before = rows()
    assert site.run(*THREE, "--force").exit_code == 0
    assert rows() == before
    site.api.edit("/api/v2/pokemon/2/", {"weight": 4711})
    assert site.run(*THREE, "--force").exit_code == 0
    changed = [row["number"] for row, old in zip(rows(), before, strict=True) if row != old]
    assert changed == [2]
    assert json.loads(kept()["pokemon/2"])["weight"] == 4711


def test_a_site_that_kept_none_gets_them_with_its_next_run(site: Site, settings: Settings) -> None:
    """Though all is fresh they are asked for, without the validator that would bring no body."""
    settings.SPRITES["KEEP_DOCUMENTS"] = False
    assert site.run(*THREE).exit_code == 0
    assert kept() == {}
    del settings.SPRITES["KEEP_DOCUMENTS"]
    site.api.clear_log()
    run = site.run(*THREE)
    assert (run.exit_code, run.report["pokemon"]["unchanged"]) == (0, 3)
    asked = site.api.requests("/api/v2/pokemon/[0-9]/")
    assert [(entry.status, entry.headers.get("if-none-match")) for entry in asked] == [
        (200, None)
    ] * 3
    assert {"pokemon/1", "pokemon/2", "pokemon/3", "generation/0", "generation/1"} <= set(kept())
    assert site.run(*THREE).report["requests"] == 1


def test_no_document_is_older_than_its_row(site: Site, settings: Settings) -> None:
    """What was kept goes when a run that keeps none reads a newer one, and comes back later."""
    assert site.run(*THREE).exit_code == 0
    settings.SPRITES |= {"KEEP_DOCUMENTS": False, "FRESH_FOR": 0}
    site.api.edit("/api/v2/pokemon/2/", {"weight": 4711})
    assert site.run(*THREE).exit_code == 0
    assert ("pokemon/1" in kept(), "pokemon/2" in kept()) == (True, False)
    settings.SPRITES["KEEP_DOCUMENTS"] = True
    assert site.run(*THREE).exit_code == 0
    assert json.loads(kept()["pokemon/2"])["weight"] == 4711


def test_a_plain_body_is_packed_here(site: Site) -> None:
    """The same bytes give the same document, whenever they come."""
    plain = upstream(f"{site.api.url}pokemon/1/")
    site.api.put("/api/v2/pokemon/1/", plain, "application/json")
    assert site.run("1").exit_code == 0
    packed = Document.objects.get(pokemon=1).packed
    assert (gzip.decompress(packed), packed[4:8]) == (plain, bytes(4))


def test_a_dry_run_keeps_nothing(site: Site) -> None:
    """It asks as a real run would, and writes no document."""
    assert site.run(*THREE, "--dry-run").exit_code == 0
    assert kept() == {}


def test_a_pokemon_that_goes_takes_its_document_along(site: Site) -> None:
    """Others' documents stay."""
    assert site.run(*THREE).exit_code == 0
    Pokemon.objects.filter(pk=2).delete()
    assert {"pokemon/1", "pokemon/3"} <= set(kept())
    assert "pokemon/2" not in kept()


def test_a_list_that_is_not_believed_is_not_kept(site: Site) -> None:
    """A list that has shrunk ends the run, and the one that was kept stays."""
    assert site.run("1").exit_code == 0
    before = rows()
    listed = json.loads(upstream(f"{site.api.url}pokemon/?limit=2000"))["results"][:5]
    site.api.edit("/api/v2/pokemon/[?]*", {"results": listed, "count": 5, "next": None})
    assert site.run("1").exit_code == 3
    assert rows() == before


def test_a_list_of_many_pages_is_kept_as_one() -> None:
    """The lists that are served are cut from it."""
    rows = (Reference(1, "a"), Reference(10_001, "b"))
    entry = of_list("https://example.org/", Kind.TYPE, rows)
    assert json.loads(gzip.decompress(entry.document.gzip)) == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {"name": "a", "url": "https://example.org/type/1/"},
            {"name": "b", "url": "https://example.org/type/10001/"},
        ],
    }
