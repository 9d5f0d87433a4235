"""An origin in, the way to it out, as a requests session knows it, a site's own where it has one.

A session is asked once an origin for its proxies, certificates and headers, and then left out: to
send a request through it costs more CPU than all that we do with the reply.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import pycurl
import requests
from requests.adapters import HTTPAdapter

from .. import __version__
from ..errors import UsageError, plain
from ..hooks import load
from ..origins import names_address

_HEADERS = {
    "User-Agent": f"django-sprites/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class Route:
    """How an origin is reached: its URL in ASCII, the headers to send, and libcurl's options.

    ``prefix`` stands before a path where a proxy is asked for it. With ``guarded`` no private
    address may stand behind the origin's name.
    """

    base: str
    prefix: str
    head: str
    options: tuple[tuple[int, Any], ...]
    guarded: bool


@lru_cache(maxsize=64)
def route(origin: str, allow_private: bool, own: str = "") -> Route:
    """Return the way to an origin, the same for all threads of the process.

    ``own`` is the dotted path of a site's own function that returns a session.
    """
    session = own_session(own) if own else requests.Session()
    request = requests.Request("GET", origin).prepare()
    # Its own values go in as a request's, or requests would prefer the environment's to them.
    chosen = session.merge_environment_settings(
        origin, dict(session.proxies), None, session.verify, session.cert
    )
    proxy = requests.utils.select_proxy(origin, chosen["proxies"]) or ""
    base = str(request.url)
    headers = requests.structures.CaseInsensitiveDict(Host=urlsplit(base).netloc)
    headers.update(_headers(session, origin) if own else _HEADERS)
    is_forwarded = base.startswith("http:") and proxy != "" and not proxy.startswith("socks")
    if is_forwarded:
        headers.update(HTTPAdapter().proxy_headers(proxy))
    return Route(
        base=base,
        prefix=base.rstrip("/") if is_forwarded else "",
        head="".join(_line(name, value) for name, value in headers.items()),
        options=tuple(_options(proxy, chosen["verify"], chosen["cert"])),
        guarded=not (allow_private or proxy or names_address(urlsplit(origin).hostname or "")),
    )


def _options(proxy: str, verify: bool | str | None, cert: Any) -> Iterator[tuple[int, Any]]:
    """Yield what libcurl calls the proxy and the certificates of a session."""
    yield pycurl.PROXY, proxy
    if verify:
        bundle = requests.utils.DEFAULT_CA_BUNDLE_PATH if verify is True else verify
        yield pycurl.CAPATH if os.path.isdir(bundle) else pycurl.CAINFO, bundle
    else:
        yield pycurl.SSL_VERIFYPEER, 0
        yield pycurl.SSL_VERIFYHOST, 0
    if cert:
        names = (pycurl.SSLCERT, pycurl.SSLKEY)
        yield from zip(names, [cert] if isinstance(cert, str) else cert, strict=False)


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


def _line(name: str, value: str | bytes) -> str:
    return f"{name}: {value if isinstance(value, str) else value.decode('latin-1')}\r\n"
