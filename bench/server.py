"""Whether the server is the limit: what wrk, a client in C, gets from it.

In: a Lab. Out: Findings, a table of requests a second; without wrk a table that says so.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .findings import Findings, Table
from .lab import Lab
from .nginx import LATENCY

CASES = (("at once", 8), ("at once", 32), ("50 ms", 8), ("50 ms", 32), ("50 ms", 128))
COLUMNS = ("nginx answers", "connections", "requests a second", "the most that 50 ms allows")
NOTE = """\
What `wrk -t1 -c N -d3` gets, which asks for the same sprites one after another and throws them
away. Command: `python -m bench server`."""
_SCRIPT = """
local paths, at = {}, 0
for path in io.lines("%s") do paths[#paths + 1] = path end
function request() at = at %% #paths + 1; return wrk.format("GET", paths[at]) end
"""


def measure(lab: Lab, rounds: int) -> Findings:
    """Ask as fast as wrk can, once a case."""
    if shutil.which("wrk") is None:
        rows = [["wrk is not installed: apt-get install wrk", "", "", ""]]
    else:
        rows = [_row(lab, *case) for case in CASES]
    return Findings(tables=[Table("The server alone", NOTE, COLUMNS, rows)])


def _row(lab: Lab, delay: str, connections: int) -> list[str]:
    url = lab.nginx.url if delay == "at once" else lab.nginx.slow_url
    _, rate = ask(lab.work, url, lab.tree.paths, connections, seconds=3)
    most = f"{connections / LATENCY:,.0f}" if delay != "at once" else ""
    return [delay, str(connections), f"{rate:,.0f}", most]


def ask(
    work: Path, url: str, paths: Sequence[str], connections: int, seconds: int, more: str = ""
) -> tuple[int, float]:
    """Let wrk ask for paths by turns; return how many requests it made, and how many a second.

    ``more`` is Lua that its script has beside.
    """
    script, file = work / "paths.lua", work / "paths.txt"
    file.write_text("\n".join(paths))
    script.write_text(_SCRIPT % file + more)
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", str(script), url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    return int(_figure(r"(\d+) requests in", said)), _figure(r"Requests/sec:\s+([\d.]+)", said)


def _figure(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    assert found is not None, said
    return float(found[1])
