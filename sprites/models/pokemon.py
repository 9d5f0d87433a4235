"""Pokémon and their types, and how they are searched, narrowed and ordered."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Self

from django.db import models
from django.db.models import Count, F, Func, OrderBy, OuterRef, Prefetch, Q, Subquery, Value, Window
from django.db.models.functions import Replace
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..labels import fold, number, pokemon_name, slug
from ..languages import marked_if_foreign
from .revision import Revised, RevisedQuerySet
from .species import Species
from .sprite import Sprite

SORTS = ("number", "name", "height", "weight")
"""What a list can be sorted by; a ``-`` before it turns the order round."""
STATS = ("hp", "attack", "defense", "special_attack", "special_defense", "speed")
"""The columns of the base stats."""


class PokemonQuerySet(RevisedQuerySet["Pokemon"]):
    """Pokémon, by what a visitor asks for; the methods can be combined in any order."""

    def search(self, text: str) -> Self:
        """Keep those with this number, or with all these words in the name, however typed.

        Or with this in a name of their species, in any language.
        """
        wanted = number(text)
        if wanted is not None:
            return self.filter(Q(number=wanted) | Q(id=wanted))
        called = Q(number__in=Species.objects.called(text).values("pk"))
        name = slug(text)
        if not name or not fold(text).isascii():  # of フシ2 a slug would be 2
            return self.filter(called)
        words = Q(*(Q(name__icontains=word) for word in name.split("-")))
        run_together = Q(letters__icontains=name.replace("-", ""))
        letters = Replace(F("name"), Value("-"), Value(""))
        return self.alias(letters=letters).filter(words | run_together | called)

    def of_types(self, *names: str) -> Self:
        """Keep those that have every one of these types."""
        found = self
        for name in names:
            found = found.filter(types__name=name)
        return found

    def of_generations(self, *numbers: int) -> Self:
        """Keep those that first appeared in one of these generations."""
        return self.filter(generation__in=numbers)

    def without_forms(self) -> Self:
        """Keep each species' default form alone."""
        return self.filter(is_default=True)

    def with_set(self, name: str) -> Self:
        """Keep those of which a sprite of this set is stored; ``animated`` means of any set."""
        return self.filter(pk__in=Sprite.objects.stored().of_set(name).values("pokemon_id"))

    def sorted_by(self, sort: str) -> Self:
        """Order by one of SORTS, then by number, so that a species' forms stand side by side."""
        field = sort.removeprefix("-")
        if field not in SORTS:
            raise ValueError(f"{sort!r} is none of {SORTS}")
        value = _Plain("name") if field == "name" else F(field)
        return self.order_by(OrderBy(value, descending=sort != field), "number", "id")

    def counted(self) -> Self:
        """Give each row ``total``, how many rows there are without a slice."""
        return self.annotate(total=Window(Count("*")))

    def light(self) -> Self:
        """Leave the columns unread that a list does not show."""
        return self.defer(*STATS, "order", "base_experience", "sprites_listed", "etag", "synced_at")

    def with_types(self) -> Self:
        """Fetch the types of all rows in one more query, in slot order."""
        slots = PokemonType.objects.select_related("type").order_by("slot")
        return self.prefetch_related(Prefetch("type_slots", slots))

    def find(self, name_or_id: str | int) -> "Pokemon":
        """Return the Pokémon with this id or this name, however typed; raises DoesNotExist.

        Its species' name in any language will do, where no other species has that name.
        """
        text = str(name_or_id).replace("\0", "")  # PostgreSQL refuses a NUL
        wanted = number(text)
        match = Q(name=slug(text)) | Q(name=text) if wanted is None else Q(id=wanted)
        found = self.filter(match).order_by("id").first() or self._called(text)
        if found is None:
            raise self.model.DoesNotExist(f"no Pokémon {text!r}")
        return found

    def _called(self, text: str) -> "Pokemon | None":
        """Return the default form of the one species that has this name in some language."""
        species = Species.objects.called(text, entirely=True).values("pk")
        forms = list(self.filter(number__in=species).order_by("-is_default", "id"))
        return forms[0] if len({form.number for form in forms}) == 1 else None

    def nearest(self, text: str, count: int = 5) -> list["Pokemon"]:
        """Return those with a name most like what was typed, in any language, the likest first."""
        by_name = self._by_name()
        names = get_close_matches(fold(text), by_name, n=len(by_name) + 1, cutoff=0.5)
        return list(dict.fromkeys(by_name[name] for name in names))[:count]

    def _by_name(self) -> dict[str, "Pokemon"]:
        """Return all names, folded; those of a species stand for its default form."""
        names = Species.objects.filter(pk=OuterRef("number")).values("folded")
        rows = self.only("name", "species", "number").annotate(folded=Subquery(names))
        called: dict[str, Pokemon] = {}
        own: dict[str, Pokemon] = {}
        for pokemon in rows.order_by("is_default", "-id"):
            own[fold(pokemon.name)] = pokemon
            names_of = pokemon.folded or ""  # type: ignore[attr-defined]  # annotated
            called |= dict.fromkeys(names_of.splitlines(), pokemon)
        return called | own

    def family_and_neighbours(self, pokemon: "Pokemon") -> Self:
        """Keep the species' forms, and the default form of the species before and after it."""
        others = self.order_by().filter(is_default=True)
        before = others.filter(number__lt=pokemon.number).order_by("-number").values("number")[:1]
        after = others.filter(number__gt=pokemon.number).order_by("number").values("number")[:1]
        beside = Q(is_default=True) & (Q(number=before) | Q(number=after))
        return self.filter(beside | Q(species=pokemon.species)).order_by("number", "id")


