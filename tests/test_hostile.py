"""No address of the site and no field of its forms can be filled so that a page breaks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sprites.admin.fetch import FetchForm
from sprites.gallery.filters import Filters

from .support.background import finish, running
from .support.rows import add_pokemon, add_sprite
from .support.site import Site

FORM = "application/x-www-form-urlencoded"
VALUES = (
    *("", "a\0b", "-1", "9" * 20, "9" * 5000, "²", "nan", "\ud800", "a\r\nb: c"),
    *("<b>'\"%s{{", "../../x", "_" * 60_000, "a " * 240, "😀" * 3000),
)
"""Numbers that are none or too large, what databases refuse, what forges a line, and length."""

ADMIN = "/admin/sprites/"
LISTS = {
    "pokemon": ("generation", "types__id__exact", "is_default__exact", "sprites__state__exact",
                "name__regex", "q", "p"),
    "sprite": ("state__exact", "shiny__exact", "set", "generation__isnull", "pokemon__id__exact",
               "key__range", "q", "o", "all", "_to_field", "_changelist_filters"),
    "syncrun": ("trigger__exact", "selection__has_key", "failures__0__contains", "p"),
}  # fmt: skip
"""What stands in the query of a list: filters, such as no page links to, and Django's own."""


@pytest.fixture
def boss(site: Site) -> Iterator[Client]:
    """The browser of somebody who may do anything, on a site with a row of each kind."""
    add_sprite(add_pokemon(1, "cindle", "fire"), "front_default")
    running(pk=1, state="done", failures=[_failure()])
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss"))
    yield client
    finish()


def _failure() -> dict[str, object]:
    facts = {"pokemon": 1, "key": "front_default", "url": "https://example.org/1.png"}
    return {**facts, "code": "timeout", "status": None, "attempts": 1, "detail": "no answer"}


def written(value: str) -> str:
    """Write a value as an address or a form has it, bytes that are no UTF-8 too."""
    return quote(value.encode(errors="surrogatepass"), safe="")


def broken(ask: Callable[[str], int], addresses: Iterable[str]) -> list[str]:
    """Put each value into each address; return those whose answer is an error of the site's."""
    filled = (a.replace("VALUE", written(value)) for a in addresses for value in VALUES)
    return [f"{address[:100]} ({len(address)})" for address in filled if ask(address) >= 500]


def test_no_address_of_the_gallery_breaks_it(boss: Client) -> None:
    """Pages, JSON and images answer, whatever stands in their path or their query."""
    query = "&".join(f"{item.name}=VALUE" for item in fields(Filters))
    lists = [f"/?{query}", "/?q=VALUE", f"/api/pokemon/?{query}", "/api/pokemon/?page=VALUE"]
    paths = ("/VALUE", "/pokemon/VALUE/", "/api/pokemon/VALUE/", "/files/VALUE/3f2a/",
             "/files/1/VALUE/", "/media/VALUE", "/media/VALUE.png", "/static/VALUE")  # fmt: skip
    asked = [*lists, *paths, "/pokemon/1/?sprite=VALUE", "/api/pokemon/1/?x=VALUE"]
    assert broken(lambda address: boss.get(address).status_code, asked) == []


def test_no_preference_breaks_the_gallery(boss: Client) -> None:
    """Whatever a visitor's form or cookie says, the page is there."""

    def post(form: str) -> int:
        return boss.post("/preferences/", form, content_type=FORM).status_code

    def visit(cookie: str) -> int:
        return boss.get("/", headers={"Cookie": cookie, "Accept-Language": cookie}).status_code

    names = ("theme", "motion", "language", "next")
    assert broken(post, [f"{name}=VALUE" for name in names]) == []
    cookies = ("sprites_theme", "sprites_motion", "django_language", "sessionid")
    assert broken(visit, [f"{name}=VALUE" for name in cookies]) == []


@pytest.mark.parametrize("model", LISTS)
def test_no_address_of_the_admin_breaks_it(boss: Client, model: str) -> None:
    """Lists, rows and runs answer, whatever stands in their path or their query."""
    lists = [f"{ADMIN}{model}/?{name}=VALUE" for name in LISTS[model]]
    paths = [f"{ADMIN}{model}/VALUE/{name}/" for name in ("change", "delete", "history")]
    paths += [f"{ADMIN}syncrun/VALUE/live/"] if model == "syncrun" else []
    assert broken(lambda address: boss.get(address).status_code, [*lists, *paths]) == []


def test_no_form_of_the_admin_breaks_it(boss: Client) -> None:
    """The form of a run, its buttons and the actions of lists answer to whatever is posted."""

    def post(address: str) -> int:
        path, _, form = address.partition("?")
        return boss.post(ADMIN + path, form, content_type=FORM).status_code

    pages = [f"syncrun/fetch/?{name}=VALUE" for name in FetchForm.base_fields]
    pages += ["syncrun/start/?request=VALUE", "syncrun/1/retry/?failure=VALUE"]
    pages += [f"syncrun/VALUE/{name}/" for name in ("stop", "again", "retry")]
    for model, action in (
        ("pokemon", "resync"),
        ("sprite", "resync"),
        ("syncrun", "delete_selected"),
    ):
        chosen = f"{model}/?action={action}&_selected_action="
        pages += [f"{chosen}VALUE", f"{chosen}1&index=VALUE", f"{model}/?action=VALUE"]
    assert broken(post, pages) == []
