"""The cluster's pool: batches, who may be taken back, and workers that die of a job."""

import sys
from pathlib import Path

import pytest

from sprites.errors import Code, UsageError
from sprites.executors.batches import MAX_BATCH
from sprites.executors.pool import open_pool
from sprites.sync.events import Attempt
from sprites.sync.schedule import Schedule
from sprites.sync.stop import ExitCode, Stop

from ..sync.scripted import RULES, Job, Outcomes, Trace, jobs
from . import calls
from .nodes import Nodes


def scheduled(work: calls.Work, count: int, address: str, workers: int) -> Outcomes:
    """Run jobs through a schedule on a cluster to the end, and return what happened."""
    pool, stop = open_pool("dask", workers, address), Stop()
    schedule = Schedule(pool, work, RULES, stop, service_of=lambda job: (job.host, job.kind))
    done = Outcomes(schedule, stop, Trace())
    try:
        for event in schedule.events(jobs(count)):
            if isinstance(event, Attempt):
                done.take(event)
    finally:
        pool.close(wait=True)
        stop.settle()
    return done


def test_every_job_is_tried_once(nodes: Nodes) -> None:
    """Also those behind one that fails in its batch: they come back and go out again."""
    done = scheduled(calls.fail_on_three, 200, nodes.address, 4)
    failed = {job: code for job, code in done.codes().items() if code}
    assert failed == {Job(3): Code.EMPTY}
    assert set(done.attempts().values()) == {1}
    assert len(done.seen) == len(done.finished) == 200


def test_a_job_is_taken_back_until_it_is_sent(nodes: Nodes, tmp_path: Path) -> None:
    """A pause of its host takes back what waits here, and not what a worker has."""
    pool, gate = open_pool("dask", 1, nodes.address), tmp_path / "gate"
    first = pool.submit(calls.until, str(gate))
    others = [pool.submit(calls.until, str(gate)) for _ in range(3)]
    while not first.running():
        pass
    assert not first.cancel()
    assert [other.cancel() for other in others] == [True] * 3
    gate.touch()
    assert first.result(10).failure is None
    pool.close(wait=True)


def test_the_window_holds_a_batch_for_each_worker_and_another(nodes: Nodes) -> None:
    """A thread that is done finds the next batch waiting here."""
    pool = open_pool("dask", 4, nodes.address)
    assert (pool.window, pool.nodes) == (2 * MAX_BATCH * 4, 2)
    pool.close(wait=True)


def test_as_many_calls_as_workers_reach_each_of_them(mortals: Nodes) -> None:
    """So a probe sees every machine's storage, however few work at once, and one does more."""
    mortals.add(1, threads=4)
    mortals.add(3, threads=1)
    pool = open_pool("dask", 1, mortals.address)
    called = [pool.submit(calls.place) for _ in range(pool.nodes)]
    assert len({future.result(60).snapshot for future in called}) == 4
    pool.close(wait=True)


def test_a_job_that_kills_its_workers_fails_alone(mortals: Nodes) -> None:
    """It is given up as ``worker_died`` before it has killed them all; all others are done."""
    mortals.add(4, threads=1)
    done = scheduled(calls.kill_on_seven, 60, mortals.address, 4)
    assert done.stop.exit_code is None
    assert {job: code for job, code in done.codes().items() if code} == {Job(7): Code.WORKER_DIED}
    assert len(done.finished) == 60
    assert done.lost_any


def test_a_cluster_whose_workers_are_all_gone_is_given_up(
    mortals: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while without any worker the run is stopped by a guard, with the reason."""
    monkeypatch.setattr("sprites.executors.dask._PATIENCE", 1.0)
    mortals.add(1, threads=1)
    done = scheduled(calls.kill_on_seven, 30, mortals.address, 1)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "has no workers" in done.stop.message


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that never uses a cluster need not install one."""
    monkeypatch.delitem(sys.modules, "sprites.executors.dask", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install django-sprites\[cluster\]"):
        open_pool("dask", 1, "tcp://127.0.0.1:1")


def test_without_workers_there_is_no_pool(mortals: Nodes) -> None:
    """A scheduler alone, or no address at all, is wrong input, and the error says what lacks."""
    with pytest.raises(UsageError, match="has no workers"):
        open_pool("dask", 1, mortals.address)
    with pytest.raises(UsageError, match="needs SPRITES: DASK_SCHEDULER"):
        open_pool("dask", 1)
