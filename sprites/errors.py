"""Why something failed: one list of codes, and the exceptions that carry them inside one process.

A code travels in records, rows and reports; an exception never leaves the process that raised it.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum

_USER = re.compile(r"(?:(?<=:)|^)//[^/?#\s]*@")


class Code(StrEnum):
    """Every reason a sprite, a Pokémon or a run can fail for; the value is what others rely on."""

    BAD_CONTENT = "bad_content"
    BAD_IMAGE = "bad_image"
    BAD_JSON = "bad_json"
    BAD_STATUS = "bad_status"
    BAD_URL = "bad_url"
    BLOCKED = "blocked"
    BOMB = "bomb"
    CONNECTION = "connection"
    DB = "db"
    EMPTY = "empty"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    INTERNAL = "internal"
    LOST = "lost"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    REDIRECT = "redirect"
    SCHEMA = "schema"
    STORAGE = "storage"
    TIMEOUT = "timeout"
    TLS = "tls"
    TOO_LARGE = "too_large"
    TRAILING_DATA = "trailing_data"
    TRUNCATED = "truncated"
    UNREACHABLE = "unreachable"
    UNSAFE_SVG = "unsafe_svg"
    URL_NOT_ALLOWED = "url_not_allowed"
    WORKER_DIED = "worker_died"


def _(text: str) -> str:
    """Mark a text for the translators: it is translated where it is shown, in no worker."""
    return text


MEANING: dict[Code, str] = {
    Code.BAD_CONTENT: _("the body is no image of a known type"),
    Code.BAD_IMAGE: _("the image is damaged"),
    Code.BAD_JSON: _("the body is not JSON"),
    Code.BAD_STATUS: _("an HTTP status that makes no sense here"),
    Code.BAD_URL: _("the URL in upstream's JSON is no URL"),
    Code.BLOCKED: _("upstream refuses us (403 or 401)"),
    Code.BOMB: _("the image would unpack to far more than its size"),
    Code.CONNECTION: _("the connection broke"),
    Code.DB: _("the database refused the row"),
    Code.EMPTY: _("the body is empty"),
    Code.HTTP_4XX: _("upstream says that the request is wrong"),
    Code.HTTP_5XX: _("upstream has an error of its own"),
    Code.INTERNAL: _("an unexpected error in a worker"),
    Code.LOST: _("the stored file is gone or damaged, and upstream has no other"),
    Code.NOT_FOUND: _("upstream lists it and does not have it"),
    Code.RATE_LIMITED: _("upstream asks us to slow down"),
    Code.REDIRECT: _("too many redirects, or one without a target"),
    Code.SCHEMA: _("the JSON lacks a field or has one of another type"),
    Code.STORAGE: _("the media storage refused the file"),
    Code.TIMEOUT: _("no answer in time"),
    Code.TLS: _("the TLS certificate is not valid"),
    Code.TOO_LARGE: _("the body is larger than the cap"),
    Code.TRAILING_DATA: _("bytes follow the end of the image"),
    Code.TRUNCATED: _("the body ended too soon"),
    Code.UNREACHABLE: _("no connection to the host"),
    Code.UNSAFE_SVG: _("the SVG holds something that could act"),
    Code.URL_NOT_ALLOWED: _("the URL leads outside the allowed origins"),
    Code.WORKER_DIED: _("the worker process died twice on it"),
}

RETRIED = frozenset(
    {
        Code.CONNECTION,
        Code.HTTP_5XX,
        Code.RATE_LIMITED,
        Code.TIMEOUT,
        Code.TRUNCATED,
        Code.UNREACHABLE,
    }
)
"""The codes of faults that pass: another attempt may succeed."""


def plain(text: str, most: int = 300) -> str:
    """Return a text from outside on one line, without control characters or credentials."""
    head = without_user(text)[:most]  # cut behind that: half a password is one, too
    return "".join(char if char.isprintable() else " " for char in head)


def without_user(text: str) -> str:
    """Return a text whose URLs name no user and no password."""
    return _USER.sub("//", text) if "@" in text else text


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what somebody may have meant, to end a message with, or "" where nothing is near."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""


class SpritesError(Exception):
    """An expected failure; ``retry_after`` is in seconds, ``fatal`` ends the whole run."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        fatal: bool = False,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        self.fatal = fatal

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class UsageError(Exception):
    """The command or a setting asks for something that cannot be; no request was made.

    ``argument`` names the argument that does, such as ``--ids``, where it is one alone.
    """

    def __init__(self, message: str, argument: str = "") -> None:
        super().__init__(message)
        self.argument = argument


class TooMuchError(Exception):
    """What was asked for would delete too much at once."""


class LockHeldError(Exception):
    """Another run holds the lock."""


class CannotWriteError(Exception):
    """The run may or can write nothing any more."""


class LockLostError(CannotWriteError):
    """Another run has taken the lock over: this one may write nothing any more."""


class DatabaseGoneError(CannotWriteError):
    """The database does not answer, or stays locked, though it was asked twice."""