class _Plain(Func):
    """A text that sorts by its characters on every database: ``porygon-z`` before ``porygon2``.

    PostgreSQL would sort it by the rules of the database's language.
    """

    template = "%(expressions)s"
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"', **more)


class TypeQuerySet(RevisedQuerySet["Type"]):
    """Types."""


class Type(Revised):
    """A type of Pokémon, such as fire, under upstream's id."""

    id = models.PositiveIntegerField(_("upstream id"), primary_key=True)
    name = models.CharField(_("name"), max_length=100, db_index=True)

    objects = TypeQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        verbose_name = _("type")
        verbose_name_plural = _("types")

    def __str__(self) -> str:
        return self.name


class Pokemon(Revised):
    """One Pokémon or one form, under upstream's id; upstream's names are not unique."""

    id = models.PositiveIntegerField(_("upstream id"), primary_key=True)
    name = models.CharField(_("name"), max_length=100, db_index=True)
    species = models.CharField(_("species"), max_length=100, db_index=True)
    number = models.PositiveIntegerField(_("number of the species"), db_index=True)
    form = models.CharField(_("form"), max_length=100, blank=True)
    order = models.IntegerField(_("order"), null=True)
    height = models.PositiveIntegerField(_("height in decimetres"))
    weight = models.PositiveIntegerField(_("weight in hectograms"))
    base_experience = models.PositiveIntegerField(_("base experience"), null=True)
    is_default = models.BooleanField(_("the species' default form"), default=True)
    generation = models.PositiveSmallIntegerField(_("generation"), null=True, db_index=True)
    types: "models.ManyToManyField[Type, PokemonType]" = models.ManyToManyField(
        Type, through="PokemonType", related_name="pokemon", verbose_name=_("types")
    )
    hp = models.PositiveIntegerField(_("HP"), null=True)
    attack = models.PositiveIntegerField(_("attack"), null=True)
    defense = models.PositiveIntegerField(_("defense"), null=True)
    special_attack = models.PositiveIntegerField(_("special attack"), null=True)
    special_defense = models.PositiveIntegerField(_("special defense"), null=True)
    speed = models.PositiveIntegerField(_("speed"), null=True)
    sprites_listed = models.PositiveIntegerField(_("sprites that its JSON lists"), default=0)
    etag = models.CharField(_("ETag of its JSON"), max_length=200, blank=True)
    synced_at = models.DateTimeField(_("synced at"), null=True)

    names: Sequence[tuple[str, str, str]] = ()
    """Languages, and the names and genera of its species in them, where a page has read them."""
    called: tuple[str, str] = ("", "")
    """What its species is called in the visitor's language, or in English, and which it is."""

    objects = PokemonQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        verbose_name = _("Pokémon")
        verbose_name_plural = _("Pokémon")

    def __str__(self) -> str:
        return f"#{self.id:04d} {self.name}"

    def get_absolute_url(self) -> str:
        """Return its page in the gallery: by name, or by id where the name can't be in a URL."""
        return reverse("sprites:detail", args=[self.name_in_url])

    @property
    def name_in_url(self) -> str:
        """Return its name, or its id where the name can't be in a URL or would be read as an id."""
        plain = self.name and slug(self.name) == self.name and number(self.name) is None
        return self.name if plain else str(self.id)

    @cached_property
    def type_names(self) -> list[str]:
        """Return the names of its types in slot order; after ``with_types`` they cost no query."""
        return [slot.type.name for slot in self.type_slots.all()]

    @property
    def label(self) -> str:
        """Return its name as people write it."""
        return pokemon_name(self.name, self.species, self.called[0])

    @property
    def marks(self) -> SafeString:
        """Return the attributes of an element that shows its label."""
        return marked_if_foreign(self.label, self.called[1])


class PokemonTypeQuerySet(RevisedQuerySet["PokemonType"]):
    """Types of Pokémon."""


class PokemonType(Revised):
    """A Pokémon's type in its slot; slot 1 is the first type."""

    # No index of its own: the constraint below begins with it.
    pokemon = models.ForeignKey(Pokemon, models.CASCADE, related_name="type_slots", db_index=False)
    type = models.ForeignKey(Type, models.CASCADE, related_name="+")
    slot = models.PositiveSmallIntegerField(_("slot"))

    objects = PokemonTypeQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["slot"]
        constraints = [
            models.UniqueConstraint(fields=["pokemon", "slot"], name="sprites_one_type_a_slot")
        ]

    def __str__(self) -> str:
        return f"{self.pokemon_id}/{self.slot}: {self.type_id}"
