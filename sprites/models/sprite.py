"""The row of a sprite, its file, and how the best sprite for a look is found."""

from typing import Any, Self

from django.core.files.storage import (
    FileSystemStorage,
    InvalidStorageError,
    Storage,
    default_storage,
    storages,
)
from django.db import models
from django.db.models import BigIntegerField, Func, Min, Q
from django.db.models.fields.files import FieldFile
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import gettext_lazy as _

from ..conf import options
from ..errors import MEANING, Code
from ..keys import MAX_LENGTH, is_path
from ..looks import ANIMATED, Look, full_name
from .revision import Revised, RevisedQuerySet

HEAD = 8
"""Digits of a hash that tell one version of a sprite from the next."""


def sprite_storage() -> Storage:
    """Return the storage that the site chose, or the default one where a check reports it."""
    try:
        return storages[options().STORAGE]
    except InvalidStorageError:
        return default_storage


class SpriteFile(FieldFile):
    """A sprite's file; where the storage gives it no address, the app serves it itself."""

    instance: "Sprite"

    @property
    def url(self) -> str:
        """Return the address that the storage gives, or else the app's own."""
        given, base = self._given, getattr(self.storage, "base_url", None)
        # Django reads a MEDIA_URL that is not set as the root of the site, where no media is.
        if given and base != get_script_prefix():
            return given
        try:
            return reverse("sprites:file", args=[self.instance.pk, self.instance.sha256[:HEAD]])
        except NoReverseMatch:  # a site without the gallery
            return given

    @property
    def _given(self) -> str:
        """Return the address that the storage gives, or ""."""
        name, storage = self.name or "", self.storage
        if type(storage) is FileSystemStorage and storage.base_url and is_path(name):
            return storage.base_url + name  # Django quotes and joins it, and comes to the same
        try:
            return super().url
        except NotImplementedError:
            return ""


