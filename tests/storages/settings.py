"""Settings of a site that keeps its media elsewhere: the example site's, with STORAGE as JSON."""

from pokesite.settings import *  # noqa: F403
from pokesite.settings import env

STORAGES = {
    "default": env.json("STORAGE"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
