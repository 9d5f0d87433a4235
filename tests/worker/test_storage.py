"""Files: whole or not at all, under names of our own, and never over somebody else's."""

import errno
import hashlib
import os
import pickle
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from pytest_django import Settings

from sprites.errors import Code, SpritesError, UsageError
from sprites.worker.naming import file_name
from sprites.worker.storage import INCOMING, Store

DATA = b"some bytes"
SHA256 = hashlib.sha256(DATA).hexdigest()
NAME = file_name(25, "other/home/front_shiny", SHA256, "png")


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Store:
    """A store in a folder, and one in a backend that is known by its alias only."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "memory": memory}
    if request.param == "memory":
        return Store.connect("memory")
    return Store(FileSystemStorage(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Store:
    """A store in a folder."""
    return Store(FileSystemStorage(tmp_path))


def files(path: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    found = (item for item in path.rglob("*") if item.is_file())
    return {item.relative_to(path).as_posix(): item.read_bytes() for item in found}


def test_a_name_is_made_of_id_key_and_hash() -> None:
    """Readable, cacheable for ever, and nothing in it comes from upstream unchecked."""
    assert f"sprites/25/other/home/front_shiny.{SHA256[:8]}.png" == NAME


def test_what_is_put_can_be_read(store: Store) -> None:
    """The bytes come back as they went in, with their size and hash."""
    assert store.put(NAME, DATA) == NAME
    assert store.read(NAME) == DATA
    assert store.holds(NAME, len(DATA))
    assert not store.holds(NAME, len(DATA) + 1)
    assert store.digest(NAME) == SHA256
    assert store.wrote(NAME)


def test_what_is_not_there_is_no_error_to_ask_for(store: Store) -> None:
    """A missing file has no size and no hash, and may be deleted again."""
    assert not store.holds(NAME, 1)
    assert store.digest(NAME) == ""
    store.delete(NAME)
    with pytest.raises(SpritesError) as caught:
        store.read(NAME)
    assert caught.value.code is Code.STORAGE


def test_the_same_bytes_are_adopted(store: Store) -> None:
    """A file that a killed run left under its right name is taken as it is."""
    first = store.put(NAME, DATA)
    before = store.storage.get_modified_time(NAME)
    assert store.put(NAME, DATA) == first
    assert store.storage.get_modified_time(NAME) == before


def test_a_foreign_file_is_left_alone(store: Store) -> None:
    """Other bytes under our name are not ours: they stay, and ours get another name."""
    store.put(NAME, b"somebody else's")
    name = store.put(NAME, DATA)
    assert name != NAME
    assert (store.read(NAME), store.read(name)) == (b"somebody else's", DATA)
    assert not store.wrote(NAME)
    assert store.wrote(name)


def test_our_damaged_file_is_replaced(store: Store) -> None:
    """Where a row points to it, the damaged file goes and the good one has its name."""
    store.put(NAME, b"damaged")
    assert store.put(NAME, DATA, ours=True) == NAME
    assert store.read(NAME) == DATA


def test_nothing_half_written_stays(folder: Store, tmp_path: Path) -> None:
    """Where a file can't be written to its end, neither a part nor a temporary file is left."""
    with _small_files(100), pytest.raises(SpritesError) as caught:
        folder.put(NAME, bytes(5000))
    assert caught.value.code is Code.STORAGE
    assert files(tmp_path) == {}
    folder.put(NAME, DATA)
    assert files(tmp_path) == {NAME: DATA}


@contextmanager
def _small_files(most: int) -> Iterator[None]:
    """Let the system refuse to write files of more bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_good_file_outlives_a_failed_replacement(folder: Store) -> None:
    """The new file is complete before the old one is touched: another name, another file."""
    folder.put(NAME, DATA)
    other = file_name(25, "other/home/front_shiny", "0" * 64, "png")
    with _small_files(100), pytest.raises(SpritesError):
        folder.put(other, bytes(5000))
    assert folder.read(NAME) == DATA
    assert not folder.storage.exists(other)


@pytest.mark.parametrize("blocked", [".", "sprites", "sprites/25"])
def test_a_file_where_a_folder_must_be_ends_the_run(tmp_path: Path, blocked: str) -> None:
    """Every other file would meet the same: the error is fatal and names the path."""
    media = tmp_path / "media"
    path = media / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    with pytest.raises(SpritesError) as caught:
        Store(FileSystemStorage(media)).put(NAME, DATA)
    assert (caught.value.code, caught.value.fatal) == (Code.STORAGE, True)
    assert str(media) in caught.value.detail


def test_many_may_put_the_same_bytes_at_once(folder: Store, tmp_path: Path) -> None:
    """Two workers with the same file do not write into each other's."""
    data = os.urandom(200_000)
    name = file_name(1, "front_default", hashlib.sha256(data).hexdigest(), "png")
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: folder.put(name, data), range(40)))
    assert name in names
    assert dict.fromkeys(names, data) == files(tmp_path)
    assert not list(folder.incoming())


