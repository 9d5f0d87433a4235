"""``svg_size``: an SVG that holds plain shapes and nothing else has a size; others are refused.

An XML parser reads it against a list of allowed elements and attributes, and refuses every DOCTYPE
and entity. References may lead to ids of the same file only, and what they draw again is counted.
"""

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from xml.parsers import expat

from ..errors import Code, SpritesError

_NAMESPACE = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    "svg g path rect circle ellipse line polyline polygon defs symbol use clipPath mask"
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
) | {"http://www.w3.org/XML/1998/namespace space"}
_HREFS = frozenset({"href", "http://www.w3.org/1999/xlink href"})
_REFERRING = frozenset({"use", "linearGradient", "radialGradient"})
_MAX_DEPTH = 64
_MAX_ELEMENTS = 100_000
_WEIGHT = 100
"""What an element weighs, beside the characters of its attributes: a long path costs more."""
_MAX_RATIO, _SMALL = 5, 2_000_000
"""With references followed, an SVG may draw so many times its own weight; a small weight passes."""

_ID = re.compile(r"#([\w.:-]+)")
_INNER_URL = re.compile(rf"""(?i)url\((['"]?){_ID.pattern}\1\s*\)""")
_FUNCTION = re.compile(r"(?i)(?:url|image|image-set|src|expression|element)\s*\(")
_UNSAFE_TEXT = re.compile(r"(?i)javascript:|data:|@import|\\|behavior\s*:|-moz-binding|/\*")
_PLAIN = re.compile(r"[^(:@\\/]*")
"""What nearly all values are; nothing unsafe works without one of these characters."""
_LENGTH = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)\s*(?:px\s*)?")


def svg_size(data: bytes) -> tuple[int, int]:
    """Return an SVG's width and height in pixels, from its size or its view box.

    Raises SpritesError: ``bad_image`` where it is not well-formed XML, ``unsafe_svg`` where it
    holds an element, an attribute or a reference that is not on the list, ``bomb`` where it would
    draw far more than it holds.
    """
    reader = _Reader()
    try:
        reader.read(data)
    except expat.ExpatError as error:
        raise SpritesError(Code.BAD_IMAGE, f"SVG: {error}") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise SpritesError(Code.BAD_IMAGE, f"SVG: {str(error)[:100]}") from None
    reader.drawing.check()
    return _size(reader.root)


class _Drawing:
    """A graph: which part of an SVG draws which others, by holding them or by naming their ids.

    A part is an element with an id, together with all elements below it that have none. A part has
    a number, 0 is the root; an id stands for all parts that have it.
    """

    def __init__(self) -> None:
        self._draws: dict[int | str, list[int | str]] = {}
        self._weights: list[int] = []

    def part(self, within: int, name: str) -> int:
        """Begin a part and return its number."""
        number = len(self._weights)
        self._weights.append(0)
        self._draws[number] = []
        self._draws.setdefault(name, []).append(number)
        if number:
            self._draws[within].append(number)
        return number

    def add(self, part: int, weight: int, references: list[str]) -> None:
        """Add an element to a part."""
        self._weights[part] += weight
        self._draws[part] += references

    def check(self) -> None:
        """Raise SpritesError where references draw too much, or where something draws itself."""
        maximum = max(sum(self._weights) * _MAX_RATIO, _SMALL)
        total: dict[int | str, int] = {}
        try:
            for part in TopologicalSorter(self._draws).static_order():
                own = self._weights[part] if isinstance(part, int) else 0
                drawn = own + sum(total[other] for other in self._draws.get(part, ()))
                total[part] = min(drawn, maximum + 1)  # it may double with each part
        except CycleError:
            raise SpritesError(Code.BOMB, "the SVG draws something inside itself") from None
        if total[0] > maximum:
            raise SpritesError(Code.BOMB, "the SVG draws far more than it holds")


class _Reader:
    """Check an SVG element by element while expat parses it."""

    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self.drawing = _Drawing()
        self._elements = 0
        self._parts: list[int] = []

    def read(self, data: bytes) -> None:
        """Parse a whole SVG, by a parser that nothing holds: it has some tens of kilobytes."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(data, True)

    def _refuse(self, *what: object) -> None:
        raise _unsafe(f"declares {what[0]}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements == 1:
            if name != f"{_NAMESPACE} svg":
                raise _unsafe(f"its root is {name}")
            self.root = attributes
        element = name.removeprefix(f"{_NAMESPACE} ")
        if element not in _ELEMENTS or len(self._parts) >= _MAX_DEPTH:
            raise _unsafe(f"holds <{name}>")
        if self._elements > _MAX_ELEMENTS:
            raise SpritesError(Code.BOMB, f"the SVG has over {_MAX_ELEMENTS} elements")
        part = self._parts[-1] if self._parts else 0
        if not self._parts or "id" in attributes:
            part = self.drawing.part(part, attributes.get("id", ""))
        self._parts.append(part)
        weight, references = _WEIGHT, list[str]()
        for attribute, value in attributes.items():
            weight += len(value)
            references += _references(element, attribute, value)
        self.drawing.add(part, weight, references)

    def _end(self, name: str) -> None:
        self._parts.pop()


def _references(element: str, attribute: str, value: str) -> Iterator[str]:
    """Yield the ids that an attribute refers to; raises SpritesError for what is not allowed."""
    if attribute in _HREFS and element in _REFERRING:
        if not (found := _ID.fullmatch(value)):
            raise _unsafe(f"{attribute} refers to {value[:60]!r}")
        yield found[1]
        return
    if attribute not in _ATTRIBUTES:
        raise _unsafe(f"holds the attribute {attribute}")
    if _PLAIN.fullmatch(value):
        return
    if _UNSAFE_TEXT.search(value) or _FUNCTION.search(_INNER_URL.sub("", value)):
        raise _unsafe(f"{attribute} refers to {value[:60]!r}")
    yield from (found[2] for found in _INNER_URL.finditer(value))


def _unsafe(detail: str) -> SpritesError:
    return SpritesError(Code.UNSAFE_SVG, f"the SVG {ascii(detail[:160])[1:-1][:160]}")


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
