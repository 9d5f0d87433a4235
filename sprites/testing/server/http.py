"""The HTTP server: requests come in on loopback, replies go out, faults happen in between.

socket ──> Handler ──> FaultBook.hit ──> Site.answer ──> dress ──> revalidate ──> wire ──> socket
              │                                                                     │
              └── RequestLog.begin ───────────────────────────── RequestLog.finish ─┘

A fault that refuses connections really closes the listening socket, and the connections too.
"""

from __future__ import annotations

import itertools
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread
from typing import Any, TextIO

from . import control, wire
from .control import Control
from .faults import Fault, FaultBook, dress
from .log import RequestLog
from .reply import Reply, error, revalidate
from .site import API, Site
from .world import World

_connections = itertools.count(1)
_BODY_LIMIT = 256 * 2**20


class Server(ThreadingHTTPServer):
    """A PokéAPI on loopback; port 0 takes a free one. ``latency`` (s) is slept before a reply."""

    daemon_threads = True
    # A pool of 64 workers may connect at the same moment.
    request_queue_size = 256

    def __init__(
        self,
        make_world: Callable[[str], World],
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        log_to: TextIO | None = None,
    ) -> None:
        super().__init__((host, port), Handler)
        self.origin = f"http://{host}:{self.server_address[1]}"
        self.url = f"{self.origin}{API}"
        self.latency = latency
        self.stopping = Event()
        self.site = Site(make_world(self.origin), self.origin)
        self.faults = FaultBook()
        self.log = RequestLog(log_to)
        self.control = Control(self.site, self.faults, self.log)
        self.serving: set[socket.socket] = set()
        self._refusing = Lock()

    def refuse(self, fault: Fault) -> None:
        """Close the listening socket and all connections but control's until a fault is over."""
        if not self._refusing.acquire(blocking=False):
            return
        with suppress(OSError):  # not every system shuts a socket that listens
            self.socket.shutdown(socket.SHUT_RDWR)  # a poll that waits for it would keep it open
        self.shutdown()
        self.socket.close()
        self.socket = socket.socket(self.address_family, self.socket_type)
        TCPServer.server_bind(self)  # without listening: nobody else shall get the port
        self._cut()
        self.faults.wait_for_end(fault)
        self.server_activate()
        self._refusing.release()
        self.serve_forever(0.05)

    def _cut(self) -> None:
        lines, self.serving = self.serving, set()
        for line in lines:
            with suppress(OSError):  # it has ended by itself
                line.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about clients that hang up; show everything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive from request to request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    connection: socket.socket

    def setup(self) -> None:
        """Number the connection."""
        super().setup()
        self.number = next(_connections)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.serving.discard(self.connection)
        super().finish()

    def log_message(self, *_: Any) -> None:
        """Stay quiet; the log has it all."""

    def do_GET(self) -> None:
        """Answer a GET."""
        if self.path.startswith(control.PREFIX):
            self._control()
        else:
            self._serve()

    def do_HEAD(self) -> None:
        """Answer a HEAD: a GET without its body."""
        self._serve()

    def do_POST(self) -> None:
        """Take a control request; nothing else may be posted."""
        self._control() if self.path.startswith(control.PREFIX) else self._refuse()

    def do_DELETE(self) -> None:
        """Take a control request, as a POST."""
        self.do_POST()

    def _refuse(self) -> None:
        self.close_connection = True
        wire.send(self.connection, error(405), False, lambda status, sent: None)

    def _control(self) -> None:
        self.server.serving.discard(self.connection)
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _BODY_LIMIT))
        reply = self.server.control.answer(self.command, self.path, body)
        wire.send(self.connection, reply, False, lambda status, sent: None)

    def _serve(self) -> None:
        server = self.server
        server.serving.add(self.connection)
        serial = server.log.begin(self.command, self.path, self.headers, self.number)
        path, _, query = self.path.partition("?")
        names = server.site.names_of(path)
        fault = server.faults.hit(names, query)

        def done(status: int, sent: int) -> None:
            server.log.finish(serial, status, sent, fault is not None)

        try:
            self._reply(names, query, fault, done)
        except OSError:
            self.close_connection = True
        finally:
            done(0, 0)

    def _reply(
        self, names: tuple[str, ...], query: str, fault: Fault | None, done: wire.Done
    ) -> None:
        server, head_only = self.server, self.command == "HEAD"
        if fault is not None and fault.refuse:
            Thread(target=server.refuse, args=(fault,), daemon=True).start()
            done(0, 0)
            self._end(wire.End.RESET)
            return
        if fault is not None and fault.hold:
            server.faults.wait_for_end(fault)
        reply = self._dressed(names, query, fault)
        if server.latency:
            server.stopping.wait(server.latency)
        if self.connection not in server.serving:
            raise ConnectionAbortedError("cut while the reply was made")
        if fault is None:
            wire.send(self.connection, reply, head_only, done)
            return
        how = wire.Misbehaviour(fault, self.connection, server.stopping)
        self._end(how.send(reply, head_only, done))

    def _dressed(self, names: tuple[str, ...], query: str, fault: Fault | None) -> Reply:
        accepted = self.headers.get("Accept-Encoding", "")
        reply = self.server.site.answer(names, query, accepted)
        if fault is not None:
            reply = dress(reply, fault)
        return revalidate(reply, self.headers.get("If-None-Match"))

    def _end(self, end: wire.End) -> None:
        if end is wire.End.KEEP:
            return
        self.close_connection = True
        if end is wire.End.RESET:
            wire.reset(self.connection)
            # Closed before socketserver shuts it down, which would send a FIN first.
            self.connection.close()
