"""One job on an executor, as the command's workers do it, without the command and its database."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sprites.worker.job import Context, run_job
from sprites.worker.records import Policy, SpriteJob
from sprites.worker.storage import Store

server = sys.argv[1] if sys.argv[1:] else "http://127.0.0.1:8765"
folder = sys.argv[2] if sys.argv[2:] else "media/lesson"

settings.configure()  # Django's storage wants settings; the defaults will do
context = Context(Policy(origins=frozenset({server})), Store.of(FileSystemStorage(folder)))
job = SpriteJob(25, "front_default", f"{server}/sprites/pokemon/25.png")
with ThreadPoolExecutor(8) as executor:
    outcome = executor.submit(run_job, context, job).result()
print(outcome.failure or outcome.result)
