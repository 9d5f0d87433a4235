"""The bounded timeline that a run's picture is drawn from."""

import json

import pytest

from sprites.errors import Code
from sprites.sync.events import Attempt
from sprites.sync.timeline import MAX_BARS, AttemptKind, Timeline
from sprites.worker.records import (
    Failure,
    Job,
    Kind,
    Meter,
    Outcome,
    ProbeJob,
    ResourceJob,
    SpriteJob,
    Unchanged,
)

IMAGE = SpriteJob(1, "front_default", "https://example.org/1.png")
JSON = ResourceJob(Kind.POKEMON, "https://example.org/1", number=1)


def outcome(start: float, seconds: float, worker: int = 1, **what: object) -> Outcome:
    """Return how an attempt ended that a worker began so long after the run."""
    meter = Meter(f"7:{worker}", 1000 + start, seconds, 1, 100)
    return Outcome(meter=meter, **what)  # type: ignore[arg-type]


def add(timeline: Timeline, job: Job, outcome: Outcome, number: int = 1) -> None:
    """Add an attempt to a timeline."""
    timeline.add(Attempt(job, outcome, number, is_last=True))


def test_each_attempt_is_a_bar() -> None:
    """A short run keeps a bar an attempt, in its worker's lane, and how busy the workers were."""
    timeline = Timeline(1000.0)
    add(timeline, JSON, outcome(0.0, 0.5))
    add(timeline, IMAGE, outcome(0.5, 1.0, worker=2))
    add(timeline, ProbeJob("probe", ""), outcome(0.0, 9.0))
    drawn = timeline.as_json()
    assert drawn["bars"] == [(0, 0.0, 0.5, 0.0, 0.0, 0.5), (1, 0.5, 1.0, 0.0, 1.0)]
    assert drawn["lanes"] == [(1, 0.5), (1, 1.0)]
    busy = sum(drawn["busy"]) * drawn["bin"]
    assert abs(busy - 1.5) < 0.01
    assert json.loads(json.dumps(drawn))["grain"] == 0


def test_what_an_attempt_was_can_be_told() -> None:
    """A failed attempt, the one after it, and an answer without a body differ from an image."""
    timeline = Timeline(1000.0)
    failure = Failure(Code.TIMEOUT, "no answer in time")
    add(timeline, IMAGE, outcome(0, 1, failure=failure))
    add(timeline, IMAGE, outcome(2, 1), number=2)
    add(timeline, IMAGE, outcome(4, 1, result=Unchanged("")))
    drawn = timeline.as_json()
    kinds = [len(spent) - 1 for _lane, _start, _length, *spent in drawn["bars"]]
    assert kinds == [AttemptKind.FAILURE, AttemptKind.RETRY, AttemptKind.UNCHANGED]
    assert drawn["failures"] == [(0, 0.5)]


def test_a_long_run_is_bounded() -> None:
    """60,000 attempts keep the time of each kind, when they were, and weigh less than 100 kB."""
    timeline = Timeline(1000.0)
    jobs: list[Job] = [JSON, IMAGE, IMAGE]
    for number in range(60_000):
        broken = Failure(Code.TIMEOUT, "") if number == 31_337 else None
        begun = number // 8 * 0.05
        add(timeline, jobs[number % 3], outcome(begun, 0.05, number % 8, failure=broken))
    drawn = timeline.as_json()
    assert 500 < len(drawn["bars"]) <= MAX_BARS
    spent = [sum(bar[3 + kind : 4 + kind][0] for bar in drawn["bars"] if bar[3 + kind :])
             for kind in AttemptKind]  # fmt: skip
    assert spent == pytest.approx([0.05 * count for count in drawn["kinds"]], abs=0.1)
    assert max(length for _lane, _start, length, *_spent in drawn["bars"]) < 10
    assert drawn["failures"] == [(31_337 % 8, round(31_337 // 8 * 0.05 + 0.025, 3))]
    assert len(drawn["busy"]) <= 240
    assert abs(sum(drawn["busy"]) * drawn["bin"] - 3000) < 5
    assert len(json.dumps(drawn)) < 100_000


def test_a_run_that_fails_all_the_time_is_bounded() -> None:
    """20,000 failed attempts have a few hundred marks, from the first to the last."""
    timeline = Timeline(1000.0)
    for number in range(20_000):
        add(timeline, IMAGE, outcome(number, 1, number % 8, failure=Failure(Code.TIMEOUT, "")))
    times = sorted(time for _lane, time in timeline.as_json()["failures"])
    assert 100 < len(times) <= 400
    assert (times[0] < 500, times[-1] > 19_000) == (True, True)


def test_many_workers_are_bounded() -> None:
    """Workers that die and are replaced a thousand times do not make a thousand lanes."""
    timeline = Timeline(1000.0)
    for number in range(5000):
        add(timeline, IMAGE, outcome(number, 1.0, worker=number))
    drawn = timeline.as_json()
    assert len(drawn["lanes"]) == 256
    assert sum(tasks for tasks, _seconds in drawn["lanes"]) == 5000
    assert len(drawn["bars"]) <= MAX_BARS
