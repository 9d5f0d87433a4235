"""A thread's connections, its patience, and what a proxy says."""

import gc
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from sprites.errors import Code, SpritesError
from sprites.testing import PokeAPI
from sprites.worker.http import route

from ..faults.servers import Line
from ..support.clock import within
from ..support.policies import fetch

PNG = "/sprites/pokemon/7.png"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings(
    "ignore:This process:DeprecationWarning"
)  # it is forked while it has threads
def test_no_connection_crosses_a_fork(api: PokeAPI) -> None:
    """A forked process opens its own, and the first one goes on with what it had."""
    fetch(api, PNG)
    if not (child := os.fork()):
        fetch(api, PNG)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    fetch(api, PNG)
    first, forked, again = (request.connection for request in api.requests())
    assert first == again != forked


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="nobody counts files here")
def test_a_thread_that_ends_leaves_no_connection_open(api: PokeAPI) -> None:
    """A site whose threads come and go runs out of no files, whenever garbage is collected."""
    fetch(api, PNG)
    gc.collect()
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            thread = threading.Thread(target=fetch, args=(api, PNG))
            thread.start()
            thread.join()
        api.requests()
        assert len(os.listdir("/proc/self/fd")) < before + 20
    finally:
        gc.enable()


def test_silence_within_a_body_ends_in_time() -> None:
    """The read timeout is a fraction of a second here, and holds between two bytes."""

    def talk(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        line.recv(4096)  # until the other side hangs up

    with PokeAPI() as api, Line(talk) as other:
        began = time.monotonic()
        with within(1), pytest.raises(SpritesError, match=r"no byte for 0\.3 s") as caught:
            fetch(api, f"{other.origin}/a", ALLOWED_ORIGINS=[other.origin], READ_TIMEOUT=0.3)
        assert caught.value.code is Code.TIMEOUT
        assert time.monotonic() - began >= 0.3


def test_a_drip_that_is_faster_than_the_read_timeout_is_no_silence(api: PokeAPI) -> None:
    """Each byte begins the read timeout anew, so that a slow body of some bytes comes whole."""
    api.fault(PNG, body="a slow body of some bytes", drip=0.15)
    assert fetch(api, PNG, READ_TIMEOUT=3.2).body == b"a slow body of some bytes"


def test_a_path_is_asked_for_as_it_is(api: PokeAPI) -> None:
    """Dots, doubled slashes and what is quoted stay; a fragment does not, and a space is quoted."""
    for path in ("/a/../b//c.png?d=%2e#e", "/é"):
        with pytest.raises(SpritesError, match="404"):
            fetch(api, path)
    assert [request.path for request in api.requests()] == ["/a/../b//c.png?d=%2e", "/%C3%A9"]


def test_what_a_proxy_says_of_its_tunnel_is_no_reply(
    api: PokeAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that refuses leaves the host unreachable, and no text names the password."""

    def talk(line: socket.socket) -> None:
        asked.append(line.recv(4096))
        line.sendall(b"HTTP/1.1 404 Nothing\r\nETag: x\r\nContent-Length: 0\r\n\r\n")

    asked: list[bytes] = []
    with Line(talk) as proxy:
        monkeypatch.setenv("https_proxy", proxy.origin.replace("//", "//ash:pikachu@"))
        monkeypatch.setenv("no_proxy", "")
        route.cache_clear()
        with pytest.raises(SpritesError) as caught:
            fetch(api, "https://img.example/a.png", ALLOWED_ORIGINS=["https://img.example"])
    route.cache_clear()
    assert asked[0].startswith(b"CONNECT img.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YXNoOnBpa2FjaHU=\r\n" in asked[0]
    assert caught.value.code is Code.UNREACHABLE
    assert "pikachu" not in caught.value.detail


def test_a_connection_that_was_closed_meanwhile_is_not_used(api: PokeAPI) -> None:
    """Though it was idle for a moment only, the next request goes out on another one."""

    def talk(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        line.shutdown(socket.SHUT_RDWR)
        hung_up.release()

    hung_up = threading.Semaphore(0)
    with Line(talk) as other:
        for _ in range(5):
            assert fetch(api, f"{other.origin}/a", ALLOWED_ORIGINS=[other.origin]).body == b"hello"
            assert hung_up.acquire(timeout=30)
        assert len(other.hits) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit here")
def test_a_run_may_have_a_connection_for_each_worker() -> None:
    """Where 1,024 open files are the custom the command asks for as many as it is allowed."""
    code = (
        "import resource as r; from sprites.management import memory;"
        "hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (256, hard));"
        "memory.prepare(); print(r.getrlimit(r.RLIMIT_NOFILE)[0] >= min(hard, 4096) > 256)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
