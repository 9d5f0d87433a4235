"""Which Pokémon a request means, by upstream's lists, and whether its sprites' names are known.

Raises UsageError for what upstream does not know; a list that can't be trusted stops the run.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, NoReturn
from urllib.parse import urljoin

from ..errors import UsageError, nearest
from ..keys import PRESETS, has_shape, is_glob, matches
from ..origins import origin
from ..worker.pokeapi import UPSTREAM
from ..worker.records import Group, Kind, ListPage, Reference, ResourceJob, Result
from . import known as database
from .documents import of_list, of_record
from .entries import DocumentEntry
from .events import RunJobs
from .report import SyncReport
from .request import SyncRequest
from .stop import ExitCode, Stop, StoppedError

logger = logging.getLogger(__name__)

_PAGE_SIZE = 2000
_MAX_PAGES = 500


class Selection(NamedTuple):
    """The chosen Pokémon in upstream's order, and how many upstream lists in all.

    ``species`` limits forms to those of the asked generations; None does not. ``documents`` are of
    what was read to choose.
    """

    rows: tuple[Reference, ...]
    upstream_count: int
    species: frozenset[str] | None
    documents: tuple[DocumentEntry, ...]


class Selector:
    """Reads upstream's lists by running jobs; ``api`` ends with a slash."""

    def __init__(self, run: RunJobs, api: str, stop: Stop) -> None:
        self._run, self._api, self._stop = run, api, stop
        self._documents: list[DocumentEntry] = []

    def select(self, request: SyncRequest, kept: Iterable[Reference] = ()) -> Selection:
        """Return the Pokémon that a request means, also of those kept here and listed no more."""
        listed = self._list(Kind.POKEMON)
        ids = {row.id for row in listed}
        everyone = [*listed, *(row for row in kept if row.id not in ids)]
        chosen: Iterable[Reference] = everyone
        if request.names or request.ids:
            chosen = _named(everyone, request)
        if request.types:
            members = self._of_types(request.types)
            chosen = [row for row in chosen if row.id in members]
        species = self._of_generations(request.generations) if request.generations else None
        if species is not None:
            chosen = [row for row in chosen if _may_belong(row, species)]
        if not request.forms:
            chosen = [row for row in chosen if not is_form(row.id)]
        rows = tuple(chosen)[: request.most]
        return Selection(rows, len(listed), species, tuple(self._documents))

    def _list(self, path: Kind) -> list[Reference]:
        """Return a whole list, however many pages it has."""
        url = urljoin(self._api, f"{path}/?limit={_PAGE_SIZE}&offset=0")
        seen, rows = set(), {}
        while True:
            seen.add(url)
            page = self._fetch(ResourceJob(Kind.LIST, url))
            assert isinstance(page, ListPage)
            rows.update({row.id: row for row in page.rows})
            if not page.next or len(rows) > page.total:
                break
            url = self._next(url, page.next)
            if url in seen or len(seen) >= _MAX_PAGES:
                self._give_up(f"upstream's list of {path} never ends: {url} again")
        if not rows or len(rows) != page.total:
            self._give_up(f"upstream's list of {path} has {len(rows)} rows and says {page.total}")
        self._documents.append(of_list(self._api, path, tuple(rows.values())))
        return list(rows.values())

    def _next(self, url: str, following: str) -> str:
        """Return the next page's URL; a mirror may serve upstream's own absolute ones."""
        joined = urljoin(url, following)
        if joined.startswith(UPSTREAM):
            joined = self._api + joined.removeprefix(UPSTREAM)
        if origin(joined) != origin(self._api):
            self._give_up(f"url_not_allowed: the list goes on at {joined[:200]}")
        return joined

    def _fetch(self, job: ResourceJob) -> Result:
        for attempt in self._run([job]):
            failure = attempt.outcome.failure
            if failure is None:
                return attempt.outcome.result
            self._give_up(f"{job.url}: {failure.code}: {failure.detail}")
        raise StoppedError

    def _give_up(self, why: str) -> NoReturn:
        self._stop.ask(ExitCode.STOPPED, why)
        raise StoppedError

    def _of_types(self, names: tuple[str, ...]) -> set[int]:
        known = {row.name: row.id for row in self._list(Kind.TYPE)}
        for name in names:
            if name not in known:
                raise UsageError(f"unknown type {name!r}{nearest(name, known)}")
        groups = (self._group(Kind.TYPE, known[name]) for name in names)
        return {row.id for group in groups for row in group.members}

    def _of_generations(self, numbers: tuple[int, ...]) -> frozenset[str]:
        known = {row.id for row in self._list(Kind.GENERATION)}
        if unknown := set(numbers) - known:
            raise UsageError(
                f"unknown generation {min(unknown)}; upstream has {min(known)} to {max(known)}"
            )
        groups = (self._group(Kind.GENERATION, number) for number in numbers)
        return frozenset(row.name for group in groups for row in group.members)

    def _group(self, kind: Kind, number: int) -> Group:
        group = self._fetch(ResourceJob(kind, urljoin(self._api, f"{kind}/{number}/")))
        assert isinstance(group, Group)
        self._documents += of_record(kind, group)
        return group


