"""A host's account: pauses, the rate, and when a host is given up."""

import time

import pytest

from sprites.errors import Code
from sprites.sync.hosts import Rules
from sprites.sync.records import Outcome
from sprites.sync.report import ExitCode

from .scripted import (
    BUSY,
    OK,
    RULES,
    Job,
    Script,
    Trace,
    failed,
    jobs,
    scheduled,
)


def test_a_paused_host_is_left_alone_while_another_goes_on() -> None:
    """After a 429 no job of its host is handed out before the time it named; others go on."""
    limited = failed(Code.RATE_LIMITED, 429, retry_after=1.0)
    refused_at = 0.0

    def refuse() -> Outcome:
        nonlocal refused_at
        refused_at = time.monotonic()
        return limited

    mixed = [job for pair in zip(jobs(20, "a"), jobs(20, "b"), strict=True) for job in pair]
    done = scheduled(Script({Job(0, "a"): [refuse]}), mixed, workers=2, window=4)
    assert set(done.codes().values()) == {None}
    late = [at for at in done.trace.times("a") if at > refused_at + 0.2]
    assert min(late) >= refused_at + 1.0
    assert max(done.trace.times("b")) < refused_at + 1.0
    assert done.attempts()[Job(0, "a")] == 2
    assert sum(done.attempts().values()) == 41


def test_what_waits_for_a_worker_is_taken_back_by_a_pause() -> None:
    """Jobs of the host that no worker has begun are not sent, and lose no attempt."""
    trace, waits = Trace(), Job(1, "a")
    limited = failed(Code.RATE_LIMITED, 429, retry_after=0.3)

    def until_it_is_back() -> Outcome:
        assert trace.wait(lambda: not trace.flying[waits])
        return OK

    script = Script({Job(0, "a"): [limited], Job(0, "b"): [until_it_is_back]})
    source = [Job(0, "a"), Job(0, "b"), waits]
    done = scheduled(script, source, workers=1, window=3, trace=trace)
    assert done.codes() == dict.fromkeys(source)
    assert (done.attempts()[waits], done.attempts()[Job(0, "a")]) == (1, 2)
    assert [job for job, _ in done.trace.starts].count(waits) == 2


def test_a_host_that_asks_for_too_long_a_pause_ends_the_run() -> None:
    """``Retry-After: 86400`` is over the cap: the run stops at once instead of waiting."""
    limited = failed(Code.RATE_LIMITED, 429, retry_after=86_400)
    done = scheduled(Script({Job(0): [limited]}), jobs(50))
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "86400 s" in done.stop.message
    assert Job(0) not in done.attempts()


def test_a_host_that_only_asks_for_pauses_ends_the_run() -> None:
    """429 for ever ends after as many pauses in a row as there are retries."""
    limited = failed(Code.RATE_LIMITED, 429, retry_after=0.01)
    done = scheduled(lambda job: limited, jobs(50), workers=2, window=4)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert len(done.seen) <= (RULES.retries + 1) * 4
    assert not any(code is None for code in done.codes().values())


def test_the_rate_is_kept() -> None:
    """With a rate of 40 jobs a second, the n-th is handed out n/40 s after the first or later."""
    rules = Rules(retries=3, max_pause=5.0, breaker=5, rate=40.0)
    done = scheduled(Script({Job(2): [BUSY, BUSY]}), jobs(10), rules=rules)
    starts = done.trace.times("a")
    assert len(starts) == 12
    for number, at in enumerate(starts):
        assert at - starts[0] >= number / 40 - 0.005


@pytest.mark.parametrize(
    ("code", "seen"), [(Code.BLOCKED, 5), (Code.TLS, 5), (Code.UNREACHABLE, 5), (Code.TIMEOUT, 20)]
)
def test_a_host_that_only_fails_ends_the_run(code: Code, seen: int) -> None:
    """The breaker opens after so many refusals in a row, or four times as many silences."""
    done = scheduled(lambda job: failed(code), jobs(500), workers=1, window=1)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "made" in done.stop.message
    retried = {Code.TIMEOUT: RULES.retries + 1}.get(code, 1)
    assert seen <= len(done.seen) <= seen * retried


def test_a_storage_that_only_fails_is_no_fault_of_a_host() -> None:
    """It ends the run as a silent host does, and is what the message names."""
    done = scheduled(lambda job: failed(Code.STORAGE), jobs(500), workers=1, window=1)
    assert (done.stop.exit_code, len(done.seen)) == (ExitCode.STOPPED, 20)
    assert done.stop.message.startswith("the media storage failed 20 in a row")


def test_one_answer_closes_the_account_of_a_host() -> None:
    """Refusals count in a row only: a host that answers now and then is not given up."""
    blocked = failed(Code.BLOCKED, 403)
    script = {job: [blocked] for job in jobs(100) if job.number % 4}
    done = scheduled(Script(script), jobs(100), workers=1, window=1)
    assert not done.stop.asked
    assert len(done.finished) == 100


def test_a_path_that_fails_at_every_attempt_is_one_silence() -> None:
    """The retries of few bad paths do not open the breaker."""
    rules = Rules(retries=20, max_pause=5.0, breaker=1)
    done = scheduled(
        Script({job: [BUSY] * 99 for job in jobs(3)}), jobs(3), rules=rules, workers=1, window=1
    )
    assert not done.stop.asked
    assert done.attempts() == dict.fromkeys(jobs(3), 21)
