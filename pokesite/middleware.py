"""What the example site adds to its responses: a strict policy, and compression of text."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_DEBUG_PAGES = (404, 500)  # Django's own, which a developer alone sees, have their styles inline


def csp(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Add the Content-Security-Policy; on Django 5.2 as on 6, which has a middleware for it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not (settings.DEBUG and response.status_code in _DEBUG_PAGES):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


class GZipTextMiddleware(GZipMiddleware):
    """Django's compression, but for images, which are compressed already."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Leave an image as it is."""
        if response.headers.get("Content-Type", "").startswith("image/"):
            return response
        return super().process_response(request, response)


class PageLocaleMiddleware(LocaleMiddleware):
    """Django's choice of a language, on which nothing depends that is served in PokéAPI's place.

    A cache would keep that once a language.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Say that a page depends on the language."""
        match = request.resolver_match
        if match and match.app_name == "pokeapi":
            return response
        return super().process_response(request, response)
