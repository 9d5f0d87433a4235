"""An attempt leaves nothing for the collector of garbage, which comes late in a run."""

import gc
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from sprites.errors import Code
from sprites.testing import PokeAPI
from sprites.worker.job import Context, run_job
from sprites.worker.records import SpriteJob
from sprites.worker.storage import Store
from sprites.worker.transport import client

from ..support.policies import policy_for
from ..support.site import until

PNG, GIF = "/sprites/pokemon/7.png", "/sprites/pokemon/other/showdown/7.gif"
SVG = "/sprites/pokemon/other/dream-world/7.svg"


@pytest.mark.parametrize(
    ("path", "fault", "code"),
    [
        (PNG, {}, None),
        (GIF, {}, None),
        (SVG, {}, None),
        (SVG, {"body": "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"}, Code.UNSAFE_SVG),
        (SVG, {"truncate": 0.5, "no_length": True}, Code.BAD_IMAGE),
        (PNG, {"truncate": 0.5}, Code.TRUNCATED),
        (PNG, {"reset": "middle"}, Code.CONNECTION),
        (PNG, {"close_idle": True}, None),
        (PNG, {"status": 503}, Code.HTTP_5XX),
        (PNG, {"redirect": "/nowhere"}, Code.NOT_FOUND),
    ],
    ids=str,
)
def test_an_attempt_leaves_no_garbage(
    api: PokeAPI, tmp_path: Path, path: str, fault: dict[str, Any], code: Code | None
) -> None:
    """A parser of XML, and a connection that was closed, go at once: thousands would take room."""
    context = Context(policy_for(api), Store.of(FileSystemStorage(tmp_path)))
    job = SpriteJob(7, "front_default", api.origin + path)
    if fault:
        api.fault(path, **fault)
    run_job(context, job)
    if "close_idle" in fault:  # the server hangs up a moment after its reply
        until(lambda: all(connection.is_stale for connection in client()._idle[-1:]))
    gc.collect()
    gc.disable()
    try:
        outcome = run_job(context, job)
        assert (outcome.failure and outcome.failure.code) == code
        assert gc.collect() == 0
    finally:
        gc.enable()
