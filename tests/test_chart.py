"""The picture of a run: its timeline as geometry and words."""

import re
import time

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from sprites.admin.chart import WIDTH, Drawing, draw
from sprites.errors import Code
from sprites.models import SyncRun
from sprites.sync.events import Attempt
from sprites.sync.timeline import Timeline
from sprites.worker.records import Failure, Meter, Outcome

from .support.background import running
from .support.clock import within
from .sync.test_timeline import IMAGE, JSON


def timeline(**fields: object) -> dict[str, object]:
    """Return a timeline of two workers: JSON, image, a failure and its retry."""
    bars = [
        (0, 0.0, 0.5, 0, 0, 0.5),
        (1, 0.25, 0.5, 0, 0.5),
        (0, 0.5, 0.5, 0, 0, 0, 0, 0.5),
        (0, 1.5, 0.5, 0, 0, 0, 0.5),
    ]
    base = {
        "bars": bars,
        "failures": [(0, 0.75)],
        "lanes": [(3, 1.5), (1, 0.5)],
        "kinds": [0, 1, 1, 1, 1],
        "pauses": [],
    }
    return {**base, "bin": 0.5, "busy": [1.5, 1.5, 0.0, 1.0], "grain": 0, **fields}


def drawing(picture: dict[str, object]) -> Drawing:
    """Lay out a run of two workers and two seconds."""
    found = draw(SyncRun(workers=2, seconds=2.0, picture=picture))
    assert found is not None
    return found


def test_bars_lie_where_the_time_was() -> None:
    """Each kind is one path, its bars begin in proportion to time, and a failure has a mark."""
    drawn = drawing(timeline())
    assert [series.css for series in drawn.series] == ["json", "image", "retry", "failure"]
    starts = {
        series.css: float(re.findall(r"M([\d.]+)", series.path)[0]) for series in drawn.series
    }
    left, right = starts["json"], WIDTH - 6
    assert starts["image"] == pytest.approx(left + (right - left) / 8, abs=0.2)
    assert starts["retry"] == pytest.approx(left + (right - left) * 3 / 4, abs=0.2)
    assert drawn.marks.count("M") == 1
    assert [lane.number for lane in drawn.lanes] == [1, 2]


def test_a_bar_of_many_attempts_shows_their_shares() -> None:
    """In 40,000 images, 1,000 JSON documents and a failed attempt each has the area of its time."""
    timeline = Timeline(1000.0)
    for number in range(41_000):
        job = JSON if number % 41 == 0 else IMAGE
        broken = Failure(Code.TIMEOUT, "") if number == 20_001 else None
        seconds = 0.06 if job is JSON else 0.02
        meter = Meter(f"7:{number % 8}", 1000 + number // 8 * 0.06, seconds, 1, 100)
        timeline.add(Attempt(job, Outcome(meter=meter, failure=broken), 1, is_last=True))
    drawn = draw(SyncRun(workers=8, seconds=41_000 / 8 * 0.06, picture=timeline.as_json()))
    assert drawn is not None
    areas = {series.css: area(series.path) for series in drawn.series}
    whole = (WIDTH - 40) * drawn.lane_height * 8
    assert areas["image"] / whole == pytest.approx(40_000 * 0.02 / (41_000 * 0.06), rel=0.1)
    assert areas["json"] / areas["image"] == pytest.approx(1000 * 0.06 / (40_000 * 0.02), rel=0.1)
    assert areas["failure"] < whole / 10_000
    assert drawn.marks.count("M") == 1
    place = float(re.findall(r"M([\d.]+)", drawn.marks)[0])
    assert place == pytest.approx(34 + (WIDTH - 40) * 20_001 / 41_000, abs=6)


def area(path: str) -> float:
    """Add up the rectangles of a series."""
    return sum(float(w) * float(h) for w, h in re.findall(r"h([\d.]+)v([\d.]+)", path))


def test_it_says_what_it_shows() -> None:
    """Beside the picture stands a sentence, and what each worker did as numbers."""
    drawn = drawing(timeline())
    assert drawn.sentence == "2 workers, 1.0 busy on average; 2.0 s of work in 2.0 s."
    assert [(lane.tasks, lane.share) for lane in drawn.lanes] == [(3, "75%"), (1, "25%")]


def test_pauses_that_meet_are_one() -> None:
    """A host that is left alone twice at once is paused once, for as long as both say."""
    pauses = [(0.1, 0.5, "https://a"), (0.2, 0.8, "https://a"), (1.5, 0.2, "https://b")]
    drawn = drawing(timeline(pauses=pauses))
    assert [words for _left, _width, words in drawn.pauses] == [
        "https://a asked for a pause of 0.9 s",
        "https://b asked for a pause of 0.2 s",
    ]


def test_nothing_to_draw() -> None:
    """A run that attempted nothing has no picture."""
    assert draw(SyncRun(workers=2)) is None


def test_the_svg_is_the_same_in_every_language() -> None:
    """A language that writes a decimal comma does not break the numbers of the drawing."""
    picture = timeline(pauses=[(0.1, 0.5, "https://a")])
    with translation.override("pt-br"):
        svg = render_to_string("admin/sprites/syncrun/picture.html", {"drawing": drawing(picture)})
    numbers = re.findall(r'\s(?:x|y|d|width|height|viewBox)="([^"]+)"', svg)
    assert numbers
    assert not [number for number in numbers if "," in number]


def test_a_full_sketch_is_quick_to_draw(db: None) -> None:
    """The picture of a run with as many bars as can be costs well under 1 s to draw."""
    bars = [(place % 64, place / 100, 0.02, *[0.004] * 5) for place in range(2000)]
    run = running(workers=64, seconds=20.0, state="done")
    run.picture = timeline(bars=bars, lanes=[(31, 9.0)] * 64, kinds=[3600] * 5)
    with within(0.5, time.process_time):
        render_to_string("admin/sprites/syncrun/picture.html", {"drawing": draw(run)})


def test_lanes_too_thin_for_numbers_have_two() -> None:
    """Of 64 lanes the first and the last are numbered: more numbers would lie on each other."""
    found = draw(SyncRun(workers=64, seconds=2.0, picture=timeline(lanes=[(1, 0.5)] * 64)))
    svg = render_to_string("admin/sprites/syncrun/lanes.html", {"drawing": found})
    numbers = re.findall(r'<text class="axis" x="28" y="[\d.]+" dy="3.5">(\d+)<', svg)
    assert numbers == ["1", "64"]