def is_form(pokemon: int) -> bool:
    """Tell whether an id is that of a form; upstream numbers them from 10001."""
    return pokemon > 10_000


def _named(everyone: list[Reference], request: SyncRequest) -> Iterator[Reference]:
    """Yield the Pokémon that are named, in upstream's order; raises UsageError for unknown ones."""
    by_name = {row.name: row.id for row in everyone}
    ids = {row.id for row in everyone}
    wanted = {_by_name(name, by_name, ids) for name in request.names}
    for first, last in request.ids:
        found = {number for number in ids if first <= number <= last}
        if not found:
            span = f"id {first}" if first == last else f"ids {first}-{last}"
            raise UsageError(f"no Pokémon with {span}; upstream has {min(ids)} to {max(ids)}")
        wanted |= found
    return (row for row in everyone if row.id in wanted)


def _by_name(name: str, by_name: dict[str, int], ids: set[int]) -> int:
    if name.isascii() and name.isdecimal() and len(name) < 10 and int(name) in ids:
        return int(name)
    spelled = name.casefold().replace(" ", "-").replace(".", "").replace("'", "")
    if spelled not in by_name:
        raise UsageError(f"unknown Pokémon {name!r}{nearest(spelled, by_name)}")
    return by_name[spelled]


def _may_belong(row: Reference, species: frozenset[str]) -> bool:
    """Tell whether a name is that of a species or of a form of it, as far as a name can tell."""
    parts = row.name.split("-")
    return any("-".join(parts[:count]) in species for count in range(1, len(parts) + 1))


def check_sprites(names: Sequence[str]) -> None:
    """Raise UsageError for a word that is no preset, and no key that upstream has ever listed.

    A glob, a path, or a word of upstream's own may be a new one and is let through.
    """
    odd = [n for n in names if not (n in PRESETS or is_glob(n) or has_shape(n))]
    known = database.keys() if odd else []
    for name in odd:
        if name not in known:
            raise UsageError(
                f"--sprites is {name!r}; allowed: {', '.join(PRESETS)}, globs, and keys as"
                f" --list-sprites has them{nearest(name, [*PRESETS, *known])}",
                "--sprites",
            )


def tell_unmatched(request: SyncRequest, report: SyncReport) -> None:
    """Warn of names that no sprite matched, once the documents have been read."""
    if request.is_about_rows or report.pokemon.checked == report.pokemon.failed:
        return
    if not report.sprites.wanted:
        names = ", ".join(map(repr, request.sprites))
        logger.warning("none of the chosen Pokémon has a sprite that matches %s", names)
    elif not request.dry_run:
        _tell_unknown([name for name in request.sprites if name not in PRESETS])


def _tell_unknown(names: Sequence[str]) -> None:
    known = database.keys() if names else []
    for name in names:
        if not any(matches(key, (name,)) for key in known):
            logger.warning("upstream lists no sprite that matches %r%s", name, nearest(name, known))
