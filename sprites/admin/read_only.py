"""What the admins share: their rows can only be read, and some people may start a run."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from ..labels import number
from .starts import may_run

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin

RECHECK = {"FRESH_FOR": 0}
"""The options of a re-sync: nothing counts as fresh, so all is asked for by its ETag."""

_MAX_QUERY = 1000
"""Characters of a list's query string, which each link of the page repeats."""


class ReadOnlyAdmin(Base):
    """An admin of rows that only a run writes."""

    list_per_page = 100
    list_max_show_all = 2000
    show_full_result_count = False
    actions_on_bottom = True
    columns: tuple[str, ...] = ()
    """The columns that a list's address may filter by, for a value or for none."""

    class Media:
        css = {"all": ["sprites/admin/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a row by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row by hand; the command's ``--prune`` does."""
        return False

    def has_run_sync_permission(self, request: HttpRequest) -> bool:
        """Tell who may use the actions that start a run."""
        return may_run(request)

    def render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Show a page of our own in the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/sprites/{template}", frame | context)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the filters that the pages link to; others could keep the database busy."""
        return lookup.removesuffix("__exact").removesuffix("__isnull") in self.columns

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; a query string that no link has leads to the whole list."""
        query = request.META["QUERY_STRING"]
        if len(query) > _MAX_QUERY or "%00" in query:  # PostgreSQL refuses a NUL
            messages.warning(request, _("Such filters do not exist; here is the whole list."))
            return HttpResponseRedirect(request.path)
        context = {"may_run": may_run(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Run an action; raises BadRequest where the id of a row is no number."""
        if None in map(number, request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("an id that is no number")
        return super().response_action(request, queryset, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a row; raises Http404 where there is none."""
        if found := super().get_object(request, object_id, from_field):
            return found
        raise Http404(object_id[:99])
