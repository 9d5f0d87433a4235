"""The log tells what was asked of the server and what it sent."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sprites.testing import PokeAPI
from sprites.testing.server.log import RequestLog

from ...support.site import until
from ..conftest import Get, fetch

PNG = "/sprites/pokemon/7.png"


def test_an_entry_has_the_request_and_the_reply(api: PokeAPI, get: Get) -> None:
    body = get(PNG, User_Agent="me", Cookie="a=1", X_Other="no").body
    (entry,) = api.requests()
    assert (entry.method, entry.path, entry.status) == ("GET", PNG, 200)
    assert (entry.bytes_sent, entry.faulted) == (len(body), False)
    assert entry.headers == {"Accept-Encoding": "identity", "Cookie": "a=1", "User-Agent": "me"}
    assert entry.ended is not None
    assert 0 <= entry.started <= entry.ended


def test_entries_are_found_by_path_with_or_without_the_query(api: PokeAPI, get: Get) -> None:
    get("pokemon/?limit=1")
    get(PNG)
    assert [entry.path for entry in api.requests("*.png")] == [PNG]
    for glob in ("/api/v2/pokemon/", "*limit=1"):
        assert [entry.path for entry in api.requests(glob)] == ["/api/v2/pokemon/?limit=1"]


def test_a_faulted_request_is_marked_and_its_status_is_what_was_sent(
    api: PokeAPI, get: Get
) -> None:
    api.fault(PNG, status=503)
    get(PNG)
    assert [(entry.status, entry.faulted) for entry in api.requests()] == [(503, True)]


def test_the_control_requests_are_not_in_the_log(api: PokeAPI) -> None:
    api.gone(PNG)
    api.stats()
    assert api.requests() == []


def test_clear_log_forgets_requests_but_no_faults(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, status=503)
    get(PNG)
    api.clear_log()
    assert api.requests() == []
    assert get(PNG).status == 503


def test_stats_add_up(api: PokeAPI, get: Get) -> None:
    sizes = [len(get(path).body) for path in (PNG, "pokemon/7/", "pokemon/nobody/")]
    stats = api.stats()
    assert (stats["requests"], stats["running"], stats["connections"]) == (3, 0, 3)
    assert stats["bytes_sent"] == sum(sizes)
    assert stats["statuses"] == {200: 2, 404: 1}


def test_max_concurrent_is_the_number_of_workers_and_never_more(api: PokeAPI) -> None:
    api.fault(PNG, hold=True)
    with ThreadPoolExecutor(4) as pool:
        replies = [pool.submit(fetch, api, PNG) for _ in range(24)]
        until(lambda: api.stats()["running"] == 4)
        api.clear()
        assert [reply.result().status for reply in replies] == [200] * 24
    assert api.stats()["max_concurrent"] == 4


def test_the_log_is_bounded() -> None:
    log = RequestLog(limit=3)
    for number in range(5):
        log.finish(log.begin("GET", f"/{number}", {}, 1), 200, 10, False)
    assert [entry["path"] for entry in log.requests()] == ["/2", "/3", "/4"]


def test_many_threads_lose_no_entry() -> None:
    log = RequestLog()
    barrier = threading.Barrier(4)

    def work(_: int) -> None:
        barrier.wait(60)
        for _ in range(200):
            log.finish(log.begin("GET", "/", {}, 1), 200, 1, False)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert log.stats()["requests"] == 800
    assert log.stats()["running"] == 0