def test_permissions_are_those_that_the_site_chose(tmp_path: Path) -> None:
    """A file that was renamed into place has the mode of an upload, not of a temporary file."""
    store = Store(FileSystemStorage(tmp_path, file_permissions_mode=0o640))
    path = tmp_path / store.put(NAME, DATA)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_permissions_of_folders_are_those_that_the_site_chose(tmp_path: Path) -> None:
    """A site that wants other folders gets each of them so, as from Django."""
    store = Store(FileSystemStorage(tmp_path, directory_permissions_mode=0o750))
    path = tmp_path / store.put(NAME, DATA)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:3]} == {0o750}


def test_a_file_system_without_links_is_written_to(
    folder: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file can't have two names, it is moved to its own."""

    def refuse(*_: str) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    assert folder.put(NAME, DATA) == NAME
    assert files(tmp_path) == {NAME: DATA}


def test_a_store_takes_its_folder_along(settings: Settings, tmp_path: Path) -> None:
    """A worker in another process writes where the parent would, whatever its settings say."""
    settings.MEDIA_ROOT = str(tmp_path / "parent")
    travelled = pickle.dumps(Store.connect("default"))
    settings.MEDIA_ROOT = str(tmp_path / "child")
    store: Store = pickle.loads(travelled)
    store.put(NAME, DATA)
    assert list(files(tmp_path)) == [f"parent/{NAME}"]
    assert store.is_local


def test_another_backend_travels_as_its_alias(store: Store) -> None:
    """No object of a remote backend, and so no credential, goes to a worker."""
    if not store.is_local:
        assert store == Store("memory")
        assert isinstance(store.storage, InMemoryStorage)


def test_an_alias_that_there_is_not_is_wrong_input() -> None:
    """A store that STORAGES does not have can't be connected."""
    with pytest.raises(UsageError, match="'nowhere'"):
        Store.connect("nowhere")


@pytest.mark.parametrize(
    "name",
    [
        "sprites/25/front_default.3f2a9c1b.png",
        "sprites/25/versions/generation-v/black-white/animated/front.00000000.gif",
        "sprites/25/front_default.3f2a9c1b_SvgkleY.webp",
        "sprites/10001/other/home/front_default.3f2a9c1b.jpg",
        "sprites/mine/front_default.3f2a9c1b.png",
    ],
)
def test_our_own_files_are_listed(folder: Store, tmp_path: Path, name: str) -> None:
    """A name that we would give is looked at when stray files are swept."""
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    assert list(folder.sprites()) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "front_default.3f2a9c1b.png",
        "sprites/notes.txt",
        "sprites/25/notes.txt",
        "sprites/25/front_default.png",
        "sprites/25/front_default.3f2a9c1.png",
        "sprites/25/front_default.3F2A9C1B.png",
        "sprites/25/.hidden.3f2a9c1b.png",
        "sprites2/25/front_default.3f2a9c1b.png",
    ],
)
def test_the_files_of_others_are_not(folder: Store, tmp_path: Path, name: str) -> None:
    """What does not look like ours is nobody's business here."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(DATA)
    assert list(folder.sprites()) == []
    assert list(folder.incoming()) == []


def test_half_written_files_are_listed(folder: Store, tmp_path: Path) -> None:
    """Whatever lies in the incoming folder is what a killed run left there."""
    path = tmp_path / INCOMING / "0123.part"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"ha")
    assert list(folder.incoming()) == [f"{INCOMING}/0123.part"]


def test_an_empty_storage_has_nothing_to_list(store: Store) -> None:
    """Before the first run there is not even a folder."""
    assert list(store.sprites()) == list(store.incoming()) == []
