"""Real data is served as upstream serves it, from archives and from unpacked folders.

Runs on a folder with ``api-v2.tar.xz`` and ``sprites.tar.xz``: the one that the environment
variable ``SPRITES_REAL_DATA`` names, or ``shared/pokeapi`` beside the project.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sprites.testing import PokeAPI
from sprites.testing.server.real import unpack

from ...support.site import ROOT
from ..conftest import fetch

IMAGES = "/PokeAPI/sprites/master/sprites/pokemon"
BESIDE = ROOT.parent / "shared" / "pokeapi"
DATA = Path(os.environ.get("SPRITES_REAL_DATA", BESIDE))
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="no real data: SPRITES_REAL_DATA names no folder"
)


@pytest.fixture(scope="module")
def real() -> Iterator[PokeAPI]:
    """A server of the real data, with forms."""
    with PokeAPI(data=DATA, forms=True) as api:
        yield api


@needs_data
def test_the_list_is_sliced_and_has_the_forms_last(real: PokeAPI) -> None:
    page = fetch(real, "pokemon/?limit=8&offset=1023").json()
    ids = [int(entry["url"].split("/")[-2]) for entry in page["results"]]
    assert page["count"] == 1031
    assert ids == [1024, 1025, *range(10001, 10007)]


@needs_data
def test_a_document_is_upstreams_with_our_origin(real: PokeAPI) -> None:
    body = fetch(real, "pokemon/25/").body
    assert b"//pokeapi.co" not in body
    assert b"//raw.githubusercontent.com" not in body
    front = json.loads(body)["sprites"]["front_default"]
    assert front == f"{real.origin}{IMAGES}/25.png"
    assert fetch(real, "pokemon/pikachu").body == body


@needs_data
def test_a_real_image_is_served_and_a_missing_one_is_drawn(real: PokeAPI) -> None:
    for path in ("25.png", "500.png", "other/home/25.png"):
        response = fetch(real, f"{IMAGES}/{path}")
        assert response.status == 200
        assert response.body.startswith(b"\x89PNG")
    assert fetch(real, f"{IMAGES}/1026.png").status == 404


def _archive(file: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(file, "w:xz") as tar:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))


def _pokemon(number: int) -> dict[str, Any]:
    raw = "https://raw.githubusercontent.com/PokeAPI/sprites/master/sprites/pokemon"
    home = {"front_default": f"{raw}/other/home/{number}.png"}
    game = {"front_default": f"{raw}/versions/generation-vi/x-y/{number}.png"}
    return {
        "id": number,
        "name": f"inky-{number}",
        "is_default": True,
        "base_experience": 64,
        "species": {"url": f"https://pokeapi.co/api/v2/pokemon-species/{number}/"},
        "sprites": {
            "front_default": f"{raw}/{number}.png",
            "other": {"home": home},
            "versions": {"generation-vi": {"x-y": game}},
        },
    }


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small invented data folder of seven Pokémon and one image, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    documents = [_pokemon(number) for number in range(1, 8)]
    results = [
        {"name": d["name"], "url": f"https://pokeapi.co/api/v2/pokemon/{d['id']}/"}
        for d in documents
    ]
    listing: dict[str, Any] = {"count": 7, "next": None, "previous": None, "results": results}
    folder = tmp_path / "data"
    folder.mkdir()
    files = {f"{document['id']}/index.json": document for document in documents}
    files["index.json"] = listing
    _archive(
        folder / "api-v2.tar.xz",
        {f"api/v2/pokemon/{name}": json.dumps(data).encode() for name, data in files.items()},
    )
    _archive(folder / "sprites.tar.xz", {f"{IMAGES[1:]}/1.png": b"png"})
    return folder


def test_archives_are_unpacked_once_and_an_unpacked_folder_is_used_as_it_is(small: Path) -> None:
    first = unpack(small)
    archive = small / "sprites.tar.xz"
    facts = archive.stat()
    archive.write_bytes(bytes(facts.st_size))
    os.utime(archive, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    # By its size and time it is the same archive, so nobody opens what is now a row of zeros.
    assert unpack(small) == first
    assert unpack(first) == first


def test_changed_archives_are_unpacked_anew(small: Path) -> None:
    first = unpack(small)
    _archive(small / "sprites.tar.xz", {"PokeAPI/x.png": b"other"})
    assert unpack(small) != first


def test_two_that_unpack_at_once_do_each_other_no_harm(small: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(unpack, [small] * 4))
    (folder,) = folders
    assert (folder / "api/v2/pokemon/1/index.json").is_file()
    assert [left.name for left in folder.parent.iterdir()] == [folder.name]


def test_an_archive_cannot_write_outside_its_folder(small: Path) -> None:
    _archive(small / "sprites.tar.xz", {"../../escaped.txt": b"x"})
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpack(small)
    assert list(small.parent.rglob("escaped.txt")) == []


def test_a_broken_archive_is_refused_and_leaves_nothing_behind(small: Path) -> None:
    archive = small / "sprites.tar.xz"
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"sprites\.tar\.xz cannot be unpacked"):
        unpack(small)
    assert list((small.parent / "cache" / "sprites-testing").iterdir()) == []


def test_data_without_a_list_of_pokemon_is_a_bad_option(small: Path) -> None:
    _archive(small / "api-v2.tar.xz", {"api/v2/type/index.json": b'{"results": []}'})
    with pytest.raises(RuntimeError, match="exit code 2"):
        PokeAPI(data=small)


def test_small_data_is_served_with_our_origin(small: Path) -> None:
    with PokeAPI(data=small) as api:
        document = fetch(api, "pokemon/inky-1").json()
        assert document["species"]["url"] == f"{api.url}pokemon-species/1/"
        assert document["sprites"]["front_default"] == f"{api.origin}{IMAGES}/1.png"
        assert fetch(api, "pokemon/").json()["results"][0]["url"] == f"{api.url}pokemon/1/"
        assert fetch(api, f"{IMAGES}/1.png").body == b"png"
        assert fetch(api, f"{IMAGES}/2.png").body.startswith(b"\x89PNG")
        assert fetch(api, f"{IMAGES}/8.png").status == 404


def test_invented_forms_have_fewer_sprites_and_the_last_has_none(small: Path) -> None:
    with PokeAPI(data=small, forms=True) as api:
        names = [entry["name"] for entry in fetch(api, "pokemon/").json()["results"]]
        forms = [fetch(api, f"pokemon/{number}/").json() for number in range(10001, 10007)]
        assert names[7:] == [form["name"] for form in forms]
        assert names[7:9] == ["inky-1-starter", "inky-2-tidal"]
        first, tidal, last = forms[0], forms[1], forms[-1]
        assert (first["is_default"], first["base_experience"]) == (False, 64)
        assert tidal["base_experience"] is None
        assert first["sprites"]["front_default"] == f"{api.origin}{IMAGES}/10001.png"
        assert first["sprites"]["versions"]["generation-vi"]["x-y"]["front_default"] is None
        assert "http" not in json.dumps(last["sprites"])
        assert fetch(api, first["sprites"]["front_default"]).status == 200
