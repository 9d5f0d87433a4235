"""An SVG's size, and the list of what it may hold: shapes, and nothing that acts or reaches out."""

import pytest

from sprites.errors import Code, SpritesError
from sprites.worker.svg import svg_size

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def refusal(text: str) -> Code:
    """Return the code that an SVG is refused with."""
    with pytest.raises(SpritesError) as caught:
        svg_size(text.encode())
    assert caught.value.detail.isprintable()
    return caught.value.code


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="40" height="30"', (40, 30)),
        ('width="40px" height=" 30.4 "', (40, 30)),
        ('viewBox="0 0 475 475"', (475, 475)),
        ('viewBox="-5,-5,12.6,9"', (13, 9)),
        ('width="100%" height="100%" viewBox="0 0 8 9"', (8, 9)),
        ('width="0" height="0"', (1, 1)),
        ('width="9999999999999" height="2"', (100, 100)),
        (f'width="1{" " * 100_000}x" height="2"', (100, 100)),
        ("", (100, 100)),
    ],
)
def test_the_size_is_read(attributes: str, size: tuple[int, int]) -> None:
    """Width and height come from the attributes, else from the view box, else are a square."""
    assert svg_size(f"{HEAD} {attributes}/>".encode()) == size


@pytest.mark.parametrize(
    "inner",
    [
        '<linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient>',
        '<clipPath id="b"><rect width="1" height="1"/></clipPath><g clip-path="url(#b)"/>',
        '<path style="fill:url(#a);stroke:none" d="M0 0"/>',
        '<use xlink:href="#a" x="1"/><symbol id="a"><path d="M0 0"/></symbol>',
        "<title>Bulba &amp; friends</title>",
        '<g xml:space="preserve"/>',
        "<!-- a comment -->",
    ],
)
def test_plain_shapes_pass(inner: str) -> None:
    """What upstream's SVGs are made of passes: shapes, gradients, clips, references inside."""
    assert svg_size(f'{HEAD} width="1" height="1">{inner}</svg>'.encode()) == (1, 1)


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        '<script xlink:href="https://evil.example/x.js"/>',
        "<foreignObject><p/></foreignObject>",
        '<a href="https://evil.example/"><path/></a>',
        '<image href="https://evil.example/a.png"/>',
        '<image xlink:href="data:image/png;base64,AA=="/>',
        '<use xlink:href="https://evil.example/a.svg#b"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<animate attributeName="href" values="javascript:alert(1)"/>',
        "<style>@import url(https://evil.example/a.css);</style>",
        '<iframe src="https://evil.example/"/>',
        '<path onload="alert(1)"/>',
        '<path onclick="alert(1)"/>',
        '<path ONLOAD="alert(1)"/>',
        '<path href="javascript:alert(1)"/>',
        '<path style="fill:url(https://evil.example/a)"/>',
        '<path fill="url( https://evil.example/a )"/>',
        "<path fill=\"URL('https://evil.example/a')\"/>",
        '<path fill="ur\\6c(https://evil.example/a)"/>',
        '<path fill="url/**/(https://evil.example/a)"/>',
        '<path fill="&#117;rl(https://evil.example/a)"/>',
        '<path style="background:image-set(&quot;https://evil.example/a&quot; 1x)"/>',
        '<path style="behavior:url(#default#time2)"/>',
        '<path style="-MOZ-binding :none"/>',
        '<path style="width:expression(alert(1))"/>',
        '<path filter="url(#f)"/>',
        '<path data-x="1"/>',
        '<path xml:base="https://evil.example/"/>',
        '<?xml-stylesheet href="https://evil.example/a.css"?>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
    ],
)
def test_what_acts_or_reaches_out_is_refused(inner: str) -> None:
    """Scripts, handlers, foreign content, references outwards and their disguises are refused."""
    assert refusal(f"{HEAD}>{inner}</svg>") is Code.UNSAFE_SVG


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x/">{HEAD}/>',
        f'<!DOCTYPE svg [<!ENTITY a "b">]>{HEAD}><title>&a;</title></svg>',
        f'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>{HEAD}/>',
        f'<!DOCTYPE x [<!ATTLIST svg onload CDATA "alert(1)">]>{HEAD}/>',
        f'<?xml-stylesheet href="a.css"?>{HEAD}/>',
        "<svg/>",
        '<html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>',
        HEAD + "><g>" + "<g>" * 70 + "</g>" * 70 + "</g></svg>",
    ],
)
def test_documents_with_more_than_shapes_are_refused(text: str) -> None:
    """A DOCTYPE, an entity, a style sheet, another root or a tower of groups is refused."""
    assert refusal(text) is Code.UNSAFE_SVG


@pytest.mark.parametrize(
    "text",
    [
        *("", "<svg", f"{HEAD}>", f"{HEAD}/>x", f"{HEAD}/>{HEAD}/>", f"{HEAD} a='1' a='2'/>"),
        *(f"{HEAD}>&nbsp;</svg>", f"{HEAD}>\0</svg>", f"{HEAD} x:y='1'/>"),
        *(
            f'<?xml version="1.0" encoding="{name}"?>{HEAD}/>'
            for name in ("none", "utf-16", "hex", "utf-7", "idna", "rot13")
        ),
    ],
)
def test_what_is_not_well_formed_is_a_bad_image(text: str) -> None:
    """A real parser reads it: half a document, or one in an unknown encoding, is ``bad_image``."""
    assert refusal(text) is Code.BAD_IMAGE
