"""C: what upstream's bodies do wrong, and what comes of it."""

import struct
import zlib
from collections import Counter
from typing import Any
from urllib.request import urlopen

import pytest

from sprites.testing import DELETE

from .lab import DOCUMENT, GIF, KEYS, PNG, SVG, HereLab

SPRITE = "sprites/front_default"


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG's chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("path", "share"), [(PNG, 0), (PNG, 0.4), (PNG, 0.99), (SVG, 0.4), (GIF, 0.99)]
)
def test_a_body_that_is_cut_short_is_fetched_again_from_its_start(
    lab: HereLab, path: str, share: float
) -> None:
    """C1: a body that ends before its length is whole on the next attempt."""
    lab.api.fault(path, truncate=share, times=1)
    run = lab.settle(lab.run(), 0)
    assert run.report["retries"] == 1
    lab.heal()


def test_a_body_that_is_always_cut_short_leaves_nothing_behind(lab: HereLab) -> None:
    """C1: after its retries it is ``truncated``; the old file stands, no part of the new does."""
    lab.clean()
    kept = lab.files()
    lab.api.fault("/sprites/pokemon/1.png", truncate=40)
    run = lab.settle(lab.run("--force"), 1)
    assert run.codes == {"truncated": 1}
    assert lab.files() == kept
    lab.heal()


@pytest.mark.parametrize("path", [PNG, SVG, GIF])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_half_an_image_without_a_length_is_seen_through(
    lab: HereLab, path: str, share: float
) -> None:
    """C2: where nothing announces a length, the image itself tells that it is cut."""
    lab.api.fault(path, truncate=share, no_length=True)
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {"bad_image": 1}
    lab.heal()


@pytest.mark.parametrize(
    ("path", "source", "stored"),
    [
        (SVG, SVG, "image/svg+xml"),
        (PNG, GIF, "image/gif"),
        (GIF, PNG, "image/png"),
        (PNG, SVG, "image/svg+xml"),
    ],
)
def test_the_bytes_say_what_an_image_is(lab: HereLab, path: str, source: str, stored: str) -> None:
    """C3: neither the header nor the URL's ending counts; the file gets the true extension."""
    lab.clean()
    keys = {PNG: "front_default", SVG: "other/dream_world/front_default"}
    body = lab.files()[lab.row(keys.get(source, _ANIMATED))["file"]]
    lab.api.put(path, body, "text/plain; charset=utf-8")
    lab.settle(lab.run("--force"), 0)
    row = lab.row(keys.get(path, _ANIMATED))
    assert row["media_type"] == stored
    assert row["file"].endswith(stored[6:9])
    lab.heal("--force")


@pytest.mark.parametrize(
    ("path", "served_as", "others"),
    [
        (PNG, "image/gif", "image/gif"),
        (PNG, "Image/PNG; charset=x", ""),
        (PNG, "text/html", "text/html"),
        (PNG, "application/octet-stream", ""),
        ("/sprites/1.GIF", "image/jpeg", "image/gif, image/jpeg"),
        ("/sprites/1.jpg?x=.png", "", "image/jpeg"),
        ("/sprites/1", "image/apng", ""),
        ("/sprites/1.png", "x\x1b[31m", ""),
    ],
)
def test_a_type_that_lies_is_noted(
    lab: HereLab, caplog: pytest.LogCaptureFixture, path: str, served_as: str, others: str
) -> None:
    """C3: an accepted image that its URL or its header calls another is a line in the log."""
    with urlopen(lab.api.origin + PNG) as reply:
        lab.api.put(path.partition("?")[0], reply.read(), served_as)
    lab.api.edit(DOCUMENT, {SPRITE: f"{lab.api.origin}{path}"})
    lab.settle(lab.run(), 0)
    notes = [entry.getMessage() for entry in caplog.records if "mismatch" in entry.getMessage()]
    said = f"type_mismatch: image/png in what is said to be {others}"
    assert notes == ([f"sprite 1/front_default: {said}"] if others else [])
    assert lab.row()["file"].endswith(".png")


_ANIMATED = "versions/generation-v/black-white/animated/front_default"


