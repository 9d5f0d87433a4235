"""C9 to C11: what upstream's lists and deployments do wrong, and what comes of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sprites.models import SyncRun

from ..support.site import until
from .lab import DOCUMENT, LIST, HereLab, ShellLab
from .servers import Canary
from .signalled import kill, start

PAGE = "/api/v2/pokemon/[?]limit=2000&offset=0"


def test_names_that_swap_move_with_their_documents(lab: HereLab) -> None:
    """C9: two ids that trade names neither clash nor fetch a picture again; a log line says so."""
    lab.clean()
    first, second = (row["name"] for row in lab.rows("sprites_pokemon")[:2])
    lab.api.edit("/api/v2/pokemon/1/", {"name": second})
    lab.api.edit("/api/v2/pokemon/2/", {"name": first})
    lab.options(FRESH_FOR=0)
    run = lab.settle(lab.run(), 0)
    assert [row["name"] for row in lab.rows("sprites_pokemon")[:2]] == [second, first]
    assert run.sprites["stored"] == 0
    assert run.report["pokemon"]["changed"] == 2
    lab.heal("--force")


def test_a_new_name_is_logged(lab: HereLab, caplog: pytest.LogCaptureFixture) -> None:
    """C9: an id that carries another name is an event in the log."""
    lab.clean()
    lab.api.edit(DOCUMENT, {"name": "renamed"})
    lab.settle(lab.run("--force"), 0)
    assert "is now renamed" in caplog.text
    lab.heal("--force")


def test_a_document_of_another_id_is_refused(lab: HereLab) -> None:
    """C9: a document that is not the one that was asked for changes no row."""
    lab.clean()
    before = lab.state()
    lab.api.edit(DOCUMENT, {"id": 3})
    run = lab.settle(lab.run("--force"), 1)
    assert run.codes == {"schema": 1}
    assert lab.state() == before
    lab.heal()


@pytest.mark.parametrize(
    "changes",
    [
        {"results": [], "count": 0, "next": None},
        {"count": 5000},
        {"count": 1},
        {"next": "/api/v2/pokemon/?limit=2000&offset=0"},
        {"next": "?limit=2000&offset=0"},
        {"results": "all"},
        {"results/0/url": "nowhere"},
        {"count": None},
    ],
)
def test_a_list_that_can_not_be_true_ends_the_run(lab: HereLab, changes: dict[str, Any]) -> None:
    """C10: an empty list, a count that is not its rows', a loop: exit 3, and nothing is touched."""
    lab.clean()
    before = lab.state()
    lab.api.edit(LIST, changes)
    lab.settle(lab.run("--force"), 3)
    assert lab.api.requests("/sprites/*") == []
    assert lab.state() == before
    lab.heal()


def test_a_list_that_shrinks_ends_the_run_until_it_is_said_to_be_right(lab: HereLab) -> None:
    """C10: a tenth fewer than last time is not believed; nothing is marked missing for it."""
    lab.clean()
    before = lab.state()
    rows = [{"name": f"n{n}", "url": f"{lab.api.url}pokemon/{n}/"} for n in range(1, 37)]
    lab.api.edit(LIST, {"results": rows, "count": len(rows)})
    run = lab.settle(lab.run("--force"), 3)
    assert "shrank from 72 to 36" in run.stderr
    assert lab.state() == before
    lab.options(MAX_SHRINK=1)
    lab.settle(lab.run("--force"), 0)
    lab.heal()


def test_pages_may_be_linked_by_relative_urls(lab: HereLab) -> None:
    """C10: ``next`` is joined to the page it stands on."""
    lab.api.edit(PAGE, {"next": "/api/v2/pokemon/?limit=40&offset=32"})
    rows = [{"name": f"n{n}", "url": f"/api/v2/pokemon/{n}/"} for n in range(1, 33)]
    lab.api.edit(PAGE, {"results": rows})
    run = lab.run()
    lab.settle(run, 0)
    assert len(lab.api.requests(LIST)) == 2
    lab.heal()


