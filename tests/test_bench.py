"""What the benchmarks stand on: images that stay whole, and a page of which only a part is written.

The measurements themselves take minutes and nginx: ``make bench``.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import page
from bench.findings import Findings, Spread, Table, Target
from bench.images import with_comment
from bench.plot import bars
from sprites.testing.server.world import DrawnWorld
from sprites.worker import images
from sprites.worker.records import Policy

LIMITS = Policy()
PICTURES = {
    "png": "/sprites/pokemon/7.png",
    "gif": "/sprites/pokemon/other/showdown/7.gif",
    "svg": "/sprites/pokemon/other/dream-world/7.svg",
}


@pytest.mark.parametrize("path", PICTURES.values(), ids=PICTURES)
def test_an_image_with_a_comment_shows_the_same_and_has_other_bytes(path: str) -> None:
    data = DrawnWorld("").picture(path)
    assert data is not None
    commented = with_comment(data, path)
    assert commented != data
    assert images.inspect(commented, LIMITS) == images.inspect(data, LIMITS)


def test_a_page_keeps_the_words_around_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    page.PAGE.write_text(f"Before\n{page.BEGIN}\nold\n{page.END}\nAfter\n")
    found = Findings(
        [Target("a ÷ b", 0.8, Spread(0.8004, 0.7, 1.0))], [Table("T", "N", ["c"], [["v"]])]
    )
    page.write({"part": found})
    text = page.PAGE.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    assert "old" not in text
    assert "| a ÷ b | 0.8 | 0.8004 (0.7–1) | **no** | `python -m bench part` |" in text


def test_a_plot_draws_the_quickest_first_and_ours_in_its_own_colour() -> None:
    drawn = bars("Title", {"slow & steady": Spread(9, 8, 12), "ours, threads": Spread(2, 1, 3)})
    ElementTree.fromstring(drawn)
    assert re.findall(r'<rect class="(\w+)"', drawn) == ["ours", "theirs"]
