"""The way to an origin: by which proxy, whom to trust, and what to send along.

The plain way is known here. ``session`` knows that of a site's own session, and any by a proxy,
through requests, which is two fifths of all that a worker would have to import:
``python -X importtime -c "import sprites.worker.session, sprites.worker.job"``.
"""

import os
import re
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import certifi
import pycurl

from .. import __version__

HEADERS = {
    "User-Agent": f"django-sprites/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
}
_PLAIN = re.compile(r"https?://[\w.:\[\]-]+", re.ASCII)


class Route(NamedTuple):
    """How an origin is reached: its URL in ASCII, the headers to send, and libcurl's options.

    ``prefix`` stands before a path where a proxy is asked for it. With ``guarded`` no private
    address may stand behind the origin's name.
    """

    base: str
    prefix: str
    head: str
    options: tuple[tuple[int, Any], ...]
    guarded: bool


def plain_route(origin: str, is_guarded: bool) -> Route | None:
    """Return the way to an origin that requests would find, or None where it has to be asked."""
    if not _PLAIN.fullmatch(origin) or _may_name_a_proxy():
        return None
    return Route(
        base=f"{origin}/",
        prefix="",
        head=head({"Host": urlsplit(origin).netloc, **HEADERS}),
        options=((pycurl.PROXY, ""), trust(_bundle())),
        guarded=is_guarded,
    )


def _may_name_a_proxy() -> bool:
    """Tell whether the environment names a proxy, or the system's own settings could."""
    has_settings = sys.platform in ("win32", "darwin")
    return has_settings or any(name.lower().endswith("_proxy") for name in os.environ)


def _bundle() -> str:
    """Return the certificates that requests would trust."""
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    return named or certifi.where()


def trust(bundle: str) -> tuple[int, str]:
    """Return libcurl's option for a file of certificates, or for a folder of them."""
    return pycurl.CAPATH if os.path.isdir(bundle) else pycurl.CAINFO, bundle


def head(headers: Mapping[str, str | bytes]) -> str:
    """Return the lines of some headers."""
    return "".join(_line(name, value) for name, value in headers.items())


def _line(name: str, value: str | bytes) -> str:
    return f"{name}: {value if isinstance(value, str) else value.decode('latin-1')}\r\n"
