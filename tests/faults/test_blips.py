"""H11: an upstream that is away for a moment costs a moment, and one that stays away ends the run.

``SPRITES_BLIPS=1`` sweeps over every kind, duration, number of workers and executor, on 1,800
sprites; without it, a few, on half as many.
"""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sprites.testing import PokeAPI

from ..support.database import Database
from ..support.site import Run
from .conftest import shell_lab_in
from .lab import LIST, ShellLab

_SWEEP = bool(os.environ.get("SPRITES_BLIPS"))
_SMALL = ("front_*", "back_*", *(f"versions/generation-{n}/*" for n in ("i", "ii", "iii", "iv")))
_ALL = ("--ids", "1-26", "--sprites", "all")
_CHOSEN = _ALL if _SWEEP else ("--ids", "1-20", "--sprites", ",".join(_SMALL))
_MORE = 0.03
"""Requests that a blip may cost, as a share of what a run needs without."""
_IN_VAIN, _GIVEN_UP = 200, 60.0
"""Requests and seconds after which an upstream that stays away is given up."""

KINDS: dict[str, dict[str, Any]] = {
    "busy": {"status": 503},
    "dropped": {"reset": "before"},
    "refused": {"refuse": True},
    "silent": {"hold": True},
}
Weather = tuple[list[dict[str, Any]], dict[str, str]]
_BUSY = KINDS["busy"]
QUICK_WEATHER: dict[str, Weather] = {
    "the list": ([{"path": LIST, "lasts": 0.5, **KINDS["refused"]}], {}),
    "images": ([{"path": "/sprites/*", "after": 0.5, "lasts": 0.5, **_BUSY}], {}),
    "a pause of nothing": ([{"after": 0.5, "lasts": 0.5, "status": 429, "retry_after": 0}], {}),
}
"""Outages, and the environment of the run; ``after`` is a share of its requests."""
WEATHER: dict[str, Weather] = {
    **QUICK_WEATHER,
    "the api": ([{"path": "/api/*", "after": 0.01, "lasts": 0.5, **_BUSY}], {}),
    "generations": ([{"path": "/api/v2/generation/*", "lasts": 0.5, **KINDS["dropped"]}], {}),
    "the end": ([{"after": 0.999, "lasts": 0.5, **KINDS["refused"]}], {}),
    "twice": ([{"after": n, "lasts": 0.5, **KINDS["dropped"]} for n in (0.3, 0.6)], {}),
    "in the middle of bodies": ([{"after": 0.5, "lasts": 2, "reset": "middle"}], {}),
    "lost": ([{"after": 0.5, "lasts": 0.5, "hang": True}], {}),
    "impatience": (
        [{"after": 0.5, "lasts": 10, **KINDS["silent"]}],
        {"SPRITES_READ_TIMEOUT": "1"},
    ),
    "a pause that is past": (
        [{"after": 0.5, "times": 12, "status": 429, "retry_after": -60, "http_date": True}],
        {},
    ),
    **{
        f"flapping, {kind}": ([{"after": 0.3, "lasts": 10, "blinks": 0.3, **KINDS[kind]}], {})
        for kind in KINDS
    },
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[PokeAPI]:
    """A server whose images are on another host than its API, as PokéAPI's are."""
    with PokeAPI(latency=0.02) as api:
        yield api


def images_of(api: PokeAPI) -> str:
    """Return the origin of a server's images."""
    return api.origin.replace("127.0.0.1", "localhost")


def clear_up(api: PokeAPI) -> None:
    """End all outages; the API goes on to list images on another host."""
    api.clear()
    images = {f"{api.origin}/sprites/": f"{images_of(api)}/sprites/"}
    api.edit("/api/v2/pokemon/*", text=images)


def in_fair_weather(api: PokeAPI, folder: Path, migrated: Database) -> ShellLab:
    """Make a site whose upstream is well."""
    clear_up(api)
    lab = shell_lab_in(api, folder, migrated, {})
    lab.site.environment["SPRITES_ALLOWED_ORIGINS"] = images_of(api)
    return lab


@pytest.fixture
def lab(upstream: PokeAPI, tmp_path: Path, migrated: Database) -> Iterator[ShellLab]:
    """A site in fair weather, for now."""
    lab = in_fair_weather(upstream, tmp_path, migrated)
    yield lab
    lab.site.close()
    upstream.clear()


@pytest.fixture(scope="module")
def calm(upstream: PokeAPI, tmp_path_factory: pytest.TempPathFactory, migrated: Database) -> Run:
    """A run that no outage disturbs: how many requests it takes."""
    lab = in_fair_weather(upstream, tmp_path_factory.mktemp("calm"), migrated)
    run = lab.settle(lab.site.fetch(*_CHOSEN), 0, within=100)
    lab.site.close()
    return run


def begin(lab: ShellLab, calm: Run, *, path: str = "/*", after: float = 0, **what: Any) -> None:
    """Let an outage come after a share of the requests of a calm run."""
    lab.api.fault(path, after=int(after * calm.report["requests"]), **what)


def fetch(lab: ShellLab, workers: int = 8, executor: str = "threads") -> Run:
    """Run the command through whatever comes."""
    lab.api.clear_log()
    return lab.site.fetch(*_CHOSEN, "--workers", str(workers), "--executor", executor)


def assert_weathered(lab: ShellLab, run: Run, calm: Run, *, blips: int = 1) -> None:
    """Hold that a run met an outage, lost nothing by it, and hardly asked more for it."""
    lab.settle(run, 0, within=100, asked=50)
    assert run.report["failures"] == []
    assert run.sprites == calm.sprites
    logged, needed = lab.api.requests(), calm.report["requests"]
    assert any(entry.faulted for entry in logged)
    asked = max(len(logged), run.report["requests"])
    print(f"{asked - needed} more requests in {run.report['seconds']:.1f} s")
    assert asked - needed <= _MORE * needed * blips, (asked, needed)


def test_without_a_blip_nothing_is_asked_for_twice(lab: ShellLab, calm: Run) -> None:
    """H11, the control: a run that no outage disturbs asks for each path once."""
    run = fetch(lab)
    assert run.sprites == calm.sprites
    logged = [entry.path for entry in lab.api.requests()]
    assert len(logged) == len(set(logged)) == run.report["requests"] == calm.report["requests"]


_EXECUTORS = ("threads", "processes")
_BLIPS = (
    list(product(KINDS, (0.1, 0.5, 2, 10), (8, 32), _EXECUTORS))
    if _SWEEP
    else [("busy", 0.5, 8, "threads"), ("dropped", 0.1, 8, "processes"),
          ("refused", 0.5, 8, "processes")]
)  # fmt: skip


@pytest.mark.parametrize(("kind", "seconds", "workers", "executor"), _BLIPS)
def test_a_blip_costs_a_moment(
    lab: ShellLab, calm: Run, kind: str, seconds: float, workers: int, executor: str
) -> None:
    """H11: all is stored, exit 0, and at most 3 % more requests, however it was away."""
    begin(lab, calm, after=0.5, lasts=seconds, **KINDS[kind])
    assert_weathered(lab, fetch(lab, workers, executor), calm)


@pytest.mark.parametrize("name", WEATHER if _SWEEP else QUICK_WEATHER)
def test_a_blip_of_any_part_at_any_moment_costs_a_moment(
    lab: ShellLab, calm: Run, name: str
) -> None:
    """H11: the API or the images alone, at the start or the end, again and again."""
    outages, environment = WEATHER[name]
    lab.site.environment.update(environment)
    for outage in outages:
        begin(lab, calm, **outage)
    assert_weathered(lab, fetch(lab), calm, blips=sum(map(_moments, outages)))


def _moments(outage: dict[str, Any]) -> int:
    """Return how often upstream is away in an outage."""
    return round(outage["lasts"] / outage["blinks"] / 2) if "blinks" in outage else 1


@pytest.mark.skipif(not _SWEEP, reason="SPRITES_BLIPS is not set")
@pytest.mark.parametrize(("kind", "workers", "executor"), list(product(KINDS, (8, 32), _EXECUTORS)))
def test_an_upstream_that_stays_away_is_given_up(
    lab: ShellLab, calm: Run, kind: str, workers: int, executor: str
) -> None:
    """H11: exit 3 within a minute and 200 requests; what was stored is kept, and is enough."""
    begin(lab, calm, after=0.5, **KINDS[kind])
    run = lab.settle(fetch(lab, workers, executor), 3, within=100, asked=50)
    logged = lab.api.requests()
    good = [entry for entry in logged if entry.status == 200 and not entry.faulted]
    bad = next(entry for entry in logged if entry.faulted or entry.ended is None)
    in_vain = run.report["requests"] - len(good)
    seconds = run.report["seconds"] - (bad.started - logged[0].started)
    print(f"{in_vain} requests in vain in {seconds:.1f} s")
    assert in_vain <= _IN_VAIN
    assert seconds <= _GIVEN_UP
    clear_up(lab.api)
    again = lab.settle(fetch(lab), 0, within=100)
    assert again.sprites["unchanged"] >= run.sprites["stored"] > 0
    assert again.sprites["unchanged"] + again.sprites["stored"] == calm.sprites["wanted"]
