"""How much a reply may cost: bytes after unpacking, seconds in all; and how connections break."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from sprites.errors import RETRIED, Code, SpritesError
from sprites.testing import PokeAPI
from sprites.worker.http import Usage

from ..support.clock import within
from ..support.policies import MIB, fetch

PNG = "/sprites/pokemon/7.png"
JSON = "/api/v2/pokemon/7/"


def test_a_body_at_the_cap_is_taken(api: PokeAPI) -> None:
    """The cap is the most, not one more: the same body passes at its length and not below."""
    size = len(fetch(api, PNG).body)
    assert len(fetch(api, PNG, cap=size).body) == size
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG, cap=size - 1)
    assert caught.value.code is Code.TOO_LARGE


def test_the_cap_counts_unpacked_bytes(api: PokeAPI) -> None:
    """A packed body is measured by what comes out of it."""
    size = len(fetch(api, JSON).body)
    assert api.requests()[0].bytes_sent < size
    assert len(fetch(api, JSON, cap=size).body) == size
    with pytest.raises(SpritesError) as caught:
        fetch(api, JSON, cap=size - 1)
    assert caught.value.code is Code.TOO_LARGE


def test_a_gzip_bomb_takes_no_memory(api: PokeAPI) -> None:
    """64 MiB in 64 kB are refused without ever being unpacked."""
    api.fault(JSON, gzip_bomb=64 * MIB)
    fetch(api, PNG)
    tracemalloc.start()
    with pytest.raises(SpritesError) as caught:
        fetch(api, JSON)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code is Code.TOO_LARGE
    assert peak < 4 * MIB


def test_an_endless_body_is_cut_at_the_cap(api: PokeAPI) -> None:
    """A stream without an end is read as far as the cap, and the connection is closed."""
    api.fault(PNG, endless=True)
    usage = Usage()
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG, usage=usage)
    assert caught.value.code is Code.TOO_LARGE
    assert usage.bytes <= MIB + 64 * 1024
    api.clear()
    assert fetch(api, PNG).body


def test_a_length_over_the_cap_is_believed(api: PokeAPI) -> None:
    """Ten announced gigabytes are refused at the header."""
    api.fault(PNG, endless=True, content_length=10**10)
    usage = Usage()
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG, usage=usage)
    assert (caught.value.code, usage.bytes) == (Code.TOO_LARGE, 0)


@pytest.mark.parametrize("headers", [False, True])
@pytest.mark.parametrize("no_length", [False, True])
def test_a_drip_ends_at_the_total_deadline(api: PokeAPI, headers: bool, no_length: bool) -> None:
    """Bytes that keep coming, in the headers or in the body, do not hold a worker for ever."""
    api.fault(PNG, drip=0.05, drip_headers=headers, no_length=no_length)
    began = time.monotonic()
    with within(1.4), pytest.raises(SpritesError) as caught:
        fetch(api, PNG, TIMEOUT=0.4)
    assert caught.value.code is Code.TIMEOUT
    assert time.monotonic() - began > 0.3


def test_redirects_share_one_deadline(api: PokeAPI) -> None:
    """The deadline is for all hops together."""
    api.fault("/hop*", redirect="/hop", delay=0.3)
    with pytest.raises(SpritesError) as caught:
        fetch(api, "/hop1", TIMEOUT=0.5)
    assert caught.value.code is Code.TIMEOUT


@pytest.mark.parametrize("options", [{"READ_TIMEOUT": 0.3}, {"TIMEOUT": 0.3}])
def test_silence_ends_at_the_shorter_timeout(api: PokeAPI, options: dict[str, Any]) -> None:
    """A server that accepts and never answers is ``timeout``."""
    api.fault(PNG, hang=True)
    with within(1.5), pytest.raises(SpritesError) as caught:
        fetch(api, PNG, **options)
    assert caught.value.code is Code.TIMEOUT


@pytest.mark.parametrize("path", [PNG, JSON])
def test_a_short_body_is_truncated(api: PokeAPI, path: str) -> None:
    """Fewer bytes than announced are ``truncated``, and may be tried again."""
    api.fault(path, truncate=40)
    usage = Usage()
    with pytest.raises(SpritesError) as caught:
        fetch(api, path, usage=usage)
    assert caught.value.code is Code.TRUNCATED
    assert usage.bytes == 40


def test_half_a_gzip_stream_is_truncated(api: PokeAPI) -> None:
    """Without a length, the packing itself tells that a body is not whole."""
    api.fault(JSON, truncate=0.5, no_length=True)
    with pytest.raises(SpritesError) as caught:
        fetch(api, JSON)
    assert caught.value.code is Code.TRUNCATED


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(api: PokeAPI, encoding: str) -> None:
    """Only gzip is asked for and only gzip is unpacked."""
    api.fault(PNG, headers={"Content-Encoding": encoding})
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert caught.value.code is Code.BAD_CONTENT


@pytest.mark.parametrize("when", ["before", "middle"])
def test_a_reset_may_be_tried_again(api: PokeAPI, when: str) -> None:
    """A connection that breaks, before or within the body, is a fault that passes."""
    api.fault(PNG, reset=when)
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert caught.value.code in {Code.CONNECTION, Code.TRUNCATED} <= RETRIED


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_host_that_is_not_there_is_unreachable(api: PokeAPI, host: str) -> None:
    """A refused connection or an unknown name is ``unreachable``, at once."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://{host}:{closed.getsockname()[1]}"
        with pytest.raises(SpritesError) as caught:
            fetch(api, f"{url}/a.png", ALLOWED_ORIGINS=[url], ALLOW_HTTP=True)
    assert caught.value.code is Code.UNREACHABLE
    assert " object at " not in caught.value.detail


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")
def test_a_certificate_that_nobody_signed_is_refused(api: PokeAPI, tmp_path: Path) -> None:
    """A certificate that can't be verified is ``tls``: no byte is asked for, and no retry helps."""
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    received: list[bytes] = []

    def serve() -> None:
        line, _ = listener.accept()
        with line, suppress(OSError), context.wrap_socket(line, server_side=True) as secure:
            received.append(secure.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        with pytest.raises(SpritesError) as caught:
            fetch(api, f"{url}/a.png", ALLOWED_ORIGINS=[url])
        thread.join(10)
    assert caught.value.code is Code.TLS
    assert Code.TLS not in RETRIED
    assert received in ([], [b""])


def test_chunked_replies_share_a_connection(api: PokeAPI) -> None:
    """A reply in chunks, as a CDN packs JSON, leaves its connection to the next request."""
    with _chunked_server() as (url, accepted):
        for _ in range(3):
            assert fetch(api, f"{url}/a", ALLOWED_ORIGINS=[url]).body == b"hello, world"
    assert len(accepted) == 1


@contextmanager
def _chunked_server() -> Iterator[tuple[str, list[object]]]:
    """Serve every request with the same two chunks; yields the URL and the connections made."""
    accepted: list[object] = []
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                line, peer = listener.accept()
            except OSError:
                return
            accepted.append(peer)
            with line:
                while line.recv(65536):
                    line.sendall(
                        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n"
                    )
                    if len(accepted) > 9:
                        return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