def test_an_animation_is_stored_byte_by_byte(lab: HereLab) -> None:
    """C4: an animated GIF and an APNG keep their bytes, and their frames are counted."""
    assert lab.settle(lab.run(), 0).sprites["stored"] > 0
    gif = lab.row(_ANIMATED)
    assert gif["frames"] > 1
    animated = _apng(lab.files()[lab.row()["file"]])
    lab.api.put(PNG, animated, "image/png")
    lab.settle(lab.run("--force"), 0)
    assert lab.files()[lab.row()["file"]] == animated
    assert lab.row()["frames"] == 2
    lab.heal("--force")


def _apng(png: bytes) -> bytes:
    """Return a PNG as an animation that shows its picture twice."""
    width, height = struct.unpack_from(">II", png, 16)
    frame = struct.pack(">IIIIHHBB", width, height, 0, 0, 1, 10, 0, 0)
    data = png.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", png, data)
    pixels = png[data + 8 : data + 8 + length]
    again = chunk(b"fcTL", struct.pack(">I", 1) + frame) + chunk(
        b"fdAT", struct.pack(">I", 2) + pixels
    )
    head = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", struct.pack(">I", 0) + frame)
    end = data + 12 + length
    return png[:data] + head + png[data:end] + again + png[end:]


def test_a_doubled_url_is_read_as_the_inner_one(lab: HereLab) -> None:
    """C5: ``…/https://…`` is asked for as the inner URL, and never as it stands."""
    good = f"{lab.api.origin}{PNG}"
    doubled = f"{lab.api.origin}/PokeAPI/sprites/master/{good}"
    lab.api.edit(DOCUMENT, {SPRITE: doubled})
    lab.settle(lab.run(), 0)
    assert lab.row()["url"] == good
    assert lab.api.requests("*master*") == []
    lab.heal("--force")


def test_a_url_that_is_none_fails_without_a_request(lab: HereLab) -> None:
    """C5: what is no URL fails as ``bad_url``; the other sprites of its Pokémon are stored."""
    urls = ["not a url", "//x/y.png", "/sprites/1.png", "http://[", "x" * 900]
    lab.api.edit(DOCUMENT, {f"sprites/{key}": url for key, url in zip(KEYS, urls, strict=True)})
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"bad_url": 5}
    assert [e.path for e in lab.api.requests("/sprites/*") if "/1." in e.path] == []
    lab.heal()


def test_many_bad_urls_end_the_run_and_keep_what_is_there(lab: HereLab) -> None:
    """C5: a tenth of bad URLs, and twenty at least, mean that the JSON can't be trusted: exit 3."""
    lab.clean()
    kept = lab.files()
    lab.api.edit("/api/v2/pokemon/*/", text={f"{lab.api.origin}/sprites": "nowhere"})
    run = lab.settle(lab.run("--sprites", "all", "--force"), 3)
    assert "SPRITES_ALLOWED_ORIGINS" in run.stderr
    assert lab.api.requests("*nowhere*") == []
    assert lab.files() == kept
    lab.api.clear()
    again = lab.settle(lab.clean("--sprites", "all"), 0)
    assert again.sprites["stored"] + len(kept) == again.sprites["wanted"]


@pytest.mark.parametrize("value", [None, DELETE])
def test_a_sprite_that_is_not_listed_any_more_is_kept(lab: HereLab, value: Any) -> None:
    """C6: a slot that became null or went away makes no job, and its file stays, as not listed."""
    lab.clean()
    before = lab.row()
    lab.api.edit(DOCUMENT, {SPRITE: value})
    run = lab.settle(lab.run("--force"), 0)
    assert run.sprites["wanted"] == len(lab.ideal["files"]) - 1
    row = lab.row()
    assert not row["listed"]
    assert row["missing_since"] is not None
    assert [row[name] for name in ("file", "sha256")] == [before["file"], before["sha256"]]
    lab.heal("--force")


def test_a_new_sprite_is_mirrored_whatever_its_key(lab: HereLab) -> None:
    """C6: an unknown nested key is walked as any other, and stored under its path."""
    url = f"{lab.api.origin}{PNG}".replace("/1.png", "/2.png")
    lab.api.edit(DOCUMENT, {"sprites/newest": {"game": {"front_left": url, "note": None}}})
    run = lab.site.run("--ids", "1", "--sprites", "newest/*")
    lab.settle(run, 0)
    assert lab.row("newest/game/front_left")["state"] == "stored"


