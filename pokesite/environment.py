"""The environment in, settings out; a value that makes no sense is ImproperlyConfigured, in a line.

``manage.py`` shows that line and ends with 2.
"""

import re
import warnings
import zoneinfo
from pathlib import Path
from typing import Any, NoReturn

import environ
from django.core.exceptions import ImproperlyConfigured

from sprites.errors import nearest, without_user

_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0", "")
_HOST = re.compile(r"\*|\.?[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?\.?|\[[0-9a-fA-F:.]+\]")
_ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


class Environment(environ.Env):  # type: ignore[misc] # it has no types
    """Reads variables of the environment, each kind by a method; ``default`` is for one not set."""

    def read_file(self, path: Path) -> None:
        """Take from a file what the environment does not say."""
        try:
            self.read_env(path)
        except ValueError:
            raise ImproperlyConfigured(f"{path} is not in UTF-8") from None

    def bool(self, name: str, default: bool) -> bool:
        """Return whether something is on."""
        value = self.str(name, default="on" if default else "off")
        if value.lower() not in _TRUE + _FALSE:
            _refuse(name, value, "true or false")
        return value.lower() in _TRUE

    def hosts(self, name: str, default: list[str]) -> list[str]:
        """Return names of hosts, separated by commas."""
        hosts = [host.strip() for host in self.list(name, default=default)]
        for host in hosts:
            if not _HOST.fullmatch(host):
                _refuse(name, host, "hosts such as example.com, .example.com or [::1]; no port")
        return hosts

    def folder(self, name: str, default: Path) -> str:
        """Return the path of a folder, which may be made later."""
        value: str = self.str(name, default=str(default))
        if not value.strip():
            _refuse(name, value, "the path of a folder")
        return value

    def time_zone(self, name: str, default: str) -> str:
        """Return the name of a time zone that this machine knows."""
        value: str = self.str(name, default=default)
        try:
            zoneinfo.ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            near = nearest(value, zoneinfo.available_timezones())
            _refuse(name, value, f"a time zone such as America/Sao_Paulo{near}")
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Return where the database is; SQLite gets what lets readers and the writer work at once.

        The value is told without its user and password.
        """
        url = self.str(name, default=default)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is told in a line
            try:
                config: dict[str, Any] = self.db_url_config(url)
            except ValueError:
                config = {}
        if config.get("ENGINE") not in _ENGINES:
            allowed = "sqlite:///PATH or postgres://HOST/NAME"
            _refuse(name, without_user(url), allowed)
        if config["ENGINE"].endswith("sqlite3"):
            config["OPTIONS"] = {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                "timeout": 20,
            }
        return config

    def path(self, name: str, default: str) -> str:
        """Return the dotted path of a class."""
        value: str = self.str(name, default=default)
        if "." not in value or not all(part.isidentifier() for part in value.split(".")):
            _refuse(name, value, f"the dotted path of a class such as {default}")
        return value


def _refuse(name: str, value: str, allowed: str) -> NoReturn:
    raise ImproperlyConfigured(f"{name} is {value!r}; allowed: {allowed}")
