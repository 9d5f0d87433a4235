"""The way to an origin: the plain one is what requests would find, and knows where it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pycurl
import pytest

from sprites.worker.routes import plain_route
from sprites.worker.session import route_of_session

from ..support.site import ROOT, ShellSite

ORIGINS = (
    "https://pokeapi.co",
    "http://img.example:8080",
    "https://under_score.img-2.example",
    "http://127.0.0.1:43129",
    "http://[2001:db8::1]:8080",
)


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out of the environment what whoever runs the tests has told requests."""
    for name in list(os.environ):
        if name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("is_guarded", [True, False])
@pytest.mark.parametrize("origin", ORIGINS)
def test_the_plain_way_is_the_one_that_requests_would_find(origin: str, is_guarded: bool) -> None:
    """Host, headers, certificates and the lack of a proxy are the same."""
    assert plain_route(origin, is_guarded) == route_of_session(origin, "", is_guarded)


@pytest.mark.parametrize("bundle", ["certificates.pem", ".", ""])
@pytest.mark.parametrize(
    "names", [["REQUESTS_CA_BUNDLE"], ["CURL_CA_BUNDLE"], ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"]]
)
def test_the_environment_may_name_the_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: list[str], bundle: str
) -> None:
    """A file or a folder, by the same variables and in the same order as requests reads them."""
    for name in names:
        monkeypatch.setenv(name, bundle and str(tmp_path / name / bundle))
        (tmp_path / name).mkdir()
    way = plain_route(ORIGINS[0], True)
    assert way == route_of_session(ORIGINS[0], "", True)
    *_, (option, path) = way.options
    assert option == (pycurl.CAPATH if bundle == "." else pycurl.CAINFO)
    assert path.startswith(str(tmp_path)) == bool(bundle)


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"])
def test_where_the_environment_names_a_proxy_requests_is_asked(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever the variable says, in small letters or capitals."""
    monkeypatch.setenv(name, "")
    assert plain_route(ORIGINS[0], True) is None


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_where_the_system_may_name_a_proxy_requests_is_asked(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """macOS and Windows keep proxies in their settings, which requests reads."""
    monkeypatch.setattr(sys, "platform", platform)
    assert plain_route(ORIGINS[0], True) is None


def test_a_name_in_other_letters_is_left_to_requests() -> None:
    """Which spells it in ASCII."""
    origin = "https://pokémon.example"
    assert plain_route(origin, True) is None
    assert route_of_session(origin, "", True).base == "https://xn--pokmon-dva.example/"


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_run_that_needs_no_session_never_loads_requests(shell: ShellSite, executor: str) -> None:
    """It is much of what a command and its workers would have to import."""
    command = [sys.executable, "-X", "importtime", "manage.py", "fetch_sprites", "--ids", "1"]
    run = subprocess.run(
        [*command, "--executor", executor],
        cwd=ROOT, env=shell.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert run.returncode == 0
    assert "sprites.worker.http" in loaded
    assert "requests" not in loaded
