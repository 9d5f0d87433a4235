"""The reply to one GET as it comes: bytes in, its head and its body out.

llhttp, by ``httptools``, knows the grammar, and refuses what could be read in two ways. It calls
the methods of an Exchange, which keeps what is of use and says when there is enough of it.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_MAX_HEADERS, _MAX_HEAD = 100, 64 * 1024
_MAX_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read for the sake of its connection."""


class Exchange:
    """What has come of a GET so far.

    ``status`` is 0 until the head is known, ``left`` is how much more of a body may come, and less
    than none where it is too long. ``wrong`` says why nothing more is read: what came makes no
    sense, or the body ``is_cut``. A connection that ``keeps`` can be used again.
    """

    def __init__(self) -> None:
        self.begin(HttpResponseParser(self), 0)

    def begin(self, parser: HttpResponseParser, cap: int) -> None:
        """Forget the one before, and take at most ``cap`` bytes of a body."""
        self._parser = parser
        self.status = self._received = self._head = self._lines = 0
        self.left, self.wrong = cap, ""
        self.is_whole = self.is_cut = self.keeps = self._has_end = False
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []

    @property
    def is_done(self) -> bool:
        """Tell whether nothing more is to be read."""
        return self.is_whole or self.left < 0 or self.wrong != ""

    @property
    def is_good(self) -> bool:
        """Tell whether all of the reply is there, and is not too long."""
        return self.is_whole and self.left >= 0

    @property
    def is_refusal(self) -> bool:
        """Tell whether there is a reply, of another status than 200."""
        return self.status not in (0, 200)

    @property
    def body(self) -> bytes:
        """Return the body so far."""
        return b"".join(self._parts)

    def forget(self) -> int:
        """Let go of the reply, and return how long the body of a good one was so far."""
        received = self._received if self.status == 200 else 0
        self.begin(self._parser, 0)
        return received

    def header(self, name: bytes) -> str:
        """Return the value of a header, whose name is in small letters, or ""."""
        return self._headers.get(name, b"").decode("latin-1")

    def feed(self, data: memoryview) -> None:
        """Take bytes; none mean the end of the stream."""
        if not data:
            self._end()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.keeps = False
            self.wrong = f"no sound HTTP: {error}"
        self._head += 0 if self.status else len(data)
        if self._head > _MAX_HEAD or self._lines > _MAX_HEADERS:
            self.wrong = "a head without end"

    def _end(self) -> None:
        self.keeps = False
        self.is_whole = self.status != 0 and not self._has_end
        if not self.is_whole:
            self.wrong, self.is_cut = "the connection was closed", self.status == 200

    def on_message_begin(self) -> None:
        """Note that more comes than was asked for."""
        self.keeps &= not self.is_whole

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; of two the first counts, and a trailer says nothing."""
        self._lines += 1
        self._head = max(self._head, len(value))
        if not self.status:
            self._headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        """Read the head, and whether the body's length is within what may come."""
        status = self._parser.get_status_code()
        if status == 100:  # unasked, and the real one follows
            self._headers.clear()
        elif not self.status:
            self.status = status
            length = self._headers.get(b"content-length", b"")
            self._has_end = length != b"" or b"transfer-encoding" in self._headers
            if self.is_refusal:
                self.left = _MAX_REFUSAL
            elif length.isdigit() and int(length[:20]) > self.left:
                self.left = -1

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        self.left -= len(part)
        if self.left >= 0 and not self.is_whole:
            self._received += len(part)
            self._parts.append(part)

    def on_message_complete(self) -> None:
        """Note the end; behind an interim reply the real one may come late, for another GET."""
        if self.status and not self.is_whole:
            self.is_whole = True
            self.keeps = self.status >= 200 and bool(self._parser.should_keep_alive())
