"""A module that wants to leave when it is imported."""

import sys

sys.exit(9)
