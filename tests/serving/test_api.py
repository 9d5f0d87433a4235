"""``/api/v2/``: upstream's shapes, our addresses for what is here, and validators that hold."""

import gzip
import json
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from sprites.models import Document, Pokemon, Sprite
from sprites.serving.api import RESOURCES

from ..support.site import Site

GZIP = {"Accept-Encoding": "gzip"}
HERE = "http://testserver/api/v2/"


def upstream(url: str) -> Any:
    """Return upstream's JSON."""
    with build_opener(ProxyHandler({})).open(url, timeout=30) as response:
        return json.load(response)


def get(client: Client, path: str, **headers: str) -> Any:
    """Return what the site answers."""
    return client.get(f"/api/v2/{path}", headers=headers)


def etag(response: Any) -> str:
    """Return a reply's validator."""
    return str(response.headers["ETag"])


def test_a_document_is_upstreams_but_for_what_is_here(mirror: Site, client: Client) -> None:
    """Its type and its stored sprites have our addresses, and all other URLs are as they were."""
    number = Pokemon.objects.first().pk  # type: ignore[union-attr]
    found, original = (
        get(client, f"pokemon/{number}/").json(),
        upstream(f"{mirror.api.url}pokemon/{number}/"),
    )
    stored = dict(Sprite.objects.stored().filter(pokemon=number).values_list("url", "path"))
    assert len(stored) == 2
    text = json.dumps(original)
    for url, path in stored.items():
        text = text.replace(f'"{url}"', f'"http://testserver/sprites/{path}"')
    for kind, there in Document.objects.filter(number__gt=0).values_list("resource", "number"):
        text = text.replace(f'"{mirror.api.url}{kind}/{there}/"', f'"{HERE}{kind}/{there}/"')
    assert found == json.loads(text)
    assert found["sprites"]["front_default"] == f"http://testserver/sprites/pokemon/{number}.png"
    assert found["sprites"]["back_default"] == original["sprites"]["back_default"]
    assert f"{HERE}type/12/" in text


def test_one_resource_has_many_paths(mirror: Site, client: Client) -> None:
    """By id and by name, in any case, with and without the last slash: the same bytes."""
    pokemon = Pokemon.objects.get(pk=1)
    paths = [str(pokemon.pk), pokemon.name, pokemon.name.upper()]
    bodies = {get(client, f"pokemon/{p}{s}").content for p in paths for s in ("", "/")}
    assert len(bodies) == 1
    assert json.loads(bodies.pop())["id"] == 1
    assert get(client, "type/grass").json()["id"] == 12


def test_the_headers_are_upstreams(mirror: Site, client: Client) -> None:
    """Any origin may read it, caches keep it for a day, and nothing but the encoding varies."""
    reply = get(client, "pokemon/1/", **GZIP)
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Cache-Control"] == "public, max-age=86400, s-maxage=86400"
    assert (reply.headers["Vary"], reply.headers["Content-Encoding"]) == ("Accept-Encoding", "gzip")
    assert not reply.cookies
    plain = get(client, "pokemon/1/")
    assert gzip.decompress(reply.content) == plain.content
    assert (plain.headers["Vary"], "Content-Encoding" in plain.headers) == (
        "Accept-Encoding",
        False,
    )


def test_a_document_that_needs_no_rewriting_is_sent_as_it_came(
    mirror: Site, client: Client, settings: Settings
) -> None:
    """What is stored is what goes out."""
    body = gzip.compress(b'{"id": 7, "name": "leftovers"}')
    Document.objects.create(
        resource="item", number=7, name="leftovers", sha256="0", changed_at="2026-01-01T00:00Z",
        packed=body,
    )  # fmt: skip
    assert get(client, "item/leftovers/", **GZIP).content == body


