"""``Store``: a site's media storage as a worker uses it, where a file is saved whole or not at all.

It travels to the workers. Of a folder it carries Django's storage with its settings resolved, since
a worker has no settings or other ones; of any other backend only the alias, so that no credential
leaves the parent.
"""

import contextlib
import errno
import hashlib
import io
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import NamedTuple

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages

from ..errors import Code, SpritesError, UsageError
from .naming import OURS, ROOT

INCOMING = f"{ROOT}/.incoming"
"""Where files are written before they get their names; nothing in it outlives a run."""

_LISTERS, _AT_ONCE = 8, 32
"""Threads that list folders, and folders whose names are held at once."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # or Windows changes bytes

_FATAL = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
    | {errno.ENOTDIR, errno.EISDIR, errno.EIO}
)
"""Errors that the next file would meet as well: the run stops at the first."""


class _Incoming(File):  # type: ignore[type-arg]
    """A finished file beside the storage's own, which the storage renames into place."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(io.BytesIO(data), path)
        self._path = path

    def temporary_file_path(self) -> str:
        """Return where the file stands; its presence makes FileSystemStorage move, not copy."""
        return self._path


class Store(NamedTuple):
    """A site's storage: that of a folder itself, or the alias in STORAGES of any other."""

    backend: FileSystemStorage | str

    @classmethod
    def connect(cls, alias: str) -> "Store":
        """Return the store behind an alias of STORAGES; raises UsageError where there is none."""
        try:
            storage = storages[alias]
        except InvalidStorageError as error:
            raise UsageError(f"SPRITES: STORAGE is {alias!r}: {error}") from None
        if not isinstance(storage, FileSystemStorage):
            return cls(alias)
        if not storage.base_location:  # Django would take the current folder
            raise UsageError(f"SPRITES: STORAGE is {alias!r}, which has no folder: set MEDIA_ROOT")
        return cls.of(storage)

    @classmethod
    def of(cls, storage: FileSystemStorage) -> "Store":
        """Return the store of a folder, with what its storage reads from settings resolved now."""
        # These are cached properties: read here, they travel with the storage.
        _ = (storage.location, storage.base_url, storage.file_permissions_mode)
        _ = storage.directory_permissions_mode
        return cls(storage)

    @property
    def storage(self) -> Storage:
        """Return Django's storage, looked up in this process where only its alias travelled."""
        return storages[self.backend] if isinstance(self.backend, str) else self.backend

    @property
    def is_local(self) -> bool:
        """Tell whether looking at every file is cheap, because they are in a folder."""
        return isinstance(self.backend, FileSystemStorage)

    def put(self, name: str, data: bytes, *, ours: bool = False) -> str:
        """Store bytes whole or not at all, and return the name that the storage gave them.

        A file of that name with the same bytes is kept. One with other bytes is replaced if it is
        ``ours``, which means that a row points to it and it is damaged, or if the site's storage
        overwrites files. Raises SpritesError.
        """
        with self._errors(name):
            if ours:
                self.storage.delete(name)
            # The storage looks whether the name is free; to look here would be one more request.
            given = self._save(name, data)
            if given == name or self.digest(name) != hashlib.sha256(data).hexdigest():
                return given
            self.storage.delete(given)
            return name

    def _save(self, name: str, data: bytes) -> str:
        if not isinstance(self.backend, FileSystemStorage):
            return self.storage.save(name, ContentFile(data))
        # Sixteen folders: in a single one, processes wait for each other to create a file.
        part = os.urandom(16).hex()
        path = f"{self.backend.location}/{INCOMING}/{part[0]}/{part}.part"
        try:
            _in_folder(path, partial(_write, path, data))
            return self._linked(path, name) or self.backend.save(name, _Incoming(path, data))
        finally:
            with contextlib.suppress(OSError):  # Django may have moved it away
                os.unlink(path)

    def _linked(self, path: str, name: str) -> str:
        """Give a finished file a name of ours, too, and return it; "" leaves that to Django.

        Django takes three times as long: it looks for each folder, and for a name that is free.
        """
        backend, target = self.backend, self._place(name)
        if type(backend) is not FileSystemStorage or not OURS.fullmatch(name):
            return ""
        if backend.directory_permissions_mode is not None:
            return ""
        try:
            if backend.file_permissions_mode is not None:
                os.chmod(path, backend.file_permissions_mode)
            _in_folder(target, partial(os.link, path, target))
        except OSError:  # the name is taken, or there are no links here
            return ""
        return name

    def read(self, name: str) -> bytes:
        """Return the bytes of a file; raises SpritesError where it can't be read."""
        with self._errors(name), self.storage.open(name) as file:
            data: bytes = file.read()
            return data

    def holds(self, name: str, size: int | None) -> bool:
        """Tell whether a file is there and has its size."""
        try:
            return self.storage.size(name) == size
        except Exception:  # a backend's own errors: whatever they are, the file is not usable
            return False

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a stored file, or "" where it can't be read."""
        try:
            return hashlib.sha256(self.read(name)).hexdigest()
        except SpritesError:
            return ""

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone already is fine."""
        with self._errors(name):
            self.storage.delete(name)

    def incoming(self) -> Iterator[str]:
        """Yield the names of files that a killed run left half-written."""
        return self._files(INCOMING)

    def sprites(self) -> Iterator[str]:
        """Yield the names of all files that look like a sprite's, folder by folder."""
        return filter(OURS.fullmatch, self._files(ROOT))

    def is_empty(self) -> bool:
        """Tell that there is no file of ours, as far as the storage can say."""
        with contextlib.suppress(SpritesError):
            return next(chain(self.incoming(), self.sprites()), None) is None
        return False

    def wrote(self, name: str) -> bool:
        """Tell whether a file is one that we wrote: its name carries the head of its hash."""
        found = OURS.fullmatch(name)
        return found is not None and self.digest(name).startswith(found[1])

    @contextlib.contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        """Turn what any backend raises into SpritesError; a full disk ends the run."""
        try:
            yield
        except SpritesError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            fatal = error.errno in _FATAL
            raise SpritesError(
                Code.STORAGE, f"{self._place(name)}: {reason}", fatal=fatal
            ) from None
        except Exception as error:  # an S3 client's errors share no base with anything
            detail = f"{name}: {type(error).__name__}: {str(error)[:200]}"
            raise SpritesError(Code.STORAGE, detail, fatal=_is_refusal(error)) from None

    def _place(self, name: str) -> str:
        """Return where a file would be, as people look for it."""
        if isinstance(self.backend, FileSystemStorage):
            return os.path.join(self.backend.location, name)
        return name

    def _files(self, root: str) -> Iterator[str]:
        """Yield the files below a folder; some folders are listed at once: each is a request."""
        folders = deque([root])
        with ThreadPoolExecutor(_LISTERS) as pool:
            while folders:
                some = [folders.popleft() for _ in range(min(len(folders), _AT_ONCE))]
                for folder, (inner, files) in zip(some, pool.map(self._listdir, some), strict=True):
                    yield from (f"{folder}/{file}" for file in files)
                    folders += (f"{folder}/{name}" for name in inner)

    def _listdir(self, folder: str) -> tuple[list[str], list[str]]:
        with self._errors(folder):
            try:
                return self.storage.listdir(folder)
            except (OSError, NotImplementedError):
                return [], []


def _is_refusal(error: Exception) -> bool:
    """Tell whether an S3 client's error is a refusal: of the credentials, or of the bucket."""
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    status: int = metadata.get("HTTPStatusCode", 0)
    return 400 <= status < 500


def _write(path: str, data: bytes) -> None:
    """Write a new file; ``open`` would ask the system three more things about it."""
    file, left = os.open(path, _NEW, 0o666), memoryview(data)
    try:
        while left:  # of a file that gets too large for a quota, a part is written first
            left = left[os.write(file, left) :]
    finally:
        os.close(file)


def _in_folder(path: str, create: Callable[[], None]) -> None:
    """Create a file at a path, and its folder where that is the first file in it."""
    try:
        create()
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        create()
