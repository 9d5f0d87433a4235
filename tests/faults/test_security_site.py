"""X8, X9: texts from upstream on pages and in terminals, and who may start a run."""

from html import escape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from sprites.models import Pokemon, SyncRun

from .lab import DOCUMENT, LIST, PNG, HereLab

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def admin(transactional_db: None) -> Client:
    """A client that may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("ash"))
    return client


@pytest.mark.parametrize("field", ["name", "species/name", "types/0/type/name"])
def test_a_name_that_is_markup_is_shown_as_text(lab: HereLab, admin: Client, field: str) -> None:
    """X8: gallery and admin escape whatever upstream calls a Pokémon."""
    lab.api.edit(DOCUMENT, {field: EVIL})
    lab.settle(lab.run(), 0)
    for url in ("/", "/?q=img", "/pokemon/1/", "/admin/sprites/pokemon/", "/admin/sprites/sprite/"):
        page = admin.get(url, follow=True)
        assert page.status_code == 200, url
        assert EVIL.encode() not in page.content, url
    lab.heal("--force")


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "one\r\ntwo", "\u202eevil", "\u2028", "\x00", "\ud800"]
)
def test_a_text_in_an_error_stays_on_its_line(
    lab: HereLab, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    """X8: control characters in names, keys, URLs, types and redirects reach no terminal."""
    lab.api.edit(DOCUMENT, {"sprites/front_default": f"http://{text}/", f"sprites/{text}": "x"})
    lab.api.edit("/api/v2/pokemon/2/", {"name": text})
    if text.isascii() and "\n" not in text:
        lab.api.fault(PNG.replace("1.png", "3.png"), redirect=f"http://{text}/")
    run = lab.site.run("--ids", "1-3", "--sprites", "*_default*", "--format", "text")
    assert run.exit_code == 1
    err = capfd.readouterr().err
    shown = (run.stdout + run.stderr + err).replace("\n", "")
    assert shown.isprintable(), ascii(shown)
    assert "schema" in shown


def test_a_reason_to_stop_stays_on_its_line(lab: HereLab) -> None:
    """X8: the reason of a run that ends early quotes upstream without its control characters."""
    lab.api.edit(LIST, {"next": "http://x/\x1b[31mred\u202eder"})
    run = lab.settle(lab.run(), 3)
    assert run.stderr.replace("\n", "").isprintable()
    assert lab.rows("sprites_syncrun")[0]["message"].isprintable()
    lab.heal()


def test_no_password_is_told(lab: HereLab, capfd: pytest.CaptureFixture[str]) -> None:
    """X8: users and passwords in URLs are cut out of reports, rows and messages."""
    lab.api.edit(DOCUMENT, {"sprites/front_default": "https://ash:secret@example.org/1.png"})
    lab.api.fault(PNG.replace("1.png", "2.png"), redirect="https://ash:secret@example.org/1.png")
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"url_not_allowed": 2}
    lab.api.edit(LIST, {"next": "https://ash:secret@example.org/"})
    stopped = lab.run()
    assert stopped.exit_code == 3
    told = [run.stdout, run.stderr, stopped.stdout, stopped.stderr, capfd.readouterr().err]
    told += [str(lab.rows()), str(lab.rows("sprites_syncrun"))]
    assert not [text for text in told if "secret" in text]
    lab.heal()


_STARTS = ("/admin/sprites/syncrun/fetch/", "/admin/sprites/syncrun/start/")


@pytest.mark.parametrize("url", _STARTS)
def test_a_run_is_not_started_by_a_get(lab: HereLab, admin: Client, url: str) -> None:
    """X9: a GET, also of somebody who may, starts nothing."""
    reply = admin.get(url, {"ids": "1-3", "everyone": "on"})
    assert reply.status_code in (200, 302, 404, 405)
    assert_nothing_started(lab)


@pytest.mark.parametrize("url", _STARTS)
def test_a_run_is_not_started_from_another_site(lab: HereLab, admin: Client, url: str) -> None:
    """X9: a POST without the token of this site is refused."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    assert strict.post(url, {"ids": "1-3"}).status_code == 403
    assert_nothing_started(lab)


@pytest.mark.parametrize("permissions", [[], ["view_syncrun", "view_pokemon", "change_pokemon"]])
def test_a_run_is_not_started_without_the_right_to(
    lab: HereLab, transactional_db: None, permissions: list[str]
) -> None:
    """X9: staff without ``run_sync`` can look, and start nothing."""
    lab.clean()
    user = User.objects.create_user("gary", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    runs = SyncRun.objects.count()
    lab.api.clear_log()
    for url in _STARTS:
        assert client.post(url, {"ids": "1-3"}).status_code in (302, 403, 404, 405)
    action: dict[str, Any] = {"action": "resync", "_selected_action": ["1", "2"]}
    client.post("/admin/sprites/pokemon/", action)
    assert SyncRun.objects.count() == runs
    assert lab.api.requests() == []


def test_an_action_on_many_rows_answers_at_once(lab: HereLab, admin: Client) -> None:
    """X9: a thousand selected Pokémon lead to a page and no request: nothing waits for upstream."""
    rows = [_pokemon(number) for number in range(1, 1001)]
    Pokemon.objects.bulk_create(rows)
    action = {"action": "resync", "_selected_action": [str(row.pk) for row in rows]}
    reply = admin.post("/admin/sprites/pokemon/", action)
    assert reply.status_code in (200, 302)
    assert_nothing_started(lab)


def _pokemon(number: int) -> Pokemon:
    name = f"n{number}"
    return Pokemon(id=number, name=name, species=name, number=number, height=1, weight=1)


def assert_nothing_started(lab: HereLab) -> None:
    """Hold that there is no run and that upstream was not asked."""
    assert SyncRun.objects.count() == 0
    assert lab.api.requests() == []


def test_a_failure_is_escaped_on_the_run_page(lab: HereLab, admin: Client) -> None:
    """X8: an error that quotes upstream is text on the page of its run."""
    lab.api.edit(DOCUMENT, {"sprites/front_default": f"ftp://x/{EVIL}"})
    assert lab.run().exit_code == 1
    run = SyncRun.objects.get()
    page = admin.get(f"/admin/sprites/syncrun/{run.pk}/change/")
    assert page.status_code == 200
    assert EVIL.encode() not in page.content
    assert escape(EVIL)[:8].encode() in page.content
    lab.heal()
