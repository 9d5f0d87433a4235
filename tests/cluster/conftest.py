"""A mirror that is driven by real processes, and a cluster for it."""

from collections.abc import Iterator

import pytest

from ..faults.conftest import ideal, shell_lab, untouched
from ..faults.lab import ShellLab
from .nodes import Nodes

__all__ = ["ideal", "shell_lab", "untouched"]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Two workers of two threads, which no test of a module may kill."""
    with Nodes(tmp_path_factory.mktemp("cluster")) as nodes:
        nodes.add(2)
        yield nodes


@pytest.fixture
def mortals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A scheduler without workers, whose cluster may be killed."""
    with Nodes(tmp_path_factory.mktemp("mortals")) as nodes:
        yield nodes


@pytest.fixture
def lab(shell_lab: ShellLab) -> ShellLab:
    """A mirror whose runs are slow enough to be met in the middle."""
    shell_lab.site.environment["SPRITES_EXECUTOR"] = "dask"
    return shell_lab