@pytest.mark.parametrize("value", [17, True, ["x"], {}, ""])
def test_a_sprite_that_is_no_text_fails_alone(lab: HereLab, value: Any) -> None:
    """C6: another type in a slot fails that slot; the other sprites of the Pokémon are stored."""
    lab.api.edit(DOCUMENT, {SPRITE: value})
    run = lab.settle(lab.run(), 1 if value != {} else 0)
    assert set(run.codes) <= {"schema", "bad_url"}
    assert run.sprites["stored"] == len(lab.ideal["files"]) - 1
    lab.heal(*["--force"] * (value == {}))


_WRONG: list[dict[str, Any]] = [
    {"id": DELETE}, {"id": "1"}, {"id": 4}, {"id": -1}, {"id": 10**30}, {"id": 1.5},
    {"name": None}, {"name": "a\nb"}, {"name": "x" * 500}, {"height": True},
    {"species": {"name": "x"}}, {"types/0/type": None}, {"types": {}}, {"sprites": []},
    {"stats/0/base_stat": "1"}, {"is_default": 1}, {"base_experience": "much"}, {"weight": -1},
    {"base_experience": -1}, {"height": 2**31}, {"order": -2},
]  # fmt: skip


@pytest.mark.parametrize("first", range(0, len(_WRONG), 3))
def test_a_wrong_field_fails_its_pokemon_and_is_named(lab: HereLab, first: int) -> None:
    """C7: a field that is missing or of another type fails that Pokémon, which keeps its row."""
    lab.clean()
    before = lab.state()
    changes = _WRONG[first : first + 3]
    for number, change in enumerate(changes, start=1):
        lab.api.edit(f"/api/v2/pokemon/{number}/", change)
    run = lab.settle(lab.run("--force"), 1)
    assert run.codes == {"schema": 3}
    details = {failure["pokemon"]: failure["detail"] for failure in run.report["failures"]}
    for number, change in enumerate(changes, start=1):
        field = next(iter(change)).partition("/")[0]
        assert field.removesuffix("s") in details[number]
    assert lab.state() == before
    lab.heal()


def test_a_number_that_may_be_null_is_stored_as_null(lab: HereLab) -> None:
    """C7: ``base_experience`` and ``order`` may be null."""
    lab.api.edit(DOCUMENT, {"base_experience": None, "order": None})
    lab.settle(lab.run(), 0)
    assert lab.rows("sprites_pokemon")[0]["base_experience"] is None
    lab.heal("--force")


_BODIES: list[tuple[bytes, str]] = [
    (b'{"id": 1,', "bad_json"),
    (b"\x00" * 64, "bad_json"),
    (b"[" * 200_000, "bad_json"),
    (b'{"id": ' + b"9" * 5000 + b"}", "bad_json"),
    (b'{"id": 1, "name": "\\ud800"}', "schema"),
    (b'{"id": 1, "name": "\\u0000"}', "schema"),
    (b"[]", "schema"),
    (b"null", "schema"),
    (b'{"id": NaN}', "schema"),
    (b"<!doctype html>", "bad_json"),
    (b"\xff\xfe\x00\xd8", "bad_json"),
]


@pytest.mark.parametrize("first", range(0, len(_BODIES), 2))
def test_a_body_that_is_no_sane_json_fails_alone(lab: HereLab, first: int) -> None:
    """C8: whatever the body is, its Pokémon fails with a code and its neighbours are synced."""
    bodies = _BODIES[first : first + 2]
    for number, (body, _) in enumerate(bodies, start=1):
        lab.api.fault(f"/api/v2/pokemon/{number}/", body=body)
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == Counter(code for _, code in bodies)
    assert len(lab.rows("sprites_pokemon")) == 3 - len(bodies)
    lab.heal()


def test_a_byte_order_mark_is_no_fault(lab: HereLab) -> None:
    """C8: JSON behind a byte order mark is read."""
    with urlopen(f"{lab.api.url}pokemon/1/") as reply:
        lab.api.fault(DOCUMENT, body=b"\xef\xbb\xbf" + reply.read())
    lab.settle(lab.run(), 0)
    lab.heal("--force")
