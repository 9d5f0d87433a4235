"""The example site's settings, in a process that has a newer release of the app."""

import sprites

sprites.__version__ = "99.0"

from pokesite.settings import *  # noqa: E402, F403
