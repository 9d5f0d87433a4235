"""One GET: a URL and a policy in, a Reply out or a SpritesError raised; nothing is tried twice.

The allow-list, the redirects, the cap on decoded bytes and the meaning of a reply are kept here,
over the transfers of ``transport``.
"""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from gzip import BadGzipFile
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from isal.igzip import IGzipFile
from isal.isal_zlib import IsalError

from ..errors import Code, SpritesError
from ..origins import check_url, names_address
from .exchange import Exchange
from .records import Policy
from .routes import Route, plain_route
from .transport import Client, client, give_back

MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSALS = {
    401: Code.BLOCKED,
    403: Code.BLOCKED,
    404: Code.NOT_FOUND,
    408: Code.TIMEOUT,
    410: Code.NOT_FOUND,
    429: Code.RATE_LIMITED,
}
_SNAPSHOT = b"x-pokeapi-hash"
_MAX_TEXT = 200
"""Characters of a header that is kept or read."""


@dataclass(slots=True)
class Usage:
    """What a job has cost so far: requests sent and bytes received.

    ``snapshot`` names the deployment of upstream that answered, where it says so. ``left`` is when
    the job let another one use the network, by the clock of ``perf_counter``; 0 if it has not.
    """

    requests: int = 0
    bytes: int = 0
    snapshot: str = ""
    left: float = 0.0


class Reply(NamedTuple):
    """A good answer: the whole decoded body, or ``not_modified`` for a 304.

    ``gzip`` is the body as it came, where it came packed so, or b"".
    """

    body: bytes
    etag: str
    not_modified: bool
    media_type: str = ""
    gzip: bytes = b""


def get(url: str, policy: Policy, cap: int, usage: Usage, *, etag: str = "") -> Reply:
    """Fetch a URL within the policy; with an ETag, ask only for what has changed.

    At most ``cap`` decoded bytes are taken. Raises SpritesError for every failure.
    """
    here = client()
    try:
        with here.sockets:
            return _follow(here, url, policy, cap, usage, etag)
    finally:
        usage.bytes += here.exchange.forget()
        if give_back():
            usage.left = time.perf_counter()


def _follow(here: Client, url: str, policy: Policy, cap: int, usage: Usage, etag: str) -> Reply:
    end, first = time.monotonic() + policy.timeout, ""
    for _ in range(MAX_REDIRECTS + 1):
        home = check_url(url, policy.origins)
        first = first or home
        usage.requests += 1
        way = route(home, policy.allow_private_addresses, policy.session)
        validator = etag if home == first else ""
        exchange = here.get(url, way, policy, cap, end, validator)
        if exchange.status not in _REDIRECTS:
            return _reply(exchange, cap, usage, bool(validator))
        url = _target(exchange, url)
    raise SpritesError(Code.REDIRECT, f"more than {MAX_REDIRECTS} redirects")


@lru_cache(maxsize=64)
def route(origin: str, allow_private: bool, own: str = "") -> Route:
    """Return the way to an origin, the same for all threads of the process.

    ``own`` is the dotted path of a site's own function that returns a session.
    """
    is_guarded = not (allow_private or names_address(urlsplit(origin).hostname or ""))
    if not own and (plain := plain_route(origin, is_guarded)):
        return plain
    from .session import route_of_session  # as late as can be: it imports requests

    return route_of_session(origin, own, is_guarded)


def _target(exchange: Exchange, url: str) -> str:
    """Return where a redirect leads; whether that is allowed is checked before it is asked."""
    location = exchange.header(b"location")
    try:
        if location:
            return urljoin(url, location)
    except ValueError:
        location = ""
    raise SpritesError(Code.REDIRECT, "a redirect without a target", status=exchange.status)


def _reply(exchange: Exchange, cap: int, usage: Usage, conditional: bool) -> Reply:
    etag, usage.snapshot = _tag(exchange, b"etag"), _tag(exchange, _SNAPSHOT)
    if exchange.status == 304 and conditional:
        return Reply(b"", etag, not_modified=True)
    if exchange.status != 200:
        raise _refusal(exchange)
    encoding = exchange.header(b"content-encoding").lower()
    raw = exchange.body
    body = _unpacked(raw, encoding, cap)
    if not body:
        raise SpritesError(Code.EMPTY, "the body is empty", status=200)
    media_type, packed = _tag(exchange, b"content-type"), b"" if body is raw else raw
    return Reply(body, etag, not_modified=False, media_type=media_type, gzip=packed)


def _tag(exchange: Exchange, name: bytes) -> str:
    """Return a header, such as the ETag, if it is short and plain, else ""."""
    tag = exchange.header(name)
    return tag if len(tag) <= _MAX_TEXT and tag.isascii() and tag.isprintable() else ""


def _refusal(exchange: Exchange) -> SpritesError:
    status = exchange.status
    general = Code.HTTP_4XX if status >= 400 else Code.BAD_STATUS
    code = _REFUSALS.get(status, Code.HTTP_5XX if status >= 500 else general)
    detail = f"HTTP status {status}"
    return SpritesError(code, detail, status=status, retry_after=_retry_after(exchange))


def _retry_after(exchange: Exchange) -> float | None:
    """Read Retry-After, seconds or an HTTP date, as seconds from now; what is past says nothing."""
    value = _tag(exchange, b"retry-after")
    try:
        if value.isdecimal():
            return float(value) or None
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0) or None
    except (ValueError, OverflowError):
        return None


def _unpacked(raw: bytes, encoding: str, cap: int) -> bytes:
    """Return a whole body as it was before it was packed, also as several gzip streams in a row."""
    if encoding in ("", "identity"):
        return raw
    if encoding not in ("gzip", "x-gzip"):
        detail = f"packed as {encoding[:20]!r}, unasked"
        raise SpritesError(Code.BAD_CONTENT, detail, status=200)
    try:
        with IGzipFile(fileobj=BytesIO(raw)) as stream:  # type: ignore[no-untyped-call]
            body = stream.read(cap + 1)
    except (EOFError, BadGzipFile, IsalError) as error:  # type: ignore[misc]  # as in png.py
        raise SpritesError(Code.TRUNCATED, f"broken gzip: {error}", status=200) from None
    if len(body) > cap:
        raise SpritesError(Code.TOO_LARGE, f"over {cap} bytes", status=200)
    return body
