"""Two sprites with one URL: one request, two rows, two files."""

import pytest

from sprites.sync import asked

from ..support.site import Site
from .test_writer import FEW, bytes_of, sprite


def test_one_url_of_two_sprites_is_asked_for_once(site: Site) -> None:
    """Both rows get the bytes, each in a file of its own."""
    url = f"{site.api.origin}/sprites/pokemon/1.png"
    site.api.edit("*/pokemon/[23]/", {"sprites/front_default": url})
    run = site.run(*FEW)
    assert len(site.api.requests("/sprites/pokemon/1.png")) == 1
    rows = [sprite(number) for number in (1, 2, 3)]
    assert len({bytes_of(row) for row in rows}) == 1
    assert len({row.file.name for row in rows}) == 3
    assert (run.exit_code, run.sprites["stored"]) == (0, 6)
    site.assert_whole(run)


def test_one_url_that_fails_fails_for_both(site: Site) -> None:
    """The failure of a shared URL is told for each sprite that has it."""
    url = f"{site.api.origin}/sprites/pokemon/1.png"
    site.api.edit("*/pokemon/2/", {"sprites/front_default": url})
    site.api.fault("/sprites/pokemon/1.png", body="<!doctype html>")
    run = site.run(*FEW)
    assert run.codes == {"bad_content": 2}
    assert len(site.api.requests("/sprites/pokemon/1.png")) == 1
    site.assert_whole(run)


def test_a_url_that_seems_to_be_anothers_is_asked_for_after_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for eight bits nearly every URL seems to be known, and each is still asked once."""
    monkeypatch.setattr(asked, "_BITS", 8)
    run = site.run(*FEW, "--sprites", "all")
    paths = [request.path for request in site.api.requests("/sprites/*")]
    assert run.exit_code == 0
    assert len(paths) == len(set(paths)) == run.sprites["stored"] == run.sprites["wanted"]
    site.assert_whole(run)


def test_few_new_urls_seem_to_be_known() -> None:
    """Of all that upstream has, some forty wait for the end of a run without need."""
    urls = [f"https://x.test/sprites/{number}.png" for number in range(52_286)]
    seen = asked.Asked()
    assert sum(not seen.add(url) for url in urls) < 100
    assert not any(map(seen.add, urls))
