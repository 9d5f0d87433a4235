"""The example site's settings by what its processes do: as a user starts it, and behind TLS."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .support.browser import Browser
from .support.site import ROOT, ShellSite

OURS = ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "BEHIND_TLS")
TLS = {"BEHIND_TLS": "true", "ALLOWED_HOSTS": "sprites.example.com"}
PASSWORD = "once upon a time"


@pytest.fixture
def plain(shell: ShellSite) -> ShellSite:
    """A site whose environment says nothing of keys, hosts, TLS and errors."""
    for name in (*OURS, "DJANGO_ALLOW_ASYNC_UNSAFE"):  # the last one is for the browser's tests
        shell.environment.pop(name, None)
    return shell


@pytest.fixture
def served(plain: ShellSite) -> Iterator[Browser]:
    """Such a site with two Pokémon and an administrator, as ``runserver`` shows it."""
    assert plain.fetch("1", "7").exit_code == 0
    plain.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    user = ("--noinput", "--username", "ash", "--email", "ash@example.org", "-v0")
    plain.manage("createsuperuser", *user).check_returncode()
    with plain.serve() as browser:
        yield browser


def test_without_any_setting_it_works_and_tells_nothing(served: Browser) -> None:
    """Pages come with styles, scripts and images, the admin lets one in, an error shows no code."""
    page = served.get("")
    loaded = [served.get(address) for address in page.references]
    assert {(part.status, part.media_type != "text/html") for part in loaded} == {(200, True)}
    assert len([part for part in loaded if part.media_type.startswith("image/")]) == 3
    assert "Log out" in served.log_in("ash", PASSWORD).text
    lost = served.get("nowhere/")
    assert lost.status == 404
    assert "DEBUG" not in lost.text


def test_debug_is_on_where_it_is_asked_for(plain: ShellSite) -> None:
    """Where DEBUG=true a page that is not there names the URLs that are."""
    plain.environment["DEBUG"] = "true"
    with plain.serve() as browser:
        assert "DEBUG = True" in browser.get("nowhere/").text


def reply(browser: Browser, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Ask as a proxy does that passes the visitor's host on; return status and headers."""
    line = HTTPConnection(urlsplit(browser.root).netloc, timeout=20)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request("GET", path, headers={"Host": TLS["ALLOWED_HOSTS"], **given})
        answer = line.getresponse()
        answer.read()
        return answer.status, dict(answer.getheaders())
    finally:
        line.close()


def test_behind_tls_cookies_are_secure(plain: ShellSite) -> None:
    """Cookies travel by TLS alone, browsers are told to use it, and who does not is sent there."""
    plain.environment.update(TLS)
    with plain.serve() as browser:
        status, told = reply(browser, "/admin/login/", X_Forwarded_Proto="https")
        assert status == 200
        assert told["Strict-Transport-Security"] == "max-age=31536000"
        assert "Secure" in told["Set-Cookie"]
        status, told = reply(browser, "/admin/login/")
        assert (status, told["Location"]) == (301, "https://sprites.example.com/admin/login/")


def test_behind_tls_the_checks_of_a_deployment_find_nothing(plain: ShellSite) -> None:
    """``check --deploy`` is clean with the two variables that the guide sets."""
    plain.environment.update(TLS)
    checked = plain.manage("check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr


def test_processes_that_begin_at_once_agree_on_a_key(tmp_path: Path) -> None:
    """The first call makes a long key that its owner alone can read; all others get the same."""
    tell = "import sys; sys.stdin.readline(); print(kept_key(Path(sys.argv[1])))"
    code = f"from pathlib import Path; from pokesite.secret import kept_key; print(); {tell}"
    started = [
        subprocess.Popen(
            [sys.executable, "-uc", code, str(tmp_path)], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _number in range(6)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate()[0] for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_cannot_be_kept_is_one_line(plain: ShellSite) -> None:
    """Where the folder takes no file, or the file holds no key, one line names SECRET_KEY."""
    folder = plain.folder / "none"
    plain.environment["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}"
    for _folder_is_there in (False, True):
        ended = plain.manage("fetch_sprites")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stderr.startswith("SECRET_KEY is not set, and ")
        folder.mkdir(exist_ok=True)
        (folder / "secret-key").touch()
    plain.environment["SECRET_KEY"] = "given"
    assert plain.manage("check").returncode == 0
