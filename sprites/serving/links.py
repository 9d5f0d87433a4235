"""Where the URLs of a document lead: to us for what is here, and to upstream for all else."""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from django.http import HttpRequest
from django.urls import reverse

from ..conf import Options, options
from . import queries

_SPRITE = re.compile(rb'"https?://(?>[^"\\]*?/sprites/)[^"\\]*+"')
"""A whole string of JSON that is the URL of a sprite; it takes one look at each character."""


class Links:
    """The addresses of this site, as one request has asked for it."""

    def __init__(self, request: HttpRequest) -> None:
        self.api = request.build_absolute_uri(reverse("pokeapi:root"))
        self._sprites = request.build_absolute_uri(reverse("pokeapi:sprite", args=["x"]))[:-1]
        self._upstream = options().API_URL

    @cached_property
    def _census(self) -> queries.Census:
        return queries.census()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of resources of which some are here."""
        return tuple(kind for kind, _, _ in self._census)

    @property
    def stamp(self) -> str:
        """Return a text that changes whenever a document would be rewritten in another way."""
        return f"{self.api} {self._sprites} {self._upstream} {self._census}"

    def count(self, kind: str) -> int:
        """Return how many resources of a kind are here."""
        return next((count for name, count, _ in self._census if name == kind), 0)

    def to(self, kind: str, number: int, *, here: bool) -> str:
        """Return the address of a resource."""
        return f"{self.api if here else self._upstream}{kind}/{number}/"

    def rewritten(self, body: bytes, paths: Iterable[str]) -> bytes:
        """Return a document whose URLs lead to us for what is here: documents, and these sprites.

        The same object is returned where nothing changes.
        """
        body = self._to_documents(body)
        ours = {path.encode() for path in paths}
        return self._to_sprites(body, ours) if ours else body

    def _to_documents(self, body: bytes) -> bytes:
        pattern = _pattern((Options.API_URL, self._upstream), self.kinds)
        found = {(kind.decode(), int(number)) for kind, number in set(pattern.findall(body))}
        here, api = queries.among(found), self.api.encode()

        def lead(match: re.Match[bytes]) -> bytes:
            kind, number = match.groups()
            is_here = (kind.decode(), int(number)) in here
            return b'"%s%s/%s/"' % (api, kind, number) if is_here else match[0]

        return pattern.sub(lead, body) if here else body

    def _to_sprites(self, body: bytes, ours: set[bytes]) -> bytes:
        home = self._sprites.encode()

        def lead(match: re.Match[bytes]) -> bytes:
            path = match[0][:-1].rpartition(b"/sprites/")[2]
            return b'"%s%s"' % (home, path) if path in ours else match[0]

        return _SPRITE.sub(lead, body)


@lru_cache(maxsize=16)
def _pattern(homes: tuple[str, ...], kinds: tuple[str, ...]) -> re.Pattern[bytes]:
    """Return what finds the URLs of some kinds of resources, as whole strings of JSON."""
    home, kind = ("|".join(map(re.escape, words)) for words in (homes, kinds))
    return re.compile(rf'"(?:{home})({kind})/([1-9]\d{{0,8}})/?"'.encode())
