"""The gallery in a real browser, with and without scripts."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from sprites.models import Pokemon, Sprite

from ..support.site import until
from .conftest import Mirror

Visit = Callable[..., Page]

PAINTED = """() => new Promise(done =>
  requestAnimationFrame(() => requestAnimationFrame(() => done())))"""

SHIFTS = """() => new Promise(done => new PerformanceObserver(list =>
  done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
).observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 50))"""


def names(page: Page) -> list[str]:
    """Return the names on the cards."""
    return page.locator(".card .name").all_inner_texts()


def test_typing_searches_without_a_reload(gallery: str, visit: Visit) -> None:
    """Letters typed change grid, title and address in place, and the field keeps the focus."""
    page = visit(gallery)
    page.evaluate("window.same = true")
    page.locator("#q").press_sequentially("cindle st")
    expect(page.locator("#found")).to_have_text("1 Pokémon matching “cindle st”")
    assert names(page) == ["Cindle Starter"]
    assert page.url == f"{gallery}/?q=cindle+st"
    assert page.title().startswith("1 Pokémon matching")
    assert page.evaluate("window.same && document.activeElement.id") == "q"


def catch(page: Page, held: list[Route]) -> None:
    """Wait for a request that is held: Playwright hears of it while it waits for the page."""

    def come() -> bool:
        page.wait_for_timeout(10)
        return bool(held)

    until(come)


def test_back_goes_back(gallery: str, visit: Visit) -> None:
    """Filters and pages that were changed in place are steps that Back and Forward walk."""
    page = visit(gallery)
    page.evaluate("window.same = true")
    page.click("#set-icons")
    page.wait_for_url("**/?set=icons")
    page.click("a[rel=next]")
    page.wait_for_url("**/?set=icons&page=2")
    page.go_back()
    expect(page.locator("#set-icons[aria-current]")).to_be_visible()
    assert page.url == f"{gallery}/?set=icons"
    page.go_back()
    expect(page.locator("#set-default[aria-current]")).to_be_visible()
    page.go_forward()
    expect(page.locator("#set-icons[aria-current]")).to_be_visible()
    assert page.evaluate("window.same")


def test_back_and_forward_before_a_page_has_come(gallery: str, visit: Visit) -> None:
    """What Back has asked for does not replace the page that Forward has led to meanwhile."""
    page = visit(gallery)
    page.click("#set-icons")
    page.wait_for_url("**/?set=icons")
    held: list[Route] = []
    page.route(f"{gallery}/", lambda route: held.append(route))
    page.go_back()
    catch(page, held)
    with page.expect_event("requestfailed"):
        page.go_forward()
    assert page.url == f"{gallery}/?set=icons"
    expect(page.locator("#set-icons[aria-current]")).to_be_visible()


def test_all_works_without_scripts(gallery: str, visit: Visit) -> None:
    """Search, menus, pages and plates are plain links and forms."""
    page = visit(gallery, java_script_enabled=False)
    page.click("a[rel=next]")
    assert page.url == f"{gallery}/?page=2"
    page.click("#open-type")
    page.click("#type-fire")
    page.fill("#q", "cindle")
    page.press("#q", "Enter")
    assert page.url == f"{gallery}/?q=cindle&type=fire"
    expect(page.locator(".card .name")).to_have_text(["Cindle", "Cindle Starter"])
    page.click(".card")
    page.click("a[href*='sprite=front_shiny#']")
    assert page.input_value("#address").startswith(f"{gallery}/media/sprites/2/front_shiny.")


def test_preferences_stay_without_scripts(gallery: str, visit: Visit) -> None:
    """Theme and language chosen on one page hold on the next, and lead back to where one was."""
    page = visit(gallery + "/?type=fire", java_script_enabled=False)
    page.click("button[value=dark]")
    assert page.url == f"{gallery}/?type=fire"
    page.click("button[value=pt-br]")
    page.goto(f"{gallery}/pokemon/cindle/")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.get_attribute("html", "lang") == "pt-br"
    assert "Altura" in page.inner_text(".measures")


def test_stills_stand_until_one_points_at_them(gallery: str, visit: Visit) -> None:
    """A card is still; the animated sprite shows on hover and on focus, and goes again."""
    page = visit(gallery)
    card = page.locator(".card").first
    moving = card.locator(".moving")
    expect(moving).to_be_hidden()
    card.hover()
    expect(moving).to_be_visible()
    page.mouse.move(0, 0)
    expect(moving).to_be_hidden()
    page.keyboard.press("Tab")  # a focus is shown to those who use the keyboard
    card.focus()
    expect(moving).to_be_visible()


def test_the_switch_plays_all(gallery: str, visit: Visit) -> None:
    """The switch plays every animation of every page until it is switched off."""
    page = visit(gallery)
    page.click("button[name=motion]")
    expect(page.locator(".card .moving").first).to_be_visible()
    page.goto(f"{gallery}/pokemon/zizzle/")
    expect(page.locator("#plates .moving").first).to_be_visible()
    page.click("button[name=motion]")
    expect(page.locator("#plates .moving").first).to_be_hidden()


def test_nothing_moves_under_reduced_motion(gallery: str, visit: Visit) -> None:
    """Neither hover nor the look of animated sprites moves anything; the switch is gone."""
    page = visit(f"{gallery}/?set=animated", reduced_motion="reduce")
    page.locator(".card").first.hover()
    expect(page.locator(".card .moving").first).to_be_hidden()
    expect(page.locator("button[name=motion]")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/?set=icons", "/pokemon/zizzle/?sprite=front_default"])
def test_pixels_stay_square(gallery: str, visit: Visit, path: str) -> None:
    """Pixel art is shown at a whole multiple of its size, at any width of the page."""
    page = visit(gallery + path)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "[...document.querySelectorAll('.stage .still.pixel')].some(i => i.naturalWidth)"
    )
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        sizes = page.locator(".stage .still.pixel").evaluate_all(
            "all => all.filter(i => i.naturalWidth).map(i => [i.clientWidth, i.naturalWidth])"
        )
        assert sizes
        assert [size for size in sizes if size[0] % size[1]] == []


@pytest.mark.parametrize("locale", ["en-US", "pt-BR"])
@pytest.mark.parametrize("path", ["/", "/pokemon/zizzle/"])
def test_no_page_scrolls_sideways(gallery: str, visit: Visit, path: str, locale: str) -> None:
    """From the narrowest phone to a wide screen, also with letters as far apart as WCAG says."""
    page = visit(gallery + path, locale=locale, bypass_csp=True)
    page.add_style_tag(
        content="* { letter-spacing: .12em !important; word-spacing: .16em !important }"
    )
    for width in (320, 414, 768, 1024, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/", "/pokemon/zizzle/"])
def test_nothing_shifts(gallery: str, visit: Visit, path: str) -> None:
    """Nothing moves when the images of a page arrive after its text has been painted."""
    page = visit("about:blank", width=414)
    held: list[Route] = []
    painted = False

    def hold(route: Route) -> None:
        if painted:
            route.continue_()
        else:
            held.append(route)

    page.route("**/media/**", hold)
    page.goto(gallery + path, wait_until="domcontentloaded")
    catch(page, held)
    page.evaluate(PAINTED)
    painted = True
    for route in held:
        route.continue_()
    page.wait_for_load_state("networkidle")
    page.evaluate(PAINTED)
    assert held
    assert page.evaluate(SHIFTS) <= 0.02


def test_the_first_view_is_light(gallery: str, visit: Visit) -> None:
    """The list with the images of its first view is at most 300 kB."""
    page = visit(gallery)
    page.wait_for_load_state("networkidle")
    total = page.evaluate(
        "['navigation', 'resource'].flatMap(k => performance.getEntriesByType(k))"
        ".reduce((sum, entry) => sum + entry.transferSize, 0)"
    )
    assert 10_000 < total <= 300_000


def test_a_lost_file_leaves_its_stage(gallery: str, visit: Visit, mirror: Mirror) -> None:
    """A file that went behind our back leaves its stage, which says so, and the page as it was."""
    sprite = Sprite.objects.get(pokemon__name="cindle", key="front_default")
    file = mirror.media / str(sprite.file)
    kept = file.rename(file.with_suffix(".away"))
    try:
        page = visit(gallery)
        note = page.locator(".card[href='/pokemon/cindle/'] .missing")
        expect(note).to_have_text("Cindle, front, default: the file is missing")
        expect(page.locator(".missing")).to_have_count(1)
    finally:
        kept.rename(file)


def test_a_name_from_upstream_cannot_act(gallery: str, visit: Visit) -> None:
    """Markup in a name is shown as text on list and page, and nothing of it runs."""
    Pokemon.objects.filter(pk=2).update(name='"><img src=x onerror=document.title=1>')
    page = visit(gallery)
    assert any("onerror" in name for name in names(page))
    page.click(".card[href='/pokemon/2/']")
    assert "onerror" in page.inner_text("h1")
    assert page.locator("img[src=x]").count() == 0


def test_the_address_of_a_sprite_can_be_copied(gallery: str, visit: Visit) -> None:
    """Copy puts the sprite's full address on the clipboard and says so."""
    page = visit(
        f"{gallery}/pokemon/cindle/?sprite=front_shiny",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page.click("[data-copy=address]")
    expect(page.locator("[data-copy=address]")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{gallery}/media/sprites/2/front_shiny\.\w+\.png", copied)


def test_a_sprite_can_be_downloaded(gallery: str, visit: Visit, tmp_path: Path) -> None:
    """Download saves the sprite's own bytes."""
    page = visit(f"{gallery}/pokemon/cindle/?sprite=front_shiny")
    with page.expect_download() as waiting:
        page.click("a[download]")
    waiting.value.save_as(tmp_path / "got.png")
    sprite = Sprite.objects.get(pokemon_id=2, key="front_shiny")
    with sprite.file.open() as file:
        assert (tmp_path / "got.png").read_bytes() == file.read()
