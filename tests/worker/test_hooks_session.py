"""SESSION: what is taken of a site's own session, and what no session can change."""

import shutil
import socket
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import certifi
import pytest
import requests
from django.core import checks
from pytest_django import Settings

from sprites.checks import IDS
from sprites.errors import Code, SpritesError
from sprites.testing import PokeAPI
from sprites.worker.http import Usage, get

from ..faults.servers import Line, SelfSigned
from ..support.policies import MIB, fetch, policy_for
from ..support.site import Site

PNG = "/sprites/pokemon/7.png"
EXECUTORS = ("sync", "threads", "processes")


def use(settings: Settings, site: Site, path: str, **more: object) -> None:
    """Let the site have a session of its own."""
    settings.SPRITES = {"API_URL": site.api.url, "SESSION": f"tests.support.own.{path}", **more}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_request_of_a_run_has_its_headers(
    site: Site, settings: Settings, executor: str
) -> None:
    """Headers, auth and cookies go with every request; only the packing stays ours."""
    use(settings, site, "session")
    run = site.run("--ids", "1-3", "--executor", executor)
    assert (run.exit_code, run.sprites["stored"]) == (0, 3), run.stderr
    sent = site.api.requests()
    assert len(sent) >= 7
    for request in sent:
        assert request.headers["User-Agent"] == "a-shop/1.0"
        assert request.headers["Authorization"] == "Basic YXNoOnBpa2FjaHU="
        assert request.headers["Cookie"] == "badge=boulder"
        assert request.headers["Accept-Encoding"] == "gzip"
    site.assert_whole(run)


def test_its_host_is_the_only_one(api: PokeAPI) -> None:
    """However it spells the header's name, a request names one host."""

    def talk(line: socket.socket) -> None:
        asked.append(line.recv(4096))
        line.sendall(b"HTTP/1.1 404 Nothing\r\nContent-Length: 0\r\n\r\n")

    asked: list[bytes] = []
    with Line(talk) as other:
        own: dict[str, Any] = {"SESSION": "tests.support.own.named"}
        policy = policy_for(api, ALLOWED_ORIGINS=[other.origin], **own)
        with pytest.raises(SpritesError, match="404"):
            get(f"{other.origin}/a.png", policy, MIB, Usage())
    heads = [head.lower() for head in asked[0].split(b"\r\n")]
    assert [head for head in heads if head.startswith(b"host:")] == [b"host: shop.example"]


def test_a_request_that_nobody_reads_ends_in_time(api: PokeAPI) -> None:
    """The read timeout holds for the sending, too."""

    def talk(line: socket.socket) -> None:
        line.settimeout(20)
        while line.recv(1, socket.MSG_PEEK) and not ended.wait(0.05):
            pass

    ended = threading.Event()
    with Line(talk) as other:
        own: dict[str, Any] = {"SESSION": "tests.support.own.talkative"}
        policy = policy_for(api, ALLOWED_ORIGINS=[other.origin], READ_TIMEOUT=0.3, **own)
        try:
            with pytest.raises(SpritesError) as caught:
                get(f"{other.origin}/a.png", policy, MIB, Usage())
        finally:
            ended.set()
    assert caught.value.code is Code.TIMEOUT


def test_its_proxy_is_asked(api: PokeAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request goes to the proxy with its whole URL, also where the environment names another."""
    monkeypatch.setenv("TESTS_PROXY", api.origin)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    policy = policy_for(
        api,
        ALLOWED_ORIGINS=["http://img.example"],
        ALLOW_HTTP=True,
        SESSION="tests.support.own.behind_proxy",
    )
    with pytest.raises(SpritesError) as caught:
        get("http://img.example/nothing.png", policy, MIB, Usage())
    assert caught.value.code is Code.NOT_FOUND
    assert [request.path for request in api.requests()] == ["http://img.example/nothing.png"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")
def test_its_certificates_are_trusted(
    api: PokeAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that only its ``verify`` knows is good enough, whatever the environment."""
    monkeypatch.setenv("TESTS_CERTIFICATE", str(tmp_path / "cert.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    with SelfSigned(tmp_path) as server:
        url, origins = f"{server.origin}/a.png", [server.origin]
        for session, code in (("", Code.TLS), ("tests.support.own.trusting", Code.CONNECTION)):
            with pytest.raises(SpritesError) as caught:
                fetch(api, url, ALLOWED_ORIGINS=origins, SESSION=session)
            assert caught.value.code is code
        assert server.hits[0] == b""
        assert server.hits[-1].startswith(b"GET /a.png HTTP/1.1\r\n")


def test_its_adapters_and_parameters_are_not_used(api: PokeAPI) -> None:
    """What is mounted, and what would change the URL, is left out; a failure is tried once."""
    api.fault(PNG, status=503)
    with pytest.raises(SpritesError):
        fetch(api, PNG, SESSION="tests.support.own.mounted")
    assert [request.path for request in api.requests()] == [PNG]


def test_no_session_opens_the_private_network(api: PokeAPI) -> None:
    """A name that leads to this machine is refused, whatever session there is."""
    origin = api.origin.replace("127.0.0.1", "inner.localhost")  # which libcurl looks up by itself
    with pytest.raises(SpritesError) as caught:
        fetch(
            api,
            origin + PNG,
            ALLOWED_ORIGINS=[origin],
            ALLOW_HTTP=True,
            SESSION="tests.support.own.mounted",
        )
    assert caught.value.code is Code.URL_NOT_ALLOWED
    assert api.requests() == []


def test_no_session_lengthens_the_deadline(api: PokeAPI) -> None:
    """A body that drips is cut off in time."""
    api.fault(PNG, drip=0.2)
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG, TIMEOUT=0.5, SESSION="tests.support.own.session")
    assert caught.value.code is Code.TIMEOUT


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("nowhere", "can't be imported"),
        ("EXECUTORS", "can't be imported"),
        ("__doc__", "can't be called"),
        ("no_session", "gives a str, not a requests.Session"),
        ("broken", "failed: OSError: no vault"),
    ],
)
def test_a_wrong_session_is_named_before_any_request(
    site: Site, settings: Settings, path: str, cause: str
) -> None:
    """Exit 2 and one line with the path and the cause."""
    use(settings, site, path)
    run = site.run("--limit", "1")
    assert run.exit_code == 2
    assert f"SESSION 'tests.support.own.{path}' " in run.stderr
    assert cause in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert site.api.requests() == []


@pytest.mark.parametrize("path", ["nowhere", "__doc__"])
def test_a_session_that_is_not_there_is_a_system_check_error(settings: Settings, path: str) -> None:
    """What can be known without calling it is told by ``manage.py check``."""
    settings.SPRITES = {"SESSION": f"tests.support.own.{path}"}
    messages = checks.run_checks(tags=["sprites"])
    assert [message.id for message in messages] == [IDS["SESSION"]]
    settings.SPRITES = {"SESSION": "tests.support.own.session"}
    assert checks.run_checks(tags=["sprites"]) == []


def test_a_worker_that_lacks_it_stops_the_run(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the parent has the module, the run ends at once and says why."""
    module = ModuleType("tests_only_here")
    vars(module)["session"] = requests.Session
    monkeypatch.setitem(sys.modules, "tests_only_here", module)
    settings.SPRITES = {"API_URL": site.api.url, "SESSION": "tests_only_here.session"}
    run = site.run("--limit", "1", "--executor", "processes", "--workers", "2")
    assert run.exit_code == 3
    assert "SESSION 'tests_only_here.session' can't be imported" in run.stderr
    assert site.api.requests() == []
