"""A server for the tests of this folder, and small helpers around plain HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from sprites.testing import PokeAPI


@dataclass(frozen=True)
class Response:
    """What came back: status, headers with names in lower case, and the raw body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Get = Callable[..., Response]


@pytest.fixture(scope="session")
def running() -> Iterator[PokeAPI]:
    """One server for all tests."""
    with PokeAPI() as api:
        yield api


@pytest.fixture
def api(running: PokeAPI) -> Iterator[PokeAPI]:
    """The server, without faults, edits or log."""
    running.clear()
    yield running
    running.clear()


@pytest.fixture
def get(api: PokeAPI) -> Get:
    """Make one request on a connection of its own; relative paths are below the API."""

    def get(path: str, method: str = "GET", timeout: float = 30, **headers: str) -> Response:
        return fetch(api, path, method, timeout, headers)

    return get


def connect(api: PokeAPI, timeout: float = 5) -> http.client.HTTPConnection:
    """A connection to the server that is kept alive."""
    return http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=timeout)


def fetch(
    api: PokeAPI,
    path: str,
    method: str = "GET",
    timeout: float = 30,
    headers: dict[str, str] | None = None,
) -> Response:
    """One request; an underscore in a header's name stands for a hyphen."""
    connection = connect(api, timeout)
    path = path.removeprefix(api.origin)
    try:
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        connection.request(method, path if path.startswith("/") else f"/api/v2/{path}", None, named)
        return read(connection)
    finally:
        connection.close()


def read(connection: http.client.HTTPConnection) -> Response:
    """Read the response that is due on a connection."""
    with connection.getresponse() as answer:
        body = answer.read()
        return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body)
