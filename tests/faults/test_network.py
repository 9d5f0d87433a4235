"""N: what the network does wrong, and what comes of it."""

import gzip
import shutil
import socket
from pathlib import Path
from urllib.request import urlopen

import pytest

from sprites.worker.http import route

from ..support.clock import within
from .lab import GIF, PNG, HereLab
from .servers import Line, SelfSigned, closed_port

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")


def move_pictures(lab: HereLab, origin: str) -> None:
    """Let upstream's documents list all pictures at another origin, which is allowed."""
    lab.options(ALLOWED_ORIGINS=[origin])
    lab.api.edit("/api/v2/pokemon/*/", text={f"{lab.api.origin}/sprites": f"{origin}/sprites"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/api/v2/", "http://no.invalid/api/v2/"])
def test_an_upstream_that_is_not_there_ends_the_run_soon(
    lab: HereLab, executor: str, url: str
) -> None:
    """N1: a closed port and an unknown name end in exit 3 within seconds; the mirror stands."""
    lab.clean()
    before = lab.state()
    lab.options(API_URL=url.format(port=closed_port()), ALLOW_HTTP=True, MAX_OUTAGE=1)
    run = lab.settle(lab.run("--executor", executor), 3, within=8)
    assert "can't be reached" in run.stderr
    assert run.report["requests"] <= 3
    assert lab.state() == before
    lab.heal()


def test_pictures_that_can_not_be_reached_end_the_run_soon(lab: HereLab, executor: str) -> None:
    """N1: where only the pictures' host is down, the Pokémon are kept and the rest is not tried."""
    move_pictures(lab, f"http://localhost:{closed_port()}")
    run = lab.settle(lab.run("--executor", executor), 3, within=8)
    assert run.report["requests"] - len(lab.api.requests()) <= 5 + 2 * 4
    assert len(lab.rows("sprites_pokemon")) >= 1
    lab.heal("--force")


def test_a_server_that_never_answers_times_out(lab: HereLab, executor: str) -> None:
    """N2: after its retries the sprite is ``timeout``; the others are stored meanwhile."""
    lab.options(READ_TIMEOUT=1)
    lab.api.fault(PNG, hang=True)
    run = lab.settle(lab.run("--executor", executor), 1, within=6)
    assert run.codes == {"timeout": 1}
    assert run.report["failures"][0]["attempts"] == 2
    lab.heal()


@pytest.mark.parametrize(
    ("executor", "headers"), [("sync", False), ("threads", True), ("processes", False)]
)
def test_a_drip_is_cut_at_the_total_deadline(lab: HereLab, executor: str, headers: bool) -> None:
    """N3: bytes that come one by one, in the body or the headers, end with the job's time."""
    lab.options(RETRIES=0)
    lab.api.fault(PNG, drip=0.2, drip_headers=headers)
    with within(5):
        run = lab.settle(lab.run("--executor", executor, "--timeout", "2"), 1)
    assert run.codes == {"timeout": 1}
    lab.heal()


@pytest.mark.parametrize("moment", ["before", "middle"])
def test_a_reset_connection_is_tried_again(lab: HereLab, executor: str, moment: str) -> None:
    """N4: an RST before the reply or in it is made good by the next attempt."""
    lab.api.fault(GIF, reset=moment, times=1)
    run = lab.settle(lab.run("--executor", executor), 0)
    assert run.report["retries"] == 1
    lab.heal()


def test_connections_that_were_closed_while_idle_are_no_fault(lab: HereLab) -> None:
    """N4: a server that closes every kept-alive connection fails nothing."""
    lab.options(RETRIES=4)
    lab.retries = 4
    lab.api.fault("/*", close_idle=True)
    run = lab.settle(lab.run(), 0)
    assert run.sprites["failed"] == 0
    lab.heal()


def test_a_connection_that_always_breaks_fails_its_sprite(lab: HereLab) -> None:
    """N4: where every attempt is reset the sprite fails as ``connection``, and nothing else."""
    lab.api.fault(PNG, reset="before")
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"connection": 1}
    lab.heal()


def test_a_server_that_speaks_no_http_fails(lab: HereLab) -> None:
    """N4: bytes that are no HTTP at all are a broken connection."""
    with Line(lambda line: line.sendall(b"SSH-2.0-OpenSSH_9\r\n" * 3)) as other:
        url = f"{other.origin}/x.png"
        lab.options(ALLOWED_ORIGINS=[other.origin])
        lab.api.edit("/api/v2/pokemon/1/", {"sprites/front_default": url})
        run = lab.settle(lab.run(), 1)
        assert run.codes == {"connection": 1}
        assert len(other.hits) == 2
    lab.heal("--force")


def test_a_proxy_that_is_not_there_ends_the_run_soon(
    lab: HereLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: what lies between may be down as well: no host is reached, and the message is plain."""
    route.cache_clear()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("no_proxy", "")
    run = lab.settle(lab.run(), 3, within=8)
    route.cache_clear()
    assert "Connection refused" in run.stderr
    assert "can't be reached" in run.stderr
    assert ")" not in run.stderr.splitlines()[0]
    monkeypatch.undo()
    lab.heal()


def move_sprites(lab: HereLab, origin: str) -> None:
    """List two sprites of Pokémon 1 at an origin, and ask for one at a time."""
    lab.options(ALLOWED_ORIGINS=[origin], WORKERS=1)
    urls = {f"sprites/{key}": f"{origin}/{key}.png" for key in ("back_default", "front_default")}
    lab.api.edit("/api/v2/pokemon/1/", urls)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", "connection"),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", "connection"),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "connection"),
        (b"X: 1\r\n" * 200 + b"\r\nhello", "connection"),
        (b"X: " + b"1" * 70_000 + b"\r\n\r\nhello", "connection"),
    ],
)
def test_http_that_makes_no_sense_is_a_broken_connection(
    lab: HereLab, head: bytes, code: str
) -> None:
    """N4: sizes that are none, lengths that differ, headers without end: tried again, then told."""

    def talk(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(b"HTTP/1.1 200 OK\r\n" + head)

    with Line(talk) as other:
        move_sprites(lab, other.origin)
        run = lab.settle(lab.run(), 1)
        assert run.codes == {code: 2}
        assert len(other.hits) == 4
    lab.heal("--force")


def test_a_reply_that_comes_late_is_not_taken_for_the_next_one(lab: HereLab) -> None:
    """N4: after an interim reply its connection is closed: no sprite gets another one's bytes."""
    with urlopen(lab.api.origin + PNG) as reply:
        png = reply.read()

    def talk(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        if line.recv(4096):  # the next request, on a connection that still owes a reply
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(png), png))

    with Line(talk) as other:
        move_sprites(lab, other.origin)
        run = lab.settle(lab.run(), 1)
        assert run.codes == {"bad_status": 2}
        assert len(other.hits) == 2
    lab.heal("--force")


@pytest.mark.parametrize(("tail", "code"), [(b"", None), (b"junk", "truncated")])
def test_a_gzip_of_several_members_is_read_to_its_end(
    lab: HereLab, tail: bytes, code: str | None
) -> None:
    """C1: nothing behind the first member of a gzip body is dropped without a word."""
    with urlopen(lab.api.origin + PNG) as reply:
        png = reply.read()
    body = b"".join(gzip.compress(part) for part in (png[:9], png[9:50], png[50:])) + tail
    lab.api.fault(PNG, body=body, headers={"Content-Encoding": "gzip"})
    run = lab.settle(lab.run(), 1 if code else 0)
    assert set(run.codes) == ({code} if code else set())
    lab.heal("--force")


@needs_openssl
def test_a_certificate_that_nobody_signed_is_refused(lab: HereLab, tmp_path: Path) -> None:
    """N5: TLS is verified: not retried, no byte is asked for, and the host is soon left alone."""
    lab.clean()
    kept = lab.files()
    with SelfSigned(tmp_path) as server:
        move_pictures(lab, server.origin)
        lab.options(BREAKER=3, WORKERS=1)
        run = lab.settle(lab.run("--force"), 3)
        assert set(server.hits) == {b""}
        assert 3 <= len(server.hits) <= 3 + 2
        assert run.codes == {"tls": len(server.hits)}
        assert {failure["attempts"] for failure in run.report["failures"]} == {1}
    assert lab.files() == kept
    lab.heal("--force")


@needs_openssl
def test_an_api_with_such_a_certificate_is_not_used(lab: HereLab, tmp_path: Path) -> None:
    """N5: the API itself behind a bad certificate ends the run with the reason."""
    with SelfSigned(tmp_path) as server:
        lab.options(API_URL=f"{server.origin}/api/v2/")
        run = lab.settle(lab.run(), 3, within=3)
        assert "tls" in run.stderr.lower()
        assert len(server.hits) == 1
    lab.heal()


def test_a_host_that_accepts_and_says_nothing_is_given_up(lab: HereLab) -> None:
    """N2: a server that keeps every connection silent ends the run, not 15 timeouts in a row."""
    held: list[socket.socket] = []
    with Line(lambda line: held.append(line.dup())) as silent:
        move_pictures(lab, silent.origin)
        lab.options(READ_TIMEOUT=1, RETRIES=0, BREAKER=1)
        lab.settle(lab.run(), 3, within=6)
        assert len(silent.hits) <= 4 + 8
    for line in held:
        line.close()
    lab.heal("--force")
