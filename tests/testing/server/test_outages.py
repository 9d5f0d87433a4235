"""An outage begins at the request that it should, does to all what it says, and ends in time."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from sprites.testing import PokeAPI

from ...support.site import until
from ..conftest import Get, Response, connect, fetch, read

DOC = "/api/v2/pokemon/7/"
PNG = "/sprites/pokemon/7.png"


def _listens(api: PokeAPI) -> bool:
    host, port = urlsplit(api.url).netloc.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=30).close()
    except ConnectionError:  # refused, or reset where the port is being closed
        return False
    return True


def _broke(ask: Callable[[], object]) -> bool:
    """Tell whether the connection was refused or cut."""
    try:
        ask()
    except (OSError, http.client.HTTPException):
        return True
    return False


def _ask(connection: http.client.HTTPConnection) -> Response:
    connection.request("GET", DOC)
    return read(connection)


def _answers(get: Get) -> Callable[[], bool]:
    return lambda: not _broke(lambda: get(PNG))


def test_an_outage_begins_at_its_request_and_ends_with_its_time(api: PokeAPI, get: Get) -> None:
    """The first requests are spared, the next ones fail, and after ``lasts`` all is well."""
    api.fault("/*", status=503, after=3, lasts=0.3)
    start = time.monotonic()
    assert [get(DOC).status for _ in range(4)] == [200, 200, 200, 503]
    until(lambda: get(DOC).status == 200)
    assert time.monotonic() - start >= 0.3
    assert {get(DOC).status for _ in range(5)} == {200}


def test_an_outage_without_a_time_lasts_until_it_is_cleared(api: PokeAPI, get: Get) -> None:
    """For good is what a test that clears it makes of it."""
    api.fault("/*", status=503, after=1)
    assert [get(DOC).status for _ in range(4)] == [200, 503, 503, 503]
    api.clear()
    assert get(DOC).status == 200


def test_an_outage_of_a_part_counts_and_hits_that_part_only(api: PokeAPI, get: Get) -> None:
    """What is asked of the API does not bring the images' outage nearer."""
    api.fault("/sprites/*", status=404, after=1)
    paths = [DOC, DOC, PNG, DOC, PNG, DOC]
    assert [get(path).status for path in paths] == [200, 200, 200, 200, 404, 200]


def test_two_outages_follow_each_other(api: PokeAPI, get: Get) -> None:
    """Each one counts the requests that came through."""
    api.fault("/*", status=500, after=1, times=1)
    api.fault("/*", status=503, after=3, times=1)
    assert [get(DOC).status for _ in range(5)] == [200, 500, 200, 503, 200]


def test_a_blinking_outage_is_on_and_off_by_turns(api: PokeAPI, get: Get) -> None:
    """A server that flaps answers between its bad moments."""
    api.fault("/*", status=503, blinks=0.1, lasts=0.5)
    seen = [get(DOC).status]
    end = time.monotonic() + 10
    while time.monotonic() < end and len(seen) < 5:
        if (status := get(DOC).status) != seen[-1]:
            seen.append(status)
        time.sleep(0.005)
    assert seen[:2] == [503, 200]
    until(lambda: {get(DOC).status for _ in range(5)} == {200})


def test_a_silent_server_answers_when_the_outage_is_over(api: PokeAPI) -> None:
    """It accepts and reads, and what was asked meanwhile is answered at its end."""
    api.fault("/*", hold=True, after=1, lasts=0.3)
    assert fetch(api, DOC).status == 200
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        replies = [pool.submit(fetch, api, DOC) for _ in range(4)]
        assert [reply.result(10).status for reply in replies] == [200] * 4
    assert time.monotonic() - start >= 0.3


def test_connections_are_refused_until_the_outage_is_over(api: PokeAPI, get: Get) -> None:
    """Nobody listens on the port, what was kept alive is cut, and then the same port answers."""
    kept = connect(api)
    assert _ask(kept).status == 200
    api.fault("/*", refuse=True, after=1)
    assert get(DOC).status == 200
    assert _broke(lambda: get(DOC))
    until(lambda: not _listens(api))
    kept.auto_open = 0
    assert _broke(lambda: _ask(kept))
    kept.close()
    api.clear()
    until(_answers(get))
    api.fault("/*", refuse=True, after=1, lasts=0.5)
    assert get(DOC).status == 200
    start = time.monotonic()
    assert _broke(lambda: get(DOC))
    until(_answers(get))
    assert time.monotonic() - start >= 0.5
    assert {get(DOC).status for _ in range(5)} == {200}


def test_a_reply_that_is_being_made_is_cut_when_connections_are_refused() -> None:
    """Who waits for a reply gets none, and the log says so."""
    with PokeAPI(latency=2) as slow, ThreadPoolExecutor(1) as pool:
        slow.fault("/api/*", refuse=True)
        waiting = pool.submit(fetch, slow, PNG)
        until(lambda: slow.requests(PNG))
        assert _broke(lambda: fetch(slow, DOC))
        assert _broke(lambda: waiting.result(10))
        until(lambda: slow.requests(PNG)[0].ended)
        assert slow.requests(PNG)[0].status == 0


def test_control_goes_on_while_connections_are_refused(api: PokeAPI, get: Get) -> None:
    """A test that has steered the server before can read its log, and end the outage."""
    api.fault("/*", refuse=True)
    assert _broke(lambda: get(DOC))
    until(lambda: not _listens(api))
    assert [entry.status for entry in api.requests()] == [0]
    api.clear()
    until(lambda: _listens(api))
    assert get(DOC).status == 200


def test_a_server_that_flaps_closes_and_opens_its_port(api: PokeAPI, get: Get) -> None:
    """Each bad moment begins with the first request in it."""
    api.fault("/*", refuse=True, blinks=0.2)
    for _ in range(2):
        until(lambda: not _answers(get)())
        until(_answers(get))
    api.clear()
    until(lambda: all(_answers(get)() for _ in range(5)))


def test_a_document_without_sprites_has_null_in_every_slot(api: PokeAPI, get: Get) -> None:
    """The slots stay, in packed documents too, under another ETag; all else is as it was."""
    before = get(DOC)
    api.fault("/api/v2/pokemon/7/", no_sprites=True)
    for accepted in ("", "gzip"):
        after = get(DOC, Accept_Encoding=accepted)
        assert "content-encoding" not in after.headers
        assert after.headers["etag"] != before.headers["etag"]
        found, expected = after.json(), before.json()
        slots = json.dumps(expected.pop("sprites"))
        assert json.dumps(found.pop("sprites")) == re.sub(r'"http[^"]*"', "null", slots)
        assert found == expected


def test_retry_after_may_be_nothing_or_past(api: PokeAPI, get: Get) -> None:
    """A pause of no seconds, and a date that is over."""
    api.fault(DOC, status=429, retry_after=0)
    assert get(DOC).headers["retry-after"] == "0"
    api.fault(DOC, status=429, retry_after=-60, http_date=True)
    date = parsedate_to_datetime(get(DOC).headers["retry-after"])
    assert date.timestamp() < time.time()


def test_a_blink_of_no_time_is_a_value_error(api: PokeAPI) -> None:
    """What can't be on and off by turns is refused."""
    with pytest.raises(ValueError, match="blinks"):
        api.fault("/*", blinks=0)
