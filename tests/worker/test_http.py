"""One GET: what a status means, which validators are sent and kept, and what a request carries."""

import time

import pytest

from sprites.errors import Code, SpritesError
from sprites.testing import PokeAPI
from sprites.worker.http import Usage

from ..support.policies import fetch

PNG = "/sprites/pokemon/7.png"
JSON = "/api/v2/pokemon/7/"


def test_a_body_comes_as_upstream_has_it(api: PokeAPI) -> None:
    """The bytes are upstream's, unpacked where they came packed, and the cost is counted."""
    usage = Usage()
    png, document = fetch(api, PNG, usage=usage), fetch(api, JSON, usage=usage)
    assert png.body.startswith(b"\x89PNG")
    assert document.body.startswith(b"{")
    assert usage.requests == 2
    assert usage.bytes == sum(request.bytes_sent for request in api.requests())
    assert usage.bytes < len(png.body) + len(document.body)


def test_what_is_never_sent_brings_no_bytes(api: PokeAPI) -> None:
    """A URL that is refused or unreachable does not count the bytes of the GET before."""
    usage = Usage()
    fetch(api, PNG, usage=usage)
    before, closed = usage.bytes, "http://127.0.0.1:9"
    for allowed in (api.origin, closed):
        with pytest.raises(SpritesError):
            fetch(api, f"{closed}/a.png", usage=usage, ALLOWED_ORIGINS=[allowed])
    assert usage.bytes == before > 0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((404, Code.NOT_FOUND), (410, Code.NOT_FOUND), (401, Code.BLOCKED), (403, Code.BLOCKED)),
        *((429, Code.RATE_LIMITED), (408, Code.TIMEOUT), (400, Code.HTTP_4XX)),
        *((418, Code.HTTP_4XX), (500, Code.HTTP_5XX), (503, Code.HTTP_5XX)),
        *((204, Code.BAD_STATUS), (206, Code.BAD_STATUS), (304, Code.BAD_STATUS)),
        *((300, Code.BAD_STATUS), (302, Code.REDIRECT)),
    ],
)
def test_a_status_is_named(api: PokeAPI, status: int, code: Code) -> None:
    """Every status but a good 200 is a failure with its code and the status itself."""
    api.fault(PNG, status=status)
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert len(api.requests()) == 1


def test_an_empty_body_is_a_failure(api: PokeAPI) -> None:
    """200 without a byte is ``empty``."""
    api.fault(PNG, body="")
    with pytest.raises(SpritesError, match="empty"):
        fetch(api, PNG)


@pytest.mark.parametrize("http_date", [False, True])
def test_retry_after_is_read_in_both_forms(api: PokeAPI, http_date: bool) -> None:
    """Seconds and an HTTP date both come out as seconds from now."""
    api.fault(PNG, status=429, retry_after=90, http_date=http_date)
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert caught.value.retry_after == pytest.approx(90, abs=3)


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1.5", "9" * 5000, "Thu, 99 Foo 2020 00:00:00 GMT"]
)
def test_a_retry_after_that_is_none_is_ignored(api: PokeAPI, value: str) -> None:
    """A header that can't be read says nothing."""
    api.fault(PNG, status=503, headers={"Retry-After": value})
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert (caught.value.code, caught.value.retry_after) == (Code.HTTP_5XX, None)


def test_a_retry_after_beyond_all_time_is_a_number(api: PokeAPI) -> None:
    """Whatever upstream sends, the schedule can add it to the time of now."""
    api.fault(PNG, status=503, headers={"Retry-After": "9" * 400})
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert caught.value.retry_after is None or time.time() + caught.value.retry_after > 0


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2015 07:28:00 GMT", "0", "-1", "soon"])
def test_a_retry_after_without_time_says_nothing(api: PokeAPI, value: str) -> None:
    """A date that is over, and no seconds at all, ask for no pause."""
    api.fault(PNG, status=503, headers={"Retry-After": value})
    with pytest.raises(SpritesError) as caught:
        fetch(api, PNG)
    assert caught.value.retry_after is None


def test_a_validator_saves_the_body(api: PokeAPI) -> None:
    """With the ETag of a good reply the next one is a 304: no body, and the ETag again."""
    first = fetch(api, PNG)
    assert (first.not_modified, len(first.etag) > 10) == (False, True)
    usage = Usage()
    second = fetch(api, PNG, etag=first.etag, usage=usage)
    assert (second.not_modified, second.body, second.etag) == (True, b"", first.etag)
    assert usage.bytes == 0
    assert [request.headers.get("If-None-Match") for request in api.requests()] == [
        None,
        first.etag,
    ]


def test_an_outdated_validator_brings_the_body(api: PokeAPI) -> None:
    """A validator of other bytes is answered with the bytes of today."""
    reply = fetch(api, PNG, etag='"of yesterday"')
    assert not reply.not_modified
    assert reply.body


@pytest.mark.parametrize("etag", ['W/"weak"', '"strong"', '"' + "x" * 198 + '"'])
def test_an_etag_is_kept_as_it_is(api: PokeAPI, etag: str) -> None:
    """Weak or strong, an ETag is an opaque text."""
    api.fault(PNG, etag=etag)
    assert fetch(api, PNG).etag == etag


@pytest.mark.parametrize("etag", ['"' + "x" * 199 + '"', '"caf\xe9"', '"a\tb"'])
def test_an_etag_that_cannot_be_sent_back_is_dropped(api: PokeAPI, etag: str) -> None:
    """One too long for its column, or with a character that no header takes, counts as none."""
    api.fault(PNG, etag=etag)
    assert fetch(api, PNG).etag == ""


def test_a_request_says_who_asks_and_nothing_else(api: PokeAPI) -> None:
    """Every request names the app, takes gzip, and carries no cookie, referrer or credential."""
    api.fault(PNG, headers={"Set-Cookie": "a=b"})
    for _ in range(2):
        fetch(api, PNG)
    for request in api.requests():
        assert request.headers["User-Agent"].startswith("django-sprites/")
        assert request.headers["Accept-Encoding"] == "gzip"
        assert not {"Cookie", "Referer", "Authorization"} & set(request.headers)


def test_the_connection_is_used_again(api: PokeAPI) -> None:
    """Requests one after another share a connection, after a 304, a 404 and a 503 as well."""
    api.fault("/sprites/pokemon/8.png", status=503)
    etag = fetch(api, PNG).etag
    fetch(api, PNG, etag=etag)
    for path in ("/sprites/pokemon/8.png", "/nowhere"):
        with pytest.raises(SpritesError):
            fetch(api, path)
    fetch(api, JSON)
    assert len({request.connection for request in api.requests()}) == 1
    assert len(api.requests()) == 5


def test_many_replies_take_no_more_time_than_one(api: PokeAPI) -> None:
    """The deadline is each request's own: earlier ones do not eat into it."""
    api.fault(PNG, delay=0.5)
    began = time.monotonic()
    for _ in range(7):
        fetch(api, PNG, TIMEOUT=3.4)
    assert time.monotonic() - began > 3.4
