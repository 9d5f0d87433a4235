"""P7, and any JSON at all: bounds that hold whatever comes in."""

import contextlib
import json
import resource
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sprites.errors import SpritesError
from sprites.executors.pool import open_pool
from sprites.sync.breaker import Rules
from sprites.sync.schedule import Schedule
from sprites.sync.stop import Stop
from sprites.worker import pokeapi
from sprites.worker.records import Group, Kind, Outcome, Reference

from ..support.clock import is_within
from .lab import DOCUMENT, HereLab

JOBS = 53_000


@dataclass(frozen=True)
class Picture:
    """A job whose result weighs as much as a sprite."""

    number: int


class Workers:
    """Counts how many jobs are in flight, and makes results of 44 kB."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken = self.settled = self.most = 0

    def source(self) -> Iterator[Picture]:
        for number in range(JOBS):
            self.taken += 1
            self.most = max(self.most, self.taken - self.settled)
            yield Picture(number)

    def work(self, job: Picture) -> Outcome:
        return Outcome(result=Group(job.number, (Reference(1, "a"),) * 5500))


def test_very_many_jobs_take_little_memory() -> None:
    """P7: 53,000 jobs of 44 kB: a window of them in flight and one read ahead, never more."""
    workers, stop, pool = Workers(), Stop(), open_pool("threads", 8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    schedule: Schedule[Picture] = Schedule(
        pool, workers.work, Rules(1, 1, 1, 5), stop,
        service_of=lambda job: ("", ""),
    )  # fmt: skip
    for _ in schedule.run(workers.source()):
        workers.settled += 1
    pool.close(wait=True)
    stop.settle()
    assert workers.settled == JOBS
    assert workers.most <= 2 * pool.window
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 50 * 1024


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["https://pokeapi.co/api/v2/type/1/", "\ud800", "\x00", "-1"])
)  # fmt: skip
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner)
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(Kind), document=_JSON)
def test_any_json_at_all_ends_in_a_record_or_a_reason(kind: Kind, document: Any) -> None:
    """C7, C8: no JSON raises anything but SpritesError out of the parser."""
    _parse(kind, json.dumps(document).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(Kind), body=st.binary(max_size=200))
def test_any_bytes_at_all_end_in_a_record_or_a_reason(kind: Kind, body: bytes) -> None:
    """C8: neither do bytes that are no JSON."""
    _parse(kind, body)


def _parse(kind: Kind, body: bytes) -> None:
    with contextlib.suppress(SpritesError):
        pokeapi.parse(kind, body)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_document_with_any_change_ends_in_a_record_or_a_reason(data: st.DataObject) -> None:
    """C6, C7: a real document with anything put anywhere is a record or names what is wrong."""
    document: Any = json.loads(POKEMON)
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], (dict, list)) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(_JSON)
            break
        node = node[key]
    _parse(Kind.POKEMON, json.dumps(document).encode())


POKEMON = json.dumps(
    {
        "id": 1, "name": "mossbun", "order": 1, "height": 3, "weight": 9, "base_experience": 64,
        "is_default": True,
        "species": {"name": "mossbun", "url": "https://x/pokemon-species/1/"},
        "types": [{"slot": 1, "type": {"name": "grass", "url": "https://x/type/12/"}}],
        "stats": [{"base_stat": 45, "stat": {"name": "hp", "url": "https://x/stat/1/"}}],
        "sprites": {
            "front_default": "https://x/1.png", "back_female": None,
            "other": {"home": {"front_default": "https://x/2.png"}},
        },
    }
)  # fmt: skip


def test_a_number_that_no_column_keeps_is_no_number() -> None:
    """C7: a slot or a generation beyond 16 bits is ``schema``, before a database refuses it."""
    document: Any = json.loads(POKEMON)
    document["types"][0]["slot"] = 2**15
    generation = {"id": 2**15, "pokemon_species": []}
    for kind, wrong in ((Kind.POKEMON, document), (Kind.GENERATION, generation)):
        with pytest.raises(SpritesError, match="is 32768"):
            pokeapi.parse(kind, json.dumps(wrong).encode())


def test_a_document_full_of_everything_does_not_stop_a_run(lab: HereLab) -> None:
    """C7: a document of 900 strange slots fails slot by slot, and the run ends."""
    strange = {f"slot{n}": [n, "../x", "ftp://x/", {"\x00": 1}][n % 4] for n in range(900)}
    lab.api.edit(DOCUMENT, {"sprites/strange": strange})
    run = lab.site.run("--ids", "1-3", "--sprites", "*front_default", "--sprites", "strange/*")
    assert run.exit_code == 3
    assert is_within(run.report["seconds"], 20)
    lab.site.assert_whole()
