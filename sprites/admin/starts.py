"""From a request to a run: preview, confirm, start; every admin that asks for a run uses it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import localize, number_format
from django.utils.timezone import template_localtime  # type: ignore[attr-defined] # no stub
from django.utils.translation import gettext as _

from .. import tasks
from ..errors import UsageError
from ..models import Sprite, SyncRun
from ..sync.preflight import checked_options
from ..sync.request import SyncRequest
from .estimate import estimate
from .words import describe

_SALT = "sprites.admin.start"
_GOOD_FOR = 86_400
"""Seconds that a preview can be confirmed for."""

PERMISSION = "sprites.run_sync"


def may_run(request: HttpRequest) -> bool:
    """Tell whether somebody may start and stop runs."""
    return request.user.has_perm(PERMISSION)


def buttons(request: HttpRequest) -> dict[str, Any]:
    """Return what the bar of buttons needs: whether somebody may press them, and what failed."""
    allowed = may_run(request)
    failed = Sprite.objects.filter(state=Sprite.State.FAILED).count() if allowed else 0
    return {"may_run": allowed, "failed": failed}


def run_url(site: admin.AdminSite, name: str, *args: object) -> str:
    """Return the address of a page of the runs' admin."""
    return reverse(f"admin:sprites_syncrun_{name}", args=args, current_app=site.name)


def preview(
    request: HttpRequest,
    site: admin.AdminSite,
    sync_request: SyncRequest,
    overrides: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Show what a run would do, with the button that starts it; nothing is asked of upstream."""
    try:
        options = checked_options(**overrides or {})
    except UsageError as error:
        return _refused(request, site, str(error))
    counts = estimate(sync_request, options)
    signed = {"request": sync_request._asdict(), "overrides": dict(overrides or {})}
    context = {
        **site.each_context(request),
        "title": _("Start this run?"),
        "opts": SyncRun._meta,
        "words": describe(sync_request),
        "estimate": counts,
        "figures": [
            number_format(figure, force_grouping=True)
            for figure in (counts.pokemon, counts.sprites, counts.requests)
        ],
        "options": options,
        "sync_request": sync_request,
        "hosts": sorted(url.partition("://")[2] for url in options.origins),
        "holder": tasks.holder(),
        "signed": signing.dumps(signed, salt=_SALT, compress=True),
    }
    return TemplateResponse(request, "admin/sprites/syncrun/preview.html", context)


def confirmed(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    """Start the run that a preview showed."""
    try:
        signed = signing.loads(request.POST.get("request", ""), salt=_SALT, max_age=_GOOD_FOR)
    except signing.BadSignature:
        why = _("This preview is out of date; please ask for it again.")
        return _refused(request, site, why)
    return start(request, site, SyncRequest.from_json(signed["request"]), signed["overrides"])


def start(
    request: HttpRequest,
    site: admin.AdminSite,
    sync_request: SyncRequest,
    overrides: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Queue a run and show it; where another one holds the lock, say so and show that one."""
    if holder := tasks.holder():
        messages.error(request, held(holder))
        return HttpResponseRedirect(run_url(site, "change", holder.pk))
    try:
        run = tasks.start(sync_request, overrides, user=request.user, trigger=SyncRun.Trigger.ADMIN)
    except UsageError as error:
        return _refused(request, site, str(error))
    return HttpResponseRedirect(run_url(site, "change", run.pk))


def _refused(request: HttpRequest, site: admin.AdminSite, why: str) -> HttpResponse:
    """Say on the list of runs why none is started."""
    messages.error(request, why)
    return HttpResponseRedirect(run_url(site, "changelist"))


def held(holder: SyncRun) -> str:
    """Say who holds the lock, and since when."""
    facts: dict[str, Any] = {
        "run": holder.pk,
        "time": localize(template_localtime(holder.started_at)),
        "who": starter(holder),
    }
    return _("Run %(run)s holds the lock since %(time)s, started by %(who)s.") % facts


def starter(run: SyncRun) -> str:
    """Say who started a run: a user, or the command with its process."""
    if run.user:
        return run.user.get_username()
    facts = {"trigger": run.get_trigger_display(), "process": run.process.partition(":")[0]}
    return _("%(trigger)s, process %(process)s") % facts
