"""X3 to X5, X7: bodies that would fill the memory or the disk, or act in a browser."""

import gzip
import resource
import struct
import zlib
from typing import Any
from urllib.request import urlopen

import pytest
from django.test import Client

from .lab import DOCUMENT, KEYS, PNG, SVG, HereLab
from .test_content import chunk

MIB = 2**20


def _png(width: int, height: int, *extra: bytes) -> bytes:
    """Return a PNG of one colour, packed as small as can be."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer, row = zlib.compressobj(9), b"\x00" + bytes((width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = [chunk(b"IHDR", head), *extra, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _gif(frames: int) -> bytes:
    """Return a GIF of a single pixel with many frames."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b"\x3b"


def _texts(count: int) -> bytes:
    text = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(4 * MIB), 9))
    return _png(8, 8, *[text] * count)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (lambda: _png(10_000, 10_000), {"bomb"}),
        (lambda: _gif(100_000), {"bomb"}),
        (lambda: _texts(64), {"bomb"}),
        (lambda: _texts(4), {"bomb", "bad_image"}),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 90_000, {"unsafe_svg"}),
    ],
)
def test_an_image_that_unpacks_to_too_much_is_refused(
    lab: HereLab, body: Any, codes: set[str]
) -> None:
    """X3: 100 Mpx, 100,000 frames, heaps of packed text: refused soon, in bounded memory."""
    data = body()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lab.api.put(PNG, data, "image/png")
    run = lab.settle(lab.run(), 1, asked=1, within=5)
    assert set(run.codes) <= codes
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 50 * 1024
    lab.heal("--force")


def test_json_that_unpacks_to_too_much_is_refused(lab: HereLab) -> None:
    """X3: 300 MB of JSON in 300 kB is dropped at the cap, whatever its length says."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lab.api.fault(DOCUMENT, gzip_bomb=300 * MIB)
    urlopen(lab.api.origin + DOCUMENT).close()  # making it takes the server a while
    run = lab.settle(lab.run(), 1, asked=1, within=5)
    assert run.codes == {"too_large": 1}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 50 * 1024
    lab.heal()


def test_a_packing_that_nobody_asked_for_is_refused(lab: HereLab) -> None:
    """X3: a body in another encoding than gzip is not unpacked, and a broken gzip is truncated."""
    lab.api.fault(PNG, headers={"Content-Encoding": "br"})
    lab.api.fault(SVG, headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"x" * 99)[:-9])
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"bad_content": 1, "truncated": 1}
    lab.heal()


_NOTHING = gzip.compress(b"") * 70_000
_PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("what", [{"endless": True}, {"endless": True, "no_length": True},
                                  {"content_length": 10 * 2**30},
                                  {"body": _NOTHING, "headers": _PACKED, "no_length": True}],
                         ids=["chunks", "bytes", "length", "nothing"])  # fmt: skip
def test_a_body_without_an_end_is_cut_at_the_cap(lab: HereLab, what: dict[str, Any]) -> None:
    """X4: at the cap, or at a length above it, the connection is closed; no further attempt."""
    lab.options(MAX_IMAGE_BYTES=MIB)
    lab.api.fault(PNG, **what)
    run = lab.settle(lab.run(), 1, asked=1, within=5)
    assert run.codes == {"too_large": 1}
    assert run.report["bytes"] < 2 * MIB
    lab.heal()


_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" {}>{}</svg>'
_SVGS = [
    _OPEN.format("", "<script>alert(1)</script>"),
    _OPEN.format('onload="alert(1)"', ""),
    _OPEN.format("", '<path OnClick="alert(1)"/>'),
    _OPEN.format("", "<foreignObject><p/></foreignObject>"),
    _OPEN.format("", '<a href="javascript:alert(1)"><path/></a>'),
    _OPEN.format("", '<use x:href="https://example.org/a.svg#b"/>'),
    _OPEN.format("", '<image x:href="https://example.org/a.png"/>'),
    _OPEN.format("", "<style>@import 'https://example.org/a.css'</style>"),
    _OPEN.format("", '<path style="fill:url(https://example.org/a)"/>'),
    _OPEN.format("", '<path style="fill:u\\72l(https://example.org/a)"/>'),
    _OPEN.format("", '<animate attributeName="href" to="javascript:x"/>'),
    _OPEN.format("", '<set attributeName="onmouseover" to="alert(1)"/>'),
    '<!DOCTYPE svg [<!ENTITY a "b">]>' + _OPEN.format("", "<title>&a;</title>"),
    '<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + _OPEN.format("", ""),
    '<?xml-stylesheet href="https://example.org/a.css"?>' + _OPEN.format("", ""),
    _OPEN.format("", '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
    _OPEN.format('xml:base="https://example.org/"', ""),
    '<html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>',
]


@pytest.mark.parametrize("first", [0, len(_SVGS) // 2])
def test_an_svg_that_could_act_is_refused(lab: HereLab, first: int) -> None:
    """X5: what is not on the list of plain shapes is not stored."""
    texts = _SVGS[first : first + 9]
    paths = [urlpath(row["url"]) for row in lab.ideal["sprites_sprite"] if row["file"]]
    for path, text in zip(paths, texts, strict=False):
        lab.api.put(path, text, "image/svg+xml")
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {"unsafe_svg": len(texts)}
    assert run.sprites["stored"] == len(paths) - len(texts)
    lab.heal("--force")


def test_a_stored_svg_is_served_so_that_it_can_not_act(lab: HereLab) -> None:
    """X5, X7: media that we serve come with a sandbox and without guessing of types."""
    lab.settle(lab.run(), 0)
    reply = Client().get(f"/media/{lab.row('other/dream_world/front_default')['file']}")
    assert reply.status_code == 200
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    reply.close()
    lab.heal()


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04", b"\0"])
@pytest.mark.parametrize("key", [KEYS[0], KEYS[-1]])
def test_what_follows_an_image_is_refused(lab: HereLab, key: str, tail: bytes) -> None:
    """X7: bytes behind the end fail as ``trailing_data``, unless the site allows them."""
    lab.clean()
    row = lab.row(key)
    body = lab.files()[row["file"]] + tail
    lab.api.put(urlpath(row["url"]), body, "image/png")
    run = lab.settle(lab.run("--force"), 1, asked=1)
    assert run.codes == {"trailing_data": 1}
    lab.options(ALLOW_TRAILING_DATA=True)
    lab.settle(lab.run(), 0)
    assert lab.files()[lab.row(key)["file"]] == body
    lab.heal("--force")


def urlpath(url: str) -> str:
    """Return the path of a URL."""
    return "/" + url.split("/", 3)[3]