def test_a_next_page_elsewhere_is_not_asked_for(lab: HereLab, canary: Canary) -> None:
    """C10, X1: a list that goes on at another host ends the run, and that host is not asked."""
    lab.api.edit(PAGE, {"next": f"{canary.origin}/api/v2/next"})
    run = lab.settle(lab.run(), 3)
    assert "url_not_allowed" in run.stderr
    lab.heal()


DOCUMENTS = "/api/v2/pokemon/?/"


def page_of_the_run() -> bytes:
    """Return the admin's page of the last run."""
    client = Client()
    client.force_login(User.objects.create_superuser("ash"))
    run = SyncRun.objects.order_by("id").last()
    assert run is not None
    return client.get(f"/admin/sprites/syncrun/{run.pk}/change/").content


def asked_for(lab: HereLab | ShellLab) -> set[str]:
    """Return the documents of Pokémon that the last run asked for."""
    return {entry.path for entry in lab.api.requests(DOCUMENTS)}


@pytest.mark.parametrize("served", [1, 3])
def test_a_run_across_two_deployments_is_mixed_and_checked_again(
    lab: HereLab, executor: str, caplog: pytest.LogCaptureFixture, served: int
) -> None:
    """C11: it ends as any other, says that it is mixed, and the next one asks for all JSON."""
    lab.api.deploy("second", after=served)
    run = lab.settle(lab.run("--executor", executor), 0)
    assert (run.report["mixed"], run.report["snapshot"]) == (True, "")
    assert caplog.text.count("deployed anew") == 1
    row = lab.rows("sprites_syncrun")[-1]
    assert (bool(row["mixed"]), row["snapshot"]) == (True, "")
    again = lab.settle(lab.run(), 0)
    assert len(asked_for(lab)) == again.report["pokemon"]["unchanged"] == 3
    assert {entry.status for entry in lab.api.requests(DOCUMENTS)} == {304}
    assert (again.report["mixed"], again.report["snapshot"]) == (False, "second")
    lab.settle(lab.run(), 0)
    assert asked_for(lab) == set()
    lab.heal()


def test_a_run_within_one_deployment_keeps_its_name(lab: HereLab) -> None:
    """C11: where all replies agree, or say nothing, nothing is asked for again."""
    assert lab.settle(lab.run(), 0).report["mixed"] is False
    assert lab.rows("sprites_syncrun")[-1]["snapshot"] == "first"
    lab.api.deploy("second")
    assert lab.settle(lab.run(), 0).report["snapshot"] == "second"
    assert asked_for(lab) == set()
    lab.api.deploy("")
    lab.settle(lab.run("--force"), 0)
    lab.api.deploy("third\x1b[31m")
    lab.settle(lab.run("--force"), 0)
    assert [row["snapshot"] for row in lab.rows("sprites_syncrun")[-2:]] == ["", ""]
    lab.heal()


def test_what_a_mixed_run_brought_stays_due_until_it_was_asked_for(lab: HereLab) -> None:
    """C11: a run of a few in between checks those few, and the next one the others."""
    lab.api.deploy("second", after=3)
    assert lab.settle(lab.run(), 0).report["mixed"]
    assert b"deployed anew" in page_of_the_run()
    lab.api.clear_log()
    few = lab.site.run("--ids", "1")
    assert few.exit_code == 0
    assert asked_for(lab) == {DOCUMENT}
    lab.settle(lab.run(), 0)
    assert asked_for(lab) == {"/api/v2/pokemon/2/", "/api/v2/pokemon/3/"}
    lab.heal()


def test_a_mixed_run_that_was_killed_is_checked_again_too(shell_lab: ShellLab) -> None:
    """C11: the mark is written with the heartbeat, not only at the end."""
    lab = shell_lab
    lab.api.deploy("second", after=3)
    lab.api.fault("/sprites/pokemon/2.png", hang=True)
    process = start(lab, "--timeout", "60")
    until(lambda: any(row["mixed"] for row in lab.rows("sprites_syncrun")))
    kill(process)
    lab.api.clear()
    lab.settle(lab.run(), 0)
    assert len(asked_for(lab)) == 3
    lab.heal()
