"""The table of faults in docs/ says nothing that no test holds."""

import re

from ..support.site import ROOT

_ROWS = {"H": 15, "C": 11, "N": 5, "P": 11, "D": 6, "S": 8, "K": 8, "X": 13, "O": 8}
_TEXT = (ROOT / "docs/faults.md").read_text()


def test_every_fault_has_its_row_and_a_test() -> None:
    """Each id from H1 to O8 begins one row of the table, and that row names a test."""
    rows = dict(re.findall(r"^\| ([A-Z]\d+) \|(.*)$", _TEXT, re.M))
    assert list(rows) == [f"{name}{n}" for name, most in _ROWS.items() for n in range(1, most + 1)]
    assert [name for name, row in rows.items() if "`test_" not in row] == []


def test_every_test_that_the_table_names_exists() -> None:
    """Each name of a test in the table is that of a function in tests/faults."""
    modules = (ROOT / "tests/faults").glob("test_*.py")
    known = {
        name for path in modules for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", _TEXT))
    assert named - known == set()
    assert {name for name in known - named if "table" not in name} <= {
        "test_the_fuse_burns_only_where_it_is_told_to",
        "test_every_fault_has_its_row_and_a_test",
        "test_a_mirror_of_faulty_replies_becomes_whole",
        "test_after_a_storm_one_run_makes_the_mirror_whole",
        "test_what_a_storm_changes_is_seen",
    }
