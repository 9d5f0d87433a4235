#!/usr/bin/env python
"""Django's command line for the example site."""

import gc
import os
import sys
from contextlib import suppress

_THRESHOLD = 200_000
"""Objects after which garbage is first looked for: a command loads half as many, and all stay."""


def main() -> None:
    """Run the management command named on the command line."""
    name = os.environ.get("DJANGO_SETTINGS_MODULE") or "pokesite.settings"
    os.environ["DJANGO_SETTINGS_MODULE"] = name
    gc.set_threshold(_THRESHOLD)
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "django":
            sys.exit("Django is not installed here: run 'pip install -r requirements.txt' first.")
        why = settings_problem(error)
        if not why or "--traceback" in sys.argv:
            raise
        refuse(why)


def settings_problem(error: Exception) -> str:
    """Return why the settings can't be used, or "" where an error is another one."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    if isinstance(error, ImproperlyConfigured):
        return str(error)
    name = os.environ["DJANGO_SETTINGS_MODULE"]
    return "" if settings.configured else f"the settings {name!r} can't be loaded: {error}"


def refuse(why: str) -> None:
    """Say it in one line, and as JSON where that was asked for, and end with 2."""
    from sprites.errors import plain
    from sprites.management.arguments import refusal, wants_json

    line = plain(why)
    told = refusal(2, line) + "\n" if wants_json(sys.argv) else ""
    for stream, text in ((sys.stdout, told), (sys.stderr, f"{line}\n")):
        with suppress(OSError, AttributeError):  # closed, or full
            stream.write(text)
            stream.flush()
    sys.exit(2)


if __name__ == "__main__":
    main()
