"""The SPRITES dict: what each option takes, what it refuses, and that it is read afresh."""

from typing import Any

import pytest
from pytest_django import Settings

from sprites.conf import EXECUTORS, RULES, Options, options, read
from sprites.errors import UsageError
from sprites.executors.pool import open_pool

GOOD: dict[str, list[tuple[Any, Any]]] = {
    "API_URL": [
        ("https://mirror.example/api/v2", "https://mirror.example/api/v2/"),
        (" http://127.0.0.1:8001/ ", "http://127.0.0.1:8001/"),
        ("http://localhost/a/", "http://localhost/a/"),
    ],
    "ALLOWED_ORIGINS": [
        ("https://A.example, https://b.example:8443/", ("https://a.example", "https://b.example:8443")),
        (["https://a.example:443"], ("https://a.example",)),
        ("", ()),
        ([], ()),
    ],
    "ALLOW_HTTP": [("yes", True), ("Off", False), (True, True), ("", False)],
    "ALLOW_PRIVATE_ADDRESSES": [("1", True), ("0", False)],
    "ALLOW_TRAILING_DATA": [("true", True), ("FALSE", False)],
    "WORKERS": [("8", 8), (1, 1), (256, 256), (8.0, 8)],
    "EXECUTOR": [(" processes ", "processes"), ("a.b.c", "a.b.c")],
    "DASK_SCHEDULER": [("tcp://10.0.0.1:8786", "tcp://10.0.0.1:8786"), (" tls://a:1 ", "tls://a:1"),
                       ("", ""), (None, "")],
    "RATE": [("0.5", 0.5), (None, None), ("", None), (10_000, 10_000)],
    "RETRIES": [("0", 0), (20, 20)],
    "TIMEOUT": [("0.1", 0.1), (3600, 3600)],
    "CONNECT_TIMEOUT": [("5", 5)],
    "READ_TIMEOUT": [("5.5", 5.5)],
    "MAX_PAUSE": [("60", 60)],
    "MAX_OUTAGE": [("20", 20)],
    "BREAKER": [("1", 1)],
    "MAX_JSON_BYTES": [("1024", 1024)],
    "MAX_IMAGE_BYTES": [("2000000", 2_000_000)],
    "MAX_PIXELS": [("1", 1)],
    "MAX_FRAMES": [("7", 7)],
    "MAX_SHRINK": [("0", 0), (1, 1), ("0.25", 0.25)],
    "FRESH_FOR": [("0", 0), (86_400, 86_400)],
    "PRUNE_AFTER": [("0", 0)],
    "KEEP_DOCUMENTS": [("no", False), (True, True)],
    "KEEP_RUNS": [("1", 1)],
    "SPECIES": [("true", True), ("off", False)],
    "STANDALONE": [("on", True), (False, False)],
    "STORAGE": [("default", "default")],
    "TASK_BACKEND": [("default", "default")],
    "TASK_QUEUE": [(" sprites ", "sprites")],
    "SESSION": [(" shop.http.session ", "shop.http.session"), ("", ""), (None, "")],
    "NAMING": [("shop.names.stem", "shop.names.stem")],
}  # fmt: skip
BAD: dict[str, list[Any]] = {
    "API_URL": ["", "ftp://a/", "//a/", "a", 5, None, "https://a/?b", "https://a/#b",
                "https://u:p@a/", "https://a:99999/", "http://mirror.example/", "https://"],
    "ALLOWED_ORIGINS": ["https://a/b", "a.example", "ftp://a", 5, None, [5], ["https://u@a"],
                        "http://a.example"],
    "ALLOW_HTTP": ["maybe", 1, None, 0],
    "ALLOW_PRIVATE_ADDRESSES": ["2"],
    "ALLOW_TRAILING_DATA": [[]],
    "WORKERS": [0, -1, "abc", 257, 10_000, 8.5, True, None, "", "9" * 5000, [], float("inf")],
    "EXECUTOR": ["", " ", None, 5],
    "DASK_SCHEDULER": ["10.0.0.1:8786", "tcp://a", "tcp://:8786", "http://a:1", "tcp://a:99999",
                       "tcp://a:1/b", 5],
    "RATE": [0, -1, "abc", float("nan"), float("inf"), 1e9, True, []],
    "RETRIES": [-1, 21, 1.5],
    "TIMEOUT": [0, -1, "soon", 3601],
    "CONNECT_TIMEOUT": [0, 601],
    "READ_TIMEOUT": [0, 601],
    "MAX_PAUSE": [0, 86_401],
    "MAX_OUTAGE": [0, 3601],
    "BREAKER": [0, 1001],
    "MAX_JSON_BYTES": [1023, 2**31],
    "MAX_IMAGE_BYTES": [0, "8 MB"],
    "MAX_PIXELS": [0, 10**10],
    "MAX_FRAMES": [0, 100_001],
    "MAX_SHRINK": [-0.1, 1.1],
    "FRESH_FOR": [-1, 10**10],
    "PRUNE_AFTER": [-1],
    "KEEP_DOCUMENTS": ["never", None],
    "KEEP_RUNS": [0, 1.5],
    "SPECIES": ["some", 1, None],
    "STANDALONE": ["quite", 1],
    "STORAGE": ["", None, 5],
    "TASK_BACKEND": ["", None],
    "TASK_QUEUE": ["", None],
    "SESSION": ["session", "shop..http", "shop.http session", "shop/http.session", 5],
    "NAMING": ["stem", ".stem", []],
}  # fmt: skip


