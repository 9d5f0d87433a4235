"""A host's account: pauses, the rate, and when a host is given up."""

import itertools
import threading
import time

import pytest

from sprites.errors import Code
from sprites.sync.breaker import Host, Rules
from sprites.sync.queues import Queues
from sprites.sync.stop import ExitCode
from sprites.worker.records import Failure, Meter, Outcome

from ..support.clock import is_within
from .scripted import BUSY, OK, RULES, Job, Move, Script, Trace, failed, jobs, scheduled, wait_for


class Patient(Rules):
    """Rules under which no job of a test is tried twice: fresh ones come first, however slow."""

    def delay(self, failures: int) -> float:
        """Return more seconds than a test takes."""
        return 60.0


SLOW = RULES._replace(max_outage=60.0)
"""Rules under which no outage of a test lasts too long."""


@pytest.mark.parametrize(("code", "status"), [(Code.RATE_LIMITED, 429), (Code.HTTP_5XX, 503)])
def test_a_paused_host_is_left_alone_while_another_goes_on(code: Code, status: int) -> None:
    """No job of its host is handed out before the time that it named; others go on."""
    limited = failed(code, status, retry_after=1.0)
    trace, refused_at = Trace(), 0.0

    def refuse() -> Outcome:
        nonlocal refused_at
        assert trace.wait(lambda: trace.most == 4)  # nothing else is handed out meanwhile
        refused_at = time.monotonic()
        return limited

    def until_another_goes_on() -> Outcome:
        assert trace.wait(lambda: any(job.host == "b" for job, _ in trace.starts))
        return OK

    mixed = [job for pair in zip(jobs(20, "a"), jobs(20, "b"), strict=True) for job in pair]
    script = Script({Job(0, "a"): [refuse], Job(1, "a"): [until_another_goes_on]})
    done = scheduled(script, mixed, workers=2, window=4, trace=trace)
    assert set(done.codes().values()) == {None}
    assert not [at for at in trace.times("a") if refused_at < at < refused_at + 1.0]
    assert is_within(max(trace.times("b")) - refused_at, 1.0)
    assert done.attempts()[Job(0, "a")] == 2
    assert sum(done.attempts().values()) == 41


def test_what_waits_for_a_worker_is_taken_back_by_a_pause() -> None:
    """Jobs of the host that no worker has begun are not sent, and lose no attempt."""
    trace, waits = Trace(), Job(1, "a")
    limited = failed(Code.RATE_LIMITED, 429, retry_after=0.3)

    def until_it_is_back() -> Outcome:
        assert trace.wait(lambda: len(trace.alone.get(waits, ())) > trace.flying[waits])
        return OK

    script = Script({Job(0, "a"): [limited], Job(2, "a"): [until_it_is_back]})
    source = [Job(0, "a"), Job(2, "a"), waits]
    done = scheduled(script, source, workers=1, window=3, trace=trace)
    assert done.codes() == dict.fromkeys(source)
    assert (done.attempts()[waits], done.attempts()[Job(0, "a")]) == (1, 2)
    assert [job for job, _ in done.trace.starts].count(waits) == 2


def test_the_longest_of_the_pauses_that_a_host_asks_for_is_kept() -> None:
    """Also where the answer that asks for it comes when the host is being rested already."""
    trace = Trace()

    def soon() -> Outcome:
        assert trace.wait(lambda: trace.most == 2)
        return failed(Code.RATE_LIMITED, 429, retry_after=1.0)

    def late() -> Outcome:
        assert trace.wait(lambda: trace.most == 2 and not trace.flying[Job(0)])
        return failed(Code.RATE_LIMITED, 429, retry_after=1.5)

    script = Script({Job(0): [soon], Job(1): [late]})
    scheduled(script, jobs(4), workers=2, window=2, trace=trace)
    assert trace.starts[2][1] - trace.starts[1][1] >= 1.5