def test_a_304_is_for_what_would_be_sent_again(
    mirror: Site, client: Client, settings: Settings
) -> None:
    """Its ETag changes with host, document, sprites, what else is here, and where all else is."""
    settings.ALLOWED_HOSTS = ["*"]
    first = get(client, "pokemon/1/")
    again = get(client, "pokemon/1/", **{"If-None-Match": etag(first)})
    assert (again.status_code, again.content) == (304, b"")
    assert (etag(again), again.headers["Vary"]) == (etag(first), "Accept-Encoding")
    seen = {etag(first), etag(get(client, "pokemon/1/", Host="other.example"))}
    Sprite.objects.filter(pokemon=1, key="front_default").update(file="")
    seen.add(etag(get(client, "pokemon/1/")))
    Document.objects.filter(resource="type").exclude(number=0).delete()
    seen.add(etag(get(client, "pokemon/1/")))
    Document.objects.filter(pokemon=1).update(sha256="another")
    seen.add(etag(get(client, "pokemon/1/")))
    settings.SPRITES["API_URL"] = "https://other.example/api/v2/"
    seen.add(etag(get(client, "pokemon/1/")))
    assert len(seen) == 6
    assert get(client, "pokemon/1/", **{"If-None-Match": etag(first)}).status_code == 200


def test_a_304_does_not_read_the_document(
    mirror: Site, client: Client, django_assert_num_queries: Any
) -> None:
    """It takes three statements, and what is packed stays packed."""
    known = etag(get(client, "pokemon/1/"))
    Document.objects.filter(pokemon=1).update(packed=b"not to be unpacked")
    with django_assert_num_queries(3):
        assert get(client, "pokemon/1/", **{"If-None-Match": known}).status_code == 304
    known = etag(get(client, "type/12/"))
    with django_assert_num_queries(2):  # no sprites belong to it, whatever Pokémon has its number
        assert get(client, "type/12/", **{"If-None-Match": known}).status_code == 304


def test_what_goes_meanwhile_is_not_here(mirror: Site, client: Client) -> None:
    """A document that is deleted after it was found is a 404 like any other."""

    def delete(execute: Any, sql: str, *others: Any) -> Any:
        if "SELECT packed" in sql:
            with connection.cursor() as cursor:
                cursor.cursor.execute("DELETE FROM sprites_document")
        return execute(sql, *others)

    with connection.execute_wrapper(delete):
        reply = get(client, "pokemon/1/")
    assert (reply.status_code, reply.content) == (404, b"Not Found")


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_list_is_cut_as_upstream_cuts_it(mirror: Site, client: Client, slash: str) -> None:
    """Twenty by default; the last page's limit is what is left; others have upstream's address."""
    listed = upstream(f"{mirror.api.url}pokemon/?limit=2000")["results"]
    count, url = len(listed), f"{HERE}pokemon{slash}"
    here = set(Pokemon.objects.values_list("pk", flat=True))
    ours = [
        row
        | ({"url": f"{HERE}pokemon/{n}/"} if (n := int(row["url"].split("/")[-2])) in here else {})
        for row in listed
    ]
    assert get(client, f"pokemon{slash}").json() == {
        "count": count, "next": f"{url}?offset=20&limit=20", "previous": None, "results": ours[:20],
    }  # fmt: skip
    assert get(client, f"pokemon{slash}?limit=10&offset={count - 15}").json() == {
        "count": count,
        "next": f"{url}?offset={count - 5}&limit=5",
        "previous": f"{url}?offset={count - 25}&limit=10",
        "results": ours[-15:-5],
    }
    assert get(client, f"pokemon{slash}?limit=1").json()["results"] == ours[:1] != listed[:1]
    end = get(client, f"pokemon{slash}?limit=10&offset=5").json()
    assert end["previous"] == f"{url}?offset=0&limit=5"
    assert get(client, f"pokemon{slash}?limit=100000").json()["results"] == ours
    for odd in ("limit=-1", "limit=abc&offset=-5", "limit=0", f"limit={'9' * 400}", "limit=٣", "x"):
        assert get(client, f"pokemon{slash}?{odd}").json()["results"] == ours[:20]
    past = get(client, f"pokemon{slash}?offset=1000000000&limit=1000000000").json()
    assert (past["count"], past["next"], past["results"]) == (count, None, [])


def test_a_list_has_a_validator_too(mirror: Site, client: Client) -> None:
    """The same page is a 304."""
    first = get(client, "type/", **GZIP)
    assert json.loads(gzip.decompress(first.content))["count"] == 18
    assert get(client, "type/", **{"If-None-Match": etag(first)}).status_code == 304
    assert etag(get(client, "type/?limit=5")) != etag(first)


