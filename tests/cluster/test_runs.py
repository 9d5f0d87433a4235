"""A run on a dask cluster: the same mirror, its faults, and what the command says of them."""

import os
import signal
from collections import Counter
from typing import Any

from sprites import __version__

from ..faults.lab import GIF, ShellLab
from ..faults.signalled import ended, sprite_files, start
from ..support.clock import within
from ..support.site import Run, until
from .nodes import Nodes

IMAGES = "/sprites/*"
SLOW: dict[str, Any] = {"path": IMAGES, "delay": 0.4}


def on(lab: ShellLab, nodes: Nodes) -> ShellLab:
    """Let a mirror's runs use a cluster."""
    lab.site.environment["SPRITES_DASK_SCHEDULER"] = nodes.address
    return lab


def said(err: str) -> list[str]:
    """Return the lines of stderr that do not just show how far a slow run is."""
    return [line for line in err.splitlines() if "sprites done" not in line]


def test_a_cluster_makes_the_same_mirror(lab: ShellLab, nodes: Nodes) -> None:
    """Row by row and byte by byte, by workers without settings, and nothing else is said."""
    run = lab.settle(on(lab, nodes).run("--workers", "4"), 0, within=30)
    assert lab.state() == lab.ideal
    assert (run.report["executor"], said(run.stderr)) == ("dask", [])


def test_images_behind_an_alias_need_workers_with_settings(lab: ShellLab, mortals: Nodes) -> None:
    """Only the alias travels, and the worker looks it up; one that can't ends the run at once."""
    on(lab, mortals).site.environment["DJANGO_SETTINGS_MODULE"] = "tests.cluster.settings"
    known = {"DJANGO_SETTINGS_MODULE": "tests.cluster.settings", "MEDIA_ROOT": str(lab.media)}
    mortals.add(1, threads=4, know=known)
    lab.settle(lab.run(), 0, within=30)
    assert lab.state() == lab.ideal
    mortals.add(1, threads=1)
    run = lab.run("--force")
    assert (run.exit_code, len(said(run.stderr))) == (2, 1)
    assert "DJANGO_SETTINGS_MODULE" in run.stderr
    assert lab.api.requests() == []


def test_workers_of_another_release_end_the_run_at_once(lab: ShellLab, nodes: Nodes) -> None:
    """Their records are other ones: exit 2 with one line that says so, and no request."""
    on(lab, nodes).site.environment["DJANGO_SETTINGS_MODULE"] = "tests.cluster.newer"
    run = lab.run()
    assert (run.exit_code, len(said(run.stderr))) == (2, 1)
    assert f"a worker has django-sprites {__version__}, this run has 99.0" in run.stderr
    assert lab.api.requests() == []


def test_a_killed_worker_costs_nothing(lab: ShellLab, mortals: Nodes) -> None:
    """kill -9 of a busy worker: its jobs run elsewhere, and the run ends whole."""
    mortals.add(2)
    on(lab, mortals).api.fault(IMAGES, hold=True, after=1)
    process = start(lab, "--workers", "4")
    until(lambda: sprite_files(lab) and len(lab.api.requests(IMAGES)) >= 1 + 4)
    mortals.workers[0].kill()
    asked = Counter(entry.path for entry in lab.api.requests())
    lab.api.clear()
    exit_code, out, err = ended(process, within=30)
    run = lab.settle(Run(exit_code, out, err), 0, within=30, deaths=True)
    assert run.report["retries"] > 0
    asked.update(entry.path for entry in lab.api.requests())
    assert max(asked.values()) <= lab.retries + 1
    assert said(err) == []
    assert lab.state() == lab.ideal


def test_a_killed_scheduler_ends_the_run_soon(lab: ShellLab, mortals: Nodes) -> None:
    """Exit 3 within seconds with one line; the next run, on whatever executor, goes on."""
    mortals.add(1)
    on(lab, mortals).api.fault(**SLOW)
    lab.api.fault(IMAGES, hang=True, after=8)
    process = start(lab, "--workers", "2")
    until(lambda: len(sprite_files(lab)) == 8)  # a batch has come back: it begins three such calls
    mortals.scheduler.kill()
    exit_code, out, err = ended(process, within=8)
    run = Run(exit_code, out, err)
    assert (exit_code, len(said(err))) == (3, 1)
    assert "no dask scheduler answers at tcp://127.0.0.1:" in err
    assert run.sprites["stored"] > 0
    assert run.sprites["not_tried"] > 0
    lab.heal("--executor", "threads")


def test_a_signal_ends_what_runs_on_the_workers(lab: ShellLab, nodes: Nodes) -> None:
    """Ctrl-C: within five seconds, though a job far away would wait for a minute."""
    on(lab, nodes).api.fault(GIF, hang=True)
    process = start(lab, "--workers", "4", "--timeout", "60")
    until(lambda: lab.api.requests(GIF) and sprite_files(lab))
    with within(6.5):
        os.kill(process.pid, signal.SIGINT)
        exit_code, out, err = ended(process)
    assert (exit_code, len(said(err))) == (130, 1)
    assert Run(exit_code, out, err).sprites["not_tried"] > 0
    lab.assert_files(strays=True)  # what a worker far away stores after the parent's end
    lab.heal("--workers", "4")


def test_without_a_cluster_there_is_no_run(lab: ShellLab) -> None:
    """Nobody answers at the address: exit 2, one line, no request."""
    lab.site.environment["SPRITES_DASK_SCHEDULER"] = "tcp://127.0.0.1:1"
    run = lab.run()
    assert (run.exit_code, len(said(run.stderr))) == (2, 1), run.stderr
    assert "no dask scheduler answers at tcp://127.0.0.1:1" in run.stderr
    assert lab.api.requests() == []
