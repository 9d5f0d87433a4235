"""One GET: a URL within a policy in, the Exchange that came of it out; it is sent once.

A thread has its own connections, of which it keeps a few, and knows of no redirect.
"""

import os
import re
import threading
from urllib.parse import quote

from ..errors import Code, SpritesError
from .connection import Connection
from .exchange import Exchange
from .interrupt import Sockets
from .records import Policy
from .session import Route

_MAX_IDLE = 2
"""Connections that a thread keeps: to the API and to the images."""
_BUFFER = 32 * 1024
_TARGET = re.compile(r"[^/]*//[^/?#]*/?([^#]*).*")
_PLAIN = re.compile(r"https?://[^/?#]+/([\w.~/%+=&?-]*)", re.ASCII)
_SAFE = "%/?:@!$&'()*+,;=~[]"
"""What a URL may have as it is, beside letters, digits and ``_.-``."""


class Client(threading.local):
    """A thread's own connections, and the one GET that is on its way."""

    def __init__(self) -> None:
        self.exchange, self.sockets = Exchange(), Sockets()
        self._idle: list[Connection] = []
        self._buffer = bytearray(_BUFFER)

    def get(
        self, url: str, route: Route, policy: Policy, cap: int, end: float, etag: str
    ) -> Exchange:
        """Send a GET and return what came of it by ``end``; raises SpritesError where no reply did.

        A reply of another status than 200 counts though its body breaks off.
        """
        exchange, connection = self.exchange, self._connection(route, policy, end)
        exchange.begin(connection.parser, cap)
        try:
            connection.send(_request(url, route, etag), policy.read_timeout, end)
            self._receive(connection, policy.read_timeout, end)
        except SpritesError:
            if not exchange.is_refusal:
                raise
        finally:
            self._put_back(connection)
        if self.sockets.ended:
            raise SpritesError(Code.TIMEOUT, "the run was stopped")
        if not (exchange.is_good or exchange.is_refusal):
            raise self._failure(cap)
        return exchange

    def _connection(self, route: Route, policy: Policy, end: float) -> Connection:
        """Return a connection that was kept, or a new one."""
        for connection in self._idle:
            if connection.route is route:
                self._idle.remove(connection)
                if not connection.is_stale:
                    return connection
                connection.close()
        return Connection(route, self.exchange, self.sockets, policy, end)

    def _put_back(self, connection: Connection) -> None:
        if self.exchange.keeps:
            self._idle.append(connection)
        else:
            connection.close()
        if len(self._idle) > _MAX_IDLE:
            self._idle.pop(0).close()

    def _receive(self, connection: Connection, patience: float, end: float) -> None:
        exchange, buffer = self.exchange, memoryview(self._buffer)
        connection.wait(patience, end)
        while not exchange.is_done:
            size = connection.receive_into(self._buffer, patience, end)
            exchange.feed(buffer[:size])

    def _failure(self, cap: int) -> SpritesError:
        exchange = self.exchange
        if exchange.left < 0:
            return SpritesError(Code.TOO_LARGE, f"over {cap} bytes", status=200)
        code = Code.TRUNCATED if exchange.is_cut else Code.CONNECTION
        return SpritesError(code, exchange.wrong, status=exchange.status or None)

    def leave(self) -> None:
        """Leave the connections to the process that this one was forked from."""
        _left.append(self._idle)  # to close them would end those of the other
        self.__init__()  # type: ignore[misc]


client = Client()
_left: list[list[Connection]] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=client.leave)


def _request(url: str, route: Route, etag: str) -> bytes:
    condition = f"If-None-Match: {etag}\r\n" if etag else ""
    return f"GET {route.prefix}/{_target(url)} HTTP/1.1\r\n{route.head}{condition}\r\n".encode(
        "latin-1"
    )


def _target(url: str) -> str:
    """Return what follows an origin's ``/`` in an absolute URL."""
    if plain := _PLAIN.fullmatch(url):
        return plain[1]
    return quote(_TARGET.sub(r"\1", url), safe=_SAFE)
