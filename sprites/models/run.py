"""One row a run of the mirror, and which runs are alive."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

TIME_TO_LIVE = timedelta(minutes=1)
"""How long a run counts as alive after its last heartbeat, on other hosts than its own."""

_IS_BEATING = Q(heartbeat_at__gt=Now() - TIME_TO_LIVE) & Q(heartbeat_at__lt=Now() + TIME_TO_LIVE)


class SyncRunQuerySet(QuerySet["SyncRun"]):
    """Runs, by whether they are alive."""

    def begun(self) -> Self:
        """Leave out runs that wait, and runs that never began."""
        return self.exclude(state__in=("queued", "refused"))

    def beating(self) -> Self:
        """Keep those whose heartbeat is recent by the database's clock, which also wrote it.

        A heartbeat in the future does not count: the clock was set back after it was written.
        """
        return self.filter(_IS_BEATING)

    def silent(self) -> Self:
        """Keep those without a recent heartbeat."""
        return self.filter(~_IS_BEATING)

    def live(self) -> Self:
        """Keep the run that is at work: marked as running, with a recent heartbeat."""
        return self.filter(state="running").beating()


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

    UNFINISHED = (State.QUEUED, State.RUNNING)

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
    species_checked = models.PositiveIntegerField(default=0)
    species_new = models.PositiveIntegerField(default=0)
    species_changed = models.PositiveIntegerField(default=0)
    species_unchanged = models.PositiveIntegerField(default=0)
    species_failed = models.PositiveIntegerField(default=0)
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
