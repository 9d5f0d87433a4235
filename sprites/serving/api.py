"""``/api/v2/``: what is kept as upstream would serve it, and where to find all else.

Upstream's own rules are those of PokeAPI/deploy, ``functions_v1/src/index.js``: paths in small
letters, with and without a last slash; ``limit`` and ``offset`` are 20 and 0 where they are no
numbers; ``next`` and ``previous`` keep to the path as it was asked for and have the limit of what
is left; an error is its words as plain text.
"""

import gzip
import json
import re
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ..conf import options
from . import queries
from .links import Links
from .replies import elsewhere, etag_of, json_reply, not_found, pack, public, whole

Row = dict[str, str]
"""A resource in a list: its name and its URL."""

RESOURCES = (
    "ability berry berry-firmness berry-flavor characteristic contest-effect contest-type egg-group"
    " encounter-condition encounter-condition-value encounter-method evolution-chain"
    " evolution-trigger gender generation growth-rate item item-attribute item-category"
    " item-fling-effect item-pocket language location location-area machine move move-ailment"
    " move-battle-style move-category move-damage-class move-learn-method move-target nature"
    " pal-park-area pokeathlon-stat pokedex pokemon pokemon-color pokemon-form pokemon-habitat"
    " pokemon-shape pokemon-species region stat super-contest-effect type version version-group"
).split()
"""What upstream's root names."""

_PATH = re.compile(
    r"([a-z][a-z-]{0,49})"
    r"(?:/([1-9][0-9]{0,8}|(?=[0-9]*[a-z_-])[a-z0-9_-]{1,100})(/encounters)?)?(/?)"
)
"""A kind of resource; an id, or a name that is no number; what else is below a Pokémon."""
_NUMBER = re.compile(r"[0-9]{1,12}")
_PAGE = 20


@public
def root(request: HttpRequest) -> HttpResponseBase:
    """Name the lists: ours, and upstream's unless the site stands alone."""
    links, found = Links(request), options()
    here = set(links.kinds) if found.STANDALONE else queries.lists()
    names = links.kinds if found.STANDALONE else RESOURCES
    home = {name: links.api if name in here else found.API_URL for name in names}
    return whole(request, _dump({name: f"{home[name]}{name}/" for name in names}))


@public
def resource(request: HttpRequest, path: str) -> HttpResponseBase:
    """Answer with a list, or with one resource by its id or its name."""
    match = _PATH.fullmatch(path.lower())
    if match is None:
        return not_found()
    kind, name, more, slash = match.groups()
    if name is None:
        return _list(request, kind, slash)
    found = None if more else queries.document(kind, name)
    return _document(request, kind, found) if found else _upstreams_own(match[0])


def _document(request: HttpRequest, kind: str, found: queries.Found) -> HttpResponseBase:
    pk, number, sha256 = found
    links = Links(request)
    paths = queries.paths(number) if kind == "pokemon" else []

    def make(packed: bool) -> bytes:
        kept = queries.packed(pk)
        body = gzip.decompress(kept)
        ours = links.rewritten(body, paths)
        if packed:
            return kept if ours == body else pack(ours)
        return ours

    return json_reply(request, etag_of(sha256, links.stamp, *paths), make)


def _list(request: HttpRequest, kind: str, slash: str) -> HttpResponseBase:
    asked = _numbers(request)
    limit, offset = asked.get("limit") or _PAGE, asked.get("offset", 0)
    links = Links(request)
    count, rows = (_here if options().STANDALONE else _upstreams)(links, kind, limit, offset)
    if not count:
        return _upstreams_own(f"{kind}{slash}" + (f"?{urlencode(asked)}" if asked else ""))
    page = f"{links.api}{kind}{slash}?offset="
    after, before = offset + limit, max(offset - limit, 0)
    body = {
        "count": count,
        "next": f"{page}{after}&limit={min(limit, count - after)}" if after < count else None,
        "previous": f"{page}{before}&limit={offset - before}" if offset else None,
        "results": rows,
    }
    return whole(request, _dump(body))


def _upstreams_own(path: str) -> HttpResponseBase:
    return elsewhere(options().API_URL + path)


def _here(links: Links, kind: str, limit: int, offset: int) -> tuple[int, list[Row]]:
    """Return how many resources of a kind are here, and a page of them."""
    page = queries.page(kind, limit, offset)
    rows = [{"name": name, "url": links.to(kind, number, here=True)} for number, name in page]
    return links.count(kind), rows


def _upstreams(links: Links, kind: str, limit: int, offset: int) -> tuple[int, list[Row]]:
    """Return how many resources of a kind upstream lists, and a page of its list."""
    kept = queries.listed(kind)
    results = json.loads(gzip.decompress(kept))["results"] if kept else []
    page = {int(row["url"].split("/")[-2]): row["name"] for row in results[offset : offset + limit]}
    here = queries.between(kind, min(page), max(page)) if page else set()
    rows = [{"name": page[n], "url": links.to(kind, n, here=n in here)} for n in page]
    return len(results), rows


def _numbers(request: HttpRequest) -> dict[str, int]:
    """Return what a query string says of a page, as far as it is numbers."""
    given = {name: request.GET.get(name, "") for name in ("offset", "limit")}
    return {name: int(text) for name, text in given.items() if _NUMBER.fullmatch(text)}


def _dump(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
