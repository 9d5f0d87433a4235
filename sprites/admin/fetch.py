"""The command's options as a form; its values are read and checked as the command's are."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..conf import EXECUTORS, options
from ..errors import UsageError
from ..keys import PRESETS
from ..sync.request import OVERRIDES, SyncRequest, overrides, read_request
from ..sync.select import check_sprites
from .read_only import RECHECK

MODES = (
    ("", _("What is new or due")),
    ("recheck", _("Everything, if it has changed upstream")),
    ("force", _("Everything, from scratch")),
    ("retry_failed", _("Only what failed before")),
    ("verify", _("Only what is damaged here: hash every file")),
)

_MAX_LENGTH = 2000
"""Characters of a field: what is typed goes into the preview, the button and the run's row."""


def _text(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=_MAX_LENGTH, help_text=help_text)


def _executors() -> list[tuple[str, str]]:
    """Return the executors with a name; a dotted path would be imported, so none can be typed."""
    chosen = options()
    names = [name for name in EXECUTORS if name != "dask" or chosen.DASK_SCHEDULER]
    site = _("As the site does: %(name)s") % {"name": chosen.EXECUTOR}
    return [("", site), *((name, name) for name in names)]


class FetchForm(forms.Form):
    """Which Pokémon, which sprites, what to do and how."""

    pokemon = _text(_("Pokémon"), _("Names or ids, separated by spaces."))
    ids = _text(_("Ids"), _("Such as 1-151,172."))
    limit = _text(_("Limit"), _("The first so many of those chosen; with nothing chosen, 100."))
    everyone = forms.BooleanField(label=_("Every Pokémon"), required=False)
    generation = _text(_("Generation"), _("Such as 1 or ii, separated by commas."))
    type = _text(_("Type"), _("Such as fire,water: of one of them."))
    no_forms = forms.BooleanField(label=_("Without forms"), required=False)
    sprites = _text(_("Sprites"))
    mode = forms.ChoiceField(label=_("What"), required=False, choices=MODES)
    prune = forms.BooleanField(
        label=_("Prune"),
        required=False,
        help_text=_("Delete what upstream has not had for a week."),
    )
    species = forms.BooleanField(
        label=_("Species"), required=False, help_text=_("Also the names in every language.")
    )
    executor = forms.ChoiceField(label=_("Executor"), required=False, choices=_executors)
    workers = _text(_("Workers"))
    rate = _text(_("Rate"), _("At most so many requests a second."))
    timeout = _text(_("Timeout"), _("Seconds that one attempt may take."))
    retries = _text(_("Retries"), _("Further attempts after a passing fault."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        chosen = options()
        self.fields["sprites"].widget.attrs["placeholder"] = "default"
        self.fields["sprites"].help_text = _("Keys, globs or presets: %(presets)s.") % {
            "presets": ", ".join(PRESETS)
        }
        for name in OVERRIDES[1:]:
            value = getattr(chosen, name.upper())
            self.fields[name].widget.attrs["placeholder"] = "" if value is None else f"{value:g}"

    @property
    def who(self) -> list[forms.BoundField]:
        """Return the fields that choose Pokémon."""
        names = ("pokemon", "ids", "generation", "type", "limit", "everyone", "no_forms")
        return [self[name] for name in names]

    @property
    def what(self) -> list[forms.BoundField]:
        """Return the fields that choose sprites and what is done with them."""
        return [self[name] for name in ("sprites", "mode", "prune", "species")]

    @property
    def how(self) -> list[forms.BoundField]:
        """Return the fields that replace the site's options."""
        return [self[name] for name in OVERRIDES]

    def clean(self) -> dict[str, Any]:
        """Read the fields as the command does; add ``request`` and ``overrides``."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            cleaned["request"] = _request(cleaned)
            check_sprites(cleaned["request"].sprites)
            cleaned["overrides"] = _overrides(cleaned)
        except UsageError as error:
            field = error.argument.removeprefix("--")
            self.add_error(field if field in self.fields else None, str(error))
        return cleaned


def _request(cleaned: dict[str, Any]) -> SyncRequest:
    mode = cleaned.get("mode", "")
    given = {
        **{name: value or None for name, value in cleaned.items()},
        **{name: name == mode for name in ("force", "retry_failed", "verify")},
        **{name: bool(cleaned.get(name)) for name in ("everyone", "no_forms", "prune", "species")},
        "pokemon": re.findall(r"[^\s,]+", cleaned.get("pokemon", "")),
        "dry_run": False,
    }
    return read_request(given)


def _overrides(cleaned: dict[str, Any]) -> dict[str, object]:
    found = overrides({name: cleaned.get(name) or None for name in OVERRIDES})
    return found | (RECHECK if cleaned.get("mode") == "recheck" else {})
