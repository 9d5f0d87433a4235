"""Every run in the admin: the list, the live page of one, and the buttons that start and stop."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import template_localtime  # type: ignore[attr-defined] # no stub
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from .. import tasks
from ..labels import number
from ..models import SyncRun
from ..sync.request import SyncRequest
from . import cells
from .fetch import FetchForm
from .page import page
from .read_only import ReadOnlyAdmin
from .starts import PERMISSION, buttons, confirmed, may_run, preview, run_url, start
from .words import describe

_pressed = method_decorator([require_POST, permission_required(PERMISSION, raise_exception=True)])
"""Makes a view a button: a POST, by somebody who may start and stop runs."""

_HEAVY = ("failures", "picture")
"""Large columns that the list does not show."""


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """The runs, whoever started them."""

    list_display = (
        *("id", "standing", "started", "starter", "asked", "engine"),
        *("pokemon", "sprites", "weight", "took"),
    )
    list_display_links = ("id", "standing")
    list_filter = ("state", "trigger")
    columns = list_filter
    list_select_related = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        """Leave out the large columns."""
        return super().get_queryset(request).defer(*_HEAVY)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A run that is over can be deleted by those who have that permission."""
        over = obj is None or tasks.standing(obj) not in SyncRun.UNFINISHED
        return over and admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def standing(self, run: SyncRun) -> SafeString:
        """Name its state."""
        state = tasks.standing(run)
        return format_html('<span class="sprites-state {}">{}</span>', state.value, state.label)

    @admin.display(description=gettext_lazy("started at"), ordering="started_at")
    def started(self, run: SyncRun) -> str:
        """Write when it was started, so shortly that the row has room."""
        return date_format(template_localtime(run.started_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("started by"), ordering="trigger")
    def starter(self, run: SyncRun) -> str:
        """Name who started it."""
        return run.user.get_username() if run.user else run.get_trigger_display()

    @admin.display(description=gettext_lazy("selection"))
    def asked(self, run: SyncRun) -> str:
        """Say what was asked of it."""
        return describe(SyncRequest.from_json(run.selection))

    @admin.display(description=gettext_lazy("executor"), ordering="executor")
    def engine(self, run: SyncRun) -> str:
        """Name its executor and the number of its workers."""
        return f"{run.executor} × {run.workers}"

    @admin.display(description=gettext_lazy("Pokémon"), ordering="pokemon_checked")
    def pokemon(self, run: SyncRun) -> str:
        """Count the Pokémon that it looked at."""
        return number_format(run.pokemon_checked)

    @admin.display(description=gettext_lazy("sprites"), ordering="sprites_wanted")
    def sprites(self, run: SyncRun) -> SafeString:
        """Count what it stored of what was wanted, and what failed."""
        text = _("%(stored)s of %(wanted)s") % {
            "stored": number_format(run.sprites_stored + run.sprites_unchanged),
            "wanted": number_format(run.sprites_wanted),
        }
        if not run.sprites_failed:
            return format_html("{}", text)
        failed = _("%(count)s failed") % {"count": number_format(run.sprites_failed)}
        return format_html('{}, <b class="sprites-bad">{}</b>', text, failed)

    @admin.display(description=gettext_lazy("bytes"), ordering="bytes")
    def weight(self, run: SyncRun) -> str:
        """Write how much it received."""
        return filesizeformat(run.bytes)

    @admin.display(description=gettext_lazy("duration"), ordering="seconds")
    def took(self, run: SyncRun) -> str:
        """Write how long it took."""
        return cells.duration(run.seconds)

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that start, follow and stop a run."""
        views: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "fetch": ("fetch/", self.fetch_view),
            "retry_failed": ("retry-failed/", self.retry_failed_view),
            "start": ("start/", self.start_view),
            "live": ("<int:pk>/live/", self.live_view),
            "stop": ("<int:pk>/stop/", self.stop_view),
            "again": ("<int:pk>/again/", self.again_view),
            "retry": ("<int:pk>/retry/", self.retry_view),
        }
        ours = [
            path(route, self.admin_site.admin_view(view), name=f"sprites_syncrun_{name}")
            for name, (route, view) in views.items()
        ]
        return [*ours, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; its buttons say how much failed."""
        return super().changelist_view(request, {**buttons(request), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a run; while it goes on, the page follows it."""
        context = self._page(request, number(object_id) or 0)
        return self.render(request, "syncrun/run.html", **context)

    @method_decorator(require_safe)
    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with the parts of a run's page that change."""
        context = self._page(request, pk)
        return TemplateResponse(request, "admin/sprites/syncrun/live.html", context)

    def _page(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return {**page(self._run(pk)), "may_run": may_run(request)}

    def _run(self, pk: int) -> SyncRun:
        return get_object_or_404(SyncRun.objects.select_related("user"), pk=pk)

    @method_decorator(permission_required(PERMISSION, raise_exception=True))
    def fetch_view(self, request: HttpRequest) -> HttpResponse:
        """Show the command's options as a form; with POST, preview what was chosen."""
        form = FetchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            chosen = form.cleaned_data
            return preview(request, self.admin_site, chosen["request"], chosen["overrides"])
        return self.render(request, "syncrun/fetch.html", title=_("Fetch…"), form=form)

    @_pressed
    def retry_failed_view(self, request: HttpRequest) -> HttpResponse:
        """Preview a run that tries all that failed once more."""
        sync_request = SyncRequest(everyone=True, sprites=("all",), retry_failed=True)
        return preview(request, self.admin_site, sync_request)

    @_pressed
    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Start what was previewed."""
        return confirmed(request, self.admin_site)

    @_pressed
    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask a run to stop; what it has done is kept."""
        tasks.stop(self._run(pk))
        messages.info(request, _("The run was asked to stop; what it has done is kept."))
        return HttpResponseRedirect(run_url(self.admin_site, "change", pk))

    @_pressed
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start a run that asks for the same."""
        run = self._run(pk)
        return start(request, self.admin_site, SyncRequest.from_json(run.selection), run.overrides)

    @_pressed
    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try a run's failures again: one of them by its place in the list, or all."""
        run = self._run(pk)
        sync_request = _retry(run, request.POST.get("failure", ""))
        if sync_request is None:
            raise Http404
        return start(request, self.admin_site, sync_request, run.overrides)


def _retry(run: SyncRun, place: str) -> SyncRequest | None:
    """Ask for what failed: one sprite alone, or the Pokémon, whose other sprites are fresh."""
    failures = run.failures
    if place:
        at = number(place)
        failures = failures[at : at + 1] if at is not None else []
    ids = cells.ranges(failure["pokemon"] for failure in failures if failure["pokemon"])
    if not ids:
        return None
    if len(failures) == 1 and failures[0]["key"]:
        only = ((failures[0]["pokemon"], failures[0]["key"]),)
        return SyncRequest(ids=ids, sprites=("all",), only=only)
    asked = SyncRequest.from_json(run.selection)
    return SyncRequest(ids=ids, sprites=asked.sprites, species=asked.species)
