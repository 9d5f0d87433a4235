"""Settings of a site whose SQLite keeps next to no pages in memory, so that it reads the file."""

from pokesite.settings import *  # noqa: F403
from pokesite.settings import DATABASES

DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA cache_size=2;"
