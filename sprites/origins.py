"""Origins, ``scheme://host[:port]``, in their one spelling: what the allow-list is made of."""

import ipaddress
from urllib.parse import urlsplit


def origin(url: str) -> str:
    """Return the origin of an http(s) URL in its one spelling, or "" for any other URL.

    The scheme's own port is left out; a user, a missing host or a port that is none gives "".
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or "\\" in url:
        return ""
    host = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, standard) else f":{port}")


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
