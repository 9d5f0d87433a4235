"""The example site's settings with its images behind an alias that is no folder."""

from pokesite.settings import *  # noqa: F403
from pokesite.settings import MEDIA_ROOT

STORAGES = {
    "default": {"BACKEND": "tests.cluster.calls.Elsewhere", "OPTIONS": {"location": MEDIA_ROOT}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
