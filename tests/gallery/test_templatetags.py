"""The template tags, in the templates of a site."""

import pytest
from django.template import Context, Template
from pytest_django import DjangoAssertNumQueries

from sprites.models import Pokemon

from ..support.rows import add_pokemon, add_sprite

pytestmark = pytest.mark.django_db


@pytest.fixture
def pikachu() -> Pokemon:
    """A Pokémon with two sprites stored and one lost."""
    pokemon = add_pokemon(25, "pikachu", "electric", form='">')
    add_sprite(pokemon, "front_default")
    add_sprite(pokemon, "versions/generation-i/red-blue/front_default", width=40, height=40)
    add_sprite(pokemon, "back_default", state="missing")
    return Pokemon.objects.get(pk=25)


def draw(source: str, pokemon: Pokemon) -> str:
    """Render a template that loads the tags."""
    return Template("{% load sprites %}" + source).render(Context({"pokemon": pokemon}))


def test_a_sprite_is_drawn_with_size_words_and_lazy_loading(pikachu: Pokemon) -> None:
    """The tag makes an image that needs nothing else: address, size, words, lazy loading."""
    assert draw('{% sprite pokemon "front_default" %}', pikachu) == (
        '<img src="/media/sprites/25/front_default.3f2a9c1b.png" width="96" height="96"'
        ' alt="Pikachu, front, default" loading="lazy" decoding="async">'
    )


def test_attributes_are_written_as_given(pikachu: Pokemon) -> None:
    """Attributes of the tag join or replace its own, escaped."""
    html = draw('{% sprite pokemon class=pokemon.form loading="eager" width=48 %}', pikachu)
    assert 'class="&quot;&gt;"' in html
    assert 'loading="eager"' in html
    assert 'width="48"' in html


def test_small_pixel_art_is_enlarged_by_whole_multiples(pikachu: Pokemon) -> None:
    """A sprite of 40 pixels is drawn at 80, the largest multiple that fits."""
    html = draw('{% sprite pokemon "versions/generation-i/red-blue/front_default" %}', pikachu)
    assert 'width="80" height="80" alt="Pikachu, front, Red · Blue"' in html


def test_a_missing_sprite_leaves_an_outline(pikachu: Pokemon) -> None:
    """A sprite that is not stored is an outline of the same size, with words."""
    html = draw('{% sprite pokemon "back_default" %}', pikachu)
    assert 'src="/static/sprites/none.svg" width="96" height="96"' in html
    assert 'alt="Pikachu: no sprite back_default"' in html


def test_the_address_alone(pikachu: Pokemon) -> None:
    """The address can be kept in a variable, and is empty where there is none."""
    source = '{% sprite_url pokemon "KEY" as url %}[{{ url }}]'
    found = draw(source.replace("KEY", "front_default"), pikachu)
    assert found == "[/media/sprites/25/front_default.3f2a9c1b.png]"
    assert draw(source.replace("KEY", "back_default"), pikachu) == "[]"


def test_many_tags_cost_one_query(
    pikachu: Pokemon, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """All tags of one Pokémon share a query; with its sprites prefetched they need none."""
    source = '{% sprite pokemon %}{% sprite pokemon "back_default" %}{% sprite_url pokemon %}'
    with django_assert_num_queries(1):
        draw(source, pikachu)
    fetched = Pokemon.objects.prefetch_related("sprites").get()
    with django_assert_num_queries(0):
        draw(source, fetched)