def test_the_root_names_all_that_upstream_has(mirror: Site, client: Client) -> None:
    """The lists that are here have our address, and the others upstream's."""
    found = get(client, "").json()
    assert found == get(client, "").json()
    assert client.get("/api/v2").json() == found
    assert list(found) == RESOURCES
    ours = {name for name, url in found.items() if url == f"{HERE}{name}/"}
    assert ours == set(Document.objects.filter(number=0).values_list("resource", flat=True))
    assert found["move"] == f"{mirror.api.url}move/"


@pytest.mark.parametrize(
    "path",
    ["ability/9/", "ability/9", "pokemon/777/", "pokemon/Mew", "pokemon/1/encounters", "move/",
     "pokemon/porygon2", "pokemon-form/mr-mime"],
)  # fmt: skip
def test_what_is_not_here_is_upstreams(
    mirror: Site, client: Client, settings: Settings, path: str
) -> None:
    """A redirect to the same path that keeps the method, or upstream's 404 on a site by itself."""
    reply = get(client, path)
    target = mirror.api.url + path.lower()
    assert (reply.status_code, reply.headers["Location"]) == (307, target)
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    settings.SPRITES["STANDALONE"] = True
    reply = get(client, path)
    assert (reply.status_code, reply.content) == (404, b"Not Found")
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_query_is_not_passed_on(mirror: Site, client: Client) -> None:
    """Of a query string only two numbers go on to upstream, written anew."""
    reply = get(client, "move/?limit=5&offset=10&x=%0d%0aSet-Cookie:a&offset=evil&limit=7")
    assert reply.headers["Location"] == f"{mirror.api.url}move/?limit=7"
    assert get(client, "move/9/?limit=5").headers["Location"] == f"{mirror.api.url}move/9/"


def test_a_site_that_stands_alone_lists_what_is_here(
    mirror: Site, client: Client, settings: Settings
) -> None:
    """Lists and root name nothing else."""
    settings.SPRITES["STANDALONE"] = True
    here = Pokemon.objects.order_by("pk").values_list("pk", "name")
    rows = [{"name": name, "url": f"{HERE}pokemon/{pk}/"} for pk, name in here]
    assert get(client, "pokemon/?limit=1").json() == {
        "count": len(rows),
        "next": f"{HERE}pokemon/?offset=1&limit=1" if len(rows) > 1 else None,
        "previous": None,
        "results": rows[:1],
    }
    assert set(get(client, "").json()) == {"generation", "pokemon", "type"}


def test_only_reading_is_possible(mirror: Site, client: Client) -> None:
    """HEAD has a GET's headers, OPTIONS says what is allowed to any origin, and a POST is a 405."""
    head, reply = client.head("/api/v2/pokemon/1/"), get(client, "pokemon/1/")
    assert (head.status_code, head.content, etag(head)) == (200, b"", etag(reply))
    assert head.headers["Content-Length"] == str(len(reply.content))
    options = client.options("/api/v2/pokemon/1/")
    assert (options.status_code, options.headers["Access-Control-Allow-Methods"]) == (
        204,
        "GET, HEAD",
    )
    for path in ("/api/v2/", "/api/v2/pokemon/1/", "/sprites/pokemon/1.png"):
        assert Client(enforce_csrf_checks=True).post(path).status_code == 405


def test_addresses_follow_the_request(mirror: Site, client: Client, settings: Settings) -> None:
    """The host must be allowed, and the scheme is what a trusted proxy says."""
    settings.ALLOWED_HOSTS = ["dex.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    reply = get(client, "pokemon/", **{"Host": "dex.example", "X-Forwarded-Proto": "https"})
    assert reply.json()["results"][0]["url"] == "https://dex.example/api/v2/pokemon/1/"
    for host in ("evil.example", "a b", "dex.example@evil", "[", "dex.example/.evil"):
        assert get(client, "pokemon/", Host=host).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["pokemon/" + "9" * 30, "pokemon/" + "1" * 5000, "pokemon/" + "a" * 101, "pokemon/..", "../x",
     "pokemon/%00", "pokemon/1%0dX:y", "pokemon/é", "pokemon/%ff%fe", "pokemon/%ED%A0%80",
     "pokemon/1/2/3", "pokemon//1", "/evil.example/", "https://evil.example/", "pokemon/1;x",
     "pokemon/%252e%252e", "pokemon/1/encounters/x", "a" * 60, "1/", "pokemon/1.json", "po ke/1",
     "pokemon/1%5c", "pokemon/0/", "pokemon/01", "pokemon/-1?" + "x" * 3000,
     "%2e%2e/%2e%2e/etc/passwd"],
)  # fmt: skip
def test_a_hostile_path_leads_nowhere(mirror: Site, client: Client, path: str) -> None:
    """Nothing of it comes back, neither as an address nor as an error of ours."""
    reply = client.get(f"/api/v2/{path}")
    if reply.status_code == 307:  # a name as upstream might have one
        assert reply.headers["Location"] == f"{mirror.api.url}pokemon/-1"
    else:
        assert reply.status_code == 404


