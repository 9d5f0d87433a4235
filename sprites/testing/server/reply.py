"""What the server says: a reply as data, and how a request's validators and encodings dress it.

In: a body with its type. Out: a ``Reply`` with status, headers and bytes, ready for the wire.
Nothing here knows of faults or sockets.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

JSON = "application/json; charset=utf-8"
SNAPSHOT = "X-PokeAPI-Hash"
# raw.githubusercontent.com says text/plain for an SVG, and an app must not trust the type.
TYPES = {"png": "image/png", "gif": "image/gif", "svg": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class Reply:
    """A status, headers and a body; ``etag`` is apart since faults may lie about it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None

    def head(self, length: int | None) -> bytes:
        """The status line and the headers as bytes; a ``length`` of None is not announced."""
        fields = dict(self.headers)
        if self.etag is not None:
            fields["ETag"] = self.etag
        if length is not None:
            fields["Content-Length"] = str(length)
        lines = [
            f"HTTP/1.1 {self.status} {_phrase(self.status)}",
            *(f"{k}: {v}" for k, v in fields.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def dump(document: Any) -> bytes:
    """JSON as upstream writes it: no spaces, no escapes beyond what is needed."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8; what this handler writes for it is the JSON escape.
    return text.encode("utf-8", "backslashreplace")


def etag_of(body: bytes) -> str:
    """A strong ETag: the head of the body's sha256."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def content(body: bytes, content_type: str, max_age: int = 300) -> Reply:
    """A 200 with a strong ETag; ``max_age`` is in seconds."""
    headers = {"Content-Type": content_type, "Cache-Control": f"public, max-age={max_age}"}
    return Reply(200, body, headers, etag_of(body))


def error(status: int, text: str | None = None) -> Reply:
    """A short JSON reply for an error, without a validator."""
    return Reply(status, dump({"detail": text or _phrase(status)}), {"Content-Type": JSON})


def encode(reply: Reply, accepted: str) -> Reply:
    """Gzip a JSON reply for a client that takes it, under an ETag of its own."""
    if reply.headers.get("Content-Type") != JSON or reply.status != 200:
        return reply
    headers = {**reply.headers, "Vary": "Accept-Encoding"}
    if "gzip" not in accepted.lower() or len(reply.body) < 500:
        return replace(reply, headers=headers)
    headers["Content-Encoding"] = "gzip"
    etag = reply.etag and f'{reply.etag[:-1]}-gz"'
    return replace(reply, body=gzip.compress(reply.body, 4, mtime=0), headers=headers, etag=etag)


def _weakly(etag: str) -> str:
    return etag.strip().removeprefix("W/")


def revalidate(reply: Reply, if_none_match: str | None) -> Reply:
    """Answer 304 without a body when the client holds what it would get."""
    if reply.status != 200 or reply.etag is None or if_none_match is None:
        return reply
    held = [_weakly(etag) for etag in if_none_match.split(",")]
    if "*" not in held and _weakly(reply.etag) not in held:
        return reply
    kept = {k: v for k, v in reply.headers.items() if k in ("Cache-Control", "Vary", SNAPSHOT)}
    return Reply(304, b"", kept, reply.etag)
