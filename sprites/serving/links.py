"""Where the URLs of a document lead: to us for what is here, and to upstream for all else."""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from django.http import HttpRequest
from django.urls import reverse

from ..conf import Options, options
from . import queries


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
        """Return a document that leads to us for what is here: documents, and these sprites."""
        found = list(_pattern((Options.API_URL, self._upstream), self.kinds).finditer(body))
        named = {(match[1].decode(), int(match[2])) for match in found if match[1]}
        ours = {
            *(f"{self.api}{kind}/{number}/" for kind, number in queries.among(named)),
            *(f"{self._sprites}{path}" for path in paths),
        }
        parts, end = [], 0
        for match in found:
            if (url := self._ours(match)) in ours:
                parts += [body[end : match.start()], b'"%s"' % url.encode()]
                end = match.end()
        return b"".join([*parts, body[end:]])

    def _ours(self, match: re.Match[bytes]) -> str:
        """Return the address that something has if it is here."""
        if match[1]:
            return f"{self.api}{match[1].decode()}/{match[2].decode()}/"
        return self._sprites + match[0][:-1].rpartition(b"/sprites/")[2].decode(errors="replace")


@lru_cache(maxsize=16)
def _pattern(homes: tuple[str, ...], kinds: tuple[str, ...]) -> re.Pattern[bytes]:
    """Return what finds URLs of some kinds of resources, and of sprites, as whole strings of JSON.

    It takes a look or two at each character, whatever the document.
    """
    places = dict.fromkeys(home.partition("://")[2] for home in homes)  # by http and by https
    home, kind = ("|".join(map(re.escape, words)) for words in (places, kinds))
    document = rf"(?:{home})({kind})/([1-9]\d{{0,8}})/?"
    sprite = rf'(?!{home})(?>[^"\\]*?/sprites/)[^"\\]*+'
    return re.compile(f'"https?://(?:{document}|{sprite})"'.encode())
