"""The generations of upstream: their list in, a job for each; their members and documents out."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urljoin

from ..worker.records import Group, Job, Kind, ListPage, Reference, ResourceJob
from . import known as database
from .documents import of_list, of_record
from .entries import Entry, Members
from .known import Known


def lacks_any(ids: Iterable[int], known: Mapping[int, Known]) -> bool:
    """Tell whether of one of these Pokémon it is not known which generation brought it."""
    return any(number not in known or known[number].row.generation is None for number in ids)


class Generations:
    """Reads all generations, once a run at most; their list is kept when all of them are."""

    def __init__(
        self, api: str, keep: bool, push: Callable[[Job], None], write: Callable[[Entry], None]
    ) -> None:
        self._api, self._keep = api, keep
        self._push, self._write = push, write
        self._rows: tuple[Reference, ...] = ()
        self._awaited: set[int] = set()

    @property
    def are_kept(self) -> bool:
        """Tell whether their documents are here, or are not to be."""
        return not self._keep or database.has_list(Kind.GENERATION)

    def job(self) -> ResourceJob:
        """Return the job that reads their list."""
        return ResourceJob(Kind.LIST, urljoin(self._api, "generation/?limit=100"))

    def take(self, found: ListPage | Group) -> None:
        """Push a job for each generation of the list, or write one of them."""
        self._take_list(found) if isinstance(found, ListPage) else self._take(found)

    def _take_list(self, page: ListPage) -> None:
        self._rows, self._awaited = page.rows, {row.id for row in page.rows}
        for row in page.rows:
            url = urljoin(self._api, f"generation/{row.id}/")
            self._push(ResourceJob(Kind.GENERATION, url))

    def _take(self, group: Group) -> None:
        for document in of_record(Kind.GENERATION, group):
            self._write(document)
        self._write(Members(group.id, [row.name for row in group.members]))
        self._awaited.discard(group.id)
        if self._keep and not self._awaited:
            self._write(of_list(self._api, Kind.GENERATION, self._rows))
