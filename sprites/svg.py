"""An SVG's bytes in, its size out; SpritesError for one that holds more than plain shapes.

An allow-list of elements and attributes, read by a real XML parser that refuses every DOCTYPE and
entity. None of 751 SVGs of upstream needs more than this.
"""

import re
from xml.parsers import expat

from .errors import Code, SpritesError

_NAMESPACE = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    "svg g path rect circle ellipse line polyline polygon defs clipPath mask"
    " linearGradient radialGradient stop title desc metadata".split()
)
_ATTRIBUTES = frozenset(
    "id class version width height viewBox preserveAspectRatio baseProfile transform opacity"
    " d x y x1 y1 x2 y2 cx cy r rx ry fx fy points pathLength offset display visibility overflow"
    " fill fill-opacity fill-rule clip-path clip-rule clipPathUnits mask maskUnits maskContentUnits"
    " stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit"
    " stroke-dasharray stroke-dashoffset color style paint-order shape-rendering vector-effect"
    " stop-color stop-opacity gradientUnits gradientTransform spreadMethod"
    " enable-background".split()
)
_SPACE = "http://www.w3.org/XML/1998/namespace space"
_MAX_DEPTH = 64
_FUNCTION = re.compile(r"(?i)(url|image|image-set|src|expression|element)\s*\(\s*(?!['\"]?#)")
_UNSAFE_TEXT = re.compile(r"(?i)javascript:|data:|@import|\\|behavior\s*:|-moz-binding|/\*")
_LENGTH = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)\s*(?:px)?\s*")


def svg_size(data: bytes) -> tuple[int, int]:
    """Return an SVG's width and height in pixels, from its size or its view box.

    Raises SpritesError: ``bad_image`` where it is not well-formed XML, ``unsafe_svg`` where it
    holds an element, an attribute or a reference that is not on the list.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise SpritesError(Code.BAD_IMAGE, f"SVG: {error}") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise SpritesError(Code.BAD_IMAGE, f"SVG: {str(error)[:100]}") from None
    return _size(reader.root)


class _Reader:
    """Check an SVG element by element while expat parses it."""

    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self._depth = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ProcessingInstructionHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _refuse(self, *what: object) -> None:
        raise _unsafe(f"declares {what[0]}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            if name != f"{_NAMESPACE} svg":
                raise _unsafe(f"its root is {name}")
            self.root = attributes
        if name.removeprefix(f"{_NAMESPACE} ") not in _ELEMENTS or self._depth > _MAX_DEPTH:
            raise _unsafe(f"holds <{name}>")
        for attribute, value in attributes.items():
            _check(attribute, value)

    def _end(self, name: str) -> None:
        self._depth -= 1


def _check(attribute: str, value: str) -> None:
    if attribute not in _ATTRIBUTES and attribute != _SPACE:
        raise _unsafe(f"holds the attribute {attribute}")
    if _UNSAFE_TEXT.search(value) or _FUNCTION.search(value):
        raise _unsafe(f"{attribute} refers to {value[:60]!r}")


def _unsafe(detail: str) -> SpritesError:
    return SpritesError(Code.UNSAFE_SVG, f"the SVG {ascii(detail)[1:-1][:160]}")


def _size(root: dict[str, str]) -> tuple[int, int]:
    width, height = (_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height"))
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    if width and height:
        found = float(width[1]), float(height[1])
    elif len(box) == 4 and all(_LENGTH.fullmatch(side) for side in box[2:]):
        found = float(box[2]), float(box[3])
    else:
        found = 100.0, 100.0  # CSS leaves it open; the gallery needs a shape
    return max(1, round(found[0])), max(1, round(found[1]))
