"""The connections of one worker process: an origin in, the way to it out.

A requests session is asked once an origin for what it knows (proxies, certificates, headers) and
then left out, because ``Session.get`` costs twice the CPU of the urllib3 pool under it.
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
from ..errors import Code, SpritesError
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
def route(origin: str, allow_private: bool) -> Route:
    """Return the way to an origin; its connections are shared by all threads of the process."""
    session = _session(allow_private)
    request = requests.Request("GET", origin).prepare()
    chosen = session.merge_environment_settings(origin, {}, None, None, None)
    adapter = session.get_adapter(origin)
    assert isinstance(adapter, HTTPAdapter)
    pool = adapter.get_connection_with_tls_context(
        request, chosen["verify"], proxies=chosen["proxies"], cert=chosen["cert"]
    )
    by_proxy = requests.utils.select_proxy(origin, chosen["proxies"]) is not None
    return Route(cast(HTTPConnectionPool, pool), _HEADERS, by_proxy)


@lru_cache(maxsize=2)
def _session(allow_private: bool) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(allow_private))
    return session


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