def test_a_host_that_asks_for_too_long_a_pause_ends_the_run() -> None:
    """``Retry-After: 86400`` is over the cap: the run stops at once instead of waiting."""
    limited = failed(Code.RATE_LIMITED, 429, retry_after=86_400)
    done = scheduled(Script({Job(0): [limited]}), jobs(50))
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "86400 s" in done.stop.message
    assert Job(0) not in done.attempts()


def test_a_host_that_only_asks_for_pauses_ends_the_run() -> None:
    """429 for ever ends after as many pauses in a row as there are retries, each asked once."""
    limited = failed(Code.RATE_LIMITED, 429, retry_after=0.01)
    done = scheduled(lambda job: limited, jobs(50), workers=2, window=4)
    assert done.stop.exit_code is ExitCode.STOPPED
    # Each of two workers may still be at one when the pause begins: it makes the pause longer for
    # a job that was let out behind it, and whose refusal then is of the same pause.
    assert len(done.seen) <= RULES.retries + 4 + 2
    assert not any(code is None for code in done.codes().values())


def test_a_pause_of_nothing_is_a_rest() -> None:
    """Twelve 429 in a row that name no time cost no job, though only four attempts are allowed."""
    done = scheduled(Script({Job(0): [failed(Code.RATE_LIMITED, 429)] * 12}), jobs(1), rules=SLOW)
    assert done.codes() == {Job(0): None}
    assert done.attempts() == {Job(0): 13}


def test_a_path_that_alone_is_refused_for_now_is_given_up() -> None:
    """Where others are answered in between, a 429 is the job's own and its retries count."""
    limited = [failed(Code.RATE_LIMITED, 429)] * 99
    done = scheduled(Script({Job(0): limited}), jobs(500), workers=1, window=1)
    assert done.codes() == {Job(0): Code.RATE_LIMITED} | dict.fromkeys(jobs(499, first=1))
    assert not done.stop.asked


def test_the_rate_is_kept() -> None:
    """With a rate of 40 jobs a second, the n-th is handed out n/40 s after the first or later."""
    rules, began = RULES._replace(rate=40.0), time.monotonic()
    done = scheduled(Script({Job(2): [BUSY, BUSY]}), jobs(10), rules=rules)
    starts = done.trace.times("a")
    assert len(starts) == 12
    for number, at in enumerate(starts):
        assert at - began >= number / 40 - 1e-6


def test_the_rate_counts_requests() -> None:
    """Jobs that take two requests each, as behind a redirect, are handed out half as often."""
    two = Outcome(meter=Meter("1:1", 0.0, 0.0, requests=2, bytes=0))
    began = time.monotonic()
    done = scheduled(lambda job: two, jobs(12), workers=1, window=1, rules=RULES._replace(rate=40))
    starts = done.trace.times("a")
    assert starts[-1] - began >= 11 * 2 / 40 - 1e-6


@pytest.mark.parametrize("code", [Code.BLOCKED, Code.TLS])
def test_a_host_that_refuses_ends_the_run(code: Code) -> None:
    """The breaker opens after five different jobs in a row."""
    done = scheduled(lambda job: failed(code), jobs(500), workers=1, window=1)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "made" in done.stop.message
    assert len(done.seen) == 5


@pytest.mark.parametrize(
    "code", [Code.UNREACHABLE, Code.TIMEOUT, Code.CONNECTION, Code.HTTP_5XX, Code.TRUNCATED]
)
@pytest.mark.parametrize("workers", [1, 4])
def test_a_host_that_does_not_answer_ends_the_run_in_time(code: Code, workers: int) -> None:
    """It is asked by all workers once, then by one job after each rest, until its time is over."""
    done = scheduled(
        lambda job: failed(code),
        jobs(500),
        workers=workers,
        window=2 * workers,
        rules=Patient(*RULES),
    )
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "made" in done.stop.message
    rests = 1 + RULES.max_outage / (1.5 * RULES.back_off) + 2
    assert len(done.seen) <= 5 + 2 * workers + rests
    assert not done.finished


