"""The gallery's questions to the database, each on a handful of rows."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from sprites.looks import Look
from sprites.models import Pokemon, PokemonQuerySet, Sprite, SyncRun

from ..support.rows import add_pokemon, add_sprite

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pokemon() -> None:
    """Five species, one with a form."""
    add_pokemon(25, "pikachu", "electric")
    add_pokemon(122, "mr-mime", "psychic", "fairy", height=13)
    add_pokemon(250, "ho-oh", "fire", "flying", generation=2, height=38)
    add_pokemon(669, "flabebe", "fairy", generation=6, height=1)
    add_pokemon(6, "charizard", "fire", "flying", height=17)
    form = {"species": "charizard", "number": 6, "is_default": False, "generation": 6}
    add_pokemon(10034, "charizard-mega-x", "fire", "dragon", height=17, **form)


def names(found: PokemonQuerySet) -> list[str]:
    """Return the names in order."""
    return [pokemon.name for pokemon in found]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("pika", ["pikachu"]),
        ("PIKACHU", ["pikachu"]),
        ("025", ["pikachu"]),
        ("#25", ["pikachu"]),
        ("10034", ["charizard-mega-x"]),
        ("6", ["charizard", "charizard-mega-x"]),
        ("mr mime", ["mr-mime"]),
        ("Mr. Mime", ["mr-mime"]),
        ("mrmime", ["mr-mime"]),
        ("hooh", ["ho-oh"]),
        ("Flabébé", ["flabebe"]),
        ("mega charizard", ["charizard-mega-x"]),
        ("???", []),
        ("99999999999999999999", []),
    ],
)
def test_search_is_tolerant_of_typing(typed: str, found: list[str]) -> None:
    """Case, accents, dots, spaces, leading zeros and the order of words do not matter."""
    assert names(Pokemon.objects.search(typed).sorted_by("number")) == found


def test_types_are_combined() -> None:
    """Of two types, a Pokémon must have both."""
    both = Pokemon.objects.of_types("flying", "fire").sorted_by("number")
    assert names(both) == ["charizard", "ho-oh"]


def test_generations_are_alternatives() -> None:
    """Of two generations, a Pokémon must be of one."""
    found = Pokemon.objects.of_generations(2, 6).without_forms().sorted_by("name")
    assert names(found) == ["flabebe", "ho-oh"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("number", "charizard", "flabebe"),
        ("-number", "flabebe", "charizard-mega-x"),
        ("name", "charizard", "pikachu"),
        ("height", "flabebe", "ho-oh"),
        ("-height", "ho-oh", "flabebe"),
    ],
)
def test_sorts(sort: str, first: str, last: str) -> None:
    """A sort goes up, and with a minus down; forms follow their species."""
    ordered = names(Pokemon.objects.sorted_by(sort))
    assert (ordered[0], ordered[-1]) == (first, last)


def test_names_sort_by_their_characters_on_every_database() -> None:
    """A site that moves to another database, or another country, shows the same order."""
    for number, name in enumerate(("porygon2", "porygon-z", "porygon", "Porygon"), start=9001):
        add_pokemon(number, name, "normal")
    expected = ["Porygon", "porygon", "porygon-z", "porygon2"]
    assert names(Pokemon.objects.search("porygon").sorted_by("name")) == expected
    assert names(Pokemon.objects.search("porygon").sorted_by("-name")) == expected[::-1]


def test_an_unknown_sort_is_refused() -> None:
    """A sort that is none of the known ones raises, so that no field can be reached by its name."""
    with pytest.raises(ValueError, match="etag"):
        Pokemon.objects.sorted_by("etag")


def test_a_set_counts_when_it_is_stored() -> None:
    """A Pokémon has a set when one of its sprites is stored; short names and animated work too."""
    pikachu, mime = Pokemon.objects.get(pk=25), Pokemon.objects.get(pk=122)
    add_sprite(pikachu, "other/official-artwork/front_default")
    add_sprite(pikachu, "other/showdown/front_default")
    add_sprite(mime, "other/official-artwork/front_default", state="missing")
    for name in ("official-artwork", "artwork", "animated"):
        assert names(Pokemon.objects.with_set(name)) == ["pikachu"]


def test_a_slice_knows_the_whole_count() -> None:
    """Each row of a page carries the number of rows of all pages."""
    page = Pokemon.objects.of_types("fire").sorted_by("number").counted()[:1]
    assert [getattr(row, "total", None) for row in page] == [3]


@pytest.mark.parametrize("given", [83, "83", "083", "farfetchd", "Farfetch'd", "Farfetch’d"])
def test_find_takes_a_name_or_an_id(given: str | int) -> None:
    """A Pokémon is found by its id and by its name, however typed."""
    add_pokemon(83, "farfetchd", "normal", "flying")
    assert Pokemon.objects.find(given).pk == 83


def test_find_says_what_it_did_not_find() -> None:
    """An unknown name raises DoesNotExist."""
    with pytest.raises(Pokemon.DoesNotExist, match="missingno"):
        Pokemon.objects.find("missingno")


def test_nearest_names() -> None:
    """A typing error leads to the names most like it, the likest first."""
    assert names(Pokemon.objects.nearest("pikchu"))[0] == "pikachu"  # type: ignore[arg-type]
    assert Pokemon.objects.nearest("zzzzzz") == []


def test_family_and_neighbours() -> None:
    """A form's relatives are its species' forms and the species beside it, not their forms."""
    mega = Pokemon.objects.get(pk=10034)
    assert names(Pokemon.objects.family_and_neighbours(mega)) == [
        "charizard",
        "charizard-mega-x",
        "pikachu",
    ]
    pikachu = Pokemon.objects.get(pk=25)
    beside = Pokemon.objects.family_and_neighbours(pikachu)
    assert names(beside) == ["charizard", "pikachu", "mr-mime"]


@pytest.mark.parametrize(
    ("look", "still", "animated"),
    [
        (Look(), "front_default", "other/showdown/front_default"),
        (Look(back=True), "back_default", "other/showdown/front_default"),
        (Look("artwork"), "other/official-artwork/front_default", "other/showdown/front_default"),
        (Look("home"), "front_default", "other/showdown/front_default"),
        (Look("artwork", back=True), "back_default", "other/showdown/front_default"),
        (Look("artwork", shiny=True), "other/home/front_shiny", None),
        (Look("yellow"), "versions/generation-i/yellow/front_default",
         "other/showdown/front_default"),
        (Look("animated"), "front_default", "other/showdown/front_default"),
    ],
)  # fmt: skip
def test_best_keeps_shininess_then_facing_then_set(
    look: Look, still: str, animated: str | None
) -> None:
    """What stands in for a look is never of the other shininess, and of its side if any is."""
    pikachu = Pokemon.objects.get(pk=25)
    for key in (
        "front_female", "front_default", "back_default", "other/official-artwork/front_default",
        "other/home/front_shiny", "other/showdown/front_default",
        "versions/generation-i/yellow/front_default", "versions/generation-i/yellow/front_gray",
        "versions/generation-v/black-white/animated/front_default",
    ):  # fmt: skip
        add_sprite(pikachu, key)
    add_sprite(pikachu, "other/home/front_default", state="failed")
    best = {sprite.animated: sprite.key for sprite in Sprite.objects.best(look)}
    assert (best.get(False), best.get(True)) == (still, animated)


def test_a_run_without_heartbeat_is_not_live() -> None:
    """A run is live while its heartbeat is recent: a killed one is not shown as running."""
    now = timezone.now()
    run = SyncRun.objects.create(
        trigger="command", executor="threads", workers=1, started_at=now, heartbeat_at=now
    )
    assert SyncRun.objects.live().get() == run
    SyncRun.objects.update(heartbeat_at=now - timedelta(minutes=2))
    assert not SyncRun.objects.live().exists()


def test_no_index_repeats_a_constraint() -> None:
    """What a unique one begins with needs no index of its own, on every row of every run."""
    for model in apps.get_app_config("sprites").get_models():
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
        unique = [one["columns"] for one in found.values() if one["unique"]]
        for name, one in found.items():
            if one["index"] and not one["unique"] and (names := one["columns"]):
                assert names not in [columns[: len(names)] for columns in unique], name
