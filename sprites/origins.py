"""Origins, ``scheme://host[:port]``, in their one spelling: what the allow-list is made of."""

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from .errors import Code, SpritesError


def origin(url: str) -> str:
    """Return the origin of an http(s) URL in its one spelling, or "" for any other URL.

    The scheme's own port is left out; a user, a missing host or a port that is none gives "".
    """
    return "" if "\\" in url else _origin(_head(url))


def _head(url: str) -> str:
    """Return what stands before a URL's path: few in a run, and most are spelled as they should."""
    return "/".join(url.split("/", 3)[:3])


@lru_cache(maxsize=256)
def _origin(head: str) -> str:
    try:
        parts = urlsplit(head)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return ""
    host = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, standard) else f":{port}")


def check_url(url: str, origins: frozenset[str]) -> str:
    """Return a URL's origin; raise SpritesError where it is no URL, or that is not allowed."""
    is_clean = url.isprintable() and " " not in url
    if is_clean and (home := _head(url)) in origins:
        return home
    if not is_clean or not _has_scheme(url):
        raise SpritesError(Code.BAD_URL, f"{url[:200]!r} is no URL")
    if (home := origin(url)) not in origins:
        raise SpritesError(Code.URL_NOT_ALLOWED, f"{url[:200]} is outside the allowed origins")
    return home


def _has_scheme(url: str) -> bool:
    """Tell whether a text has the form of an absolute URL of any scheme."""
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return False


def names_address(host: str) -> bool:
    """Tell whether a host is an address itself, or ``localhost``, and not a name to look up."""
    return host == "localhost" or _address(host) is not None


def is_loopback(url: str) -> bool:
    """Tell whether a URL's host is this machine by its very name or address."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public internet."""
    found = _address(address)
    return found is not None and found.is_global


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
