"""The command prints its URL, takes signals, refuses nonsense, and the client keeps hold of it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sprites.testing import PokeAPI

from .conftest import fetch

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "sprites.testing"]


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@contextmanager
def _started(*options: str) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*COMMAND, *options], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _hang_up_in_the_middle_of_a_request(url: str) -> None:
    host, port = urlsplit(url).netloc.split(":")
    with socket.create_connection((host, int(port))) as rude:
        rude.sendall(b"GET /api")
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The server has dealt with the reset when it has dealt with a later connection.
    assert fetch(PokeAPI.connect(url), "pokemon/7/").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_one_line_when_ready_and_ends_quietly_on_a_signal(number: int) -> None:
    with _started() as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert fetch(PokeAPI.connect(url), "pokemon/7/").status == 200
        _hang_up_in_the_middle_of_a_request(url)
        process.send_signal(number)
        assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--port", "70000"], "--port"),
        (["--port", "http"], "--port"),
        (["--latency", "-1"], "--latency"),
        (["--latency", "nan"], "--latency"),
        (["--forms"], "--data"),
        (["--data", "/nowhere/at/all"], "/nowhere/at/all"),
        (["--unheard-of"], "--unheard-of"),
        (["--log", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_code_2(options: list[str], told: str) -> None:
    done = _run(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


def test_a_port_that_is_taken_is_a_bad_option() -> None:
    with PokeAPI() as api:
        port = api.origin.rpartition(":")[2]
        done = _run("--port", port)
    assert done.returncode == 2
    assert "in use" in done.stderr


def test_a_log_file_gets_a_line_a_request(tmp_path: Path) -> None:
    file = tmp_path / "requests.log"
    with _started("--log", str(file), "--until-eof") as process:
        assert process.stdout is not None
        api = PokeAPI.connect(process.stdout.readline().strip())
        fetch(api, "pokemon/7/")
        fetch(api, "pokemon/nobody/")
        process.communicate(timeout=60)
    lines = [line.split(" ", 1)[1] for line in file.read_text().splitlines()]
    assert lines == ["200 GET /api/v2/pokemon/7/", "404 GET /api/v2/pokemon/nobody/"]


def test_the_client_ends_its_server_and_a_second_stop_does_nothing() -> None:
    api = PokeAPI()
    assert api.pid is not None
    os.kill(api.pid, 0)
    api.stop()
    api.stop()
    with pytest.raises(ConnectionRefusedError):
        fetch(api, "pokemon/7/")


def test_a_connected_client_steers_a_server_and_leaves_it_running(api: PokeAPI) -> None:
    with PokeAPI.connect(api.url) as other:
        other.gone("/sprites/pokemon/7.png")
        assert (other.url, other.pid) == (api.url, None)
    assert fetch(api, "/sprites/pokemon/7.png").status == 404


def _answers(url: str) -> bool:
    try:
        return fetch(PokeAPI.connect(url), "pokemon/7/").status == 200
    except ConnectionError:
        return False


def test_the_server_dies_with_a_parent_that_is_killed() -> None:
    program = (
        "from sprites.testing import PokeAPI; a = PokeAPI(); print(a.url, flush=True); input()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        parent.kill()
        parent.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while _answers(url):
        assert time.monotonic() < deadline, "the server outlived its parent"


def test_ctrl_c_in_the_terminal_of_a_test_does_not_reach_its_server(api: PokeAPI) -> None:
    assert api.pid is not None
    assert os.getpgid(api.pid) != os.getpgid(0)


def test_a_server_that_cannot_start_is_a_runtime_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="exit code 2"):
        PokeAPI(data="/nowhere/at/all")
    assert "/nowhere/at/all" in capfd.readouterr().err


def test_importing_the_client_loads_neither_pillow_nor_django() -> None:
    program = (
        "import sys, sprites.testing; print([m for m in ('PIL', 'django') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
