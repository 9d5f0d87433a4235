"""How much of upstream is here, by set and by the Pokémon's generation."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ..labels import generation_name, set_name, set_order
from ..models import Sprite
from .read_only import ReadOnlyAdmin
from .starts import buttons

State = Sprite.State


@dataclass(slots=True)
class Tally:
    """The number of listed sprites by state, and the address of the list of them."""

    url: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def listed(self) -> int:
        """Return how many upstream lists."""
        return self.counts.total()

    @property
    def tenths(self) -> int:
        """Return how many tenths are here, rounded down, for the shade of the cell."""
        return self.counts[State.STORED] * 10 // self.listed if self.listed else 0

    @property
    def percent(self) -> str:
        """Return how much is here in percent, rounded down."""
        return f"{self.counts[State.STORED] * 100 // self.listed} %" if self.listed else ""


class Line(NamedTuple):
    """A set, its total, and its cells by generation; None where upstream lists none."""

    name: str
    total: Tally
    cells: list[Tally | None]


def coverage(request: HttpRequest, model_admin: ReadOnlyAdmin) -> HttpResponse:
    """Show the table."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    base = reverse("admin:sprites_sprite_changelist", current_app=model_admin.admin_site.name)
    counted = _count()
    generations = sorted({number for _set, number in counted})
    sets = sorted({name for name, _number in counted}, key=set_order)
    return model_admin.render(
        request,
        "sprite/coverage.html",
        title=_("Coverage"),
        generations=[generation_name(number) if number else "?" for number in generations],
        lines=[_line(name, counted, generations, base) for name in sets],
        total=Tally(base, sum(counted.values(), Counter())),
        **buttons(request),
    )


Counted = dict[tuple[str, int], Counter[str]]


def _count() -> Counted:
    """Count the listed sprites by set, generation of the Pokémon (0: unknown) and state."""
    found: Counted = {}
    rows = Sprite.objects.filter(listed=True).order_by()
    for name, number, state, count in rows.values_list(
        "set", "pokemon__generation", "state"
    ).annotate(count=Count("pk")):
        found.setdefault((name, number or 0), Counter())[state] = count
    return found


def _line(name: str, counted: Counted, generations: list[int], base: str) -> Line:
    total = Tally(_url(base, name))
    cells: list[Tally | None] = []
    for number in generations:
        counts = counted.get((name, number))
        cells.append(Tally(_url(base, name, number), counts) if counts else None)
        total.counts += counts or Counter()
    return Line(set_name(name), total, cells)


def _url(base: str, name: str, number: int | None = None) -> str:
    query: dict[str, str | int] = {"set": name, "listed__exact": 1}
    if number is not None:
        query |= {"pokemon__generation": number} if number else {"pokemon__generation__isnull": 1}
    return f"{base}?{urlencode(query)}"
