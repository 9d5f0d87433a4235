"""Nobody is kept out: axe finds nothing, and a keyboard is enough."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.db.models import Count
from playwright.sync_api import Page

from sprites.models import Pokemon, SpeciesName

Visit = Callable[..., Page]


def violations(page: Page) -> list[str]:
    """Run axe in light and dark, narrow and wide; return what it finds."""
    found = []
    for scheme in ("light", "dark"):
        for width in (320, 1280):
            # Without motion, so that no colour is looked at on its way to another.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            report = Axe().run(page).response["violations"]
            found += [
                f"{scheme} {width} {violation['id']}: {node['target']}"
                for violation in report
                for node in violation["nodes"]
            ]
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?type=fire&generation=1&generation=2&set=artwork&shiny=on",
        "/?set=home&back=on&size=30&page=2",
        "/?q=cindel&type=water",
        "/pokemon/cindel/",
        "/?page=99",
    ],
)
def test_axe_finds_nothing_on_the_list(gallery: str, visit: Visit, path: str) -> None:
    """The list, filtered, with stand-ins, with nothing found and past the end has no violation."""
    assert violations(visit(gallery + path)) == []


@pytest.mark.parametrize("count", [0, 1, 29, 119])
def test_axe_finds_nothing_on_a_pokemon(gallery: str, visit: Visit, count: int) -> None:
    """A Pokémon's page has no violation, however many sprites it has."""
    pokemon = Pokemon.objects.annotate(count=Count("sprites")).filter(count=count).first()
    assert pokemon is not None
    assert violations(visit(gallery + pokemon.get_absolute_url())) == []


def test_axe_finds_nothing_on_the_empty_gallery(blank: str, visit: Visit) -> None:
    """The page that shows the command has no violation."""
    page = visit(blank)
    assert "fetch_sprites" in page.inner_text("main")
    assert violations(page) == []


def test_axe_finds_nothing_on_an_open_menu(gallery: str, visit: Visit) -> None:
    """An open menu has no violation."""
    page = visit(gallery + "/?type=fire")
    page.click("#open-type")
    assert violations(page) == []


FOCUS = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  return {id: element.id, name: element.name || "", href: element.getAttribute("href") || "",
          ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          seen: element.getClientRects().length > 0};
}"""


def tab_to(page: Page, wanted: str, most: int = 60) -> list[dict[str, object]]:
    """Press Tab until the element with this id, name or address has the focus."""
    passed: list[dict[str, object]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(FOCUS))
        if wanted in (passed[-1]["id"], passed[-1]["name"], passed[-1]["href"]):
            return passed
    raise AssertionError(f"no Tab led to {wanted}: {passed}")


def test_a_keyboard_reaches_and_works_everything(gallery: str, visit: Visit) -> None:
    """Tab reaches every control with a visible focus; Enter works menus, filters and cards."""
    page = visit(gallery)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["href"] == "#main"
    stops = tab_to(page, "open-type")
    assert {"motion", "theme", "language", "q"} <= {stop["name"] for stop in stops}
    assert {"set-artwork", "open-set", "shiny", "back"} <= {stop["id"] for stop in stops}
    page.keyboard.press("Enter")
    stops += tab_to(page, "type-fire")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?type=fire")
    assert page.evaluate(FOCUS)["id"] == "type-fire"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUS)["id"] == "open-type"
    assert not page.locator("#menu-type[open]").count()
    stops += tab_to(page, "/pokemon/cindle/")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pokemon/cindle/")
    stops += tab_to(page, "?sprite=front_shiny#plate", most=99)
    page.keyboard.press("Enter")
    page.wait_for_url("**/pokemon/cindle/?sprite=front_shiny#plate")
    assert page.input_value("#tag") == '{% sprite pokemon "front_shiny" %}'
    assert all(stop["ring"] and stop["seen"] for stop in stops)


@pytest.mark.parametrize("path", ["/?size=30", "/pokemon/mossbun/"])
def test_names_in_any_script_fit_a_narrow_page(gallery: str, visit: Visit, path: str) -> None:
    """From the right, in Chinese characters and without an end, they stay in their boxes."""
    names = SpeciesName.objects.filter(language="en")
    names.filter(species=1).update(name="ארנבון טחב רך")
    names.filter(species=2).update(name="妙蛙種子花草樹木山水" * 8)
    names.filter(species=7).update(name="W" * 100)
    SpeciesName.objects.filter(species=1, language="de").update(name="W" * 100, genus="W" * 100)
    page = visit(gallery + path, width=320)
    assert violations(page) == []
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        overflows = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
        assert page.eval_on_selector_all(".card, .name, .beside a, h1, .names dd", overflows) == 0
    assert page.get_attribute("[dir=rtl]", "lang") == "en"
