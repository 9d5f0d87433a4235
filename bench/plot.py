"""Bars in, an SVG out: the median of each, and a line from the minimum to the maximum.

Drawn by hand, so that it needs nothing; its colours follow the light or dark of the reader's page.
"""

from collections.abc import Iterator, Mapping
from html import escape

from .findings import Spread

_WIDTH, _NAMES, _ROW, _TOP, _RIGHT = 760, 290, 26, 44, 60
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .axis { fill: #59636e; font-size: 11px } .middle { text-anchor: middle }
.grid { stroke: #d1d9e0 } .spread { stroke: #1f2328; stroke-width: 1.5 }
.ours { fill: #1a7f64 } .theirs { fill: #aab4be }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .axis { fill: #9198a1 } .grid { stroke: #3d444d }
  .spread { stroke: #f0f6fc } .ours { fill: #3fb68b } .theirs { fill: #656c76 }
}
"""


def bars(title: str, spreads: Mapping[str, Spread]) -> str:
    """Return horizontal bars of seconds, the shortest first; ours in a colour of their own."""
    ordered = sorted(spreads.items(), key=lambda item: item[1].median)
    step, most = _scale(max(spread.high for _, spread in ordered))
    height = _TOP + _ROW * len(ordered) + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="8" y="20">{escape(title)}</text>',
        *_grid(step, most, height - 20),
    ]
    for place, (name, spread) in enumerate(ordered):
        lines += _bar(name, spread, _TOP + _ROW * place, most)
    return "\n".join([*lines, "</svg>", ""])


def _scale(highest: float) -> tuple[float, float]:
    """Return a round step of the grid and a number of steps that hold the highest value."""
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if highest / s <= 8)
    return step, step * (highest // step + 1)


def _x(value: float, most: float) -> float:
    return round(_NAMES + (_WIDTH - _NAMES - _RIGHT) * value / most, 1)


def _grid(step: float, most: float, bottom: int) -> Iterator[str]:
    for number in range(round(most / step) + 1):
        x, seconds = _x(number * step, most), f"{number * step:g} s"
        yield f'<line class="grid" x1="{x}" y1="{_TOP - 10}" x2="{x}" y2="{bottom}"/>'
        yield f'<text class="axis middle" x="{x}" y="{bottom + 14}">{seconds}</text>'


def _bar(name: str, spread: Spread, y: int, most: float) -> Iterator[str]:
    kind = "ours" if name.startswith("ours") else "theirs"
    start, end, middle = _x(0, most), _x(spread.median, most), y + 8
    low, high = _x(spread.low, most), _x(spread.high, most)
    yield f'<text x="{_NAMES - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect class="{kind}" x="{start}" y="{y}" width="{end - start:.1f}" height="16" rx="2"/>'
    yield f'<line class="spread" x1="{low}" y1="{middle}" x2="{high}" y2="{middle}"/>'
    yield f'<text x="{max(end, high) + 6}" y="{y + 13}">{spread.median:.1f} s</text>'
