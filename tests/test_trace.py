"""``--trace FILE``: a run as Trace Events."""

import json
from pathlib import Path
from typing import Any

from .support.site import Site


def events(path: Path) -> list[dict[str, Any]]:
    """Read a trace; it must be a JSON array."""
    found: list[dict[str, Any]] = json.loads(path.read_text())
    return found


def test_every_attempt_is_an_event(site: Site, tmp_path: Path) -> None:
    """A trace has a slice for each attempt, on its worker's track, with what it asked and got."""
    path = tmp_path / "trace.json"
    site.api.fault("*/2.png", status=503, times=1)
    run = site.run("--limit", "5", "--workers", "3", "--trace", str(path))
    assert run.exit_code == 0
    found = events(path)
    slices = [event for event in found if event["ph"] == "X"]
    assert sum(event["args"]["requests"] for event in slices) == run.report["requests"]
    assert sum(event["args"]["bytes"] for event in slices) == run.report["bytes"]
    [failed] = [event for event in slices if event["cat"] == "failure"]
    assert failed["name"] == "2/front_default"
    assert (failed["args"]["code"], failed["args"]["status"]) == ("http_5xx", 503)
    assert all(event["ts"] >= 0 and event["dur"] > 0 for event in slices)
    tracks = {event["tid"] for event in slices}
    assert len(tracks) == 3
    names = {
        event["tid"]: event["args"]["name"] for event in found if event["name"] == "thread_name"
    }
    assert {names[track] for track in tracks} == {"worker 1", "worker 2", "worker 3"}
    assert len(path.read_text().splitlines()) == len(found) + 2


def test_a_pause_is_an_event(site: Site, tmp_path: Path) -> None:
    """The time that a host asks to be left alone is a slice of its own."""
    path = tmp_path / "trace.json"
    site.api.fault("*/2.png", status=429, retry_after=1, times=1)
    site.run("--limit", "3", "--trace", str(path))
    [pause] = [event for event in events(path) if event.get("cat") == "pause"]
    assert pause["name"] == f"pause of {site.api.origin}"
    assert 500_000 < pause["dur"] <= 1_000_000


def test_a_trace_that_can_not_be_written_is_wrong_usage(site: Site, tmp_path: Path) -> None:
    """A file that can't be opened ends in exit code 2, before any request."""
    run = site.run("--trace", str(tmp_path / "no" / "folder"))
    assert run.exit_code == 2
    assert "--trace" in run.stderr
    assert site.api.requests() == []


def test_a_full_disk_ends_the_trace_alone(site: Site) -> None:
    """Where the trace can't be written on, the run goes on without it."""
    run = site.run("--limit", "3", "--trace", "/dev/full")
    assert run.exit_code == 0
    site.assert_whole(run)
