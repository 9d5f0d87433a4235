"""A storm, all of which follows from its seed: what befalls a mirror, act by act.

In an act files are damaged, upstream misbehaves, and a run of the command meets an event. All of
that can be known to a run or to the next one; what can't, a lie that looks like an answer, comes
only where no row is ever fresh, so that the next run asks again (``due``).
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from .lab import LIST

Fault = tuple[str, dict[str, Any]]

EVENTS = {
    "none": 4, "kill": 2, "worker": 2, "stop": 1, "usurp": 4,
    "any": 3, "write": 1, "rename": 1, "batch": 1, "delete": 1, "end": 1,
}  # fmt: skip
"""How likely it is what happens to a run; the second line are the points of ``crash.py``."""
POINTS = {"any": 700, "write": 9, "rename": 9, "batch": 3, "delete": 3, "end": 2}
"""How many times a run reaches a point, about; and how many requests one sees."""
_REQUESTS = 50

_DOCUMENTS, _IMAGES = "/api/v2/pokemon/[0-9]*", "/sprites/*"
_PARTS = ("/*", "/*", _IMAGES, "/api/*", _DOCUMENTS)
_AWAY: tuple[dict[str, Any], ...] = (
    {"status": 503}, {"reset": "before"}, {"reset": "middle"}, {"refuse": True}, {"hold": True},
    {"hang": True}, {"status": 403}, {"status": 404}, {"truncate": 0.5},
    {"body": "<!doctype html>", "content_type": "text/html"},
    {"status": 429, "retry_after": 0}, {"status": 429, "retry_after": 0.3},
    {"status": 429, "retry_after": -60, "http_date": True},
)  # fmt: skip
_KINDS: tuple[dict[str, Any], ...] = (
    *_AWAY, {"status": 404}, {"status": 404}, {"status": 410}, {"status": 418}, {"status": 500},
    {"status": 206}, {"status": 304}, {"status": 503, "retry_after": 0.2},
    {"body": ""}, {"body": '{"id": 1'}, {"redirect": ""},
    {"redirect": "http://127.0.0.1:1/"}, {"truncate": 0.5, "no_length": True},
    {"drip": 0.2}, {"drip": 0.2, "drip_headers": True}, {"gzip_bomb": 10**7}, {"endless": True},
    {"content_length": 10**10}, {"close_idle": True}, {"headers": {"Content-Encoding": "br"}},
    {"headers": {"X-PokeAPI-Hash": "another"}},
)  # fmt: skip
_NO_SPRITES: Fault = (_DOCUMENTS, {"no_sprites": True})
_LIES: tuple[Fault, ...] = (
    _NO_SPRITES, ("/*", {"etag": "rotate"}), ("/*", {"etag": "weak"}),
    ("/sprites/pokemon/1.png", {"redirect": "/sprites/pokemon/2.png"}),
    ("/sprites/pokemon/back/*", {"redirect": "/sprites/pokemon/2.png"}),
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """A run and what befalls it: ``event`` at a ``moment``, a count of requests or of a point.

    ``other`` is the run of another host that takes over: what becomes of it, when, and what it does
    otherwise than the first one.
    """

    harm: tuple[str, ...]
    faults: tuple[Fault, ...]
    arguments: tuple[str, ...]
    event: str
    moment: int
    other: tuple[str, int, tuple[str, ...]]


@dataclass(frozen=True)
class Storm:
    """A mirror that is ``whole`` or empty, whether its rows are ever fresh, and what comes."""

    seed: int
    whole: bool
    due: bool
    acts: tuple[Act, ...]
    harm: tuple[str, ...]

    @classmethod
    def of(cls, seed: int) -> "Storm":
        """Let a seed choose."""
        chance = Random(seed)
        whole, due = chance.random() < 0.6, chance.random() < 0.5
        lies = [_LIES if due else ()] * 3
        if whole and not due:  # of a whole mirror a run knows that it can't be true
            lies[0] = (_NO_SPRITES,)
        acts = tuple(_act(chance, lies[number]) for number in range(chance.randint(1, 3)))
        return cls(seed, whole, due, acts, _harm(chance))


def _act(chance: Random, lies: tuple[Fault, ...]) -> Act:
    event = chance.choices(tuple(EVENTS), tuple(EVENTS.values()))[0]
    return Act(
        harm=_harm(chance),
        faults=tuple(_faults(chance, lies)),
        arguments=tuple(_arguments(chance)),
        event=event,
        moment=_moment(chance, event),
        other=_other(chance),
    )


def _moment(chance: Random, event: str) -> int:
    """Choose when: also as soon as a run holds the lock, before its first request."""
    if event in POINTS:
        return chance.randrange(1, POINTS[event])
    return chance.randrange(_REQUESTS) if chance.random() < 0.8 else 0


def _other(chance: Random) -> tuple[str, int, tuple[str, ...]]:
    fewer = chance.choice(((), ("--limit", "1"), ("--limit", "3")))
    return chance.choice(("let be", "kill", "meet")), chance.randrange(1, _REQUESTS), fewer


def _harm(chance: Random) -> tuple[str, ...]:
    """Choose what is done to files: nothing, to a few, or to the whole folder."""
    if chance.random() < 0.05:
        return ("wipe",)
    return tuple(chance.choices(("delete", "cut", "grow"), k=chance.choice((0, 0, 1, 3))))


def _faults(chance: Random, lies: tuple[Fault, ...]) -> list[Fault]:
    """Choose faults of some replies, perhaps a lie, perhaps an outage."""
    faults: list[Fault] = []
    for _ in range(chance.randrange(4)):
        share = {"probability": chance.choice((0.05, 0.1, 0.4)), "seed": chance.randrange(999)}
        faults.append((chance.choice(_PARTS), {**chance.choice(_KINDS), **share}))
    if lies and chance.random() < 0.6:
        faults.append(chance.choice(lies))
    if chance.random() < 0.5:
        when = {"after": chance.randrange(45), "lasts": chance.choice((0.05, 0.2, 0.5, 1, None))}
        blinks = {"blinks": 0.1} if chance.random() < 0.2 else {}
        faults.append((chance.choice(_PARTS), {**chance.choice(_AWAY), **when, **blinks}))
    if chance.random() < 0.9:  # without the list there is no run to befall
        faults.append((LIST, {"times": 1}))
    return faults


def _arguments(chance: Random) -> list[str]:
    executor = chance.choices(("threads", "processes", "sync"), (2, 2, 1))[0]
    mode = chance.choice(("", "--force", "--force", "--force", "--verify", "--retry-failed"))
    pruned = ["--prune"] if chance.random() < 0.5 else []
    workers = str(chance.choice((2, 4, 8)))
    return ["--executor", executor, "--workers", workers, *filter(None, [mode]), *pruned]
