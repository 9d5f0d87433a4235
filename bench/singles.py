"""What one GET, one image and one file cost us, and the usual way: CPU of one thread.

In: a Lab and a number of rounds. Out: Findings with a table. Each is done for every sprite of the
tree, by a process of its own: ``python -m bench.singles URL TREE FOLDER``.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from . import cost
from .findings import Findings, Spread, Table
from .lab import Lab

NOTE = """\
{count} sprites, one after another on one thread, {rounds} rounds: µs of CPU a sprite, the kernel's
share included; median (minimum–maximum). Command: `python -m bench singles --rounds {rounds}`."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Do each thing some rounds."""
    paths, figures = lab.work / "paths.txt", dict[str, list[float]]()
    paths.write_text("\n".join(lab.tree.paths))
    for number in range(rounds):
        folder = lab.work / f"singles-{number}"
        words = [lab.nginx.url, str(lab.tree.root), str(paths), str(folder)]
        said = cost.run([sys.executable, "-m", "bench.singles", *words]).output
        for name, figure in json.loads(said).items():
            figures.setdefault(name, []).append(figure)
    rows = [(*name.split(": "), f"{Spread.of(each):.0f}") for name, each in figures.items()]
    note = NOTE.format(count=len(lab.tree.paths), rounds=rounds)
    return Findings((), [Table("One thing at a time", note, ("what", "how", "µs"), rows)])


def main(url: str, tree: str, paths: str, folder: str) -> None:
    """Do each thing once for every sprite, and print what it cost."""
    names = Path(paths).read_text().split()
    data = [(Path(tree) / name.lstrip("/")).read_bytes() for name in names]
    things: dict[str, Callable[[Any], object]] = {}
    things |= {**_gets(url), **_looks(), **_files(Path(folder))}
    wanted: dict[str, list[Any]] = {
        "one GET": [url + name for name in names],
        "one file": list(zip(_names(), data, strict=False)),
    }
    print(json.dumps({name: _cost(do, wanted.get(name.partition(":")[0], data))
                      for name, do in things.items()}))  # fmt: skip


def _cost(do: Callable[[Any], object], things: list[Any]) -> float:
    """Return the µs of CPU that a thing takes, on average."""
    began = time.process_time()
    for each in things:
        do(each)
    return (time.process_time() - began) / len(things) * 1e6


def _gets(origin: str) -> dict[str, Callable[[str], object]]:
    import requests

    from sprites.worker import http
    from sprites.worker.records import Policy

    policy = Policy(origins=frozenset({origin}), allow_private_addresses=True)
    session, usage = requests.Session(), http.Usage()
    return {
        "one GET: ours": lambda url: http.get(url, policy, policy.max_image_bytes, usage),
        "one GET: requests.Session": lambda url: session.get(url, timeout=30).content,
    }


def _looks() -> dict[str, Callable[[bytes], object]]:
    from sprites.worker.images import inspect
    from sprites.worker.records import Policy

    from .careful import inspect as whole

    return {"one image: ours": partial(inspect, policy=Policy()), "one image: Pillow": whole}


def _files(folder: Path) -> dict[str, Callable[[tuple[str, bytes]], object]]:
    os.environ.update(DJANGO_SETTINGS_MODULE="pokesite.settings", SECRET_KEY="only for this")
    import django
    from django.core.files.base import ContentFile
    from django.core.files.storage import FileSystemStorage

    from sprites.worker.storage import Store

    django.setup()
    one, other = (FileSystemStorage(folder / name) for name in ("ours", "django"))
    store = Store.of(one)
    return {
        "one file: ours": lambda each: store.put(*each),
        "one file: FileSystemStorage.save": lambda each: other.save(each[0], ContentFile(each[1])),
    }


def _names() -> Iterator[str]:
    """Yield names as sprites have them, fifty to a folder."""
    from sprites.worker.naming import file_name

    number = 0
    while True:
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        yield file_name(number // 50 + 1, f"front_{number % 50}", digest, "png", "")
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
