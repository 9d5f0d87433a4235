"""Species, what they are called in each language, and how a name is found however it is typed."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from ..labels import fold
from .revision import Revised, RevisedQuerySet


def folded(names: Iterable[str]) -> str:
    """Return names as a search compares them, each once on a line of its own."""
    return "\n".join(dict.fromkeys(filter(None, map(fold, names))))


class SpeciesQuerySet(RevisedQuerySet["Species"]):
    """Species, by what they are called."""

    def called(self, text: str, *, entirely: bool = False) -> Self:
        """Keep those that have this in a name of any language, or as one, however typed."""
        name = fold(text)
        if not name:
            return self.none()
        if not entirely:
            return self.filter(folded__contains=name)
        lines = Concat(Value("\n"), "folded", Value("\n"), output_field=models.TextField())
        return self.alias(lines=lines).filter(lines__contains=f"\n{name}\n")


class Species(Revised):
    """A species under upstream's id, which is the ``number`` of its Pokémon.

    It goes with the run after the last of them has gone. ``folded`` has all names as a search
    compares them.
    """

    id = models.PositiveIntegerField(_("upstream id"), primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    folded = models.TextField(_("names, as a search compares them"), blank=True)
    etag = models.CharField(_("ETag of its JSON"), max_length=200, blank=True)
    synced_at = models.DateTimeField(_("synced at"))

    objects = SpeciesQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        verbose_name = _("species")
        verbose_name_plural = _("species")

    def __str__(self) -> str:
        return self.name


class SpeciesNameQuerySet(RevisedQuerySet["SpeciesName"]):
    """Names of species."""


class SpeciesName(Revised):
    """What a species is called in a language, under upstream's tag in lower case."""

    species = models.ForeignKey(
        Species,
        models.CASCADE,
        related_name="names",
        verbose_name=_("species"),
        db_index=False,  # the constraint below begins with it
    )
    language = models.CharField(_("language"), max_length=30)
    name = models.CharField(_("name"), max_length=100)
    genus = models.CharField(_("genus"), max_length=100, blank=True)

    objects = SpeciesNameQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["id"]
        verbose_name = _("name of a species")
        verbose_name_plural = _("names of species")
        constraints = [
            models.UniqueConstraint(
                fields=["species", "language"], name="sprites_one_name_a_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.language}: {self.name}"
