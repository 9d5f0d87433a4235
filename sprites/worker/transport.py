"""One GET: a URL within a policy in, the Exchange that came of it out; it is sent once.

A client has its own connections, of which it keeps a few, and knows of no redirect. A thread has a
client of its own, or borrows one of a few that it shares with more threads than these: while one of
them looks at a reply, another has the client and asks for the next.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from queue import SimpleQueue
from urllib.parse import quote

from ..errors import Code, SpritesError
from .connection import Connection
from .exchange import Exchange
from .interrupt import Sockets
from .records import Policy
from .routes import Route

_MAX_IDLE = 2
"""Connections that a client keeps: to the API and to the images."""
_BUFFER = 32 * 1024
_TARGET = re.compile(r"[^/]*//[^/?#]*/?([^#]*).*")
_PLAIN = re.compile(r"https?://[^/?#]+/([\w.~/%+=&?-]*)", re.ASCII)
_SAFE = "%/?:@!$&'()*+,;=~[]"
"""What a URL may have as it is, beside letters, digits and ``_.-``."""


class Client:
    """Some connections, and the one GET that is on its way; ``number`` is its own in a process."""

    def __init__(self) -> None:
        self.number = next(_numbers)
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


class Clients:
    """A few clients for more threads than these."""

    def __init__(self, size: int) -> None:
        self._free: SimpleQueue[Client] = SimpleQueue()
        for _ in range(size):
            self._free.put(Client())

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Wait for a client, which is this thread's until it is given back, here at the latest."""
        _here.client, _here.lender = self._free.get(), self._free
        try:
            yield
        finally:
            give_back()

    def close(self) -> None:
        """Let go of the clients that nobody has, and so close their connections."""
        while not self._free.empty():
            self._free.get()


class _Here(threading.local):
    """The client of a thread, and where it is to be given back."""

    client: Client | None = None
    lender: SimpleQueue[Client] | None = None


_here = _Here()
_numbers = count(1)
_left: list[Client | None] = []


def client() -> Client:
    """Return the client that this thread has borrowed, or its own."""
    if _here.client is None:
        _here.client = Client()
    return _here.client


def give_back() -> bool:
    """Let another thread have the client that was borrowed; tell whether one was."""
    if _here.lender is None or _here.client is None:
        return False
    _here.lender.put(_here.client)
    _here.client = _here.lender = None
    return True


def _leave() -> None:
    """Leave the connections to the process that this one was forked from."""
    _left.append(_here.client)  # to close them would end those of the other
    _here.client = _here.lender = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave)


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
