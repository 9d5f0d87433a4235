"""The served site: a path and a query become a reply, from edits first and from the world then.

In: a ``World`` and the ``Edits`` of a test. Out: a ``Reply``, encoded, with its ETag, kept in a
cache of bounded size as long as no edit touches it.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from urllib.parse import parse_qs

from .edits import Edits, apply
from .reply import JSON, TYPES, Reply, content, dump, encode, error
from .snapshots import Snapshots
from .world import World

API = "/api/v2/"
_PAGE = 20
_PICTURE_AGE = 300
_JSON_AGE = 86_400


class Cache:
    """Replies by key; the longest unused ones go when the bodies exceed ``limit`` bytes."""

    def __init__(self, limit: int = 64 * 2**20) -> None:
        self._limit, self._size = limit, 0
        self._lock = Lock()
        self._replies: OrderedDict[object, Reply] = OrderedDict()

    def get(self, key: object) -> Reply | None:
        """The reply that is kept under a key."""
        with self._lock:
            if key in self._replies:
                self._replies.move_to_end(key)
            return self._replies.get(key)

    def keep(self, key: object, reply: Reply) -> None:
        """Keep a reply, if nobody else has meanwhile."""
        with self._lock:
            if key in self._replies:
                return
            self._replies[key] = reply
            self._size += _weight(reply)
            while self._size > self._limit:
                self._size -= _weight(self._replies.popitem(last=False)[1])


def _weight(reply: Reply) -> int:
    return len(reply.body) + 1_000


class Site:
    """A world at an origin, with the edits that a test has made to it."""

    def __init__(self, world: World, origin: str) -> None:
        self.world, self.origin = world, origin
        self.edits = Edits()
        self.snapshots = Snapshots()
        self._cache = Cache()
        self._names = {
            resource: {number: name for name, number in names.items()}
            for resource, names in world.index.items()
        }

    def names_of(self, path: str) -> tuple[str, ...]:
        """Every path of the same thing: by id first, then by name, with and without a slash."""
        found = self._find(path)
        if found is None:
            return (path, path.rstrip("/") if path.endswith("/") else f"{path}/")
        resource, number = found
        stems = [f"{API}{resource}/{key}" for key in (number, self._names[resource][number])]
        return tuple(name for stem in stems for name in (f"{stem}/", stem))

    def answer(self, names: tuple[str, ...], query: str, accepted: str) -> Reply:
        """The reply to a GET, whole: nothing is said yet of what the client holds."""
        reply = self._answer(names, query, accepted)
        return self.snapshots.stamp(reply) if names[0].startswith(API) else reply

    def _answer(self, names: tuple[str, ...], query: str, accepted: str) -> Reply:
        fixed = self.edits.fixed(names, query)
        if fixed is not None:
            return fixed
        edits = self.edits.of(names, query)
        if edits:
            return encode(apply(edits, self._plain(names[0], query)), accepted)
        key = (names[0], query, "gzip" in accepted)
        reply = self._cache.get(key)
        if reply is None:
            reply = encode(self._plain(names[0], query), accepted)
            if reply.status == 200:
                self._cache.keep(key, reply)
        return reply

    def _find(self, path: str) -> tuple[str, int] | None:
        """The resource and the id that a path names, by id or by name."""
        resource, _, key = path.removeprefix(API).strip("/").partition("/")
        names = self.world.index.get(resource)
        if names is None or not path.startswith(API):
            return None
        number = int(key) if key.isdecimal() and len(key) < 8 else names.get(key, 0)
        return (resource, number) if number in self._names[resource] else None

    def _plain(self, path: str, query: str) -> Reply:
        if not path.startswith("/api/"):
            return self._picture(path)
        found = self._find(path)
        if found is not None:
            document = self.world.document(*found)
            if document is not None:
                body = document if isinstance(document, bytes) else dump(document)
                return content(body, JSON, _JSON_AGE)
        resource = path.removeprefix(API).strip("/")
        return self._list(resource, query) if resource in self.world.index else error(404)

    def _picture(self, path: str) -> Reply:
        body = self.world.picture(path)
        if body is None:
            return error(404)
        return content(body, TYPES[path.rpartition(".")[2]], _PICTURE_AGE)

    def _list(self, resource: str, query: str) -> Reply:
        names = self.world.index[resource]
        asked = parse_qs(query)
        limit, offset = _number(asked, "limit", _PAGE) or _PAGE, _number(asked, "offset", 0)
        url = f"{self.origin}{API}{resource}/"
        following, before = offset + limit, max(offset - limit, 0)
        results = [
            {"name": name, "url": f"{url}{number}/"}
            for name, number in list(names.items())[offset:following]
        ]
        page = {
            "count": len(names),
            "next": f"{url}?offset={following}&limit={limit}" if following < len(names) else None,
            "previous": f"{url}?offset={before}&limit={limit}" if offset > 0 else None,
            "results": results,
        }
        return content(dump(page), JSON, _JSON_AGE)


def _number(asked: dict[str, list[str]], name: str, default: int) -> int:
    text = asked.get(name, [""])[0]
    return int(text) if text.isdecimal() and len(text) < 10 else default