@pytest.mark.parametrize("code", [Code.UNREACHABLE, Code.TIMEOUT, Code.HTTP_5XX])
def test_an_outage_costs_no_job(code: Code) -> None:
    """A host that is away for longer than a job's own retries last is waited for."""
    asked = itertools.count()
    done = scheduled(
        lambda job: failed(code) if 50 <= next(asked) < 95 else OK, jobs(500), rules=SLOW
    )
    assert done.codes() == dict.fromkeys(jobs(500))
    assert done.retries == 45


def test_failures_within_a_rest_are_one_event() -> None:
    """However many jobs are in flight when a host goes away, behind the rest one probes it."""
    away = threading.Event()
    trace = Trace()

    def fail_together() -> Outcome:
        assert trace.wait(lambda: trace.most == 30)
        return failed(Code.UNREACHABLE)

    def probe() -> Outcome:
        # The last that failed together may come back when the rest is over.
        assert trace.wait(lambda: trace.flying.total() == 1)
        assert len(trace.starts) == 31
        away.set()
        return OK

    script = {job: [fail_together] for job in jobs(30)} | {Job(30): [probe]}
    rules = RULES._replace(back_off=0.1)
    done = scheduled(Script(script), jobs(200), workers=30, window=30, rules=rules, trace=trace)
    assert away.is_set()
    assert done.codes() == dict.fromkeys(jobs(200))
    assert done.retries == 30


def test_an_answer_from_before_the_trouble_does_not_end_it() -> None:
    """What was sent before a host went away and comes back late opens no gate: one job probes."""
    trace, is_gone, beats = Trace(), threading.Event(), threading.Semaphore(0)
    ended: list[float] = []

    def late() -> Outcome:
        assert trace.wait(lambda: is_gone.is_set() and not trace.flying[Job(1)])
        while beats.acquire(blocking=False):
            pass
        return wait_for(beats, 2)()  # then the schedule has heard of it

    def gone() -> Outcome:
        is_gone.set()
        return failed(Code.UNREACHABLE)

    def work() -> Outcome:
        threading.Event().wait(0.1)
        ended.append(time.monotonic())
        return OK

    moves: dict[Job, list[Move]] = {job: [work] for job in jobs(6)}
    script = Script(moves | {Job(0): [late], Job(1): [gone, work]})
    rules = RULES._replace(back_off=0.4)
    done = scheduled(
        script, jobs(6), workers=2, window=2, rules=rules, trace=trace, on_tick=beats.release
    )
    second, third, fourth = (at for _, at in trace.starts[1:4])
    assert third - second >= 0.2
    assert fourth >= ended[0]
    assert done.codes() == dict.fromkeys(jobs(6))


def test_a_probe_that_no_worker_has_begun_is_sent_again() -> None:
    """Nothing else is asked before its answer, so it may not be forgotten with a broken pool."""
    queues: Queues[Job] = Queues(RULES, lambda job: (job.host, job.kind), window=2)
    for job in jobs(2):
        queues.push(job)
    first = queues.next(0.0)
    assert first is not None
    queues.sent(first, 0.0)
    first.host.failed(0, 0.0, Failure(Code.UNREACHABLE, "away"), RULES)
    later = first.host.resume
    probe = queues.next(later)
    assert probe is not None
    queues.sent(probe, later)
    queues.push(Job(2))
    assert queues.next(later) is None
    queues.take_back(probe)
    assert queues.next(later) is probe
    assert probe.attempts == 0


def test_few_bad_paths_at_the_end_of_a_run_are_no_outage() -> None:
    """Fewer than twenty that are left and fail do so one by one; the run ends by itself."""
    bad = jobs(12, first=30)
    rules = RULES._replace(max_outage=1.0)
    done = scheduled(Script({job: [BUSY] * 99 for job in bad}), jobs(42), rules=rules)
    assert done.codes() == dict.fromkeys(jobs(30)) | dict.fromkeys(bad, Code.HTTP_5XX)
    assert {done.attempts()[job] for job in bad} <= {RULES.retries + 1, RULES.retries + 2}
    assert not done.stop.asked


