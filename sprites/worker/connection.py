"""A connection to an origin: libcurl opens it, over TLS and by a proxy where need be.

libcurl knows the names, certificates and proxies, and both ways to take bytes from a socket. What
is sent and read over it is not its affair: it would call Python back for each line of a head, and
a thread that wants Python's lock for a moment has to wait for it.
"""

import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pycurl
from httptools import HttpResponseParser

from ..errors import Code, SpritesError
from ..origins import is_public
from .exchange import Exchange
from .interrupt import Sockets
from .records import Policy
from .routes import Route

_FIXED = (
    (pycurl.CONNECT_ONLY, 1),
    (pycurl.NOSIGNAL, 1),  # it is not the only thread
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
    (pycurl.NOPROXY, ""),  # requests has read the environment
)
_CODES = {
    pycurl.E_COULDNT_RESOLVE_PROXY: Code.UNREACHABLE,
    pycurl.E_COULDNT_RESOLVE_HOST: Code.UNREACHABLE,
    pycurl.E_COULDNT_CONNECT: Code.UNREACHABLE,
    pycurl.E_OPERATION_TIMEDOUT: Code.UNREACHABLE,
    pycurl.E_PEER_FAILED_VERIFICATION: Code.TLS,
}
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # without a file each


class Connection:
    """A connection of one client, open from the beginning; raises SpritesError.

    ``end`` is when the attempt must be over, by the monotonic clock.
    """

    def __init__(
        self, route: Route, exchange: Exchange, sockets: Sockets, policy: Policy, end: float
    ) -> None:
        self.route, self.parser = route, HttpResponseParser(exchange)
        self._curl, self._opener = pycurl.Curl(), _Opener(sockets, route.guarded)
        curl = self._curl
        for option, value in (*_FIXED, *self._opener.options(), *route.options):
            curl.setopt(option, value)
        curl.setopt(pycurl.URL, route.base)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(policy.connect_timeout))
        curl.setopt(pycurl.TIMEOUT_MS, _milliseconds(end - time.monotonic()))
        try:
            curl.perform()
        except pycurl.error as error:
            failure = self._failure(int(error.args[0]))
            curl.close()
            raise failure from None
        self._selector = _Selector()
        self._socket = curl.getinfo(pycurl.ACTIVESOCKET)
        self._selector.register(self._socket, selectors.EVENT_READ)
        # As browsers do: a control character in a header, or a bare line feed, harms nobody here.
        self.parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True
        )

    def _failure(self, number: int) -> SpritesError:
        """Name why there is no connection, by the first who noticed."""
        if self._opener.is_private:
            detail = "the host's name leads to a private address"
            return SpritesError(Code.URL_NOT_ALLOWED, detail)
        code = _CODES.get(number, Code.CONNECTION)
        errno = self._curl.getinfo(pycurl.OS_ERRNO) if code is Code.UNREACHABLE else 0
        detail = self._opener.wrong or (os.strerror(errno) if errno else self._curl.errstr())
        return SpritesError(code, detail)

    @property
    def is_stale(self) -> bool:
        """Tell, between two GETs, whether the other side has hung up."""
        return bool(self._selector.select(0))

    def send(self, request: bytes, patience: float, end: float) -> None:
        """Send a request."""
        left = memoryview(request)
        while left:
            try:
                left = left[self._curl.send(left) :]
            except BlockingIOError:
                self._selector.modify(self._socket, selectors.EVENT_WRITE)
                self.wait(patience, end)
                self._selector.modify(self._socket, selectors.EVENT_READ)
            except pycurl.error as error:
                raise _broken(error) from None

    def receive_into(self, buffer: bytearray, patience: float, end: float) -> int:
        """Wait for bytes and return how many have come, none of which is the end of the stream.

        libcurl may hold bytes that the socket knows nothing of any more, so it is asked first.
        """
        while True:
            try:
                return self._curl.recv_into(buffer)
            except BlockingIOError:
                self.wait(patience, end)
            except pycurl.error as error:
                raise _broken(error) from None

    def wait(self, patience: float, end: float) -> None:
        """Wait until something comes, or goes; raise SpritesError where that takes too long."""
        left = end - time.monotonic()
        if left > 0 and self._selector.select(min(patience, left)):
            return
        detail = f"no byte for {patience:g} s" if patience < left else "not whole in time"
        raise SpritesError(Code.TIMEOUT, detail)

    def close(self) -> None:
        """Close it; its selector holds itself, until then."""
        self._selector.close()
        self._curl.close()


class _Opener:
    """Opens and closes the sockets of one connection, and says why it did not.

    libcurl holds it, and it holds no connection: one that is let go of is closed at once.
    """

    def __init__(self, sockets: Sockets, guarded: bool) -> None:
        self.is_private, self.wrong = False, ""
        self._sockets, self._guarded = sockets, guarded

    def options(self) -> Iterator[tuple[int, Any]]:
        """Yield the options of libcurl that make it call these methods."""
        yield pycurl.OPENSOCKETFUNCTION, self._open
        yield pycurl.CLOSESOCKETFUNCTION, self._sockets.close
        if threading.current_thread() is threading.main_thread():
            # Python answers a signal between two steps of its own: libcurl must come by.
            yield pycurl.XFERINFOFUNCTION, lambda *figures: None
            yield pycurl.NOPROGRESS, 0

    def _open(self, purpose: int, to: pycurl.CurlSockAddr) -> int:
        """Open a socket, unless it would lead into a private network."""
        self.is_private = self._guarded and not is_public(str(to.addr[0]))
        if self.is_private or self._sockets.ended:
            return pycurl.SOCKET_BAD
        try:
            return self._sockets.adopt(socket.socket(to.family, to.socktype, to.protocol))
        except OSError as error:
            self.wrong = str(error)
            return pycurl.SOCKET_BAD


def _broken(error: pycurl.error) -> SpritesError:
    *_, why = error.args
    return SpritesError(Code.CONNECTION, str(why))


def _milliseconds(seconds: float) -> int:
    """Return a time as libcurl has it, to which 0 means no end."""
    return max(1, int(seconds * 1000))
