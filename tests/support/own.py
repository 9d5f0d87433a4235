"""What a site may put behind SESSION and NAMING.

Workers import this module, so it must not need Django.
"""

import os
from typing import Any

import requests
from requests.adapters import HTTPAdapter


def session() -> requests.Session:
    """Return a session that says who it is."""
    session = requests.Session()
    session.headers["user-agent"] = "a-shop/1.0"
    session.headers["Accept-Encoding"] = "br"
    session.auth = ("ash", "pikachu")
    session.cookies.set("badge", "boulder")
    return session


def named() -> requests.Session:
    """Return a session that asks for another host by name."""
    session = requests.Session()
    session.headers["host"] = "shop.example"
    return session


def talkative() -> requests.Session:
    """Return a session whose requests are too long for a socket that nobody reads from."""
    session = requests.Session()
    session.headers["X-Story"] = "a" * 2**25
    return session


def behind_proxy() -> requests.Session:
    """Return a session whose requests go by way of a proxy."""
    session = requests.Session()
    session.proxies = {"http": os.environ["TESTS_PROXY"]}
    return session


def trusting() -> requests.Session:
    """Return a session that knows one more certificate."""
    session = requests.Session()
    session.verify = os.environ["TESTS_CERTIFICATE"]
    return session


class NoAdapter(HTTPAdapter):
    """An adapter that leads nowhere."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Raise."""
        raise AssertionError("a mounted adapter was asked")


def mounted() -> requests.Session:
    """Return a session with adapters and parameters, which are not taken over."""
    session = requests.Session()
    session.mount("http://127.0.0.1", NoAdapter(max_retries=50))
    session.mount("http://", NoAdapter(max_retries=50))
    session.params = {"token": "secret"}
    return session


def no_session() -> str:
    """Return something else."""
    return "a session"


def broken(*arguments: object) -> Any:
    """Fail, as a vault that is not there."""
    raise OSError("no vault")


def flat(pokemon: int, key: str) -> str:
    """Name a file by a padded number and its key."""
    return f"dex/{pokemon:05d}-{key.replace('/', '-')}"


def by_key(pokemon: int, key: str) -> str:
    """Name a file by what another sprite has as well."""
    return key


def escaping(pokemon: int, key: str) -> str:
    """Name a file outside."""
    return f"../{pokemon}/{key}"


def nothing(pokemon: int, key: str) -> None:
    """Name no file."""


def flat_but_one(pokemon: int, key: str) -> str:
    """Name files well but for those of one Pokémon."""
    return flat(pokemon, key) if pokemon != 8 else "a name of 8"
