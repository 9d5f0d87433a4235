"""Servers that misbehave below HTTP, each on a thread of its own and a free port of loopback."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self


class Line:
    """A server that hands every connection to ``talk``, one after another, and counts them."""

    def __init__(self, talk: Callable[[socket.socket], None] = lambda line: None) -> None:
        self.hits: list[bytes] = []
        self._talk = talk
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line:
                self.hits.append(b"")
                line.settimeout(5)
                with contextlib.suppress(OSError):
                    self._talk(line)


class Canary(Line):
    """A server that nobody may ask; ``hits`` has what it was asked."""

    def __init__(self) -> None:
        super().__init__(self._answer)

    def _answer(self, line: socket.socket) -> None:
        self.hits[-1] = line.recv(4096)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")


class SelfSigned(Line):
    """An HTTPS server whose certificate nobody has signed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(self._shake_hands)
        self.origin = self.origin.replace("http:", "https:")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*_certificate(folder))

    def _shake_hands(self, line: socket.socket) -> None:
        with self._context.wrap_socket(line, server_side=True) as safe:
            self.hits[-1] = safe.recv(4096)


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def closed_port() -> int:
    """Return a port on loopback that nobody listens on, or will: it stays bound."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    holder.detach()
    return port
