"""Bare downloaders that keep their connections: ``python -m bench.peers NAME URLS FOLDER N``.

Each takes a file with a URL a line, and writes what N connections bring into a folder.
"""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .lecture import Urls, file_for


def session(urls: Urls, folder: Path, connections: int) -> None:
    """A ``requests.Session`` a thread."""
    import requests

    local = threading.local()

    def begin() -> None:
        local.session = requests.Session()

    def download(url: str) -> None:
        response = local.session.get(url, timeout=30)
        response.raise_for_status()
        file_for(folder, url).write_bytes(response.content)

    with ThreadPoolExecutor(connections, initializer=begin) as threads:
        list(threads.map(download, urls))


async def aiohttp(urls: Urls, folder: Path, connections: int) -> None:
    """An ``aiohttp.ClientSession``."""
    from aiohttp import ClientSession, TCPConnector

    async with ClientSession(connector=TCPConnector(limit=connections)) as client:

        async def download(url: str) -> None:
            async with client.get(url) as response:
                response.raise_for_status()
                file_for(folder, url).write_bytes(await response.read())

        await _spread(download, urls, connections)


async def httpx(urls: Urls, folder: Path, connections: int) -> None:
    """An ``httpx.AsyncClient``."""
    from httpx import AsyncClient, Limits

    async with AsyncClient(limits=Limits(max_connections=connections)) as client:

        async def download(url: str) -> None:
            response = await client.get(url)
            response.raise_for_status()
            file_for(folder, url).write_bytes(response.content)

        await _spread(download, urls, connections)


async def _spread(download: Callable[[str], Awaitable[None]], urls: Urls, tasks: int) -> None:
    """Let some tasks share the URLs; a task for each would hold them all at once."""
    left = iter(urls)

    async def work() -> None:
        for url in left:
            await download(url)

    await asyncio.gather(*(work() for _ in range(tasks)))


def main(way: str, urls: str, folder: str, connections: str) -> None:
    """Download what a file lists."""
    given = Path(urls).read_text().split(), Path(folder), int(connections)
    if way == "session":
        session(*given)
    else:
        asyncio.run({"aiohttp": aiohttp, "httpx": httpx}[way](*given))


if __name__ == "__main__":
    main(*sys.argv[1:])
