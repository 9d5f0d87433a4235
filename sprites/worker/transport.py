"""One GET by libcurl: a URL within a policy in, the head and the body of its reply out.

A thread has one handle, which keeps its connections and knows of no redirect. libcurl lets go of
Python's lock while it works, so it calls back seldom.
"""

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pycurl

from ..errors import Code, SpritesError
from ..origins import is_public
from .deadline import Watch
from .records import Policy
from .session import Route

_MAX_LINES, _MAX_LINE = 102, 64 * 1024
"""The most of a head: a hundred headers, and their length each."""
_SHORT = 64 * 1024
"""Bytes of a refusal that are read for the sake of its connection."""
_BLANK = (b"\r\n", b"\n")
_NONE_TAKEN = 0
"""How a callback ends the transfer."""
_FIXED = (
    (pycurl.NOSIGNAL, 1),  # it is not the only thread
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
    (pycurl.HTTP09_ALLOWED, 0),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
    (pycurl.PATH_AS_IS, 1),
    (pycurl.NOPROXY, ""),  # requests has read the environment
    (pycurl.MAXCONNECTS, 2),
    (pycurl.BUFFERSIZE, 128 * 1024),
)
_TARGET = re.compile(r"[^/]*//[^/?#]*/?([^#]*).*")
_SAFE = "%/?:@!$&'()*+,;=~[]"
"""What a URL may have as it is, beside letters, digits and ``_.-``."""
_CODES = {
    pycurl.E_COULDNT_RESOLVE_PROXY: Code.UNREACHABLE,
    pycurl.E_COULDNT_RESOLVE_HOST: Code.UNREACHABLE,
    pycurl.E_COULDNT_CONNECT: Code.UNREACHABLE,
    pycurl.E_OPERATION_TIMEDOUT: Code.TIMEOUT,
    pycurl.E_PARTIAL_FILE: Code.TRUNCATED,
    pycurl.E_PEER_FAILED_VERIFICATION: Code.TLS,
}


class Exchange(Watch):
    """What has come of a GET so far: ``is_known`` when its head is whole.

    libcurl calls its methods, and none of them may raise.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status, self.body = 0, BytesIO()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.body = BytesIO()  # a long one is not kept until the thread's next GET

    def begin(self, route: Route, cap: int) -> None:
        """Forget the one before, and take at most ``cap`` bytes of a body."""
        self.status, self._headers, self.body = 0, dict[bytes, bytes](), BytesIO()
        self.is_sent = self.is_known = self.is_private = False
        self.left, self.wrong = cap, ""
        self._lines, self._guarded = list[bytes](), route.guarded

    def header(self, name: bytes) -> str:
        """Return the value of a header, whose name is in small letters, or ""."""
        return self._headers.get(name, b"").decode("latin-1")

    @property
    def received(self) -> int:
        """Return how many bytes of a good reply's body have come."""
        return self.body.tell() if self.status == 200 else 0

    @property
    def is_refusal(self) -> bool:
        """Tell whether there is a reply, of another status than 200."""
        return self.is_known and self.status != 200

    def options(self) -> Iterator[tuple[int, Any]]:
        """Yield the options of libcurl that make it call these methods."""
        yield pycurl.OPENSOCKETFUNCTION, self.open
        yield pycurl.CLOSESOCKETFUNCTION, self.close
        yield pycurl.PREREQFUNCTION, self.send
        yield pycurl.HEADERFUNCTION, self.take_line
        yield pycurl.WRITEFUNCTION, self.take
        if threading.current_thread() is threading.main_thread():
            # Python answers a signal between two steps of its own: libcurl must come by.
            yield pycurl.XFERINFOFUNCTION, lambda *figures: None
            yield pycurl.NOPROGRESS, 0

    def open(self, purpose: int, to: pycurl.CurlSockAddr) -> int:
        """Open a socket, unless it would lead into a private network."""
        self.is_private = self._guarded and not is_public(str(to.addr[0]))
        if self.is_private or self.ended:
            return pycurl.SOCKET_BAD
        try:
            return self.adopt(socket.socket(to.family, to.socktype, to.protocol))
        except OSError as error:
            self.wrong = str(error)
            return pycurl.SOCKET_BAD

    def send(self, *connection: object) -> int:
        """Let the request go out, but once: libcurl tries again by itself where it was in vain."""
        if self.is_sent:
            self.wrong = "the connection was closed"
            return pycurl.PREREQFUNC_ABORT
        self.is_sent, self.heard = True, time.monotonic()
        self._lines.clear()  # what a proxy said of its tunnel
        return pycurl.PREREQFUNC_OK

    def take_line(self, line: bytes) -> int | None:
        """Take a line of a head, or of a trailer, which says nothing."""
        self.heard = time.monotonic()
        self._lines.append(line)
        if len(self._lines) > _MAX_LINES or len(line) > _MAX_LINE:
            self.wrong = "a head without end"
        elif line in _BLANK and self.is_sent and not self.is_known:
            self._read_head()
        return _NONE_TAKEN if self.wrong or self.left < 0 else None

    def take(self, part: bytes) -> int | None:
        """Take a part of the body."""
        self.heard = time.monotonic()
        self.left -= len(part)
        if self.left < 0:
            return _NONE_TAKEN
        self.body.write(part)
        return None

    def _read_head(self) -> None:
        """Read the lines so far; behind an interim reply, unasked, the real one may never come."""
        status = self._lines[0][9:12]
        self.status = int(status) if status.isdigit() else 0
        if self.status == 100:
            self._lines.clear()
            return
        self.is_known = True
        fields = [line.partition(b":") for line in self._lines[-2:0:-1]]  # of two, the first counts
        self._headers = {name.lower(): value.strip() for name, _, value in fields}
        if self.status == 200:
            self._read_length(fields)
        else:
            self.left = _SHORT
            self.wrong = "an interim reply" if self.status < 200 else ""

    def _read_length(self, fields: list[tuple[bytes, bytes, bytes]]) -> None:
        """Take nothing of a body that is too long by its own word, or has two lengths."""
        lengths = {value.strip() for name, _, value in fields if name.lower() == b"content-length"}
        if len(lengths) > 1:
            self.wrong = "a reply of two lengths"
        elif any(one.isdigit() and len(one) < 20 and int(one) > self.left for one in lengths):
            self.left = -1


