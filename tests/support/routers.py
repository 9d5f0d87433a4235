"""A database router, for tests: with one, a site may read from a replica."""


class Same:
    """Leaves every question to Django."""
