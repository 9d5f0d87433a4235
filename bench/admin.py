"""How long the admin takes with all of upstream mirrored: ``python bench/admin.py``.

Out: a line a page on stdout, the median and the longest in milliseconds of some requests: the
preview of an action on 1,000 selected rows and the lists; then how long the start of a run takes,
and when upstream, the project's own, sees its first request; last, how long the gallery's list
takes beside a run in the same process, and without it. The database is ``gallery``'s.
"""

import logging
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import gallery

TIMES = 7
SELECTED = 1000
LISTS = ("pokemon/", "sprite/", "syncrun/", "sprite/coverage/")


def main() -> None:
    """Fill a database, then measure."""
    with tempfile.TemporaryDirectory() as folder:
        gallery.prepare(Path(folder))
        measure()


def measure() -> None:
    """Print every figure."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    from sprites.testing import PokeAPI

    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bench"))
    logging.getLogger("sprites").setLevel(logging.ERROR)
    with PokeAPI(latency=0.03) as api:
        settings.SPRITES = {"API_URL": api.url}
        preview = measure_actions(client)
        for page in LISTS:
            report(page, partial(client.get, f"/admin/sprites/{page}"))
        measure_start(client, api, preview)
        measure_reading(client)


def measure_actions(client: Any) -> str:
    """Print how long the previews of actions take; return the page of one of them."""
    from sprites.models import Pokemon, Sprite

    for model, path in ((Sprite, "sprite/"), (Pokemon, "pokemon/")):
        chosen = list(model.objects.values_list("pk", flat=True)[:SELECTED])
        data = {"action": "resync", "_selected_action": chosen}
        page = report(
            f"preview of {len(chosen)} {path}",
            partial(client.post, f"/admin/sprites/{path}", data),
        )
    return page


def report(name: str, ask: Callable[[], Any]) -> str:
    """Ask some times, print the median and the longest, and return the page."""
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        response = ask()
        spent.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, response
    print(f"{statistics.median(spent):8.0f} ms, at most {max(spent):4.0f}  {name}", flush=True)
    return str(response.content.decode())


def measure_start(client: Any, api: Any, preview: str) -> None:
    """Print how long the start of a run takes to return, and to reach upstream."""
    found = re.search(r'name="request" value="([^"]+)', preview)
    assert found is not None
    api.clear_log()
    began = time.perf_counter()
    client.post("/admin/sprites/syncrun/start/", {"request": found[1]})
    print(f"{(time.perf_counter() - began) * 1000:8.0f} ms  until the start has returned")
    while not api.requests():
        pass
    print(f"{(time.perf_counter() - began) * 1000:8.0f} ms  until upstream's first request")
    wait()


def wait() -> None:
    """Wait for the run in the background."""
    from sprites import backends

    for executor in backends.executors.values():
        executor.shutdown(wait=True)
    backends.executors.clear()


def measure_reading(client: Any) -> None:
    """Print what readers wait for the gallery's list, idle and beside a run of everything."""
    from sprites import tasks
    from sprites.models import SyncRun
    from sprites.sync.request import SyncRequest

    idle = [read(client) for _ in range(100)]
    run = tasks.start(SyncRequest(everyone=True, sprites=("all",), force=True))
    spent = []
    while SyncRun.objects.get(pk=run.pk).state in ("queued", "running"):
        spent.append(read(client))
    wait()
    for name, times in (("idle", idle), (f"beside a run, {len(spent)} times", spent)):
        print(f"{gallery.p95(times) * 1000:8.0f} ms, p95 of the list, {name}")


def read(client: Any) -> float:
    """Ask for the gallery's list; return how long it took."""
    began = time.perf_counter()
    assert client.get("/").status_code == 200
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