class Client(threading.local):
    """A thread's own handle of libcurl, set up for one route at a time."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        self._curl = pycurl.Curl()
        self._route: Route | None = None
        self._headers: tuple[bytes, ...] = ()

    def get(
        self, url: str, route: Route, policy: Policy, cap: int, seconds: float, etag: str
    ) -> Exchange:
        """Send a GET, once, and return what came of it; raises SpritesError where no reply did.

        A reply of another status than 200 counts though its body breaks off.
        """
        exchange = self.exchange
        if exchange.is_stale:  # libcurl looks at those alone that were idle for a second
            self._curl.close()
            self._curl, self._route = pycurl.Curl(), None
        curl = self._curl
        self._lead(route, (b"If-None-Match: " + etag.encode(),) if etag else ())
        curl.setopt(pycurl.URL, route.base + _target(url))
        curl.setopt(pycurl.TIMEOUT_MS, _milliseconds(seconds))
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(policy.connect_timeout))
        exchange.begin(route, cap)
        try:
            number = 0
            curl.perform()
        except pycurl.error as error:
            number = int(error.args[0])
        if exchange.ended or (number and not exchange.is_refusal):
            code, detail = self._failure(number, cap)
            status = 200 if code in (Code.TRUNCATED, Code.TOO_LARGE) else None
            raise SpritesError(code, detail, status=status)
        return exchange

    def _lead(self, route: Route, more: tuple[bytes, ...]) -> None:
        """Set the handle up for a route, and ``more`` headers; its connections stay."""
        curl = self._curl
        if route is not self._route:
            curl.reset()
            for option, value in (*_FIXED, *self.exchange.options(), *route.options):
                curl.setopt(option, value)
            self._route, self._headers = route, ()
        if (headers := route.headers + more) != self._headers:
            curl.setopt(pycurl.HTTPHEADER, headers)
            self._headers = headers

    def _failure(self, number: int, cap: int) -> tuple[Code, str]:
        """Name what went wrong, by the first who noticed."""
        exchange = self.exchange
        if exchange.ended:
            return Code.TIMEOUT, exchange.ended
        if exchange.left < 0:
            return Code.TOO_LARGE, f"over {cap} bytes"
        if exchange.is_private:
            return Code.URL_NOT_ALLOWED, "the host's name leads to a private address"
        code = _CODES.get(number, Code.CONNECTION)
        if code is Code.TIMEOUT and not exchange.is_sent:
            code = Code.UNREACHABLE
        errno = self._curl.getinfo(pycurl.OS_ERRNO) if code is Code.UNREACHABLE else 0
        return code, exchange.wrong or (os.strerror(errno) if errno else self._curl.errstr())

    def leave(self) -> None:
        """Leave the handle to the process that this one was forked from, and take a new one."""
        _left.append(self._curl)  # to close it would end the connections of the other
        self.__init__()  # type: ignore[misc]


client = Client()
_left: list[pycurl.Curl] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=client.leave)


def _target(url: str) -> str:
    """Return what follows an origin's ``/`` in an absolute URL."""
    return quote(_TARGET.sub(r"\1", url), safe=_SAFE)


def _milliseconds(seconds: float) -> int:
    """Return a time as libcurl has it, to which 0 means no end."""
    return max(1, int(seconds * 1000))
