"""The connections of one worker process: an origin in, the way to it out.

A requests session, a site's own where it has one, is asked once an origin for what it knows
(proxies, certificates, headers) and then left out: ``Session.get`` costs twice the CPU of the
urllib3 pool under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
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
_MOST_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Route:
    """The pool that leads to an origin, the headers to send, and whether a proxy lies between."""

    pool: HTTPConnectionPool
    headers: Mapping[str, str]
    by_proxy: bool

    def target(self, url: str) -> str:
        """Return what stands in the request line: the path, or for a plain proxy the whole URL."""
        if self.by_proxy and url.startswith("http:"):
            return url
        parts = urlsplit(url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


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
    pool = _adapter(allow_private).get_connection_with_tls_context(
        request, chosen["verify"], proxies=chosen["proxies"], cert=chosen["cert"]
    )
    by_proxy = requests.utils.select_proxy(origin, chosen["proxies"]) is not None
    headers = _headers(session, origin) if own else _HEADERS
    return Route(cast(HTTPConnectionPool, pool), headers, by_proxy)


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


class _Watched(HTTPConnection):
    """A connection whose reads end with the deadline of the job that uses it."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        job = deadline.current()
        if job is not None:
            job.guard(self.sock)
        return super().getresponse()


class _Public(_Watched):
    """A watched connection that a name can't lead into a private network."""

    def connect(self) -> None:
        super().connect()
        if not names_address(self.host) and not is_public(self.sock.getpeername()[0]):
            self.close()
            raise SpritesError(Code.URL_NOT_ALLOWED, f"{self.host} leads to a private address")


class _WatchedTLS(_Watched, HTTPSConnection):
    """The same over TLS."""


class _PublicTLS(_Public, HTTPSConnection):
    """The same over TLS."""


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _Public


class _WatchedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class _PublicTLSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTLS


_WATCHED = {"http": _WatchedPool, "https": _WatchedTLSPool}
_PUBLIC = {"http": _PublicPool, "https": _PublicTLSPool}


@lru_cache(maxsize=2)
def _adapter(allow_private: bool) -> HTTPAdapter:
    return _Adapter(allow_private)


class _Adapter(HTTPAdapter):
    """An adapter whose connections are watched, and public unless private ones are allowed."""

    def __init__(self, allow_private: bool) -> None:
        super().__init__(pool_maxsize=_MOST_CONNECTIONS)
        if not allow_private:
            self.poolmanager.pool_classes_by_scheme = _PUBLIC

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _WATCHED

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools to a proxy, whose own address may well be private."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _WATCHED
        return manager
