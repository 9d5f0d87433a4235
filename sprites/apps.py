"""The app's place in Django's registry."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SpritesConfig(AppConfig):
    """Registers the system checks when the site starts."""

    name = "sprites"
    verbose_name = _("Sprites")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (importing it registers the checks)
