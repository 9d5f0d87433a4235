"""What a requests session knows of an origin, a site's own or one that reads the environment.

A session is asked once an origin for its proxies, certificates and headers, and then left out: to
send a request through it costs more CPU than all that we do with the reply.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import pycurl
import requests
from requests.adapters import HTTPAdapter

from ..errors import UsageError, plain
from ..hooks import load
from .routes import HEADERS, Route, head, trust


def route_of_session(origin: str, own: str, is_guarded: bool) -> Route:
    """Return the way to an origin; raises UsageError for a function ``own`` that has no session.

    Behind a proxy nothing is guarded: it is the proxy that looks names up.
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
    headers.update(_headers(session, origin) if own else HEADERS)
    is_forwarded = base.startswith("http:") and proxy != "" and not proxy.startswith("socks")
    if is_forwarded:
        headers.update(HTTPAdapter().proxy_headers(proxy))
    return Route(
        base=base,
        prefix=base.rstrip("/") if is_forwarded else "",
        head=head(headers),
        options=tuple(_options(proxy, chosen["verify"], chosen["cert"])),
        guarded=is_guarded and not proxy,
    )


def _options(proxy: str, verify: bool | str | None, cert: Any) -> Iterator[tuple[int, Any]]:
    """Yield what libcurl calls the proxy and the certificates of a session."""
    yield pycurl.PROXY, proxy
    if verify:
        yield trust(requests.utils.DEFAULT_CA_BUNDLE_PATH if verify is True else verify)
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
    headers = requests.structures.CaseInsensitiveDict(HEADERS)
    headers.update({name: value for name, value in sent.items() if plain.get(name) != value})
    headers["Accept-Encoding"] = HEADERS["Accept-Encoding"]  # all that we can unpack
    return dict(headers)
