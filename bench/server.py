"""Whether the server is the limit: what wrk, a client in C, gets from it.

In: a Lab. Out: Findings, a table of requests a second; without wrk a table that says so.
"""

import re
import shutil
import subprocess

from .findings import Findings, Table
from .lab import Lab
from .nginx import LATENCY

CASES = (("at once", 8), ("at once", 32), ("50 ms", 8), ("50 ms", 32), ("50 ms", 128))
COLUMNS = ("nginx answers", "connections", "requests a second", "the most that 50 ms allows")
NOTE = """\
What `wrk -t1 -c N -d3` gets, which asks for the same sprites one after another and throws them
away. Command: `python -m bench server`."""
SCRIPT = """
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
    script, paths = lab.work / "paths.lua", lab.work / "paths.txt"
    paths.write_text("\n".join(lab.tree.paths))
    script.write_text(SCRIPT % paths)
    url = lab.nginx.url if delay == "at once" else lab.nginx.slow_url
    words = ["wrk", "-t1", f"-c{connections}", "-d3", "-s", str(script), url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    assert "Non-2xx" not in said, said
    most = f"{connections / LATENCY:,.0f}" if delay != "at once" else ""
    return [delay, str(connections), f"{float(found[1]):,.0f}", most]
