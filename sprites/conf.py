"""The ``SPRITES`` dict of a site's settings, read afresh at each call and checked option by option.

Nothing else in the app reads these settings; values may be strings, as an environment gives them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from .origins import is_loopback, origin

EXECUTORS = ("threads", "processes", "sync", "dask")
"""The executors that have a name of their own."""


class Problem(NamedTuple):
    """An option whose value cannot be used, and what could be."""

    option: str
    value: object
    allowed: str

    def __str__(self) -> str:
        return f"{self.option} is {self.value!r}; allowed: {self.allowed}"


class Rule(NamedTuple):
    """How an option's value is read, and what it may be; ``read`` raises ValueError."""

    read: Callable[[Any], Any]
    allowed: str


def _number(low: float, high: float, kind: type[int] | type[float], unit: str = "") -> Rule:
    def read(value: Any) -> float:
        if isinstance(value, bool):
            raise ValueError
        number = kind(value)
        if not low <= number <= high or (kind is int and number != float(value)):
            raise ValueError
        return number

    noun = "a whole number" if kind is int else "a number"
    return Rule(read, f"{noun} from {low} to {high}{unit and ' ' + unit}")


def _optional(rule: Rule, none: object = None) -> Rule:
    return Rule(
        lambda value: none if value in (None, "") else rule.read(value), f"{rule.allowed}, or none"
    )


def _flag(value: Any) -> bool:
    if isinstance(value, str):
        return {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False,
                "off": False, "no": False, "": False}[value.lower()]  # fmt: skip
    if not isinstance(value, bool):
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _url(value: Any) -> str:
    url = _text(value)
    parts = urlsplit(url)
    if parts.query or parts.fragment or not origin(url):
        raise ValueError
    return url if url.endswith("/") else url + "/"


def _origins(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else list(value)
    origins = tuple(origin(_text(name)) for name in names if str(name).strip())
    if not all(origins) or any(urlsplit(name.strip()).path.strip("/") for name in names):
        raise ValueError
    return origins


def _path(value: Any) -> str:
    path = _text(value)
    if "." not in path or not all(part.isidentifier() for part in path.split(".")):
        raise ValueError
    return path


def _scheduler(value: Any) -> str:
    address = _text(value)
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port or parts.path:
        raise ValueError
    return address


_MIB = 2**20


def _option(default: object, rule: Rule) -> Any:
    return field(default=default, metadata={"rule": rule})


_ORIGINS = Rule(_origins, "a list of scheme://host[:port], without a path")
_FLAG = Rule(_flag, "true or false")
_FUNCTION = _optional(Rule(_path, "the dotted path of a function"), none="")
_SECONDS = "seconds"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every option with its default; sizes are in bytes, times in seconds."""

    API_URL: str = _option("https://pokeapi.co/api/v2/", Rule(_url, "an http(s) URL without query"))
    ALLOWED_ORIGINS: tuple[str, ...] = _option(("https://raw.githubusercontent.com",), _ORIGINS)
    ALLOW_HTTP: bool = _option(False, _FLAG)
    ALLOW_PRIVATE_ADDRESSES: bool = _option(False, _FLAG)
    ALLOW_TRAILING_DATA: bool = _option(False, _FLAG)
    WORKERS: int = _option(8, _number(1, 256, int))
    EXECUTOR: str = _option(
        "threads", Rule(_text, f"{', '.join(EXECUTORS)} or the dotted path of a factory")
    )
    RATE: float | None = _option(None, _optional(_number(0.1, 10_000, float, "requests a second")))
    RETRIES: int = _option(4, _number(0, 20, int))
    TIMEOUT: float = _option(30.0, _number(0.1, 3600, float, _SECONDS))
    CONNECT_TIMEOUT: float = _option(5.0, _number(0.1, 600, float, _SECONDS))
    READ_TIMEOUT: float = _option(10.0, _number(0.1, 600, float, _SECONDS))
    MAX_PAUSE: float = _option(60.0, _number(0.1, 86_400, float, _SECONDS))
    MAX_OUTAGE: float = _option(20.0, _number(0.1, 3600, float, _SECONDS))
    BREAKER: int = _option(5, _number(1, 1000, int, "refusals in a row"))
    MAX_JSON_BYTES: int = _option(4 * _MIB, _number(1024, 1024 * _MIB, int, "bytes"))
    MAX_IMAGE_BYTES: int = _option(4 * _MIB, _number(1024, 1024 * _MIB, int, "bytes"))
    MAX_PIXELS: int = _option(4_000_000, _number(1, 1_000_000_000, int, "pixels"))
    MAX_FRAMES: int = _option(1000, _number(1, 100_000, int, "frames"))
    MAX_SHRINK: float = _option(0.1, _number(0, 1, float, "as a share of the list"))
    FRESH_FOR: float = _option(7 * 86_400.0, _number(0, 10 * 366 * 86_400, float, _SECONDS))
    PRUNE_AFTER: float = _option(7 * 86_400.0, _number(0, 10 * 366 * 86_400, float, _SECONDS))
    KEEP_RUNS: int = _option(200, _number(1, 1_000_000, int, "runs"))
    KEEP_DOCUMENTS: bool = _option(True, _FLAG)
    SPECIES: bool = _option(False, _FLAG)
    STANDALONE: bool = _option(False, _FLAG)
    STORAGE: str = _option("default", Rule(_text, "an alias of STORAGES"))
    TASK_BACKEND: str = _option("default", Rule(_text, "an alias of TASKS"))
    TASK_QUEUE: str = _option("default", Rule(_text, "a queue of that task backend"))
    SESSION: str = _option("", _FUNCTION)
    NAMING: str = _option("", _FUNCTION)
    DASK_SCHEDULER: str = _option(
        "", _optional(Rule(_scheduler, "tcp:// or tls://host:port"), none="")
    )

    @property
    def origins(self) -> frozenset[str]:
        """Return every origin that may be asked, the API's own among them."""
        return frozenset({*self.ALLOWED_ORIGINS, origin(self.API_URL)})


RULES: dict[str, Rule] = {item.name: item.metadata["rule"] for item in fields(Options)}


def read(given: Mapping[str, object]) -> tuple[Options, list[Problem]]:
    """Read options from a mapping; a wrong value is a problem, and its option has the default."""
    values: dict[str, Any] = {}
    problems = []
    for name, value in given.items():
        if name not in RULES:
            problems.append(Problem(name, value, "one of " + ", ".join(sorted(RULES))))
            continue
        try:
            values[name] = RULES[name].read(value)
        except (ValueError, TypeError, KeyError, OverflowError):
            problems.append(Problem(name, value, RULES[name].allowed))
    found = replace(Options(), **values)
    return found, problems + list(_insecure(found))


def _insecure(found: Options) -> Iterable[Problem]:
    """Find URLs of plain http that leave this machine, where that is not allowed."""
    allowed = "https, or http on loopback, or ALLOW_HTTP"
    named = [("API_URL", found.API_URL), *(("ALLOWED_ORIGINS", o) for o in found.ALLOWED_ORIGINS)]
    for name, url in named:
        if url.startswith("http:") and not is_loopback(url) and not found.ALLOW_HTTP:
            yield Problem(name, url, allowed)


def given() -> Mapping[str, object]:
    """Return the site's ``SPRITES`` dict as it stands now."""
    mapping = getattr(settings, "SPRITES", {})
    return mapping if isinstance(mapping, Mapping) else {"SPRITES": mapping}


def options() -> Options:
    """Return the current options; a wrong value, which the checks report, counts as unset."""
    return read(given())[0]
