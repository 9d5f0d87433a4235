"""What the admins of synced rows share: facts to be read, and who may start a run."""

from typing import Any

from django.http import HttpRequest

from .starts import may_run

RECHECK = {"FRESH_FOR": 0}
"""The options of a re-sync: what is fresh is asked for again, by its ETag."""


class Facts:
    """An admin of rows that the sync alone writes."""

    list_per_page = 100
    list_max_show_all = 2000
    show_full_result_count = False
    actions_on_bottom = True

    class Media:
        css = {"all": ["sprites/admin/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a row by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row by hand: the command prunes."""
        return False

    def has_run_sync_permission(self, request: HttpRequest) -> bool:
        """Tell who may use the actions that start a run."""
        return may_run(request)