def test_many_bad_paths_at_the_end_of_a_run_are_an_outage() -> None:
    """Twenty that are left and fail prove that their host is down: it is not asked for all."""
    bad = jobs(40, first=30)
    rules = RULES._replace(max_outage=1.0)
    done = scheduled(Script({job: [BUSY] * 999 for job in bad}), jobs(70), rules=rules)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert set(done.codes().values()) == {None}
    assert sum(done.attempts().values()) == 30


def test_a_host_that_takes_long_to_fail_is_given_up_by_time() -> None:
    """Where each failure takes as long as an outage may, twenty of them are not waited for."""

    def hang(job: Job) -> Outcome:
        threading.Event().wait(RULES.max_outage)
        return failed(Code.TIMEOUT)

    done = scheduled(hang, jobs(500), workers=5, window=6)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert len(done.seen) <= 6 + 5 + 3


def test_a_host_is_given_up_at_the_third_failure_at_the_earliest() -> None:
    """However long it took to fail, it is rested twice, and asked again after each rest."""
    host, away = Host("a"), Failure(Code.UNREACHABLE, "away")
    rules = RULES._replace(max_outage=0.0)
    said = [host.failed(job, host.resume, away, rules) for job in range(3)]
    assert said == ["", "", "a can't be reached, for 0 s: away"]


def test_documents_do_not_vouch_for_images() -> None:
    """Of one host the JSON may be answered while no image is: its images are an account apart."""

    def work(job: Job) -> Outcome:
        return OK if job.kind == "JSON" else BUSY

    mixed = [Job(n, "a", "JSON" if n % 3 == 0 else "images") for n in range(3000)]
    done = scheduled(work, mixed)
    assert done.stop.exit_code is ExitCode.STOPPED
    images = [each.job for each in done.seen if each.job.kind == "images"]
    assert len(images) < 100


def test_a_pause_that_was_asked_for_holds_for_all_that_a_host_serves() -> None:
    """A 429 of the images is heeded by the documents of the same host, too."""
    limited = failed(Code.RATE_LIMITED, 429, retry_after=0.5)
    source = [Job(n, "a", "images" if n == 1 else "JSON") for n in range(6)]
    done = scheduled(Script({source[1]: [limited]}), source, workers=1, window=1)
    _, refused, *others = done.trace.times("a")
    assert min(others) >= refused + 0.5
    assert done.codes() == dict.fromkeys(source)


def test_a_storage_that_only_fails_is_no_fault_of_a_host() -> None:
    """It ends the run as a silent host does, and is what the message names."""
    done = scheduled(lambda job: failed(Code.STORAGE), jobs(500), workers=1, window=1)
    assert (done.stop.exit_code, len(done.seen)) == (ExitCode.STOPPED, 20)
    assert done.stop.message.startswith("the media storage failed 20 in a row")


@pytest.mark.parametrize("answer", [OK, failed(Code.NOT_FOUND, 404)])
def test_one_answer_closes_the_account_of_a_host(answer: Outcome) -> None:
    """Refusals count in a row only: a host that answers now and then is not given up."""
    blocked = failed(Code.BLOCKED, 403)
    script = {job: [blocked if job.number % 4 else answer] for job in jobs(100)}
    done = scheduled(Script(script), jobs(100), workers=1, window=1)
    assert not done.stop.asked
    assert len(done.finished) == 100


def test_a_path_that_fails_at_every_attempt_is_one_silence() -> None:
    """The retries of few bad paths are no trouble of their host."""
    rules = RULES._replace(retries=20)
    done = scheduled(
        Script({job: [BUSY] * 99 for job in jobs(3)}), jobs(3), rules=rules, workers=1, window=1
    )
    assert not done.stop.asked
    assert done.attempts() == dict.fromkeys(jobs(3), 21)