def test_every_option_is_tried_here() -> None:
    """An option that is added gets its good and its bad values in this file."""
    assert set(GOOD) == set(BAD) == set(RULES)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [(name, given, expected) for name, pairs in GOOD.items() for given, expected in pairs],
)
def test_a_good_value_is_read(name: str, given: object, expected: object) -> None:
    """Values come as themselves or as an environment's texts."""
    found, problems = read({name: given})
    assert problems == []
    assert getattr(found, name) == expected


@pytest.mark.parametrize(
    ("name", "given"), [(name, given) for name, values in BAD.items() for given in values]
)
def test_a_bad_value_is_a_problem(name: str, given: object) -> None:
    """The problem names the option, the value and what is allowed, and the rest is still read."""
    found, problems = read({name: given, "WORKERS" if name != "WORKERS" else "RETRIES": 3})
    assert [problem.option for problem in problems] == [name]
    assert problems[0].allowed
    assert str(problems[0]).startswith(f"{name} is ")
    assert "\n" not in str(problems[0])
    assert 3 in (found.WORKERS, found.RETRIES)


def test_an_unknown_option_is_a_problem() -> None:
    """A typing error in an option's name does not pass in silence."""
    _, problems = read({"WORKRES": 3})
    assert [problem.option for problem in problems] == ["WORKRES"]
    assert "WORKERS" in problems[0].allowed


def test_plain_http_must_be_allowed() -> None:
    """http is for this machine, or for who says so."""
    url = "http://mirror.example/"
    assert read({"API_URL": url})[1]
    assert not read({"API_URL": url, "ALLOW_HTTP": True})[1]
    assert not read({"ALLOWED_ORIGINS": ["http://127.0.0.1:1", "http://[::1]:1"]})[1]
    assert read({"ALLOWED_ORIGINS": ["http://127.0.0.1.evil.example"]})[1]


def test_the_origin_of_the_api_is_always_allowed() -> None:
    """A mirror may serve its own images."""
    found, _ = read({"API_URL": "https://mirror.example/api/", "ALLOWED_ORIGINS": []})
    assert found.origins == {"https://mirror.example"}
    assert Options().origins == {"https://pokeapi.co", "https://raw.githubusercontent.com"}


def test_options_are_read_afresh(settings: Settings) -> None:
    """A changed setting counts at once; a wrong one, which a check reports, counts as unset."""
    settings.SPRITES = {"WORKERS": 3}
    assert options().WORKERS == 3
    settings.SPRITES = {"WORKERS": 0, "RETRIES": 2}
    assert (options().WORKERS, options().RETRIES) == (8, 2)
    del settings.SPRITES
    assert options() == Options()


@pytest.mark.parametrize("value", [None, [], "WORKERS=3", 5])
def test_settings_of_another_shape_are_a_problem(settings: Settings, value: object) -> None:
    """SPRITES itself must be a dict."""
    from sprites.conf import given

    settings.SPRITES = value
    assert [problem.option for problem in read(given())[1]] == ["SPRITES"]
    assert options() == Options()


def test_the_executors_that_have_a_name_are_there() -> None:
    """The names that the settings allow are those that a pool is opened for."""
    with pytest.raises(UsageError, match=f"'nope' is not {', '.join(EXECUTORS)},"):
        open_pool("nope", 1)
