"""A run's picture: ``python docs/lesson/picture.py TRACE > lanes.svg``.

In: Trace Events, as ``--trace`` of a step or of ``fetch_sprites`` writes them. Out: the lanes of
the workers, drawn by what draws a run on the site's admin pages.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django
from django.template.loader import render_to_string

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sprites.errors import Code
from sprites.sync.events import Attempt, Pause
from sprites.sync.timeline import Timeline
from sprites.worker.records import (
    Failure,
    Job,
    Kind,
    Meter,
    Outcome,
    ResourceJob,
    SpriteJob,
    Unchanged,
)

Event = dict[str, Any]

STYLE = """
svg { font: 11px system-ui, sans-serif; font-variant-numeric: tabular-nums; background: #fff }
text { fill: #555 } .axis { text-anchor: end } .tick { text-anchor: middle }
.grid { stroke: #ddd; fill: none } .lane { fill: #f3f3f3 } .pause { fill: #efe3c2 }
.busy { fill: #e4e9ee; stroke: #777; stroke-width: .8 }
.bar.json { fill: #b87a00 } .bar.image { fill: #0b4f8a } .bar.unchanged { fill: #7d93a0 }
.bar.failure { fill: #c23b00 } .hatch-ink { fill: #7a2f8f } .hatch-paper { fill: #fff }
.mark { stroke: #fff; stroke-width: 1.8; fill: none; stroke-linecap: round }
.mark-ground { stroke: #c23b00; stroke-width: 6; fill: none; stroke-linecap: round }
"""
"""The admin's colours by day: a picture in a document has no style sheet but its own."""


def svg(events: list[Event]) -> str:
    """Draw a trace; Django must be set up."""
    from sprites.admin.chart import draw
    from sprites.models import SyncRun

    seen = timeline(events).as_json()
    seconds = max((event["ts"] + event["dur"]) / 1e6 for event in slices(events))
    run = SyncRun(workers=round(max(seen["busy"])), seconds=seconds, picture=seen)
    picture = render_to_string("admin/sprites/syncrun/lanes.html", {"drawing": draw(run)})
    head, defs, rest = picture.strip().partition("<defs>")
    return f"{head}<style>{STYLE}</style>\n{defs}{rest}\n"


def timeline(events: list[Event]) -> Timeline:
    """Return what a run would have kept of itself."""
    seen = Timeline(began=0.0)
    for event in slices(events):
        if event["cat"] == "pause":
            seen.add(Pause(event["name"], event["ts"] / 1e6, event["dur"] / 1e6))
        elif event["cat"] != "probe":
            seen.add(Attempt(*attempt(event), number=1, is_last=True))
    return seen


def slices(events: list[Event]) -> list[Event]:
    """Return the events that last."""
    return [event for event in events if event["ph"] == "X"]


def attempt(event: Event) -> tuple[Job, Outcome]:
    """Return an attempt as the run saw it."""
    url = event["args"]["url"]
    is_sprite = "/" in event["name"]
    job: Job = SpriteJob(0, event["name"], url) if is_sprite else ResourceJob(Kind.POKEMON, url)
    worker = f"{event['pid']}:{event['tid']}"
    meter = Meter(worker, event["ts"] / 1e6, event["dur"] / 1e6, 1, 0)
    if event["cat"] == "failure":
        return job, Outcome(failure=Failure(Code.INTERNAL, ""), meter=meter)
    return job, Outcome(Unchanged("") if event["cat"] == "unchanged" else None, meter=meter)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pokesite.settings")
    django.setup()
    print(svg(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), end="")
