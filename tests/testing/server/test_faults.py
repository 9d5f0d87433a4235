"""Each fault does to the wire what it says, where and as often as it is asked to."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from sprites.testing import DELETE, PokeAPI

from ..conftest import Get, Response, connect, fetch, read

DOC = "/api/v2/pokemon/7/"
PNG = "/sprites/pokemon/7.png"


def _raw(api: PokeAPI, path: str) -> bytes:
    """Everything that the server sends until it closes the connection."""
    host, port = urlsplit(api.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        while data := line.recv(65536):
            received += data
    return received


def test_a_fault_hits_the_first_n_requests_of_its_glob_and_no_others(
    api: PokeAPI, get: Get
) -> None:
    api.fault("*/pokemon/7/", status=503, times=2)
    assert get("pokemon/8/").status == 200
    assert [get(DOC).status for _ in range(4)] == [503, 503, 200, 200]


@pytest.mark.parametrize("path", ["pokemon/7/", "pokemon/7", "pokemon/zizzle/", "pokemon/zizzle"])
def test_a_fault_hits_a_pokemon_by_whatever_name_it_is_asked_for(
    api: PokeAPI, get: Get, path: str
) -> None:
    for other in ("pokemon/7/", "pokemon/zizzle"):
        api.clear()
        api.fault(f"/api/v2/{path}", status=500)
        assert get(other).status == 500


def test_each_counts_every_path_for_itself(api: PokeAPI, get: Get) -> None:
    api.fault("/sprites/*", status=500, times=1, each=True)
    paths = ["/sprites/pokemon/1.png", "/sprites/pokemon/2.png"] * 2
    assert [get(path).status for path in paths] == [500, 500, 200, 200]


def test_a_glob_may_name_the_query(api: PokeAPI, get: Get) -> None:
    api.fault("*/pokemon/?offset=20&*", status=500)
    assert get("pokemon/?offset=20&limit=20").status == 500
    assert get("pokemon/?offset=40&limit=20").status == 200


def test_the_newest_fault_wins_and_clear_ends_them_all(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, status=500)
    api.fault(PNG, status=429, times=1)
    assert [get(PNG).status for _ in range(2)] == [429, 500]
    api.clear()
    assert get(PNG).status == 200


def test_a_probable_fault_falls_the_same_way_with_the_same_seed(api: PokeAPI, get: Get) -> None:
    rows = []
    for _ in range(2):
        api.clear()
        api.fault(PNG, status=500, probability=0.5, seed=3)
        rows.append([get(PNG).status for _ in range(20)])
    assert rows[0] == rows[1]
    assert set(rows[0]) == {200, 500}


def test_retry_after_comes_in_seconds_or_as_a_date(api: PokeAPI, get: Get) -> None:
    api.fault(DOC, status=429, retry_after=2)
    assert get(DOC).headers["retry-after"] == "2"
    api.fault(DOC, status=429, retry_after=60, http_date=True)
    date = parsedate_to_datetime(get(DOC).headers["retry-after"])
    assert 55 < date.timestamp() - time.time() <= 60


def test_a_challenge_page_has_its_own_headers_body_and_etag(api: PokeAPI, get: Get) -> None:
    headers = {"cf-mitigated": "challenge", "ETag": '"blocked"'}
    api.fault(PNG, status=403, headers=headers, body="<!doctype html>", content_type="text/html")
    response = get(PNG)
    assert (response.status, response.body) == (403, b"<!doctype html>")
    assert response.headers["cf-mitigated"] == "challenge"
    assert (response.headers["etag"], response.headers["content-type"]) == (
        '"blocked"',
        "text/html",
    )


def test_an_error_has_no_validator_of_its_own(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, status=500)
    assert "etag" not in get(PNG).headers


def test_another_body_under_200_is_not_said_to_be_gzipped(api: PokeAPI, get: Get) -> None:
    api.fault(DOC, body=b"\xff\x00")
    response = get(DOC, Accept_Encoding="gzip")
    assert (response.status, response.body) == (200, b"\xff\x00")
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(("status", "length"), [(200, "0"), (204, None), (304, None)])
def test_a_reply_may_be_empty(api: PokeAPI, get: Get, status: int, length: str | None) -> None:
    api.fault(PNG, status=status, body="")
    response = get(PNG)
    assert (response.status, response.body) == (status, b"")
    assert response.headers.get("content-length") == length


def test_a_206_that_nobody_asked_for_has_the_body(api: PokeAPI, get: Get) -> None:
    whole = get(PNG).body
    api.fault(PNG, status=206)
    assert (get(PNG).status, get(PNG).body) == (206, whole)


@pytest.mark.parametrize(("cut", "sent"), [(40, 40), (0.5, None), (0, 0)])
def test_truncate_announces_all_and_sends_less(
    api: PokeAPI, get: Get, cut: float, sent: int | None
) -> None:
    length = len(get(PNG).body)
    api.fault(PNG, truncate=cut)
    with pytest.raises(http.client.IncompleteRead) as caught:
        get(PNG)
    expected = length // 2 if sent is None else sent
    assert len(caught.value.partial) == expected
    assert caught.value.expected == length - expected


def test_truncate_without_a_length_looks_like_a_whole_reply(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, truncate=40, no_length=True)
    response = get(PNG)
    assert len(response.body) == 40
    assert "content-length" not in response.headers


def test_a_content_length_may_lie(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, content_length=10**10)
    with pytest.raises(http.client.IncompleteRead) as caught:
        get(PNG)
    assert caught.value.expected == 10**10 - len(caught.value.partial)


def test_a_drip_sends_the_whole_body_slowly(api: PokeAPI, get: Get) -> None:
    whole = get(PNG).body
    api.fault(PNG, drip=0.01, drip_bytes=-(-len(whole) // 10))
    start = time.perf_counter()
    assert get(PNG).body == whole
    assert time.perf_counter() - start >= 0.1


def test_the_headers_may_drip_too(api: PokeAPI, get: Get) -> None:
    whole = get(PNG).body
    api.fault(PNG, drip=0.01, drip_bytes=16, drip_headers=True, close_idle=True)
    start = time.perf_counter()
    received = _raw(api, PNG)
    assert time.perf_counter() - start >= 0.01 * len(received) / 16
    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"\r\n\r\n" + whole)


def test_a_hanging_request_is_never_answered(api: PokeAPI) -> None:
    api.fault(PNG, hang=True)
    with pytest.raises(TimeoutError):
        fetch(api, PNG, timeout=0.2)


def test_a_held_reply_leaves_when_the_faults_are_cleared(api: PokeAPI) -> None:
    api.fault(PNG, hold=True)
    with ThreadPoolExecutor() as pool:
        reply = pool.submit(fetch, api, PNG)
        with pytest.raises(TimeoutError):
            reply.result(0.1)
        api.clear()
        assert reply.result(30).status == 200


def test_documents_name_their_deployment_and_pictures_do_not(api: PokeAPI, get: Get) -> None:
    name = "x-pokeapi-hash"
    api.deploy("second", after=1)
    assert [get(DOC).headers[name] for _ in range(3)] == ["first", "second", "second"]
    assert name not in get(PNG).headers
    held = get(DOC, If_None_Match=get(DOC).headers["etag"])
    assert (held.status, held.headers[name]) == (304, "second")
    api.clear()
    assert get(DOC).headers[name] == "first"


def test_a_delay_comes_before_the_reply(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, delay=0.15)
    start = time.perf_counter()
    assert get(PNG).status == 200
    assert time.perf_counter() - start >= 0.15


def test_a_reset_comes_instead_of_a_reply(api: PokeAPI) -> None:
    api.fault(PNG, reset="before")
    with pytest.raises(ConnectionResetError):
        _raw(api, PNG)


def test_a_reset_comes_in_the_middle_of_a_body(api: PokeAPI, get: Get) -> None:
    length = len(get(PNG).body)
    api.fault(PNG, reset="middle")
    connection = connect(api)
    connection.request("GET", PNG)
    answer = connection.getresponse()
    with pytest.raises(ConnectionResetError):
        answer.read()
    connection.close()
    assert api.requests(PNG)[-1].bytes_sent == length // 2


def test_a_kept_connection_may_be_closed_without_a_word(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, close_idle=True)
    received = _raw(api, PNG)
    assert received.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" not in received


def test_a_redirect_leads_anywhere_even_to_itself(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, redirect=PNG)
    response = get(PNG)
    assert (response.status, response.headers["location"]) == (302, PNG)


@pytest.mark.parametrize("options", [{}, {"content_length": 10**10}, {"no_length": True}])
def test_an_endless_body_goes_on_until_the_client_has_enough(
    api: PokeAPI, options: dict[str, object]
) -> None:
    api.fault(PNG, endless=True, **options)
    connection = connect(api)
    connection.request("GET", PNG)
    with connection.getresponse() as answer:
        assert answer.read(3_000_000) == bytes(3_000_000)
        assert answer.getheader("Transfer-Encoding") == (None if options else "chunked")
    connection.close()


def test_a_gzip_bomb_is_small_on_the_wire_and_valid_json_when_unpacked(
    api: PokeAPI, get: Get
) -> None:
    api.fault(DOC, gzip_bomb=5_000_000)
    response = get(DOC, Accept_Encoding="gzip")
    assert response.headers["content-encoding"] == "gzip"
    assert len(response.body) < 10_000
    unpacked = gzip.decompress(response.body)
    assert len(unpacked) == 5_000_000
    assert json.loads(unpacked) == {}


def _two(get: Get, path: str) -> tuple[Response, Response]:
    return get(path), get(path)


def test_a_rotating_etag_is_new_for_the_same_bytes(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, etag="rotate")
    one, two = _two(get, PNG)
    assert one.body == two.body
    assert one.headers["etag"] != two.headers["etag"]
    assert get(PNG, If_None_Match=two.headers["etag"]).status == 200


def test_a_weak_etag_is_the_real_one_and_matches_it(api: PokeAPI, get: Get) -> None:
    strong = get(PNG).headers["etag"]
    api.fault(PNG, etag="weak")
    assert get(PNG).headers["etag"] == f"W/{strong}"
    assert get(PNG, If_None_Match=strong).status == 304


def test_a_fixed_etag_stays_when_the_bytes_change(api: PokeAPI, get: Get) -> None:
    api.fault(PNG, etag='"fixed"')
    api.put(PNG, b"new")
    assert (get(PNG).body, get(PNG).headers["etag"]) == (b"new", '"fixed"')
    assert get(PNG, If_None_Match='"fixed"').status == 304


def test_put_replaces_bytes_and_the_etag_follows(api: PokeAPI, get: Get) -> None:
    old = get(PNG).headers["etag"]
    api.put(PNG, b"jpeg", "image/jpeg", {"X-Extra": "1"})
    response = get(PNG, If_None_Match=old)
    assert (response.status, response.body) == (200, b"jpeg")
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["x-extra"] == "1"
    assert get(PNG, If_None_Match=response.headers["etag"]).status == 304


def test_edit_sets_and_deletes_values_by_pointer(api: PokeAPI, get: Get) -> None:
    changes = {"sprites/other/home/front_default": 5, "types/0/slot": 9, "weight": DELETE}
    api.edit(DOC, {"stats/0": DELETE, "stats/4": "last"})
    api.edit(DOC, changes)
    api.edit(DOC, {"height": None})
    document = get("pokemon/zizzle").json()
    assert document["sprites"]["other"]["home"]["front_default"] == 5
    assert (document["types"][0]["slot"], document["height"]) == (9, None)
    assert "weight" not in document
    assert [document["stats"][0]["stat"]["name"], document["stats"][-1]] == ["attack", "last"]
    assert get("pokemon/8/").json()["weight"] > 0


def test_edit_replaces_text_in_every_document_of_a_glob(api: PokeAPI, get: Get) -> None:
    base = f"{api.origin}/sprites/"
    api.edit("*/pokemon/*", text={base: base + base})
    for number in (1, 7):
        url = get(f"pokemon/{number}/").json()["sprites"]["front_default"]
        assert url == f"{base}{base}pokemon/{number}.png"


def test_edit_changes_the_etag_of_a_list_and_clear_restores_it(api: PokeAPI, get: Get) -> None:
    before = get("pokemon/?limit=5").headers["etag"]
    api.edit("/api/v2/pokemon/", {"results": []})
    edited = get("pokemon/?limit=5", If_None_Match=before)
    assert (edited.status, edited.json()["results"], edited.json()["count"]) == (200, [], 72)
    api.clear()
    assert get("pokemon/?limit=5").headers["etag"] == before


def test_a_lone_surrogate_is_served_as_valid_utf8(api: PokeAPI, get: Get) -> None:
    api.edit(DOC, {"name": "\ud800"})
    assert '"name":"\\ud800"' in get(DOC).body.decode()


def test_an_edit_that_leads_nowhere_is_a_500_that_says_so(api: PokeAPI, get: Get) -> None:
    api.edit(DOC, {"no/such/place": 1})
    response = get(DOC)
    assert response.status == 500
    assert "fails here" in response.json()["detail"]


def test_gone_takes_a_sprite_away_until_clear(api: PokeAPI, get: Get) -> None:
    api.gone(PNG)
    api.gone("/sprites/pokemon/8.png", 410)
    assert (get(PNG).status, get("/sprites/pokemon/8.png").status) == (404, 410)
    api.clear()
    assert get(PNG).status == 200


def test_a_fault_may_hit_the_second_request_of_a_kept_connection(api: PokeAPI) -> None:
    api.fault(PNG, reset="before")
    connection = connect(api)
    connection.request("GET", DOC)
    assert read(connection).status == 200
    connection.request("GET", PNG)
    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize("options", [{"explode": True}, {"reset": "now"}, {"truncate": -1}])
def test_an_option_that_makes_no_sense_is_a_value_error(
    api: PokeAPI, options: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"unknown options|must"):
        api.fault(PNG, **options)
