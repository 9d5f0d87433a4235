"""Sprites in S3: how little is asked of it, what comes of its faults, and that no key travels."""

from collections import Counter
from pathlib import Path

import pytest
from django.core.files.storage import storages
from pytest_django import Settings

from sprites.testing import PokeAPI

from ..support.site import ROOT, ShellSite, Site
from .listening import TRAVELLED
from .s3 import KEY, SECRET, Bucket

SELECTION = ("--ids", "1-4")


@pytest.fixture
def bucket(site: Site, s3: Bucket, settings: Settings) -> Bucket:
    """The bucket in which the site in this process has its media."""
    settings.STORAGES = {**settings.STORAGES, "default": s3.storage}
    return s3


def test_a_stored_sprite_takes_one_request(site: Site, bucket: Bucket) -> None:
    """Nothing is asked before a sprite is stored; afterwards only whether it is there."""
    site.run("1")  # whatever only a first run does
    bucket.server.requests.clear()
    run = site.run(*SELECTION)
    assert (run.exit_code, run.sprites["stored"]) == (0, 3)
    asked = Counter(method for method, path in bucket.server.requests if ".probe" not in path)
    assert asked == {"PUT": 3, "HEAD": 1}
    bucket.server.requests.clear()
    assert site.run(*SELECTION).sprites["unchanged"] == 4
    asked = Counter(method for method, path in bucket.server.requests if ".probe" not in path)
    assert asked == {"HEAD": 4}


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_verify_mends_what_is_damaged(site: Site, bucket: Bucket, damage: str) -> None:
    """``--verify`` reads each object and fetches those anew that are not what was stored."""
    site.run(*SELECTION)
    whole = bucket.files()
    name = sorted(whole)[0]
    if damage == "cut":
        bucket.put(name, whole[name][:-20])
    else:
        storages["default"].delete(name)
    run = site.run(*SELECTION, "--verify")
    assert (run.exit_code, run.report["repaired"]) == (0, 1)
    assert bucket.files() == whole


def test_stray_objects_are_swept(site: Site, bucket: Bucket) -> None:
    """``--prune`` deletes files of ours that no row points to, and nothing that is not ours."""
    site.run(*SELECTION)
    whole = bucket.files()
    kept = {"avatar.png": b"hello", "sprites/1/notes.txt": b"hello"}
    for name in ("sprites/1/front_shiny.2cf24dba.png", "sprites/.incoming/0.part", *kept):
        bucket.put(name, b"hello")
    assert site.run(*SELECTION, "--prune").exit_code == 0
    assert bucket.files() == whole | kept


def test_no_credential_travels_to_a_worker(site: Site, bucket: Bucket) -> None:
    """What is handed to an executor has the storage's alias in it, and no key."""
    TRAVELLED.clear()
    run = site.run(*SELECTION, "--executor", "tests.storages.listening.Listening")
    assert run.exit_code == 0, run.stderr
    assert len(TRAVELLED) > 4
    assert KEY in str(bucket.storage)
    assert SECRET in str(bucket.storage)
    for packed in TRAVELLED:
        assert KEY.encode() not in packed
        assert SECRET.encode() not in packed


def test_a_bucket_that_is_slow_costs_the_sprites_alone(site: Site, bucket: Bucket) -> None:
    """A 503 that outlives the client's own retries fails its sprite; the next run stores it."""
    bucket.server.refuse("PUT *.png", "503 Slow Down", "SlowDown")
    run = site.run(*SELECTION)
    assert (run.exit_code, run.codes) == (1, {"storage": 4})
    assert "SlowDown" in run.report["failures"][0]["detail"]
    site.api.clear_log()
    bucket.server.clear()
    assert site.run(*SELECTION).sprites["stored"] == 4
    assert len(bucket.files()) == 4


def test_a_bucket_that_refuses_ends_the_run(site: Site, bucket: Bucket) -> None:
    """Access that is denied in the middle of a run would be denied to every file: exit 3."""
    bucket.server.refuse("PUT *.png", "403 Forbidden", "AccessDenied")
    run = site.run("--limit", "30", "--workers", "2")
    assert run.exit_code == 3
    assert "AccessDenied" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.sprites["not_tried"] > 0
    bucket.server.clear()
    assert site.run("--limit", "30").sprites["stored"] == 30


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ("PUT *", "404 Not Found", "NoSuchBucket"),
        ("PUT *", "403 Forbidden", "InvalidAccessKeyId"),
        ("PUT *", "503 Slow Down", "SlowDown"),
        ("DELETE *", "403 Forbidden", "AccessDenied"),
        ("HEAD *", "403 Forbidden", ""),
    ],
)
def test_a_bucket_that_is_of_no_use_is_known_before_any_request(
    site: Site, bucket: Bucket, request_: str, status: str, code: str
) -> None:
    """No bucket, a wrong key, or a policy that lacks a right: exit 2 with one line that says so."""
    bucket.server.refuse(request_, status, code)
    run = site.run(*SELECTION)
    assert run.exit_code == 2
    assert code in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert site.api.requests() == []


def test_an_s3_that_is_not_there_is_known_before_any_request(
    shell: ShellSite, s3: Bucket, api: PokeAPI
) -> None:
    """What a user sees is one line, and exit 2."""
    shell.environment |= s3.environment
    shell.environment["STORAGE"] = shell.environment["STORAGE"].replace(
        s3.server.url, "http://127.0.0.1:9"
    )
    run = shell.fetch(*SELECTION)
    assert run.exit_code == 2
    assert "EndpointConnectionError" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert api.requests() == []


def test_processes_can_not_share_a_memory(shell: ShellSite, api: PokeAPI) -> None:
    """What a worker stores in its own memory the parent can't see: exit 2 with one line."""
    shell.environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.storages.settings",
        "STORAGE": '{"BACKEND": "django.core.files.storage.InMemoryStorage"}',
    }
    run = shell.fetch(*SELECTION, "--executor", "processes")
    assert run.exit_code == 2
    assert "'processes'" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert api.requests() == []


def test_no_migration_names_a_backend(shell: ShellSite, s3: Bucket) -> None:
    """A site may choose its storage, and another one later, without a migration."""
    shell.environment |= s3.environment
    done = shell.manage("makemigrations", "--check", "--dry-run", "sprites")
    assert done.returncode == 0, done.stdout + done.stderr
    for path in Path(ROOT, "sprites/migrations").glob("*.py"):
        assert "Storage" not in path.read_text()
