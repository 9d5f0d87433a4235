"""One GET: a URL and a policy in, a Reply out or a SpritesError raised; nothing is tried twice.

The allow-list, the timeouts, the total deadline, the cap on decoded bytes and the redirects are
kept here, over the connections of ``transport``.
"""

import io
import re
import ssl
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from urllib.parse import urljoin, urlsplit

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    NewConnectionError,
)
from urllib3.util import Retry

from ..errors import Code, SpritesError
from ..origins import origin
from .deadline import Deadline
from .records import Policy
from .transport import Exchange, route

MAX_REDIRECTS = 3
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GZIP = 16 + zlib.MAX_WBITS
_SNAPSHOT = "X-PokeAPI-Hash"
_OBJECT = re.compile(r"[^\s<(]*(?:<[^>]*>|\([^)]*\)): ")
_MAX_TEXT = 200
"""Characters of an error's text, and of a header that is kept or read."""


@dataclass(slots=True)
class Usage:
    """What a job has cost so far: requests sent and bytes received.

    ``snapshot`` names the deployment of upstream that answered, where it says so.
    """

    requests: int = 0
    bytes: int = 0
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: the whole decoded body, or ``not_modified`` for a 304."""

    body: bytes
    etag: str
    not_modified: bool
    media_type: str = ""


def check_url(url: str, origins: frozenset[str]) -> None:
    """Raise SpritesError where a URL is none, or leads outside the allowed origins."""
    is_clean = url.isprintable() and " " not in url
    # Most URLs begin with an origin as it is spelled in the list: no need to take them apart.
    if is_clean and any(url.startswith(f"{one}/") for one in origins):
        return
    if not is_clean or not _has_scheme(url):
        raise SpritesError(Code.BAD_URL, f"{url[:200]!r} is no URL")
    if origin(url) not in origins:
        raise SpritesError(Code.URL_NOT_ALLOWED, f"{url[:200]} is outside the allowed origins")


def _has_scheme(url: str) -> bool:
    """Tell whether a text has the form of an absolute URL of any scheme."""
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return False


def get(url: str, policy: Policy, cap: int, usage: Usage, *, etag: str = "") -> Reply:
    """Fetch a URL within the policy; with an ETag, ask only for what has changed.

    At most ``cap`` decoded bytes are taken. Raises SpritesError for every failure.
    """
    with Deadline(policy.timeout):
        try:
            return _follow(url, policy, cap, usage, etag)
        except (OSError, HTTPException, HTTPError) as error:
            cause = getattr(error, "original_error", error)  # behind a proxy's
            raise SpritesError(_code(cause), _describe(cause)) from None


def _follow(url: str, policy: Policy, cap: int, usage: Usage, etag: str) -> Reply:
    first = home = origin(url)
    for _ in range(MAX_REDIRECTS + 1):
        check_url(url, policy.origins)
        exchange = _ask(home, url, policy, usage, etag if home == first else "")
        try:
            if exchange.reply.status not in _REDIRECTS:
                return _reply(exchange.reply, cap, usage, bool(etag) and home == first)
            url = _target(exchange.reply, url)
            home = origin(url)
        finally:
            exchange.release()
    raise SpritesError(Code.REDIRECT, f"more than {MAX_REDIRECTS} redirects")


def _ask(home: str, url: str, policy: Policy, usage: Usage, etag: str) -> Exchange:
    usage.requests += 1
    way = route(home, policy.allow_private_addresses, policy.session)
    validator = {"If-None-Match": etag} if etag else {}
    return way.ask(url, validator, policy.connect_timeout, policy.read_timeout)


def _target(response: HTTPResponse, url: str) -> str:
    """Return where a redirect leads; whether that is allowed is checked before it is asked."""
    location = response.headers.get("Location", "")
    try:
        if location:
            return urljoin(url, location)
    except ValueError:
        location = ""
    raise SpritesError(Code.REDIRECT, "a redirect without a target", status=response.status)


def _reply(response: HTTPResponse, cap: int, usage: Usage, conditional: bool) -> Reply:
    etag, usage.snapshot = _tag(response, "ETag"), _tag(response, _SNAPSHOT)
    if response.status == 304 and conditional:
        return Reply(b"", etag, not_modified=True)
    if response.status != 200:
        raise _refusal(response)
    body = _read(response, cap, usage)
    if not body:
        raise SpritesError(Code.EMPTY, "the body is empty", status=200)
    return Reply(body, etag, not_modified=False, media_type=_tag(response, "Content-Type"))


def _tag(response: HTTPResponse, name: str) -> str:
    """Return a header, such as the ETag, if it is short and plain, else ""."""
    tag = response.headers.get(name, "")
    return tag if len(tag) <= _MAX_TEXT and tag.isascii() and tag.isprintable() else ""


def _refusal(response: HTTPResponse) -> SpritesError:
    status = response.status
    if status in (404, 410):
        code = Code.NOT_FOUND
    elif status in (401, 403):
        code = Code.BLOCKED
    elif status == 429:
        code = Code.RATE_LIMITED
    elif status == 408:
        code = Code.TIMEOUT
    elif 400 <= status < 500:
        code = Code.HTTP_4XX
    else:
        code = Code.HTTP_5XX if status >= 500 else Code.BAD_STATUS
    detail = f"HTTP status {status}"
    return SpritesError(code, detail, status=status, retry_after=_retry_after(response))


def _retry_after(response: HTTPResponse) -> float | None:
    """Read Retry-After, seconds or an HTTP date, as seconds from now; what is past says nothing."""
    value = _tag(response, "Retry-After")
    try:
        return float(Retry().parse_retry_after(value)) or None if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _read(response: HTTPResponse, cap: int, usage: Usage) -> bytes:
    """Return the decoded body; stop with an error as soon as it is over the cap.

    It grows in one place: a list of its parts would stay with the allocator when it is gone.
    The cap counts what comes, too: gzip can go on for ever without unpacking to anything.
    """
    if _announced(response) > cap:
        raise SpritesError(Code.TOO_LARGE, f"announced as over {cap} bytes", status=200)
    unpack = _Unpacker(response.headers.get("Content-Encoding", ""))
    body, left, coming = io.BytesIO(), cap, cap
    while response.length != 0 and (raw := response.read(_CHUNK)):
        usage.bytes += len(raw)
        part = unpack(raw, left + 1)
        left, coming = left - len(part), coming - len(raw)
        if min(left, coming) < 0:
            raise SpritesError(Code.TOO_LARGE, f"over {cap} bytes", status=200)
        body.write(part)
    if response.length:  # http.client ends a body that was cut as if it were whole
        raise SpritesError(Code.TRUNCATED, f"{response.length} bytes are missing", status=200)
    unpack.finish()
    return body.getvalue()


def _announced(response: HTTPResponse) -> int:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else 0


class _Unpacker:
    """Unpack gzip with a bound on what comes out; pass a body that is not packed through."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip"):
            raise SpritesError(Code.BAD_CONTENT, f"packed as {name[:20]!r}, unasked", status=200)
        self._gzip = None if name in ("", "identity") else zlib.decompressobj(_GZIP)

    def __call__(self, raw: bytes, most: int) -> bytes:
        if self._gzip is None:
            return raw
        try:
            return b"".join(self._members(self._gzip, raw, most))
        except zlib.error as error:
            raise SpritesError(Code.TRUNCATED, f"broken gzip: {error}", status=200) from None

    def _members(self, gzip: "zlib._Decompress", raw: bytes, most: int) -> Iterator[bytes]:
        """Yield what is unpacked, also where one gzip stream follows another."""
        while raw and most > 0:
            if gzip.eof:
                gzip = self._gzip = zlib.decompressobj(_GZIP)
            part = gzip.decompress(raw, most)
            most -= len(part)
            raw = gzip.unused_data
            yield part

    def finish(self) -> None:
        if self._gzip is not None and not self._gzip.eof:
            raise SpritesError(Code.TRUNCATED, "the gzip stream ended too soon", status=200)


def _code(error: Exception) -> Code:
    """Name the failure behind what the socket, http.client or urllib3's connect raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Code.TLS
    if isinstance(error, (NewConnectionError, ConnectTimeoutError)):
        return Code.UNREACHABLE
    if isinstance(error, TimeoutError):
        return Code.TIMEOUT
    return Code.TRUNCATED if isinstance(error, IncompleteRead) else Code.CONNECTION


def _describe(error: Exception) -> str:
    """Say what went wrong without the object that urllib3 puts before it."""
    text = str(error)[: 2 * _MAX_TEXT]
    named = _OBJECT.match(text)
    return text[named.end() if named else 0 :][:_MAX_TEXT]
