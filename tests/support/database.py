"""A database of its own for each site under test: a file in its folder, or one on the server.

``DATABASE_URL`` says which: where it names a PostgreSQL server, as under ``python -m
tests.support.postgres``, the databases are made on that server; else they are SQLite files.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

_URL = urlsplit(os.environ.get("DATABASE_URL", ""))


@dataclass(frozen=True)
class SQLite:
    """A file in the site's folder, which goes with the folder."""

    path: Path

    @classmethod
    def create(cls, folder: Path) -> "SQLite":
        """Name the file, which the first connection makes."""
        return cls(folder / "db.sqlite3")

    @property
    def url(self) -> str:
        """Return what DATABASE_URL says of it."""
        return f"sqlite:///{self.path}"

    def copy(self, folder: Path) -> "SQLite":
        """Make a database of the same content for a site in another folder."""
        return SQLite(Path(shutil.copy(self.path, folder)))

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open a connection past Django, which commits each statement."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as line:
            yield line

    def drop(self) -> None:
        """Leave the file to its folder."""


@dataclass(frozen=True)
class PostgreSQL:
    """A database on the tests' server, under a name that nobody else has."""

    name: str

    @classmethod
    def create(cls, folder: Path) -> "PostgreSQL":
        """Make an empty database; the folder does not matter."""
        return cls._create("template0")

    @classmethod
    def _create(cls, template: str) -> "PostgreSQL":
        database = cls(f"site_{uuid4().hex}")
        with cls("postgres").connect() as line:
            line.execute(f"CREATE DATABASE {database.name} TEMPLATE {template}")
        return database

    @property
    def url(self) -> str:
        """Return what DATABASE_URL says of it."""
        return _URL._replace(path=f"/{self.name}").geturl()

    def copy(self, folder: Path) -> "PostgreSQL":
        """Make a database of the same content; nobody may be connected to this one."""
        return self._create(self.name)

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open a connection past Django, which commits each statement."""
        import psycopg  # only here, for who tests on SQLite alone need not have it

        with closing(psycopg.connect(self.url, autocommit=True)) as line:
            yield line

    def drop(self) -> None:
        """Remove it from the server, whoever still uses it."""
        with PostgreSQL("postgres").connect() as line:
            line.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


Database = SQLite | PostgreSQL


def create(folder: Path) -> Database:
    """Make a database without tables, of the kind that the tests run on."""
    return (PostgreSQL if _URL.scheme.startswith("postgres") else SQLite).create(folder)
