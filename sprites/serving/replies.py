"""What all replies have in common: validators, gzip, CORS, and the words for what is not here.

The headers are upstream's own, but for what is not here: upstream lets that be kept for five days
(PokeAPI/deploy, functions_v1), in which a site is likely to get it.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from isal import igzip

from ..conf import options
from ..origins import origin

CACHED = "public, max-age=86400, s-maxage=86400"
BRIEFLY = "public, max-age=300"
_METHODS = ["GET", "HEAD", "OPTIONS"]
_EVERYWHERE = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
_PREFLIGHT = {
    "Allow": ", ".join(_METHODS),
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
}

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Let anybody read a view, from any origin, and none write; what has just gone is a 404.

    Nothing depends on cookies, and none is set: a cache may keep the reply for others.
    """

    @csrf_exempt  # so that a POST is refused for what it is
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        # Middleware would mend a cookie that makes no sense by another one.
        request.COOKIES.clear()
        request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
        if request.method == "OPTIONS":
            response = HttpResponse(status=204, headers=_PREFLIGHT)
        elif request.method not in _METHODS:
            response = HttpResponseNotAllowed(_METHODS)
        else:
            try:
                response = view(request, *args, **kwargs)
            except ObjectDoesNotExist:
                response = not_found()
        return dressed(response, _EVERYWHERE)

    return answer


def dressed(response: HttpResponseBase, headers: Mapping[str, str]) -> HttpResponseBase:
    """Return a response with further headers."""
    for name, value in headers.items():
        response.headers[name] = value
    return response


def etag_of(*parts: str | bytes) -> str:
    """Return a validator for what is made of these; weak, since all encodings have the same."""
    digest = hashlib.sha256(b"\0".join(p.encode() if isinstance(p, str) else p for p in parts))
    return f'W/"{digest.hexdigest()[:32]}"'


def json_reply(request: HttpRequest, etag: str, make: Callable[[bool], bytes]) -> HttpResponseBase:
    """Answer with JSON that ``make(packed)`` makes, or 304 without making it."""
    response = get_conditional_response(request, etag=etag)
    if response is None:
        packed = "gzip" in request.headers.get("Accept-Encoding", "").lower()
        response = HttpResponse(make(packed), content_type="application/json; charset=utf-8")
        if packed:
            response.headers["Content-Encoding"] = "gzip"
    return dressed(response, {"ETag": etag, "Cache-Control": CACHED, "Vary": "Accept-Encoding"})


def whole(request: HttpRequest, body: bytes) -> HttpResponseBase:
    """Answer with JSON that is made already."""
    return json_reply(request, etag_of(body), lambda packed: pack(body) if packed else body)


def pack(body: bytes) -> bytes:
    """Pack a body with gzip, quickly: a fifth of the time of zlib's quickest, and smaller."""
    packed: bytes = igzip.compress(body, 1, mtime=0)
    return packed


def elsewhere(url: str) -> HttpResponseBase:
    """Lead to upstream, if that is where a URL leads, unless the site stands alone."""
    found = options()
    if found.STANDALONE or origin(url) not in found.origins:
        return not_found()
    return HttpResponse(status=307, headers={"Location": url, "Cache-Control": BRIEFLY})


def not_found() -> HttpResponse:
    """Say that nothing is here, in upstream's words."""
    return HttpResponse(
        "Not Found",
        status=404,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": BRIEFLY},
    )
