"""The policy that a run against the test server would have, and one request under it."""

from typing import Any

from sprites.sync.preflight import checked_options, policy
from sprites.testing import PokeAPI
from sprites.worker import http
from sprites.worker.http import Reply, Usage
from sprites.worker.records import Policy

MIB = 2**20


def policy_for(api: PokeAPI, **options: Any) -> Policy:
    """Return what workers must keep to when the API is the test server."""
    return policy(checked_options(API_URL=api.url, **options))


def fetch(
    api: PokeAPI,
    path: str,
    *,
    cap: int = MIB,
    etag: str = "",
    usage: Usage | None = None,
    **options: Any,
) -> Reply:
    """Make one request, to a path of the test server or to any URL."""
    url = api.origin + path if path.startswith("/") else path
    return http.get(url, policy_for(api, **options), cap, usage or Usage(), etag=etag)