class SpriteFileField(models.FileField):
    """A FileField whose files know their address; in migrations it is a plain FileField."""

    attr_class = SpriteFile

    def deconstruct(self) -> Any:
        """Describe it to migrations as Django's own field: the column is the same."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.FileField", args, options


class SpriteQuerySet(RevisedQuerySet["Sprite"]):
    """Sprites, by their state and by what they show."""

    def stored(self) -> Self:
        """Keep those that have a file, also where a later attempt failed."""
        return self.exclude(file="")

    def shown(self) -> Self:
        """Keep those that upstream lists, and those that it dropped but are still here."""
        return self.filter(Q(listed=True) | ~Q(file=""))

    def of_set(self, name: str) -> Self:
        """Keep one set, by its own or its short name; ``animated`` means of any set."""
        return self.filter(animated=True) if name == ANIMATED else self.filter(set=full_name(name))

    def best(self, look: Look) -> Self:
        """Keep, for each Pokémon, the still and the animated sprite that come nearest a look.

        A shiny look gets shiny sprites only, and another look none. Then count, in this order: the
        facing, the set, male before female, plain before variants, and the newest generation.
        Filter by Pokémon first, because all the rows are ranked.
        """
        ranked = self.stored().filter(shiny__in=[look.shiny]).order_by()  # IN can use the index
        groups = ranked.values("pokemon_id", "animated")
        return self.filter(pk__in=groups.annotate(best=Min(_Rank(look)) % _IDS).values("best"))


_IDS = 2**40
"""More than there are ids: a rank is a multiple of it, so that ``rank + id`` holds both."""


class _Rank(Func):
    """A number for each sprite, the least for the best, with its id for a remainder.

    The least of each group is read from the index as it goes; to sort the rows takes thrice as
    long. It is SQL of our own: as thirty expressions it took Django as long as the database.
    """

    output_field = BigIntegerField()

    def __init__(self, look: Look) -> None:
        super().__init__("facing", "set", "female", "variant", "generation", "id")
        self._facing, self._sets = look.facing, [*look.sets, "showdown"]  # at most 6

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        """Return the SQL and its parameters."""
        columns = [compiler.compile(source)[0] for source in self.get_source_expressions()]
        facing, name, female, variant, generation, pk = columns
        places = " ".join(f"WHEN %s THEN {n * 2**57}" for n, _ in enumerate(self._sets, 1))
        sql = (
            f"(CASE WHEN {facing} = %s THEN 0 ELSE {2**61} END"
            f" + CASE {name} {places} ELSE {7 * 2**57} END"
            f" + CASE WHEN {female} THEN {2**56} ELSE 0 END"
            f" + CASE WHEN {variant} = '' THEN 0 ELSE {2**55} END"
            f" - COALESCE({generation}, 0) * {_IDS} + {pk})"  # a generation is at most 2**15
        )
        return sql, [self._facing, *self._sets]


class Sprite(Revised):
    """One sprite that upstream lists or once listed: its place, its file and its state."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        STORED = "stored", _("stored")
        MISSING = "missing", _("missing upstream")
        FAILED = "failed", _("failed")

    pokemon = models.ForeignKey(
        "sprites.Pokemon",
        models.CASCADE,
        related_name="sprites",
        verbose_name=_("Pokémon"),
        db_index=False,  # the constraint below begins with it
    )
    key = models.CharField(_("key"), max_length=MAX_LENGTH)
    url = models.CharField(_("upstream URL"), max_length=500)
    path = models.CharField(_("path among the sprites"), max_length=500, blank=True, default="")
    listed = models.BooleanField(_("listed upstream"), default=True, db_default=True)

    set = models.CharField(_("set"), max_length=MAX_LENGTH)
    generation = models.PositiveSmallIntegerField(_("generation"), null=True)
    facing = models.CharField(_("facing"), max_length=5, blank=True)
    variant = models.CharField(_("variant"), max_length=20, blank=True)
    shiny = models.BooleanField(_("shiny"), default=False)
    female = models.BooleanField(_("female"), default=False)
    animated = models.BooleanField(_("animated"), default=False)

    file = SpriteFileField(
        _("file"), storage=sprite_storage, max_length=300, blank=True, default="", db_default=""
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, default="", db_default="")
    size = models.PositiveIntegerField(_("size in bytes"), null=True)
    media_type = models.CharField(
        _("media type"), max_length=20, blank=True, default="", db_default=""
    )
    width = models.PositiveIntegerField(_("width in pixels"), null=True)
    height = models.PositiveIntegerField(_("height in pixels"), null=True)
    frames = models.PositiveIntegerField(_("frames"), null=True)

    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.PENDING, db_default=State.PENDING
    )
    error_code = models.CharField(
        _("error code"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices=[(code, _(MEANING[code])) for code in Code],
    )
    error_detail = models.CharField(
        _("error"), max_length=300, blank=True, default="", db_default=""
    )
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    etag = models.CharField(_("ETag"), max_length=200, blank=True, default="", db_default="")
    checked_at = models.DateTimeField(_("checked at"), null=True)
    changed_at = models.DateTimeField(_("changed at"), null=True)
    missing_since = models.DateTimeField(_("missing since"), null=True)

    objects = SpriteQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["pokemon_id", "id"]
        verbose_name = _("sprite")
        verbose_name_plural = _("sprites")
        constraints = [
            models.UniqueConstraint(fields=["pokemon", "key"], name="sprites_one_row_a_key"),
            models.UniqueConstraint(
                fields=["file"], condition=~Q(file=""), name="sprites_one_row_a_file"
            ),
        ]
        indexes = [
            models.Index(fields=["key"], name="sprites_key"),
            models.Index(fields=["path"], name="sprites_path"),
            models.Index(fields=["state", "error_code"], name="sprites_state"),
            models.Index(fields=["set", "generation"], name="sprites_set"),
            # What the gallery ranks to find the best sprite for a look, read from the index alone.
            models.Index(
                fields=[
                    "pokemon",
                    "shiny",
                    "animated",
                    "facing",
                    "set",
                    "female",
                    "variant",
                    "generation",
                ],
                condition=~Q(file=""),
                name="sprites_look",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pokemon_id}/{self.key}"
