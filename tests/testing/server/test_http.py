"""The server speaks HTTP as PokéAPI and its image host do."""

from __future__ import annotations

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from sprites.testing import PokeAPI

from ...support.clock import within
from ...support.site import until
from ..conftest import Get, connect, fetch, read


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v2/pokemon/7/", "application/json; charset=utf-8"),
        ("/sprites/pokemon/7.png", "image/png"),
        ("/sprites/pokemon/other/showdown/7.gif", "image/gif"),
        ("/sprites/pokemon/other/dream-world/7.svg", "text/plain; charset=utf-8"),
    ],
)
def test_content_types_are_those_of_upstream_even_for_svg(get: Get, path: str, kind: str) -> None:
    response = get(path)
    assert response.headers["content-type"] == kind
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers["cache-control"].startswith("public, max-age=")


@pytest.mark.parametrize("path", ["pokemon/7/", "pokemon/", "/sprites/pokemon/7.png"])
def test_a_client_that_holds_the_etag_gets_304_without_a_body(get: Get, path: str) -> None:
    etag = get(path).headers["etag"]
    again = get(path, If_None_Match=f'"other", {etag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert get(path, If_None_Match='"other"').status == 200


def test_json_is_gzipped_for_clients_that_take_it_and_images_are_not(get: Get) -> None:
    plain = get("pokemon/7/")
    packed = get("pokemon/7/", Accept_Encoding="gzip, deflate")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    image = get("/sprites/pokemon/7.png", Accept_Encoding="gzip")
    assert "content-encoding" not in image.headers


def test_head_says_what_get_would_say_without_the_body(get: Get) -> None:
    head, whole = get("pokemon/7/", "HEAD"), get("pokemon/7/")
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)


def test_nothing_follows_the_headers_of_a_head(api: PokeAPI) -> None:
    host, port = urlsplit(api.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(b"HEAD /sprites/pokemon/7.png HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = b""
        while data := line.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n")


def test_nothing_but_get_and_head_is_taken_outside_the_control_endpoint(get: Get) -> None:
    assert get("pokemon/7/", "POST").status == 405
    assert get("pokemon/7/", "DELETE").status == 405
    assert get("pokemon/7/", "PUT").status == 501


def test_one_connection_serves_many_requests(api: PokeAPI) -> None:
    connection = connect(api)
    for _ in range(5):
        connection.request("GET", "/api/v2/pokemon/7/")
        assert read(connection).status == 200
    connection.close()
    assert api.stats()["connections"] == 1


def test_a_client_that_hangs_up_does_no_harm(api: PokeAPI, get: Get) -> None:
    host, port = urlsplit(api.url).netloc.split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port))) as rude:
            rude.sendall(b"GET /sprites/pokemon/other/home/7.png HTTP/1.1\r\nHost: x\r\n\r\n")
    assert get("pokemon/7/").status == 200
    # None of them goes on into the log of the next test.
    until(lambda: len([entry for entry in api.requests("*/home/7.png") if entry.ended]) == 20)


def test_small_requests_are_served_by_the_thousand(api: PokeAPI) -> None:
    connection = connect(api)
    with within(3):  # about 0.2 s on an idle machine
        for _ in range(1_000):
            connection.request("GET", "/sprites/pokemon/7.png")
            read(connection)
    connection.close()


def test_latency_is_slept_per_request_and_requests_overlap() -> None:
    with PokeAPI(latency=0.1) as slow, ThreadPoolExecutor(8) as pool:
        slow.fault("*", hold=True)  # until all are there
        replies = [pool.submit(fetch, slow, f"pokemon/{number}/") for number in range(1, 9)]
        until(lambda: slow.stats()["running"] == 8)
        start = time.perf_counter()
        with within(0.7):
            slow.clear()
            assert [reply.result().status for reply in replies] == [200] * 8
        assert time.perf_counter() - start >= 0.1
        assert slow.stats()["max_concurrent"] == 8
