"""The command's arguments: what there is to ask for, and what is said of what there is not.

Their values are read in ``sync.request``, as those of the admin's form are.
"""

import json
from argparse import ArgumentError, ArgumentParser
from collections.abc import Sequence

from ..conf import RULES
from ..errors import nearest
from ..keys import PRESETS


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments, grouped as people think of them."""
    _add_who(parser)
    _add_how(parser)
    _add_what(parser)


def _add_who(parser: ArgumentParser) -> None:
    who = parser.add_argument_group("which Pokémon")
    who.add_argument("pokemon", nargs="*", metavar="NAME|ID", help="Pokémon by name or id")
    who.add_argument("--all", action="store_true", dest="everyone", help="every Pokémon")
    who.add_argument("--limit", metavar="N", help="the first N of those chosen (default: 100)")
    who.add_argument("--ids", action="append", metavar="A-B,C", help="ids and ranges of ids")
    who.add_argument("--generation", action="append", metavar="N", help="of a generation")
    who.add_argument("--type", action="append", metavar="NAME", help="of a type")
    who.add_argument("--no-forms", action="store_true", help="without forms (ids from 10001)")
    which = parser.add_argument_group("which sprites")
    which.add_argument(
        "--sprites",
        action="append",
        metavar="KEYS",
        help=f"keys, globs and presets ({', '.join(PRESETS)}), separated by commas",
    )
    which.add_argument("--list-sprites", action="store_true", help="list presets and known keys")


def _add_how(parser: ArgumentParser) -> None:
    how = parser.add_argument_group("how")
    how.add_argument("--executor", help=RULES["EXECUTOR"].allowed)
    how.add_argument("--workers", metavar="N", help=RULES["WORKERS"].allowed)
    how.add_argument("--rate", metavar="N", help="at most this many requests a second")
    how.add_argument("--timeout", metavar="S", help="seconds that one attempt may take in all")
    how.add_argument("--retries", metavar="N", help="further attempts after a passing fault")


def _add_what(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to do")
    what.add_argument(
        "--dry-run", action="store_true", help="say what would be done, write nothing"
    )
    what.add_argument("--species", action="store_true", help="names in every language, too")
    mode = what.add_mutually_exclusive_group()
    mode.add_argument("--force", action="store_true", help="fetch again what is fresh, too")
    mode.add_argument("--retry-failed", action="store_true", help="only what failed before")
    mode.add_argument(
        "--verify", action="store_true", help="hash every stored file, fetch damaged ones again"
    )
    what.add_argument(
        "--prune", action="store_true", help="delete what upstream has not had for a week"
    )
    what.add_argument("--format", choices=["text", "json"], default="text")
    what.add_argument("--trace", metavar="FILE", help="write every attempt as a Trace Event")


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line that can't be read as a whole asks for JSON."""
    parser = ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--format")
    try:
        known, _ = parser.parse_known_args(arguments)
    except ArgumentError:
        return False
    return bool(known.format == "json")


def refusal(exit_code: int, message: str) -> str:
    """Return why there is no report, as one JSON object."""
    return json.dumps({"exit_code": int(exit_code), "message": message})


def explained(message: str, parser: ArgumentParser) -> str:
    """Return what argparse has to say, with the options that may have been meant."""
    text = message.removeprefix("Error: ")
    unknown = text.removeprefix("unrecognized arguments: ")
    if unknown == text:
        return text
    return text + nearest(unknown.split(" ")[0].partition("=")[0], parser._option_string_actions)
