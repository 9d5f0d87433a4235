"""How long the gallery's pages take with all of upstream mirrored: ``python bench/gallery.py``.

In: how often each page is asked for. Out: a line a page on stdout: queries, size as gzipped, and
the median and 95th percentile in milliseconds, in this one process, of a page that is made: of the
time, and of the time of the processor, which a busy machine does not change; last, the processor's
median for the next visitor of the same page, and for one who has it already. The database, on
SQLite, is drawn up anew in a temporary folder: 1,351 Pokémon and 52,286 sprites, without files.
"""

import argparse
import gzip
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

POKEMON, SPRITES = 1_351, 52_286
DENSE, DENSE_SPRITES = 151, 100  # the oldest Pokémon have most; the others share the rest evenly

PAGES = (
    "/",
    "/?size=120",
    "/?page=12&set=animated",
    "/?set=home&shiny=on&back=on",
    "/?q=pika",
    "/?type=fire&type=flying&generation=1&generation=2&sort=-weight",
    "/?has=official-artwork&forms=off&sort=name",
    "/?q=zzzzz",
    "/pokemon/1/",
    "/pokemon/1351/",
    "/api/pokemon/",
    "/api/pokemon/1/",
)


def main() -> None:
    """Fill a database, ask for every page, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=100, help="requests a page (default 100)")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        heads = "".join(f" {name:>7}" for name in ("median", "p95", "CPU", "p95"))
        print(f"queries  gzip kB{heads}  next   304  page")
        for page in PAGES:
            measure(page, times)


def prepare(folder: Path) -> None:
    """Set Django up on a database in this folder and fill it."""
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}"
    os.environ["MEDIA_ROOT"] = str(folder)
    os.environ["DEBUG"] = "off"
    os.environ.update(SECRET_KEY="only for this measurement", ALLOWED_HOSTS="testserver")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pokesite.settings")
    from django.core.management import call_command

    import_module("pokesite.wsgi")  # as a server does
    call_command("migrate", run_syncdb=True, verbosity=0)
    fill()


def fill() -> None:
    """Write the rows that a full mirror would have."""
    from django.utils import timezone

    from sprites.models import Pokemon, PokemonType, Sprite, Type
    from sprites.testing.artist.slots import KEYS

    names = [
        "normal",
        "fire",
        "water",
        "grass",
        "electric",
        "ice",
        "flying",
        "bug",
        "rock",
        "ghost",
        "dragon",
        "steel",
    ]
    types = Type.objects.bulk_create(Type(id=n, name=name) for n, name in enumerate(names, 1))
    now = timezone.now()
    Pokemon.objects.bulk_create(
        Pokemon(id=n, name=f"pika{n}-form", species=f"pika{n}", number=n, height=n % 90,
                weight=n % 900, generation=n % 9 + 1, is_default=n % 4 > 0, hp=45, attack=49,
                defense=49, special_attack=65, special_defense=65, speed=45, synced_at=now)
        for n in range(1, POKEMON + 1)
    )  # fmt: skip
    PokemonType.objects.bulk_create(
        PokemonType(pokemon_id=n, type=types[(n * slot) % len(types)], slot=slot)
        for n in range(1, POKEMON + 1)
        for slot in (1, 2)
    )
    Sprite.objects.bulk_create(
        (_sprite(n, key) for n in range(1, POKEMON + 1) for key in _keys(n, KEYS)), batch_size=500
    )
    assert Sprite.objects.count() == SPRITES


def _keys(n: int, keys: tuple[str, ...]) -> tuple[str, ...]:
    rest, others = SPRITES - DENSE * DENSE_SPRITES, POKEMON - DENSE
    share = rest // others + (n - DENSE <= rest % others)
    return keys[: DENSE_SPRITES if n <= DENSE else share]


def _sprite(pokemon: int, key: str) -> Any:
    from sprites.keys import facets
    from sprites.models import Sprite

    seen = facets(key)
    kind = "gif" if seen.animated else "png"
    name = f"sprites/{pokemon}/{key}.3f2a9c1b.{kind}"
    return Sprite(
        pokemon_id=pokemon, key=key, state="stored", file=name, sha256="3f2a9c1b" * 8, size=1234,
        media_type=f"image/{kind}", width=96, height=96, frames=1, **seen._asdict()
    )  # fmt: skip


def measure(page: str, times: int) -> None:
    """Print one page's figures; the first request, which compiles the templates, does not count.

    A page is made for each cookie anew, though one with another value than ours changes nothing.
    """
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client, numbers = Client(), itertools.count()
    client.get(page)
    with CaptureQueriesContext(connection) as queries:
        whole = _made(client, page, numbers)
    count, size = len(queries), len(gzip.compress(whole.content)) / 1000
    known = {"If-None-Match": whole.headers["ETag"]}
    having = [_timed(lambda: client.get(page, headers=known))[1] for _ in range(times)]
    others = [_timed(lambda: client.get(page))[1] for _ in range(times)]
    made = (_timed(lambda: _made(client, page, numbers)) for _ in range(times))
    wall, cpu = zip(*made, strict=True)
    figures = " ".join(
        f"{figure(spent) * 1000:7.1f}" for spent in (wall, cpu) for figure in FIGURES
    )
    known_before = " ".join(f"{statistics.median(each) * 1000:5.1f}" for each in (others, having))
    print(f"{count:7} {size:8.1f} {figures} {known_before}  {page}", flush=True)


def _made(client: Any, page: str, numbers: Iterator[int]) -> Any:
    client.cookies["sprites_theme"] = str(next(numbers))
    return client.get(page)


def p95(spent: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(spent)[int(len(spent) * 0.95)]


FIGURES = (statistics.median, p95)


def _timed(ask: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
