"""The tasks of the lesson: an API's URL in, a sprite on the disk out, four small tasks on the way.

Get the URLs; then for each: open the URL, download the image, save it. The steps differ only in
who does them, and when.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import requests

_own = threading.local()


@dataclass(frozen=True, slots=True)
class Done:
    """One sprite that is saved: by which worker, and when (Unix time) each task was done."""

    url: str
    worker: str
    began: float
    opened: float
    saved: float


def get_urls(api: str, limit: int) -> list[str]:
    """Return the URLs of the first Pokémon."""
    return [row["url"] for row in get(f"{api}pokemon/?limit={limit}").json()["results"]]


def fetch(url: str, folder: Path) -> Done:
    """Do what there is to do for one sprite."""
    began = time.time()
    image_url = open_url(url)
    opened = time.time()
    save(folder / image_url.rpartition("/")[2], download(image_url))
    return Done(url, worker(), began, opened, time.time())


def open_url(url: str) -> str:
    """Return where a Pokémon's sprite is."""
    image_url: str = get(url).json()["sprites"]["front_default"]
    return image_url


def download(image_url: str) -> bytes:
    """Return the bytes of an image."""
    return get(image_url).content


def save(path: Path, image: bytes) -> None:
    """Write an image to the disk."""
    path.write_bytes(image)


def get(url: str) -> requests.Response:
    """Return a good reply; raises requests.RequestException for every other."""
    reply = session().get(url, timeout=10)
    reply.raise_for_status()
    return reply


def session() -> requests.Session:
    """Return the Session of this worker alone: requests does not promise that two may share one."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        _own.session.trust_env = False  # the lesson's server is on this machine: no proxy between
    own: requests.Session = _own.session
    return own


def worker() -> str:
    """Name who is at work: a thread of a process."""
    return f"{os.getpid()}:{threading.get_native_id()}"
