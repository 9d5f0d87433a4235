"""A page that has not changed is known before it is made.

All that a page is made of goes in; the page that was last made of it comes out: its ETag, for who
has it already, and for others its body, while there is room. Each process remembers its own, so
that none outlives the code, the templates and the settings that made it; and an ETag is a hash of
the page, so that all processes agree.
"""

import secrets
import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, engines
from django.template.loader import get_template
from django.utils.cache import get_conditional_response, patch_cache_control, set_response_etag
from django.utils.translation import get_language
from django.views.decorators.http import conditional_page

from ..models import Revision, Sprite, SyncRun

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_COOKIES = ("sprites_theme", "sprites_motion")
_MAX_PAGES = 20_000
"""ETags that are remembered: at most some megabytes."""
_MAX_BYTES = 8 * 2**20
"""Of the bodies that are remembered; a list of 60 has a hundredth of it."""

_etags: dict[bytes, str] = {}
_bodies: dict[str, tuple[bytes, str]] = {}
"""The bodies of ETags, with their media types, the oldest first."""
_lock = threading.Lock()


class Run(NamedTuple):
    """How far the run that is at work has come."""

    sprites_stored: int
    sprites_wanted: int


class State(NamedTuple):
    """What the database has: a number that is another after each write, and the run at work."""

    revision: int
    run: Run | None


def read_state() -> State:
    """Read the state, in one query, before any row: a page is never older than its state.

    Where a router may read from a replica that lags behind, no state is ever seen twice.
    """
    marks = Revision.objects.order_by().values_list(Value("mark"), "slot", "mark")
    runs = SyncRun.objects.order_by().live()
    live = runs.values_list(Value("run"), "sprites_stored", "sprites_wanted")
    found = list(marks.union(live, all=True))
    marked = sum(mark for kind, _slot, mark in found if kind == "mark")
    return State(
        secrets.randbits(64) if settings.DATABASE_ROUTERS else marked,
        next((Run(stored, wanted) for kind, stored, wanted in found if kind == "run"), None),
    )


def remembered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer with an unchanged page, or 304, without making it; the view gets the state read."""
    made = conditional_page(view)

    @wraps(view)
    def known(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        state = read_state()
        ingredients = _ingredients(request, state)
        response = _made_before(request, ingredients) or made(request, state, *args, **kwargs)
        patch_cache_control(response, no_cache=True)
        if ingredients and response.status_code in (200, 304):
            _remember(ingredients, response)
        return response

    return known


def _made_before(request: HttpRequest, ingredients: bytes) -> HttpResponse | None:
    if not (etag := _etags.get(ingredients)):
        return None
    page = _bodies.get(etag)
    response = get_conditional_response(request, etag, response=page and HttpResponse(*page))
    if response:
        response.headers["ETag"] = etag
    return response


def _remember(ingredients: bytes, response: HttpResponse) -> None:
    if not response.has_header("ETag"):
        set_response_etag(response)  # Django leaves HEAD without
    etag = response.headers["ETag"]
    if len(_etags) >= _MAX_PAGES:
        _etags.clear()
    _etags[ingredients] = etag
    if response.content and etag not in _bodies:
        _keep(etag, response)


def _keep(etag: str, response: HttpResponse) -> None:
    """Remember a body, and forget the oldest ones that there is no room for beside it."""
    with _lock:
        _bodies[etag] = response.content, response.headers["Content-Type"]
        size = sum(len(body) for body, _type in _bodies.values())
        while size > _MAX_BYTES:
            size -= len(_bodies.pop(next(iter(_bodies)))[0])


def _ingredients(request: HttpRequest, state: State) -> bytes:
    """Return a hash of all that a page is made of, or nothing where we can't know all.

    What a storage signs, for some time only, is another address at each request.
    """
    if settings.DEBUG or not _are_ours(tuple(engines.all())):
        return b""
    choices = [request.COOKIES.get(name) for name in _COOKIES]
    image = Sprite(pk=1, file="1", sha256="1").file.url
    made_of = (request.build_absolute_uri(), get_language(), choices, image, state)
    return blake2b(repr(made_of).encode(), digest_size=16).digest()


@lru_cache(maxsize=1)
def _are_ours(_engines: tuple[object, ...]) -> bool:
    """Tell whether the site has no template of its own in place of one of ours.

    Such a one may show anything: who the visitor is, or what time it is.
    """
    names = [str(path.relative_to(_TEMPLATES)) for path in _TEMPLATES.glob("sprites/*.html")]
    try:
        return all(_TEMPLATES in Path(_origin(name)).resolve().parents for name in names)
    except TemplateDoesNotExist:
        return False


def _origin(name: str) -> str:
    template: Any = get_template(name)
    return str(template.origin.name)
