"""What the mirror knows: Pokémon, their types, one row a listed sprite, and the runs.

Rows of Pokemon, Type and Sprite are written by ``writer`` alone.
"""

from django.conf import settings
from django.core.files.storage import InvalidStorageError, Storage, default_storage, storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .conf import options
from .errors import MEANING, Code
from .fields import SpriteFileField
from .keys import MAX_LENGTH
from .labels import pokemon_name
from .querysets import PokemonQuerySet, SpriteQuerySet, SyncRunQuerySet, number, slug

STATS = ("hp", "attack", "defense", "special_attack", "special_defense", "speed")
"""The base stats, each a field of Pokemon."""


def sprite_storage() -> Storage:
    """Return the storage that the site chose; for an unknown one, the default until a check."""
    try:
        return storages[options().STORAGE]
    except InvalidStorageError:
        return default_storage


class Type(models.Model):
    """A type of Pokémon, such as fire, under upstream's id."""

    id = models.PositiveIntegerField(_("upstream id"), primary_key=True)
    name = models.CharField(_("name"), max_length=100, db_index=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("type")
        verbose_name_plural = _("types")

    def __str__(self) -> str:
        return self.name


class Pokemon(models.Model):
    """One Pokémon, a form included, under upstream's id; names are not unique upstream."""

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

    objects = PokemonQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("Pokémon")
        verbose_name_plural = _("Pokémon")

    def __str__(self) -> str:
        return f"#{self.id:04d} {self.name}"

    def get_absolute_url(self) -> str:
        """Return its page in the gallery: by name where the name is a plain one, else by id."""
        plain = slug(self.name) == self.name and number(self.name) is None
        return reverse("sprites:detail", args=[self.name if plain and self.name else self.id])

    @property
    def label(self) -> str:
        """Return its name as people write it."""
        return pokemon_name(self.name, self.species)


class PokemonType(models.Model):
    """A Pokémon's type in its slot; slot 1 is the first type."""

    pokemon = models.ForeignKey(Pokemon, models.CASCADE, related_name="type_slots")
    type = models.ForeignKey(Type, models.CASCADE, related_name="+")
    slot = models.PositiveSmallIntegerField(_("slot"))

    class Meta:
        ordering = ["slot"]
        constraints = [
            models.UniqueConstraint(fields=["pokemon", "slot"], name="sprites_one_type_a_slot")
        ]

    def __str__(self) -> str:
        return f"{self.pokemon_id}/{self.slot}: {self.type_id}"


class Sprite(models.Model):
    """One sprite that upstream lists, or listed: where it is, what its bytes are, how it stands."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        STORED = "stored", _("stored")
        MISSING = "missing", _("missing upstream")
        FAILED = "failed", _("failed")

    pokemon = models.ForeignKey(
        Pokemon, models.CASCADE, related_name="sprites", verbose_name=_("Pokémon")
    )
    key = models.CharField(_("key"), max_length=MAX_LENGTH)
    url = models.CharField(_("upstream URL"), max_length=500)
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


class SyncRun(models.Model):
    """One run of the mirror: who started it, how it went; while it is running, also the lock."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        REFUSED = "refused", _("not started")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("done, with failures")
        STOPPED = "stopped", _("stopped by a guard")
        CANCELLED = "cancelled", _("stopped by somebody")
        INTERRUPTED = "interrupted", _("interrupted: its process died")

    class Trigger(models.TextChoices):
        COMMAND = "command", _("command")
        ADMIN = "admin", _("admin")
        TASK = "task", _("task")

    state = models.CharField(_("state"), max_length=12, choices=State, default=State.RUNNING)
    trigger = models.CharField(_("started by"), max_length=10, choices=Trigger)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("user"),
    )
    selection = models.JSONField(_("selection"), default=dict)
    overrides = models.JSONField(_("options"), default=dict)
    executor = models.CharField(_("executor"), max_length=200)
    workers = models.PositiveIntegerField(_("workers"))
    host = models.CharField(_("host"), max_length=255)
    process = models.CharField(_("process"), max_length=100)
    started_at = models.DateTimeField(_("started at"), db_index=True)
    heartbeat_at = models.DateTimeField(_("heartbeat"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    stop_requested = models.BooleanField(_("stop requested"), default=False)
    swept = models.BooleanField(_("left no stray file"), default=False)
    api_url = models.CharField(_("API"), max_length=500, blank=True)
    upstream_count = models.PositiveIntegerField(_("Pokémon that upstream lists"), null=True)
    snapshot = models.CharField(_("snapshot of upstream"), max_length=200, blank=True)
    mixed = models.BooleanField(_("met two snapshots"), default=False)
    exit_code = models.PositiveSmallIntegerField(_("exit code"), null=True)
    message = models.CharField(_("message"), max_length=500, blank=True)

    pokemon_checked = models.PositiveIntegerField(default=0)
    pokemon_new = models.PositiveIntegerField(default=0)
    pokemon_changed = models.PositiveIntegerField(default=0)
    pokemon_unchanged = models.PositiveIntegerField(default=0)
    pokemon_failed = models.PositiveIntegerField(default=0)
    sprites_wanted = models.PositiveIntegerField(default=0)
    sprites_stored = models.PositiveIntegerField(default=0)
    sprites_unchanged = models.PositiveIntegerField(default=0)
    sprites_missing = models.PositiveIntegerField(default=0)
    sprites_failed = models.PositiveIntegerField(default=0)
    sprites_not_tried = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(_("requests"), default=0)
    retries = models.PositiveIntegerField(_("retries"), default=0)
    bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    seconds = models.FloatField(_("seconds"), default=0)
    worker_seconds = models.FloatField(_("seconds of the workers"), default=0)
    failures = models.JSONField(_("failures"), default=list)
    picture = models.JSONField(_("picture"), default=dict)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        permissions = [("run_sync", "Can start and stop a sync run")]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="sprites_one_live_run"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"
