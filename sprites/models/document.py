"""The JSON of resources as upstream served it, packed, in a table that nothing else reads along."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .pokemon import Pokemon

LIST = 0
"""The number of a resource's list, which upstream gives to nothing."""


class Document(models.Model):
    """One resource's JSON under upstream's kind and number, or the list of a kind.

    ``packed`` is as it came over the wire; read it only where it is sent. A Pokémon's document goes
    when its row goes.
    """

    resource = models.CharField(_("resource"), max_length=50)
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=100, blank=True)
    pokemon = models.OneToOneField(
        Pokemon, models.CASCADE, null=True, related_name="document", verbose_name=_("Pokémon")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    changed_at = models.DateTimeField(_("changed at"))
    packed = models.BinaryField(_("packed with gzip"))

    class Meta:
        ordering = ["resource", "number"]
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "number"], name="sprites_one_document_a_resource"
            )
        ]
        indexes = [models.Index(fields=["resource", "name"], name="sprites_document_name")]

    def __str__(self) -> str:
        return f"{self.resource}/{self.number}"
