"""The connections of one worker process: an origin in, the way to it out.

A requests session, a site's own where it has one, is asked once an origin for what it knows
(proxies, certificates, headers) and then left out, because ``Session.get`` costs four times the CPU
of the http.client under it. urllib3's pool keeps and opens the connections, and http.client itself
sends the request and reads the reply.
"""

import contextlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .. import __version__
from ..errors import Code, SpritesError, UsageError, plain
from ..hooks import load
from ..origins import is_public, names_address
from . import deadline

_HEADERS = {
    "User-Agent": f"django-sprites/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
}
_MAX_CONNECTIONS = 256
_SHORT = 64 * 1024
"""Bytes of a refusal that are read for the sake of its connection."""
_SAFE = "%/?:@!$&'()*+,;=~[]"
"""What a URL may have as it is, beside letters, digits and ``_.-``."""
_SEND = http.client.HTTPConnection.request
_RECEIVE = http.client.HTTPConnection.getresponse


@dataclass(frozen=True, slots=True)
class Route:
    """The pool that leads to an origin, the headers to send, and whether a proxy lies between."""

    pool: HTTPConnectionPool
    headers: Mapping[str, str]
    by_proxy: bool

    def ask(
        self, url: str, headers: Mapping[str, str], connect_timeout: float, read_timeout: float
    ) -> "Exchange":
        """Send a GET and return the exchange once the head of its reply is here.

        Raises OSError, http.client.HTTPException, or urllib3's HTTPError for a failed connect.
        """
        connection: Any = self.pool._get_conn()
        try:
            if connection.is_closed:
                connection.timeout, connection.response_class = connect_timeout, _Reply
                self._connect(connection, url)
            connection.sock.settimeout(read_timeout)
            if job := deadline.current():
                job.guard(connection.sock)
            # http.client's own: urllib3's make objects that nobody here looks at
            _SEND(connection, "GET", self._target(url), headers={**self.headers, **headers})
            return Exchange(self.pool, connection, _RECEIVE(connection))
        except BaseException:
            connection.close()
            self.pool._put_conn(connection)
            raise

    def _connect(self, connection: Any, url: str) -> None:
        if self.by_proxy and url.startswith("https:"):
            self.pool._prepare_proxy(connection)  # a tunnel
        else:
            connection.connect()

    def _target(self, url: str) -> str:
        """Return what stands in the request line: the path, or for a plain proxy the whole URL."""
        if self.by_proxy and url.startswith("http:"):
            return quote(url, safe=_SAFE)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return quote(target, safe=_SAFE)


@dataclass(slots=True)
class Exchange:
    """A request and its reply, on a connection that goes back to its pool at the end."""

    pool: HTTPConnectionPool
    connection: Any
    reply: http.client.HTTPResponse

    def release(self) -> None:
        """Keep the connection for the next job if its reply is read to the end, else close it.

        What a refusal says is read on for that, unless it is long.
        """
        with contextlib.suppress(OSError, http.client.HTTPException):
            if self._is_short():
                self.reply.read()  # http.client keeps even an empty body open until it is read
        if not self.reply.isclosed():
            self.reply.close()
            self.connection.close()
        self.pool._put_conn(self.connection)

    def _is_short(self) -> bool:
        left, status = self.reply.length, self.reply.status
        if left is None or status < 200:  # behind an interim reply comes another one
            return False
        return left == 0 or (left <= _SHORT and status != 200)


class _Reply(http.client.HTTPResponse):
    """A reply whose end can be told: http.client is too kind to sizes that are none."""

    def begin(self) -> None:
        """Read the head; of two lengths that differ http.client would believe the first."""
        super().begin()
        if len(set(self.headers.get_all("Content-Length", ()))) > 1:
            raise http.client.HTTPException("a reply of two lengths")

    def _read_next_chunk_size(self) -> int:
        """Read a chunk's size; one of -1 byte would be read without a bound."""
        try:
            size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        except ValueError:
            size = -1
        if size < 0:
            raise http.client.HTTPException("a chunk without a size")
        return size


@lru_cache(maxsize=64)
def route(origin: str, allow_private: bool, own: str = "") -> Route:
    """Return the way to an origin; its connections are shared by all threads of the process.

    ``own`` is the dotted path of a site's own function that returns a session.
    """
    session = own_session(own) if own else requests.Session()
    # Its own values go in as a request's, or requests would prefer the environment's to them.
    chosen = session.merge_environment_settings(
        origin, dict(session.proxies), None, session.verify, session.cert
    )
    request = requests.Request("GET", origin).prepare()
    pool: Any = _adapter(allow_private).get_connection_with_tls_context(
        request, chosen["verify"], proxies=chosen["proxies"], cert=chosen["cert"]
    )
    by_proxy = requests.utils.select_proxy(origin, chosen["proxies"]) is not None
    headers = _headers(session, origin) if own else _HEADERS
    if by_proxy and origin.startswith("http:"):  # through a tunnel it would reach the origin
        headers = {**headers, **(pool.proxy_headers or {})}
    return Route(pool, headers, by_proxy)


@lru_cache(maxsize=8)
def own_session(path: str) -> requests.Session:
    """Return the session that a site's own function makes; raises UsageError."""
    try:
        session: object = load("SESSION", path)()
    except UsageError:
        raise
    except Exception as error:  # the function is somebody else's and may raise anything
        detail = plain(f"{type(error).__name__}: {error}")
        raise UsageError(f"SESSION {path!r} failed: {detail}") from None
    if not isinstance(session, requests.Session):
        kind = type(session).__name__
        raise UsageError(f"SESSION {path!r} gives a {kind}, not a requests.Session")
    return session


def _headers(session: requests.Session, origin: str) -> dict[str, str]:
    """Return what a session sends to an origin over what we do: its headers, auth and cookies."""
    sent = session.prepare_request(requests.Request("GET", origin)).headers
    plain = requests.utils.default_headers()
    headers = requests.structures.CaseInsensitiveDict(_HEADERS)
    headers.update({name: value for name, value in sent.items() if plain.get(name) != value})
    headers["Accept-Encoding"] = _HEADERS["Accept-Encoding"]  # all that we can unpack
    return dict(headers)


class _Public(HTTPConnection):
    """A connection that a name can't lead into a private network."""

    def connect(self) -> None:
        super().connect()
        if not names_address(self.host) and not is_public(self.sock.getpeername()[0]):
            self.close()
            raise SpritesError(Code.URL_NOT_ALLOWED, f"{self.host} leads to a private address")


class _PublicTLS(_Public, HTTPSConnection):
    """The same over TLS."""


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _Public


class _PublicTLSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTLS


@lru_cache(maxsize=2)
def _adapter(allow_private: bool) -> HTTPAdapter:
    return _Adapter(allow_private)


class _Adapter(HTTPAdapter):
    """An adapter whose connections are public ones unless private ones are allowed.

    That is asked of what leads straight to an origin: a proxy's own address may well be private.
    """

    def __init__(self, allow_private: bool) -> None:
        super().__init__(pool_maxsize=_MAX_CONNECTIONS)
        if not allow_private:
            pools = {"http": _PublicPool, "https": _PublicTLSPool}
            self.poolmanager.pool_classes_by_scheme = pools
