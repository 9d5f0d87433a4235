"""The questions that the gallery asks of the mirror, as querysets that a site can ask too.

Everything here reads; rows are written by ``writer`` alone.
"""

import re
import unicodedata
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self

from django.db.models import (
    Case,
    Count,
    F,
    Func,
    IntegerField,
    OrderBy,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Now, Replace, RowNumber

from .looks import ANIMATED, Look, full_name

if TYPE_CHECKING:
    from .models import Pokemon, Sprite, SyncRun  # noqa: F401  (in quotes below)

SORTS = ("number", "name", "height", "weight")
"""What a list can be sorted by; a ``-`` before it turns the order round."""

TIME_TO_LIVE = timedelta(minutes=1)
"""How long a run counts as alive after its last heartbeat, on other hosts than its own."""
_MAX_TYPED = 200
"""Characters of a typed name that are looked at; to normalise n of them may take n² steps."""


def slug(text: str) -> str:
    """Write what somebody typed the way upstream writes names: ``Mr. Mime`` is ``mr-mime``."""
    apart = unicodedata.normalize("NFKD", text[:_MAX_TYPED])
    plain = apart.encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))


def number(text: str) -> int | None:
    """Read ``025`` or ``#25`` as 25; anything else, or what no id can be, is None."""
    digits = text.strip().removeprefix("#")
    return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits) else None


_IS_BEATING = Q(heartbeat_at__gt=Now() - TIME_TO_LIVE) & Q(heartbeat_at__lt=Now() + TIME_TO_LIVE)


class PokemonQuerySet(QuerySet["Pokemon"]):
    """Pokémon by what a visitor asks for; the methods combine in any order."""

    def search(self, text: str) -> Self:
        """Keep those with this number, or with all these words in the name, however typed."""
        wanted = number(text)
        if wanted is not None:
            return self.filter(Q(number=wanted) | Q(id=wanted))
        name = slug(text)
        if not name:
            return self.none()
        words = Q(*(Q(name__icontains=word) for word in name.split("-")))
        run_together = Q(letters__icontains=name.replace("-", ""))
        letters = Replace(F("name"), Value("-"), Value(""))
        return self.alias(letters=letters).filter(words | run_together)

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
        from .models import Sprite  # models imports this module

        return self.filter(pk__in=Sprite.objects.stored().of_set(name).values("pokemon_id"))

    def sorted_by(self, sort: str) -> Self:
        """Order by one of SORTS; equals come by number, and a species' forms side by side."""
        field = sort.removeprefix("-")
        if field not in SORTS:
            raise ValueError(f"{sort!r} is none of {SORTS}")
        value = _Plain("name") if field == "name" else F(field)
        return self.order_by(OrderBy(value, descending=sort != field), "number", "id")

    def counted(self) -> Self:
        """Give each row ``total``, the number of rows before any slice: a page in one query."""
        return self.annotate(total=Window(Count("*")))

    def with_types(self) -> Self:
        """Fetch the types of all rows in one more query, in slot order."""
        from .models import PokemonType

        slots = PokemonType.objects.select_related("type").order_by("slot")
        return self.prefetch_related(Prefetch("type_slots", slots))

    def find(self, name_or_id: str | int) -> "Pokemon":
        """Return the Pokémon with this id or this name, however typed; raises DoesNotExist."""
        text = str(name_or_id).replace("\0", "")  # PostgreSQL refuses a NUL
        wanted = number(text)
        match = Q(name=slug(text)) | Q(name=text) if wanted is None else Q(id=wanted)
        found = self.filter(match).order_by("id").first()
        if found is None:
            raise self.model.DoesNotExist(f"no Pokémon {text!r}")
        return found

    def nearest(self, text: str, count: int = 5) -> list["Pokemon"]:
        """Return those whose names are most like what was typed, the likest first."""
        by_name = {pokemon.name: pokemon for pokemon in self.only("name", "species", "number")}
        names = get_close_matches(slug(text), by_name, n=count, cutoff=0.5)
        return [by_name[name] for name in names]

    def family_and_neighbours(self, pokemon: "Pokemon") -> Self:
        """Keep the species' forms, and the default form of the species before and after it."""
        others = self.order_by().filter(is_default=True)
        before = others.filter(number__lt=pokemon.number).order_by("-number").values("number")[:1]
        after = others.filter(number__gt=pokemon.number).order_by("number").values("number")[:1]
        beside = Q(is_default=True) & (Q(number=before) | Q(number=after))
        return self.filter(beside | Q(species=pokemon.species)).order_by("number", "id")


class SpriteQuerySet(QuerySet["Sprite"]):
    """Sprites by how they stand and what they show."""

    def stored(self) -> Self:
        """Keep those that have a file: one that fails or goes missing keeps its last good one."""
        return self.exclude(file="")

    def shown(self) -> Self:
        """Keep those that upstream lists, and those that it has dropped and we still have."""
        return self.filter(Q(listed=True) | ~Q(file=""))

    def of_set(self, name: str) -> Self:
        """Keep one set, by its own or its short name; ``animated`` means of any set."""
        return self.filter(animated=True) if name == ANIMATED else self.filter(set=full_name(name))

    def best(self, look: Look) -> Self:
        """Keep, for each Pokémon, the still and the animated sprite that come nearest a look.

        Shininess is always kept; then the facing counts, then the set, then the male before the
        female, the plain before a variant, and the newest generation. Narrow to the Pokémon that
        are wanted first: the ranking reads every row that is left.
        """
        rank = Window(
            RowNumber(),
            partition_by=[F("pokemon_id"), F("animated")],
            order_by=[_differs("facing", look.facing), _place(look), "female", "variant",
                      Coalesce("generation", 0).desc(), "id"],
        )  # fmt: skip
        ranked = self.stored().filter(shiny=look.shiny).alias(rank=rank).filter(rank=1)
        return self.filter(pk__in=ranked.order_by().values("pk"))


class SyncRunQuerySet(QuerySet["SyncRun"]):
    """Runs by whether they live."""

    def begun(self) -> Self:
        """Leave out those that wait, and those that never began."""
        return self.exclude(state__in=("queued", "refused"))

    def beating(self) -> Self:
        """Keep those whose heartbeat is recent, by the clock of the database, which wrote it.

        One that is still to come was written before that clock was set back, and is as old.
        """
        return self.filter(_IS_BEATING)

    def silent(self) -> Self:
        """Keep those whose heartbeat is none of a moment ago."""
        return self.filter(~_IS_BEATING)

    def live(self) -> Self:
        """Keep the run that is at work: marked as running, with a recent heartbeat."""
        return self.filter(state="running").beating()


class _Plain(Func):
    """Text as its characters sort, ``porygon-z`` before ``porygon2``, on every database.

    PostgreSQL would sort it as people of the database's country do.
    """

    template = "%(expressions)s"
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"', **more)


def _differs(field: str, value: str) -> Case:
    return Case(When(**{field: value}, then=0), default=1, output_field=IntegerField())


def _place(look: Look) -> Case:
    """Rank a sprite's set by how well it stands for the look's own."""
    places = (When(set=name, then=place) for place, name in enumerate(look.sets))
    animated = When(set="showdown", then=len(look.sets))
    return Case(*places, animated, default=len(look.sets) + 1, output_field=IntegerField())
