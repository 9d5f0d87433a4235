"""The colours of a creature: every role of its parts gets a rim, a shade, a base and a light.

In: a ``Genome`` and the traits of a picture. Out: a ``Palette`` by role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from .creatures import Genome, Rgb, shift

Palette = Mapping[str, "Tones"]
INK: Rgb = (38, 32, 48)
WHITE: Rgb = (255, 255, 255)


@dataclass(frozen=True)
class Tones:
    """Four tones of one colour, dark to light."""

    rim: Rgb
    shade: Rgb
    base: Rgb
    light: Rgb


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """A colour between two; ``share`` of the other."""
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b


def tones(base: Rgb) -> Tones:
    """Shadows lean to violet and lights to yellow, as in good pixel art."""
    return Tones(
        rim=mix(shift(base, 0.0, 1.15, 0.45), (44, 24, 66), 0.35),
        shade=mix(shift(base, 0.0, 1.12, 0.82), (92, 60, 150), 0.16),
        base=base,
        light=mix(base, (255, 252, 224), 0.45),
    )


def gray(colour: Rgb) -> Rgb:
    """One of the four grays of the first handhelds."""
    level = (colour[0] * 3 + colour[1] * 6 + colour[2]) // 10
    value = (24, 96, 168, 248)[min(level // 64, 3)]
    return value, value, value


def palette(genome: Genome, traits: frozenset[str], place: str) -> Palette:
    """The colours by role; every game prints them a little differently."""
    print_ = Random(place).uniform(-0.012, 0.012) if place.startswith("versions") else 0.0
    hue = print_ + (0.39 if "shiny" in traits else 0.0)
    main, second = shift(genome.main, hue), shift(genome.second, hue)
    roles = {
        "main": main,
        "second": second,
        "light": mix(main, (255, 250, 232), 0.72),
        "glass": mix(second, WHITE, 0.55),
        "blush": mix(main, (255, 112, 132), 0.72),
        "scarf": (226, 78, 74),
        "bow": (240, 92, 142),
    }
    toned = {role: tones(colour) for role, colour in roles.items()}
    if "gray" not in traits:
        return toned
    return {
        role: Tones(gray(t.rim), gray(t.shade), gray(t.base), gray(t.light))
        for role, t in toned.items()
    }
