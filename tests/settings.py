"""Settings of the tests: the example site's, on a database file, with fast passwords."""

from pokesite.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
