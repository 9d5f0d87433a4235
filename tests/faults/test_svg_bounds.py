"""X13: SVGs that draw parts of themselves again, and what that multiplies."""

import lzma
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sprites.errors import Code, SpritesError
from sprites.testing.server.real import unpack
from sprites.worker import images
from sprites.worker.svg import svg_size

from ..worker.test_real_data import FOLDER
from .costs import LIMITS, soon
from .lab import SVG, HereLab

_OPEN = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"'
    ' xmlns:y="urn:y" viewBox="0 0 30 30">{}</svg>'
)
_PATH = '<path d="M3 16Q3 3 14 3 27 3 27 16 27 27 14 27" fill="#fdb"/>'
_DRAWN = [
    f'<defs><g id="disc">{_PATH}</g></defs><g><use transform="scale(1.2)" x:href="#disc"/></g>'
    f'<mask id="m">{_PATH}</mask><g mask="url(#m)"><use x:href="#disc"/></g>',
    f'<use href="#late" x="2" y="3"/><symbol id="late" viewBox="0 0 9 9">{_PATH}</symbol>',
    '<clipPath id="c"><use x:href="#s" overflow="visible"/></clipPath>'
    '<rect id="s" width="9" height="9"/><path clip-path="url(\'#c\')" d="M0 0h9v9"/>',
    '<linearGradient id="a"><stop offset="0"/></linearGradient>'
    '<linearGradient id="b" x:href="#a"/><path style="fill:url(#b);stroke:url(#a)"/>',
    '<use href="#nobody"/><path fill="url(#nobody)"/>',
    '<path id="twice" d="M0 0h9"/><path id="twice" d="M0 0h9"/><use href="#twice"/>',
    f'<g id="same"><g id="same">{_PATH}</g></g><use href="#same"/>',
    '<use/><path id="p" d="M0 0h9"/>' + '<use href="#p"/>' * 500,
]


def test_an_svg_may_draw_a_part_of_itself_again(lab: HereLab) -> None:
    """X13: ``use`` of what stands before or behind it, in clips and masks, is a plain shape."""
    for inner in _DRAWN:
        assert svg_size(_OPEN.format(inner).encode()) == (30, 30)
    lab.clean()
    body = _OPEN.format(_DRAWN[0]).encode()
    lab.api.put(SVG, body, "text/plain")
    lab.settle(lab.run("--force"), 0)
    assert lab.files()[lab.row("other/dream_world/front_default")["file"]] == body
    lab.heal("--force")


def _nest(outer: str, inner: str, levels: int = 10, times: int = 10) -> str:
    """Return levels of elements each of which refers so many times to the one below it."""
    holds = (inner.format(number) * times for number in range(levels))
    nested = (f'<{outer} id="n{n}">{held}</{outer}>' for n, held in enumerate(holds, 1))
    return f'<g id="n0">{_PATH}</g>' + "".join(nested)


_CHAIN = "".join(f'<g id="n{n}"><use href="#n{n + 1}"/></g>' for n in range(40_000))
_BOMBS = [
    _nest("g", '<use href="#n{}"/>'),
    _nest("symbol", '<use x:href="#n{}"/>'),
    _nest("mask", '<rect mask="url(#n{})"/>'),
    _nest("clipPath", "<path style=\"clip-path:url('#n{}')\"/>", 40, 2),
    _nest("linearGradient", '<stop style="fill:url(#n{})"/>'),
    '<g id="n1"><use href="#n1"/></g>',
    '<g id="n1"><use href="#n2"/></g><g id="n2"><use href="#n1"/></g>',
    '<g id="top"><g><use href="#top"/></g></g>',
    '<mask id="n1"><path mask="url(#n1)"/></mask>',
    '<clipPath id="n1" clip-path="url(#n2)"/><clipPath id="n2" clip-path="url(#n1)"/>',
    '<linearGradient id="n1" href="#n2"/><linearGradient id="n2" href="#n1"/>',
    _CHAIN + '<g id="n40000"><use href="#n0"/></g>',
    _CHAIN,
    '<path id="p" d="' + "M1 1" * 200_000 + '"/>' + '<use href="#p"/>' * 20_000,
    '<g id="p"/>' * 30_000 + '<use href="#p"/>' * 30_000,
    "<g/>" * 900_000,
]


@pytest.mark.parametrize("inner", _BOMBS, ids=range(len(_BOMBS)))
def test_what_references_multiply_is_bounded(inner: str) -> None:
    """X13: nests, cycles, long chains, long paths and many ids, of every kind of reference."""
    with soon(5), pytest.raises(SpritesError) as caught:
        svg_size(_OPEN.format(inner).encode())
    assert caught.value.code is Code.BOMB


@pytest.mark.parametrize(
    "inner",
    [
        *('<use href="a.svg#b"/>', '<use href="//x/#b"/>', '<use href="#"/>', '<use href=" #b"/>'),
        *('<use href="#%62"/>', '<use href="data:image/svg+xml,x#b"/>', '<use href="#a(b)"/>'),
        *('<path href="#b"/>', '<g x:href="#b"/>', '<use y:href="#b"/>', '<use href=""/>'),
        *('<path fill="url(#%62)"/>', '<path fill="url(x.svg#b)"/>', '<path fill="url("/>'),
        *('<path fill="url(#b) url(x.svg)"/>', '<path style="fill:uurl(#b)rl(https://x/)"/>'),
    ],
)
def test_a_reference_leads_to_an_id_of_the_same_file(inner: str) -> None:
    """X13: what leads elsewhere, or is spelled so that it might, is refused."""
    with pytest.raises(SpritesError) as caught:
        svg_size(_OPEN.format(inner).encode())
    assert caught.value.code is Code.UNSAFE_SVG


_PIECES = st.sampled_from(
    [
        *("</g>", "</mask>", "</clipPath>"),
        *(
            piece.format(n, n + 1)
            for n in range(6)
            for piece in (
                *('<g id="n{}">', '<mask id="n{}">', '<clipPath id="n{}">', '<use href="#n{}"/>'),
                *('<use x:href="#n{}"/>', '<path mask="url(#n{})" clip-path="url(#n{})"/>'),
            )
        ),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=40), st.integers(1, 300))
def test_any_references_at_all_end_soon(pieces: list[str], times: int) -> None:
    """X13: whatever refers to whatever, well-formed or not, it is a size or a reason, and soon."""
    names = [piece[1:].split()[0] for piece in pieces if not piece.endswith("/>")]
    closed = "".join(pieces) + "".join(f"</{name}>" for name in reversed(names) if name[0] != "/")
    many = "".join(f"<g id='n{n % 7}'>{piece}</g>" * times for n, piece in enumerate(pieces))
    for inner in (closed, many):
        with soon(), suppress(SpritesError):
            svg_size(_OPEN.format(inner).encode())


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no real data: SPRITES_REAL_DATA may name it")
def test_every_real_image_is_within_the_bounds() -> None:
    """X11, X12, X13: of all the images that upstream has, none is refused."""
    try:
        files = [path for path in unpack(FOLDER).rglob("*") if path.suffix in (".svg", ".gif")]
    except (OSError, ValueError, lzma.LZMAError) as error:
        pytest.skip(f"no real data: {error}")
    assert len([path for path in files if path.suffix == ".svg"]) > 300
    for path in files:
        assert images.inspect(path.read_bytes(), LIMITS).width, path
