"""The last stage of a reply: bytes on a socket, whole and in one send, or as a fault wants them.

In: a ``Reply`` and perhaps a ``Fault``. Out: how the connection goes on (``End``). ``done`` is
called with the bytes of the body *before* the last of them leaves: who has a reply then finds it
in the log, and a client of eight threads is never seen with nine requests.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from enum import Enum
from threading import Event

from .faults import Fault
from .reply import Reply

_ZEROS = bytes(64 * 1024)
_BODYLESS = (204, 304)


class End(Enum):
    """What becomes of a connection after a reply."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


Done = Callable[[int, int], None]


def send(connection: socket.socket, reply: Reply, head_only: bool, done: Done) -> End:
    """Send a reply as it is, header and body at once."""
    body = b"" if head_only or reply.status in _BODYLESS else reply.body
    length = None if reply.status in _BODYLESS else len(reply.body)
    done(reply.status, len(body))
    connection.sendall(reply.head(length) + body)
    return End.KEEP


class Misbehaviour:
    """Sends one reply the way a fault wants it."""

    def __init__(self, fault: Fault, connection: socket.socket, stopping: Event) -> None:
        self.fault, self.connection, self.stopping = fault, connection, stopping

    def send(self, reply: Reply, head_only: bool, done: Done) -> End:
        """Wait, then hang, reset, or send something."""
        self.stopping.wait(self.fault.delay)
        if self.fault.hang:
            return self._hang(done)
        if self.fault.reset == "before":
            done(0, 0)
            return End.RESET
        if self.fault.endless:
            return self._stream(reply, done)
        if head_only or reply.status in _BODYLESS:
            send(self.connection, reply, head_only, done)
            return End.CLOSE if self.fault.close_idle else End.KEEP
        return self._body(reply, done)

    def _body(self, reply: Reply, done: Done) -> End:
        body = reply.body[: self._cut(len(reply.body))]
        head = reply.head(self._announced(len(reply.body)))
        if self.fault.drip is not None:
            self._drip(head, body, self.fault.drip)
            done(reply.status, len(body))
        else:
            done(reply.status, len(body))
            self.connection.sendall(head + body)
        if self.fault.reset == "middle":
            return End.RESET
        return End.KEEP if self._whole(body, reply.body) else End.CLOSE

    def _whole(self, sent: bytes, body: bytes) -> bool:
        fault = self.fault
        told_truth = fault.content_length in (None, len(body)) and not fault.no_length
        return told_truth and sent == body and not fault.close_idle

    def _cut(self, length: int) -> int:
        """How much of the body is sent: ``truncate`` below 1 is a share, else bytes."""
        if self.fault.reset == "middle":
            return length // 2
        wanted = self.fault.truncate
        if wanted is None:
            return length
        return int(length * wanted) if wanted < 1 else int(wanted)

    def _announced(self, length: int) -> int | None:
        if self.fault.content_length is not None:
            return self.fault.content_length
        return None if self.fault.no_length else length

    def _hang(self, done: Done) -> End:
        while not self.stopping.is_set():
            readable = select.select([self.connection], [], [], 0.1)[0]
            if readable and not self.connection.recv(4096):
                break
        done(0, 0)
        return End.CLOSE

    def _drip(self, head: bytes, body: bytes, interval: float) -> None:
        if not self.fault.drip_headers:
            self.connection.sendall(head)
        data = head + body if self.fault.drip_headers else body
        step = self.fault.drip_bytes
        for start in range(0, len(data), step):
            if self.stopping.wait(interval):
                return
            self.connection.sendall(data[start : start + step])

    def _stream(self, reply: Reply, done: Done) -> End:
        """Zeros until the client has enough: chunked, unless a length is announced or withheld."""
        chunked = self.fault.content_length is None and not self.fault.no_length
        head = reply.head(self.fault.content_length)
        if chunked:
            head = head[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
        part = b"%x\r\n%b\r\n" % (len(_ZEROS), _ZEROS) if chunked else _ZEROS
        sent = 0
        try:
            self.connection.sendall(head)
            while not self.stopping.is_set():
                self.connection.sendall(part)
                sent += len(_ZEROS)
        finally:
            done(reply.status, sent)
        return End.CLOSE


def reset(connection: socket.socket) -> None:
    """Make the coming close of a connection an RST instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
