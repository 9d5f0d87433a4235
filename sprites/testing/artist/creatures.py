"""A creature's genome: what it is made of and its colours, from its id and types alone.

In: an id. Out: a ``Genome``, the same on every machine and every version of Python: the seed is
text, never ``hash()``. ``anatomy.py`` makes shapes of it, ``paint.py`` and ``smooth.py`` pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from colorsys import hsv_to_rgb, rgb_to_hsv
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from .species import CREATURES, TYPES

Rgb = tuple[int, int, int]

# A type's colour, its accents, and the plans, ears, crests and tails that go with it.
_HABITS = """
normal    c9b48f  f2e2c0,a8744c  chibi,quad   rabbit,round,floppy    none         brush
fighting  d2694f  7a3b30,f4d7a8  chibi        round,none             none         none
flying    a9b8f0  f6efd8,7f8ee0  bird         tuft                   plume        none
poison    b06cc4  7fd07a,6a3f8c  pear,blob    horns,none             none         taper
ground    dcb066  9c6b3c,f0dca4  quad,pear    round,rabbit           none         taper
rock      b9a678  7d7568,d9825a  blob,quad    horns,spikes           none         none
bug       a9c33f  f0d75a,d9674a  pear,chibi   antennae               none         none
ghost     8a70b8  f3e3a0,c79cf0  wisp         horns,none,tuft        none         none
steel     a9b6c8  6fb7d8,e6b95a  blob,pear    bolts,horns            none         bulb
fire      f2803a  ffd24a,ffb02e  chibi,quad   cat,rabbit             flame        flame
water     5b9af0  9fe6f2,3d6fd0  blob,chibi,pear  fins,none          drop         fin
grass     77c25a  f2a3c2,4b9a54  chibi,pear,quad  leaves,floppy      sprout,flower  leaf
electric  f8cf3c  f08a3c,fff3b0  chibi,quad   antennae,fins,horns    bolt         bolt
psychic   f4779f  b58cf0,ffe08a  chibi,pear   cat,antennae           gem          bulb
ice       93dce2  6fa8ec,eefcff  quad,chibi   spikes,cat             gem          brush
dragon    6d66dc  f2c14e,58c6b8  chibi,pear   horns,fins             none         taper
dark      6b6478  e0566b,c9b26a  quad,chibi   cat,rabbit             none         brush
fairy     f0a3c8  fff0a8,a9d7f5  pear,chibi   rabbit,leaves,antennae  flower     brush
"""


def _habits() -> Mapping[str, list[list[str]]]:
    rows = (line.split() for line in _HABITS.strip().splitlines())
    return {name: [column.split(",") for column in columns] for name, *columns in rows}


HABITS: Mapping[str, list[list[str]]] = _habits()
_COLOUR, _ACCENTS, _BODIES, _EARS, _CRESTS, _TAILS = range(6)
_PATTERNS = ("none", "spots", "stripes", "mask", "none")
_EYES = ("oval", "oval", "round", "round", "wide", "wide", "calm", "keen")
_MOUTHS = ("smile", "open", "fang", "dot", "smile")


@dataclass(frozen=True)
class Genome:
    """The parts of a creature by name, its proportions (1.0 is plain) and two colours."""

    plan: str
    ears: str
    crest: str
    tail: str
    wings: bool
    pattern: str
    eyes: str
    mouth: str
    head: float
    girth: float
    ear_length: float
    scarf: bool
    main: Rgb
    second: Rgb


def _rgb(text: str) -> Rgb:
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def shift(colour: Rgb, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Rgb:
    """Turn a colour's hue (1.0 is a full circle) and scale its saturation and value."""
    h, s, v = rgb_to_hsv(*(part / 255 for part in colour))
    r, g, b = hsv_to_rgb((h + hue) % 1, min(1, s * saturation), min(1, v * value))
    return round(r * 255), round(g * 255), round(b * 255)


@lru_cache(maxsize=4096)
def genome(number: int) -> Genome:
    """The genome of a creature; ids that the drawn world does not know get one as well."""
    known = {creature.id: creature for creature in CREATURES}.get(number)
    if known is None:
        return _from_types(Random(f"creature {number}"), Random(f"{number}").choices(TYPES, k=1))
    grown = _from_types(Random(f"creature {known.species_id}"), list(known.types))
    return _as_form(grown, known.name.rpartition("-")[2]) if known.is_form else grown


def _as_form(grown: Genome, suffix: str) -> Genome:
    if suffix == "starter":
        return replace(grown, scarf=True, eyes="wide", mouth="smile")
    main = shift(grown.main, 0.06, 1.1, 0.9)
    return replace(grown, main=main, pattern="stripes", ear_length=grown.ear_length * 1.2)


def _from_types(random: Random, types: list[str]) -> Genome:
    first, last = types[0], types[-1]

    def pick(kind: str, column: int) -> str:
        return random.choice(HABITS[kind][column])

    accent = _rgb(pick(first, _ACCENTS) if first == last else pick(last, _COLOUR))
    flies = "flying" in types and first != "bug"
    return Genome(
        plan="bird" if flies else pick(first, _BODIES),
        ears=pick(random.choice(types), _EARS),
        crest=pick(last, _CRESTS) if random.random() < 0.75 else "none",
        tail=pick(first, _TAILS),
        wings=not {"flying", "bug", "dragon"}.isdisjoint(types),
        pattern=random.choice(_PATTERNS),
        eyes=random.choice(_EYES),
        mouth=random.choice(_MOUTHS),
        head=random.uniform(0.94, 1.08),
        girth=random.uniform(0.9, 1.12),
        ear_length=random.uniform(0.85, 1.15),
        scarf=first == "fighting",
        main=shift(
            _rgb(pick(first, _COLOUR)), random.uniform(-0.03, 0.03), random.uniform(0.9, 1.12)
        ),
        second=accent,
    )
