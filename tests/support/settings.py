"""Settings of the tests: the example site's, on a database file, with fast passwords."""

import os
import tempfile

from pokesite.settings import *  # noqa: F403
from pokesite.settings import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# An SQLite database in memory is one connection's own: threads and browsers need a file.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {
        "NAME": os.path.join(tempfile.gettempdir(), f"sprites-test-{os.getpid()}.sqlite3")
    }
