"""A site's module with a mistake in it."""

from typing import Never


def factory() -> Never:
    """Never be reached."""
    raise AssertionError


raise RuntimeError("this module can't be imported")
