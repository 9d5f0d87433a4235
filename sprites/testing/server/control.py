"""The control endpoint, ``/_control/``: a test steers a running server with small JSON requests.

In: method, path and JSON body. Out: JSON; 400 with ``{"detail": …}`` for what makes no sense.

    POST   /_control/fault   a fault's options           GET     /_control/log    the requests
    POST   /_control/put     path, body_base64, …        DELETE  /_control/log    forget them
    POST   /_control/edit    path, changes, text         GET     /_control/stats  totals
    POST   /_control/gone    path, status                DELETE  /_control/       clear everything
    POST   /_control/deploy  snapshot, after
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from .edits import Edit
from .faults import Fault, FaultBook
from .log import RequestLog
from .reply import JSON, Reply, content, dump, error
from .site import Site

PREFIX = "/_control/"
_TEXT = "text/plain; charset=utf-8"


class Control:
    """What the control endpoint can do to a server."""

    def __init__(self, site: Site, faults: FaultBook, log: RequestLog) -> None:
        self.site, self.faults, self.log = site, faults, log
        self._routes: Mapping[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("POST", "fault"): lambda options: faults.add(Fault.parse(options)),
            ("POST", "put"): self._put,
            ("POST", "edit"): lambda options: site.edits.edit(Edit(**options)),
            ("POST", "gone"): lambda options: site.edits.gone(**options),
            ("POST", "deploy"): lambda options: site.snapshots.deploy(**options),
            ("GET", "log"): lambda _: log.requests(),
            ("DELETE", "log"): lambda _: log.clear(),
            ("GET", "stats"): lambda _: log.stats(),
            ("DELETE", ""): self._clear,
        }

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """Carry out one control request."""
        route = self._routes.get((method, path.removeprefix(PREFIX)))
        if route is None:
            return error(404)
        try:
            result = route(json.loads(body) if body else {})
        except (LookupError, TypeError, ValueError) as problem:
            return error(400, str(problem))
        return Reply(200, dump(result), {"Content-Type": JSON})

    def _put(self, options: dict[str, Any]) -> None:
        body = base64.b64decode(options["body_base64"])
        reply = content(body, options.get("content_type", _TEXT))
        headers = {**reply.headers, **options.get("headers", {})}
        status = options.get("status", 200)
        self.site.edits.put(options["path"], Reply(status, body, headers, reply.etag))

    def _clear(self, _: dict[str, Any]) -> None:
        self.faults.clear()
        self.site.edits.clear()
        self.site.snapshots.clear()
        self.log.clear()