def test_absurd_validators_are_no_match(mirror: Site, client: Client) -> None:
    """They are read as what they are: nothing that was ever given out."""
    for value in ('"', "W/", "x" * 5000, '","' * 500, "\xff", '"a" "b"', "W/W/W/"):
        assert get(client, "pokemon/1/", **{"If-None-Match": value}).status_code == 200
    assert get(client, "pokemon/1/", **{"If-None-Match": "*"}).status_code == 304
    odd = {"Accept-Encoding": ",;q=gzip" * 100, "If-Modified-Since": "never"}
    assert get(client, "pokemon/1/", **odd).status_code == 200


def test_a_species_is_served_where_it_is_mirrored(
    site: Site, client: Client, settings: Settings
) -> None:
    """By id and name; upstream lists all of them, and a site by itself those that are here."""
    assert site.run("--ids", "1,7,10004", "--species").exit_code == 0
    original = upstream(f"{site.api.url}pokemon-species/7/")
    text = json.dumps(original)
    for number in (7, 10004):
        text = text.replace(f'"{site.api.url}pokemon/{number}/"', f'"{HERE}pokemon/{number}/"')
    text = text.replace(f'"{site.api.url}generation/', f'"{HERE}generation/')
    for name in ("7", "zizzle"):
        assert get(client, f"pokemon-species/{name}/").json() == json.loads(text)
    for number in (7, 10004):
        species = get(client, f"pokemon/{number}/").json()["species"]
        assert species["url"] == f"{HERE}pokemon-species/7/"
    target = f"{site.api.url}pokemon-species"
    for path in ("/?limit=5", "/2/", "/cindle/"):
        assert get(client, f"pokemon-species{path}").headers["Location"] == target + path
    assert get(client, "").json()["pokemon-species"] == f"{target}/"
    settings.SPRITES["STANDALONE"] = True
    rows = [(1, "mossbun"), (7, "zizzle")]
    assert get(client, "pokemon-species/").json() == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [{"name": name, "url": f"{HERE}pokemon-species/{pk}/"} for pk, name in rows],
    }
    assert get(client, "").json()["pokemon-species"] == f"{HERE}pokemon-species/"
    assert get(client, "pokemon-species/cindle/").status_code == 404


@pytest.mark.parametrize("cookie", ["csrftoken=x", "sessionid=x"])
def test_no_cookie_is_answered_by_one(mirror: Site, client: Client, cookie: str) -> None:
    """What caches may keep for others has nobody's cookie in it, and does not vary with one."""
    for path in ("/api/v2/", "/api/v2/pokemon/1/", "/sprites/pokemon/1.png", "/api/v2/move/1/"):
        reply = client.get(path, headers={"Cookie": cookie})
        assert not reply.cookies
        assert "Cookie" not in reply.headers.get("Vary", "")


def test_head_tells_what_get_would(mirror: Site, client: Client) -> None:
    """Of a list, a document, a sprite, and what is not here."""
    sprite = Sprite.objects.stored().first()
    assert sprite is not None
    paths = [
        *("/api/v2/", "/api/v2/pokemon/", "/api/v2/pokemon/1/", "/api/v2/generation/1/"),
        *(f"/sprites/{sprite.path}", "/api/v2/pokemon/99999/", "/api/v2/move/1/"),
    ]
    for path in paths:
        head, page = client.head(path), client.get(path)
        assert (head.status_code, dict(head.items())) == (page.status_code, dict(page.items()))
