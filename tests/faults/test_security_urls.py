"""X1, X2, X6: URLs and names from upstream that lead where nothing may go."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from .lab import DOCUMENT, PNG, HereLab
from .servers import Canary

SPRITE = "sprites/front_default"


_URLS = [
    "http://127.0.0.1:{canary}/1.png",
    "http://localhost:{canary}/1.png",
    "http://[::1]:{canary}/1.png",
    "http://2130706433:{canary}/1.png",
    "http://127.1:{canary}/1.png",
    "http://127.0.0.1:{api}@127.0.0.1:{canary}/1.png",
    "http://user:secret@127.0.0.1:{api}/1.png",
    "http://127.0.0.1:{canary}\\@127.0.0.1:{api}/1.png",
    "https://127.0.0.1:{api}/1.png",
    "HTTP://127.0.0.1:{canary}/1.png",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{canary}/1.png",
    "data:image/png;base64,AAAA",
    "//127.0.0.1:{canary}/1.png",
    "http:/127.0.0.1:{canary}/1.png",
    "http://127.0.0.1:{api}.nip.io:{canary}/1.png",
    "http://127.0.0.1:{api}\t.x/1.png",
    "http://127.0.0.1:99999/1.png",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("first", [0, len(_URLS) // 2])
def test_a_url_outside_the_origins_is_never_asked_for(
    lab: HereLab, canary: Canary, first: int
) -> None:
    """X1: scheme, host and port must be those of an allowed origin, exactly; else 0 requests."""
    api = urlsplit(lab.api.origin).port
    urls = [url.format(canary=canary.port, api=api) for url in _URLS[first : first + 10]]
    listed = {f"slot{place}": url for place, url in enumerate(urls)}
    lab.api.edit(DOCUMENT, {"sprites/odd": listed})
    run = lab.settle(lab.run("--sprites", "odd/*"), 1)
    assert set(run.codes) <= {"url_not_allowed", "bad_url"}
    assert run.codes.total() == len(urls)
    assert len(lab.api.requests("/sprites/*")) == len(lab.ideal["files"])
    assert "secret" not in run.stdout + run.stderr
    lab.api.clear()
    lab.options(PRUNE_AFTER=0)
    lab.settle(lab.run("--force", "--prune"), 0)
    lab.heal()


def test_a_name_that_leads_to_a_private_address_is_refused(lab: HereLab, canary: Canary) -> None:
    """X1: an allowed name that resolves to this machine is refused before a byte is sent."""
    name = socket.gethostname()
    try:
        with socket.create_connection((name, canary.port), timeout=1):
            pass
    except OSError:
        pytest.skip("this machine's name does not lead to its loopback")
    origin = f"http://{name}:{canary.port}"
    lab.options(ALLOWED_ORIGINS=[origin], ALLOW_HTTP=True)
    lab.api.edit(DOCUMENT, {SPRITE: f"{origin}/1.png"})
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"url_not_allowed": 1}
    assert set(canary.hits) == {b""}
    canary.hits.clear()
    lab.heal("--force")


_TARGETS = (
    *("http://127.0.0.1:{}/1.png", "//127.0.0.1:{}/1.png", "file:///etc/passwd"),
    *("http://x@127.0.0.1:{}/", "gopher://127.0.0.1:{}/", "https://127.0.0.1:{}/"),
)


def test_a_redirect_out_is_refused_before_connecting(lab: HereLab, canary: Canary) -> None:
    """X2: each hop is held against the allow-list before a connection is opened."""
    paths = [
        f"/sprites/pokemon/{side}{number}.png" for side in ("", "back/") for number in (1, 2, 3)
    ]
    for path, target in zip(paths, _TARGETS, strict=True):
        lab.api.fault(path, redirect=target.format(canary.port))
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {"url_not_allowed": len(_TARGETS)}
    lab.heal()


def test_a_validator_does_not_follow_a_redirect_to_another_origin(lab: HereLab) -> None:
    """X2: what is sent to one origin is not sent to another, though both are allowed."""
    lab.clean()
    other = lab.api.origin.replace("127.0.0.1", "localhost")
    lab.options(ALLOWED_ORIGINS=[other], FRESH_FOR=0)
    lab.api.fault(PNG, redirect=f"{other}/sprites/pokemon/2.png", times=1)
    lab.settle(lab.run(), 0, asked=2)
    sent = [
        entry.headers.get("If-None-Match")
        for path in (PNG, "/sprites/pokemon/2.png")
        for entry in lab.api.requests(path)
    ]
    assert sent.count(None) == 1
    assert sent[0] is not None
    lab.heal("--force")


_KEYS: list[str] = [
    "../../../escape",
    "..",
    "%2e%2e",
    "a\u0000b",
    "x" * 300,
    "CON",
    "nul",
    "com1",
    "a\\b",
    "C:evil",
    "-rf",
    ".hidden",
    "späti",
    " ",
    "a\nb",
    "",
]


def test_a_key_that_is_no_name_of_a_file_is_not_stored(lab: HereLab) -> None:
    """X6: keys that could lead out of the media folder, or crash it, fail as ``schema``."""
    url = f"{lab.api.origin}{PNG}"
    sprites = {**dict.fromkeys(_KEYS, url), "front_default": url}
    lab.api.fault(DOCUMENT, body=_with_sprites(lab, sprites))
    run = lab.site.run("--ids", "1-3", "--sprites", "*")
    assert run.exit_code == 1, run.stderr
    assert run.codes == {"schema": len(_KEYS)}
    assert [name for name in lab.files() if not name.startswith("sprites/")] == []
    assert [path.name for path in lab.media.parent.iterdir()] == ["media"]
    lab.site.assert_whole(run)
    assert {row["listed"] for row in lab.rows() if row["state"] == "stored"} == {True}


def _with_sprites(lab: HereLab, sprites: dict[str, Any]) -> bytes:
    with urlopen(f"{lab.api.url}pokemon/1/") as reply:
        document = json.load(reply)
    return json.dumps({**document, "sprites": sprites}).encode()


@pytest.mark.parametrize("name", ["../../etc/passwd", "%2e%2e%2f", "CON", "<b>", "a" * 100, "-"])
def test_a_name_never_reaches_a_path(lab: HereLab, name: str) -> None:
    """X6: a Pokémon's name is stored as text, and its files are called by its id."""
    lab.api.edit(DOCUMENT, {"name": name})
    lab.settle(lab.run(), 0)
    assert lab.rows("sprites_pokemon")[0]["name"] == name
    assert sorted(lab.files()) == sorted(lab.ideal["files"])
    lab.heal("--force")


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/%2e%2e/x.png", "/a%00b.png", "/CON.png"])
def test_a_path_of_a_url_never_reaches_the_disk(lab: HereLab, path: str) -> None:
    """X6: whatever a sprite's URL is called, its file has a name of ours."""
    body = lab.clean() and lab.files()[lab.row()["file"]]
    lab.api.fault("*passwd", body=body)
    lab.api.fault("*x.png", body=body)
    lab.api.fault("*b.png", body=body)
    lab.api.fault("/CON.png", body=body)
    lab.api.edit(DOCUMENT, {SPRITE: f"{lab.api.origin}{path}"})
    lab.run("--force")
    assert sorted(lab.files()) == sorted(lab.ideal["files"])
    lab.heal("--force")
