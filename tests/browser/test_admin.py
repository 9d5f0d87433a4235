"""The admin in a real browser: from a request to a run that the page follows, and its end."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.contrib.auth.models import Permission, User
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django import Settings

from sprites.models import SyncRun
from sprites.testing import PokeAPI

from ..support.background import finish, running
from ..support.clock import within
from .test_accessibility import violations

Open = Callable[..., Page]

RUNS = "/admin/sprites/syncrun/"


@pytest.fixture
def upstream(api: PokeAPI, tmp_path: Path, settings: Settings) -> Iterator[PokeAPI]:
    """What the live server's site mirrors, into a media folder of its own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SPRITES = {"API_URL": api.url}
    yield api
    finish()


@pytest.fixture
def admin(blank: str, upstream: PokeAPI, visit: Open) -> Open:
    """Open pages of the admin as somebody who may start runs, or only view them."""

    def open_page(path: str, *, may_run: bool = True, **options: object) -> Page:
        user, _new = User.objects.get_or_create(username="ash", is_staff=True)
        codes = Permission.objects.filter(content_type__app_label="sprites")
        user.user_permissions.set(codes.exclude(codename="" if may_run else "run_sync"))
        client = Client()
        client.force_login(user)
        session = client.cookies["sessionid"].value
        cookie = {"name": "sessionid", "value": session, "url": blank}
        return visit(blank + path, storage_state={"cookies": [cookie], "origins": []}, **options)

    return open_page


def test_from_a_request_to_its_end(admin: Open, upstream: PokeAPI, settings: Settings) -> None:
    """Choose, preview, confirm: the page follows the run to its end without being loaded anew."""
    settings.SPRITES |= {"TIMEOUT": 60, "READ_TIMEOUT": 60}  # what is held is no silence
    page = admin(RUNS)
    page.click("text=Fetch…")
    page.fill("[name=limit]", "30")
    page.click("text=Preview")
    expect(page.locator("dd").first).to_have_text("30")
    upstream.fault("*.png", hold=True)
    page.click("text=Start the run")
    page.evaluate("window.same = true")
    expect(page.locator("#run-state .running")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of [1-9]\d* sprites"))).to_be_visible()
    expect(page.locator("svg.lanes")).to_be_visible()
    upstream.clear()
    expect(page.locator("#run-state .done")).to_be_visible()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    assert page.get_by_role("button", name="Stop").count() == 0
    assert page.evaluate("window.same")
    assert SyncRun.objects.get().sprites_stored == 30


def test_an_action_of_a_list(admin: Open, upstream: PokeAPI) -> None:
    """Selected Pokémon are previewed, confirmed and synced again."""
    page = admin(RUNS + "fetch/")
    page.fill("[name=limit]", "4")
    page.click("text=Preview")
    page.click("text=Start the run")
    expect(page.locator("#run-state .done")).to_be_visible()
    page.goto(page.url.partition("/admin")[0] + "/admin/sprites/pokemon/")
    for place in (0, 2):
        page.locator(".action-select").nth(place).check()
    page.locator("select[name=action]").first.select_option("resync")
    page.locator("button[name=index]").first.click()
    expect(page.locator("dd").first).to_have_text("2")
    page.click("text=Start the run")
    expect(page.locator("#run-state .done")).to_be_visible()
    assert SyncRun.objects.latest("id").pokemon_unchanged == 2


def test_stop(admin: Open, upstream: PokeAPI) -> None:
    """The Stop button ends a run whose host does not answer within 5 s; what was done is kept."""
    upstream.fault("*.png", hang=True)
    page = admin(RUNS + "fetch/")
    page.fill("[name=limit]", "20")
    page.click("text=Preview")
    page.click("text=Start the run")
    expect(page.get_by_text(re.compile(r"0 of [1-9]\d* sprites"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    with within(6):
        expect(page.get_by_text("The run was asked to stop")).to_be_visible()
        expect(page.locator("#run-state .cancelled")).to_be_visible()
    finish()
    run = SyncRun.objects.get()
    assert run.pokemon_checked > 0
    assert run.sprites_not_tried == run.sprites_wanted > 0


def test_without_scripts_the_page_reloads_itself(admin: Open, upstream: PokeAPI) -> None:
    """Without scripts every step is a plain form, and the run page comes again by itself."""
    upstream.fault("*.png", delay=0.5)
    page = admin(RUNS + "fetch/", java_script_enabled=False)
    page.fill("[name=limit]", "20")
    page.click("text=Preview")
    page.click("text=Start the run")
    expect(page.locator("#run-state .done")).to_be_visible()


def test_without_the_permission(admin: Open) -> None:
    """Who may not start runs sees one go on, and no button."""
    running(sprites_wanted=9)
    page = admin(RUNS, may_run=False)
    page.click("th.field-id a")
    expect(page.locator("#run-state .running")).to_be_visible()
    assert page.locator(".sprites-button").count() == 0


def test_a_second_start_is_told_who_holds_the_lock(admin: Open, upstream: PokeAPI) -> None:
    """A start beside a live run leads to that run, and says since when it holds the lock."""
    page = admin(RUNS + "fetch/")
    page.click("text=Preview")
    run = running()
    page.click("text=Start the run")
    expect(page.locator(".messagelist .error")).to_contain_text(
        f"Run {run.pk} holds the lock since"
    )
    expect(page.locator("h1")).to_have_text([f"Run {run.pk}"])
    assert upstream.requests() == []


def test_the_page_of_a_run_does_not_scroll_sideways(admin: Open) -> None:
    """On the narrowest phone the failures scroll in a box of their own."""
    failure = {"pokemon": 7, "key": "", "url": "https://example.org/7/", "code": "not_found"}
    failures = [{**failure, "status": 404, "attempts": 1, "detail": ""}]
    run = running(state="failed", failures=failures, species_checked=1, species_failed=1)
    page = admin(f"{RUNS}{run.pk}/change/", width=320)
    expect(page.locator("caption", has_text="Species")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_axe_finds_nothing(admin: Open, upstream: PokeAPI) -> None:
    """No page of ours has a violation: the lists' buttons, form, preview, run, coverage."""
    upstream.fault("*/1.png", status=503, times=1)
    upstream.fault("*/2.png", body="<!doctype html>", content_type="image/png")
    upstream.fault("*/3.png", status=429, retry_after=1, times=1)
    page = admin(RUNS + "fetch/")
    assert violations(page) == []
    page.fill("[name=limit]", "5")
    page.click("text=Preview")
    page.wait_for_load_state()
    assert violations(page) == []
    page.click("text=Start the run")
    expect(page.locator("#run-state .failed")).to_be_visible()
    page.click("summary")
    expect(page.locator(".legend li")).to_have_count(5)
    assert violations(page) == []
    home = page.url.partition("/admin")[0]
    page.goto(home + "/admin/sprites/sprite/coverage/")
    assert violations(page) == []
    # On Django's own page axe writes a style of its own, which the policy would report.
    page = admin("/admin/sprites/pokemon/1/change/", bypass_csp=True)
    assert Axe().run(page, context=".sprites-plates").response["violations"] == []
