"""The command's arguments: texts in, a Request and the options that they override out.

Values are read here and not by argparse, so that a wrong one ends in one line that names the
option, the value and what is allowed.
"""

import re
from argparse import ArgumentError, ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from ..conf import RULES
from ..errors import UsageError, nearest
from ..keys import PRESETS, can_match, generation_number
from ..worker.records import Request

_NUMBER = re.compile(r"[0-9]{1,9}")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_ALLOWED = {
    "NAME|ID": "the name of a Pokémon, or its id",
    "--ids": "ids and ranges such as 1-151,172",
    "--generation": "a number such as 2 or ii",
    "--type": "the name of a type such as fire",
    "--sprites": f"{', '.join(PRESETS)}, keys and globs",
}
_OVERRIDES = ("executor", "workers", "rate", "timeout", "retries")


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
    how.add_argument("--executor", help="threads, processes, sync, dask or a factory's dotted path")
    how.add_argument("--workers", metavar="N", help=_allowed("WORKERS"))
    how.add_argument("--rate", metavar="N", help="at most this many requests a second")
    how.add_argument("--timeout", metavar="S", help="seconds that one attempt may take in all")
    how.add_argument("--retries", metavar="N", help="further attempts after a passing fault")


def _add_what(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to do")
    what.add_argument(
        "--dry-run", action="store_true", help="say what would be done, write nothing"
    )
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


def _allowed(option: str) -> str:
    return RULES[option].allowed


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line that can't be read as a whole asks for JSON."""
    parser = ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--format")
    try:
        known, _ = parser.parse_known_args(arguments)
    except ArgumentError:
        return False
    return bool(known.format == "json")


def explained(message: str, parser: ArgumentParser) -> str:
    """Return what argparse has to say, with the options that may have been meant."""
    text = message.removeprefix("Error: ")
    unknown = text.removeprefix("unrecognized arguments: ")
    if unknown == text:
        return text
    options = [name for action in parser._actions for name in action.option_strings]
    return text + nearest(unknown.split(" ")[0].partition("=")[0], options)


def overrides(given: dict[str, Any]) -> dict[str, object]:
    """Return the options of SPRITES that arguments replace; raises UsageError for a wrong value."""
    return {
        name.upper(): _read(f"--{name}", name.upper(), given[name])
        for name in _OVERRIDES
        if given[name] is not None
    }


def _read(argument: str, option: str, value: Any) -> object:
    rule = RULES[option]
    try:
        read = rule.read(value)
    except (ValueError, TypeError, OverflowError):
        read = None
    if read is None:
        allowed = rule.allowed.removesuffix(", or none")
        raise UsageError(f"{argument} is {value!r}; allowed: {allowed}")
    return read


def read_request(given: dict[str, Any]) -> Request:
    """Return what the arguments ask for; raises UsageError."""
    limit = given["limit"]
    if limit is not None and given["everyone"]:
        raise UsageError("--all and --limit exclude each other")
    upkeep = given["verify"] or given["retry_failed"]
    sprites = tuple(map(_sprite, _split("--sprites", given["sprites"])))
    return Request(
        names=tuple(_text("NAME|ID", str(name)) for name in given["pokemon"]),
        ids=tuple(map(_range, _split("--ids", given["ids"]))),
        limit=None if limit is None else _positive("--limit", limit),
        everyone=given["everyone"],
        generations=tuple(map(_generation, _split("--generation", given["generation"]))),
        types=tuple(text.lower() for text in _split("--type", given["type"])),
        forms=not given["no_forms"],
        sprites=sprites or (("all",) if upkeep else ("default",)),
        force=given["force"],
        retry_failed=given["retry_failed"],
        verify=given["verify"],
        prune=given["prune"],
        dry_run=given["dry_run"],
    )


def _split(argument: str, values: Iterable[object] | str | None) -> list[str]:
    """Return the texts of a repeated argument whose values may be lists of their own."""
    repeated = [values] if isinstance(values, str) else values or []
    return [_text(argument, part) for value in repeated for part in str(value).split(",")]


def _text(argument: str, text: str) -> str:
    """Return a text that says something, in characters that a database and a terminal take."""
    if not text.strip() or not text.isprintable():
        raise _wrong(argument, text)
    return text.strip()


def _wrong(argument: str, text: str) -> UsageError:
    return UsageError(f"{argument} is {text!r}; allowed: {_ALLOWED[argument]}")


def _sprite(name: str) -> str:
    if name not in PRESETS and not can_match(name):
        raise _wrong("--sprites", name)
    return name


def _positive(argument: str, value: object) -> int:
    text = str(value)
    if not (_NUMBER.fullmatch(text) and int(text)):
        raise UsageError(f"{argument} is {value!r}; allowed: a whole number from 1")
    return int(text)


def _range(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if not found:
        raise _wrong("--ids", text)
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise UsageError(f"--ids is {text!r}, a reversed range; allowed: {last}-{first}")
    return first, last


def _generation(text: str) -> int:
    name = text.lower().removeprefix("generation-")
    roman = generation_number(f"generation-{name}")
    number = int(name) if _NUMBER.fullmatch(name) else roman
    if not number or number > 1000:
        raise _wrong("--generation", text)
    return number
