"""The creatures are drawn well: right kind and size, told apart, and the same for ever."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageSequence

from sprites.testing.artist.anatomy import TALLEST, Anatomy, View
from sprites.testing.artist.creatures import genome
from sprites.testing.artist.paint import picture
from sprites.testing.artist.slots import KEYS, parse, path_of
from sprites.testing.artist.species import CREATURES

from ...support.site import ROOT


def _draw(key: str, number: int = 7) -> bytes:
    name = parse(path_of(key, number))
    assert name is not None
    return picture(name)


def _image(key: str, number: int = 7) -> Image.Image:
    image = Image.open(io.BytesIO(_draw(key, number)))
    image.load()
    return image


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("front_default", (96, 96)),
        ("other/official-artwork/front_default", (475, 475)),
        ("other/home/front_shiny", (512, 512)),
        ("versions/generation-i/yellow/front_gray", (56, 56)),
        ("versions/generation-iv/platinum/back_female", (80, 80)),
        ("versions/generation-vii/icons/front_default", (40, 30)),
    ],
)
def test_a_png_has_the_size_of_its_set(key: str, size: tuple[int, int]) -> None:
    image = _image(key)
    assert (image.format, image.size) == ("PNG", size)


def _corner_alpha(image: Image.Image) -> object:
    return image.getchannel("A").getpixel((0, 0))


@pytest.mark.parametrize(
    ("key", "alpha"),
    [
        ("front_default", 0),
        ("other/home/front_default", 0),
        ("versions/generation-ii/crystal/front_transparent", 0),
        ("versions/generation-ii/crystal/front_default", 255),
        ("versions/generation-iii/emerald/front_default", 0),
    ],
)
def test_the_ground_is_transparent_save_in_the_oldest_games(key: str, alpha: int) -> None:
    assert _corner_alpha(_image(key).convert("RGBA")) == alpha


@pytest.mark.parametrize("place", ["other/showdown", "versions/generation-v/black-white/animated"])
def test_an_animated_gif_moves_and_is_transparent(place: str) -> None:
    image = Image.open(io.BytesIO(_draw(f"{place}/front_default")))
    frames = []
    for frame in ImageSequence.Iterator(image):
        frames.append(frame.convert("RGBA").tobytes())
        assert _corner_alpha(frame.convert("RGBA")) == 0
    assert len(frames) == 6
    assert len(set(frames)) >= 4
    standing, blinking = frames[0], frames[4]
    assert standing != blinking


def test_an_svg_holds_nothing_but_groups_and_paths() -> None:
    for creature in CREATURES:
        root = ElementTree.fromstring(_draw("other/dream_world/front_default", creature.id))
        names = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert names == {"svg", "g", "path"}


def test_artwork_stays_small_enough_to_be_fetched_in_numbers() -> None:
    for creature in CREATURES[:12]:
        assert len(_draw("other/official-artwork/front_default", creature.id)) < 16_000


@pytest.mark.parametrize("back", [False, True])
def test_no_ear_or_wing_is_cut_off_even_when_the_creature_stretches(back: bool) -> None:
    for creature in CREATURES:
        anatomy = Anatomy(genome(creature.id), View(back=back, female=True, stretch=TALLEST))
        points = [point for part in anatomy.parts() for point in part.curve]
        # The rim is 1/16 wide on the small grid, and must stay inside as well.
        assert max(abs(x) for x, _ in points) < 0.91, creature.name
        assert min(y for _, y in points) > -0.91, creature.name


def test_the_sprites_of_one_creature_differ_where_their_traits_do() -> None:
    keys = ["front_default", "back_default", "front_shiny", "front_female", "back_shiny_female"]
    assert len({_draw(key) for key in keys}) == len(keys)


def test_no_two_species_look_alike() -> None:
    species = [creature.id for creature in CREATURES]
    assert len({_draw("front_default", number) for number in species}) == len(species)


def test_a_gray_sprite_has_only_grays() -> None:
    colours = _image("versions/generation-i/red-blue/front_gray", 2).convert("RGB").getcolors()
    assert colours is not None
    tinted = [c for _, c in colours if isinstance(c, tuple) and max(c) - min(c) > 20]
    assert tinted == []


def test_an_id_that_nobody_has_is_drawn_all_the_same() -> None:
    assert _image("front_default", 905).size == (96, 96)


def test_another_process_with_another_hash_seed_draws_the_same_bytes() -> None:
    program = (
        "import hashlib, sys; from sprites.testing.artist import paint, slots;"
        "names = [slots.parse(slots.path_of(key, 7)) for key in slots.KEYS];"
        "print(hashlib.sha256(b''.join(map(paint.picture, names))).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    here = hashlib.sha256(b"".join(_draw(key) for key in KEYS)).hexdigest()
    assert there.stdout.strip() == here
