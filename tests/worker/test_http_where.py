"""Where a request may go: the allow-list, at every hop, and no private address behind a name."""

import pytest

from sprites.errors import Code, SpritesError
from sprites.origins import check_url
from sprites.testing import PokeAPI
from sprites.worker.http import Usage, get

from ..support.policies import MIB, fetch, policy_for

PNG = "/sprites/pokemon/7.png"
ORIGINS = frozenset({"https://img.example", "http://127.0.0.1:8080"})


@pytest.mark.parametrize(
    "url",
    [
        "https://img.example/a.png",
        "https://img.example:443/a.png?b=c",
        "HTTPS://IMG.example/a.png",
        "http://127.0.0.1:8080/",
    ],
)
def test_an_allowed_url_passes(url: str) -> None:
    """Exact scheme, host and port, in whatever spelling."""
    check_url(url, ORIGINS)


@pytest.mark.parametrize(
    "url",
    [
        "http://img.example/a.png",
        "https://img.example:8443/a.png",
        "https://sub.img.example/a.png",
        "https://img.example.evil/a.png",
        "https://img.example@evil/a.png",
        "https://user:pass@img.example/a.png",
        "https://@img.example/a.png",
        "https://img.example\\@evil/a.png",
        "https://evil\\.img.example/a.png",
        "https://img.example:99999/a.png",
        "https://img.example./a.png",
        "http://127.0.0.1/a.png",
        "http://0x7f.1:8080/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "ftp://img.example/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AA==",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    """A URL whose origin is not on the list is ``url_not_allowed``, however it is dressed."""
    with pytest.raises(SpritesError) as caught:
        check_url(url, ORIGINS)
    assert caught.value.code is Code.URL_NOT_ALLOWED


@pytest.mark.parametrize(
    "url", ["", "a.png", "//img.example/a.png", "https://img.example/a b", "https://img\n.example"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """A text that is no absolute URL is ``bad_url``."""
    with pytest.raises(SpritesError) as caught:
        check_url(url, ORIGINS)
    assert caught.value.code is Code.BAD_URL


def test_nobody_off_the_list_is_asked(api: PokeAPI, canary: PokeAPI) -> None:
    """A URL of another server on this very machine makes no request."""
    with pytest.raises(SpritesError) as caught:
        fetch(api, canary.origin + PNG)
    assert caught.value.code is Code.URL_NOT_ALLOWED


def test_three_redirects_are_followed(api: PokeAPI) -> None:
    """Up to three hops lead to the body, relative ones too."""
    for hop, target in ((1, "/hop2"), (2, "hop3"), (3, api.origin + PNG)):
        api.fault(f"/hop{hop}", redirect=target)
    usage = Usage()
    assert fetch(api, "/hop1", usage=usage).body == fetch(api, PNG).body
    assert usage.requests == 4


@pytest.mark.parametrize("first", ["/hop1", "/loop"])
def test_more_redirects_are_refused(api: PokeAPI, first: str) -> None:
    """The fourth hop, or a loop, is ``redirect``, after four requests."""
    api.fault("/loop", redirect="/loop")
    for hop in range(1, 5):
        api.fault(f"/hop{hop}", redirect=f"/hop{hop + 1}")
    with pytest.raises(SpritesError) as caught:
        fetch(api, first)
    assert caught.value.code is Code.REDIRECT
    assert len(api.requests()) == 4


@pytest.mark.parametrize(
    "target",
    [
        *("{canary}/a.png", "//{host}/a.png", "file:///etc/passwd", "http://169.254.169.254/"),
        *("http://user@{host}/", "http://[::1", "http://{host}:99999/"),
    ],
)
@pytest.mark.parametrize("start", ["/hop1", "/hop2"])
def test_a_redirect_off_the_list_is_refused_at_every_hop(
    api: PokeAPI, canary: PokeAPI, target: str, start: str
) -> None:
    """Whichever hop leads away, nothing is sent there."""
    target = target.format(canary=canary.origin, host=canary.origin.removeprefix("http://"))
    api.fault("/hop1", redirect="/hop2")
    api.fault("/hop2", redirect=target)
    with pytest.raises(SpritesError) as caught:
        fetch(api, start)
    assert caught.value.code in (Code.URL_NOT_ALLOWED, Code.REDIRECT)


def test_a_validator_stays_with_its_origin(api: PokeAPI) -> None:
    """A redirect to another allowed origin takes no ETag along, and a 304 from there is none."""
    with PokeAPI() as other:
        api.fault(PNG, redirect=other.origin + PNG)
        reply = fetch(api, PNG, etag='"mine"', ALLOWED_ORIGINS=[other.origin])
        assert reply.body.startswith(b"\x89PNG")
        assert [request.headers.get("If-None-Match") for request in other.requests()] == [None]


@pytest.mark.parametrize("allowed", [False, True])
def test_a_name_may_not_lead_to_a_private_address(api: PokeAPI, allowed: bool) -> None:
    """A name on the list that resolves to this machine is refused before a byte is sent."""
    origin = api.origin.replace("127.0.0.1", "img.localhost")  # which libcurl looks up by itself
    policy = policy_for(
        api, ALLOWED_ORIGINS=[origin], ALLOW_HTTP=True, ALLOW_PRIVATE_ADDRESSES=allowed
    )
    if allowed:
        assert get(origin + PNG, policy, MIB, Usage()).body
        return
    with pytest.raises(SpritesError) as caught:
        get(origin + PNG, policy, MIB, Usage())
    assert caught.value.code is Code.URL_NOT_ALLOWED
    assert api.requests() == []
