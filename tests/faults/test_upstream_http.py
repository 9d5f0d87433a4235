"""H: what upstream's HTTP does wrong, and what comes of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sprites.models import Pokemon, Sprite

from ..support.clock import is_within
from .lab import BACK, DOCUMENT, KEPT, LIST, PNG, HereLab


@pytest.mark.parametrize("http_date", [False, True])
def test_a_pause_holds_back_its_host_only(lab: HereLab, http_date: bool) -> None:
    """H1: a 429 pauses its host for all workers, the other goes on, and nothing fails."""
    pictures = lab.api.origin.replace("127.0.0.1", "localhost")
    lab.options(ALLOWED_ORIGINS=[pictures])
    sprites = f"{lab.api.origin}/sprites"
    lab.api.edit("/api/v2/pokemon/?/", text={sprites: f"{pictures}/sprites"})
    # An HTTP date has whole seconds: one of 3 s may be over after little more than two.
    lab.api.fault("/sprites/*", status=429, retry_after=3, http_date=http_date, times=1)
    run = lab.settle(lab.run("--workers", "1"), 0)
    assert run.sprites["failed"] == 0
    refused = next(entry for entry in lab.api.requests() if entry.status == 429)
    after = [entry for entry in lab.api.requests() if entry.started > (refused.ended or 0)]
    at_once = [entry for entry in after if entry.started < refused.started + 2]
    assert [entry.path for entry in at_once if entry.path.startswith("/api/")]
    assert len([entry for entry in at_once if entry.path.startswith("/sprites/")]) <= 1
    lab.heal("--force")


@pytest.mark.parametrize("retry_after", [0.2, 86_400])
def test_a_host_that_keeps_asking_for_a_pause_ends_the_run(
    lab: HereLab, retry_after: float
) -> None:
    """H2: 429 without end, or for a day, ends the run soon and keeps what was done."""
    lab.api.fault("/sprites/*", status=429, retry_after=retry_after)
    run = lab.settle(lab.run(), 3)
    assert run.sprites["not_tried"] > 0
    assert "asks us to" in run.stderr
    assert len(lab.rows("sprites_pokemon")) > 0
    lab.heal()


def test_an_error_that_passes_is_tried_again(lab: HereLab) -> None:
    """H3: 503, 503, 200 ends in a stored sprite, after growing back-offs."""
    lab.options(RETRIES=2)
    lab.retries = 2
    lab.api.fault(PNG, status=503, times=2)
    run = lab.settle(lab.run(), 0)
    first, second, third = [entry.started for entry in lab.api.requests(PNG)]
    assert second - first >= 0.75
    assert is_within(second - first, 3)
    assert third - second >= 1.5
    assert is_within(third - second, 4)
    assert run.report["retries"] == 2
    lab.heal()


@pytest.mark.parametrize("status", [500, 599])
def test_an_error_that_stays_fails_its_sprite_alone(lab: HereLab, status: int) -> None:
    """H3: a path that always fails is given up after the retries; the good file stands."""
    lab.clean()
    before, files = lab.row(), lab.files()
    lab.options(RETRIES=1)
    lab.api.fault(PNG, status=status)
    run = lab.settle(lab.run("--force"), 1)
    assert run.codes == {"http_5xx": 1}
    assert run.report["failures"][0]["status"] == status
    assert run.report["failures"][0]["attempts"] == 2
    row = lab.row()
    assert row["state"] == "failed"
    assert lab.files() == files
    assert [row[name] for name in KEPT] == [before[name] for name in KEPT]
    lab.heal()


@pytest.mark.parametrize("status", [404, 410])
def test_a_sprite_that_is_gone_upstream_is_missing_and_kept(lab: HereLab, status: int) -> None:
    """H4: one request, counted as missing, row and file kept until it is pruned after its time."""
    lab.clean()
    lab.api.gone(PNG, status)
    run = lab.settle(lab.run("--force"), 0)
    assert (run.sprites["missing"], run.sprites["failed"]) == (1, 0)
    assert len(lab.api.requests(PNG)) == 1
    row = lab.row()
    assert row["state"] == "missing"
    assert row["missing_since"] is not None
    assert (row["file"], row["sha256"]) != ("", "")
    lab.settle(lab.run("--prune"), 0)
    assert lab.row()["missing_since"] == row["missing_since"]
    lab.options(PRUNE_AFTER=0)
    assert lab.settle(lab.run("--prune"), 0).report["pruned"] == 1
    assert row["file"] not in lab.files()
    lab.heal("--force")


def test_a_challenge_is_not_an_answer(lab: HereLab) -> None:
    """H5: a 403 fails its sprite after one request, and its ETag is not taken for the file's."""
    lab.clean()
    good = lab.row()["etag"]
    challenge = {"cf-mitigated": "challenge", "ETag": '"challenge"'}
    lab.api.fault(PNG, status=403, headers=challenge, body="<!doctype html>")
    run = lab.settle(lab.run("--force"), 1, asked=1)
    assert run.codes == {"blocked": 1}
    assert lab.row()["etag"] == good
    lab.heal()


@pytest.mark.parametrize("status", [401, 403])
def test_a_host_that_refuses_us_is_left_alone(lab: HereLab, status: int) -> None:
    """H5: refusals in a row open the breaker: exit 3, and the rest is not asked for."""
    lab.options(WORKERS=1, BREAKER=3)
    lab.api.fault("/sprites/*", status=status)
    run = lab.settle(lab.run(), 3, asked=1)
    assert run.sprites["not_tried"] > 0
    assert len(lab.api.requests("/sprites/*")) <= 3 + 2
    lab.heal()


@pytest.mark.parametrize("body", ["<!doctype html><p>Sorry", '{"detail": "no"}', "<html><svg>"])
def test_a_page_in_place_of_an_image_is_not_stored(lab: HereLab, body: str) -> None:
    """H6: 200 with something else fails, keeps the file, and is asked for anew, unconditionally."""
    lab.clean()
    kept = lab.files()
    lab.api.fault(PNG, body=body, content_type="image/png")
    run = lab.settle(lab.run("--force"), 1, asked=1)
    assert set(run.codes) <= {"bad_content", "unsafe_svg", "bad_image"}
    assert lab.files() == kept
    lab.heal()


def test_no_validator_is_sent_for_a_file_that_is_not_whole(lab: HereLab) -> None:
    """H7: what is gone or has another size is asked for unconditionally, what is whole is not."""
    lab.clean()
    row, other = lab.row(), lab.row("back_default")
    (lab.media / row["file"]).unlink()
    (lab.media / other["file"]).write_bytes(b"cut")
    lab.options(FRESH_FOR=0)
    run = lab.settle(lab.run(), 0)
    assert run.sprites["stored"] == 2
    sent = {e.path: e.headers.get("If-None-Match") for e in lab.api.requests("/sprites/*")}
    assert sent.pop(PNG) is None
    assert sent.pop(PNG.replace("pokemon/", "pokemon/back/")) is None
    assert all(sent.values())
    lab.heal()


def test_a_304_that_nobody_asked_for_is_no_answer(lab: HereLab) -> None:
    """H7: 304 to an unconditional request fails: nothing here could stand for it."""
    lab.api.fault(PNG, status=304, body="")
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {"bad_status": 1}
    lab.heal()


@pytest.mark.parametrize("etag", ["rotate", "weak"])
def test_an_etag_that_changes_over_the_same_bytes_changes_no_file(lab: HereLab, etag: str) -> None:
    """H8: same bytes under a new ETag: unchanged, the ETag is renewed, the file is not touched."""
    lab.clean()
    row = lab.row()
    stamp = (lab.media / row["file"]).stat().st_mtime_ns
    lab.options(FRESH_FOR=0)
    lab.api.fault(PNG, etag=etag)
    run = lab.settle(lab.run(), 0)
    assert (run.sprites["stored"], run.sprites["wanted"]) == (0, run.sprites["unchanged"])
    assert lab.row()["etag"] != row["etag"]
    assert lab.row()["file"] == row["file"]
    assert (lab.media / row["file"]).stat().st_mtime_ns == stamp
    lab.options(FRESH_FOR=0)
    lab.heal("--force")


def test_what_was_checked_in_the_future_is_asked_for_again(lab: HereLab) -> None:
    """H8: dates from a clock that was ahead do not keep a mirror from looking until they come."""
    lab.clean()
    ahead = timezone.now() + timedelta(days=999)
    Pokemon.objects.update(synced_at=ahead)
    Sprite.objects.update(checked_at=ahead)
    run = lab.settle(lab.run(), 0)
    assert {entry.status for entry in lab.api.requests("/sprites/*")} == {304}
    assert len(lab.api.requests("/sprites/*")) == run.sprites["wanted"]
    assert len(lab.api.requests("/api/v2/pokemon/?/")) == 3
    lab.heal()


def test_new_bytes_under_the_old_etag_are_found_by_force(lab: HereLab) -> None:
    """H8: an ETag that stays while the bytes change hides them until ``--force``."""
    lab.clean()
    row = lab.row()
    other = lab.files()[lab.row(pokemon=2)["file"]]
    lab.api.put(PNG, other, "image/png", {"ETag": row["etag"]})
    lab.options(FRESH_FOR=0)
    lab.api.fault(PNG, etag=row["etag"])
    assert lab.settle(lab.run(), 0).sprites["stored"] == 0
    assert lab.settle(lab.run("--force"), 0).sprites["stored"] == 1
    assert lab.files()[lab.row()["file"]] == other
    lab.heal("--force")


def test_a_redirect_inside_is_followed(lab: HereLab) -> None:
    """H9: a redirect within the allowed origins leads to the bytes."""
    lab.api.fault(PNG, redirect="/sprites/pokemon/2.png")
    lab.settle(lab.run(), 0, asked=2)
    assert lab.row()["sha256"] == lab.row(pokemon=2)["sha256"]
    lab.heal("--force")


@pytest.mark.parametrize("target", [PNG, "", None])
def test_a_redirect_that_leads_nowhere_fails(lab: HereLab, target: str | None) -> None:
    """H9: a loop, and a redirect without a target, fail their sprite after four requests."""
    what: dict[str, Any] = {"status": 302, "body": ""} if target is None else {"redirect": target}
    lab.api.fault(PNG, **what)
    run = lab.settle(lab.run(), 1, asked=4)
    assert run.codes == {"redirect": 1}
    lab.heal()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 206, "body": "part"}, "bad_status"),
        ({"status": 204}, "bad_status"),
        ({"status": 418}, "http_4xx"),
        ({"body": "", "endless": False, "truncate": 0, "content_length": 0}, "empty"),
    ],
)
def test_a_reply_that_is_no_whole_body_fails(
    lab: HereLab, fault: dict[str, Any], code: str
) -> None:
    """H10: 206 unasked, 204, a strange 4xx and an empty 200 fail their sprite at once."""
    lab.api.fault(PNG, **fault)
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {code: 1}
    lab.heal()


def test_the_same_faults_of_a_document_fail_its_pokemon_alone(lab: HereLab) -> None:
    """H3, H4 and H5 of a JSON document: that Pokémon fails, with its reason; the rest is synced."""
    for number, status in enumerate((500, 404, 403), start=1):
        lab.api.fault(f"/api/v2/pokemon/{number}/", status=status)
    run = lab.settle(lab.run(), 1)
    assert run.codes == {"http_5xx": 1, "not_found": 1, "blocked": 1}
    assert run.report["pokemon"]["failed"] == run.report["pokemon"]["checked"] == 3
    lab.heal()


def test_a_list_that_fails_ends_the_run_before_it_began(lab: HereLab) -> None:
    """H3 of the list: without it nothing can be chosen, and nothing is touched."""
    lab.api.fault(LIST, status=500)
    lab.settle(lab.run(), 3, within=5)
    assert lab.api.requests(BACK) == lab.api.requests(DOCUMENT) == []
    lab.heal()


def test_a_generation_that_fails_is_made_good_by_the_next_run(lab: HereLab) -> None:
    """H3 of the generations: the Pokémon are stored without, and get theirs in the next run."""
    lab.api.fault("/api/v2/generation/*", status=500)
    run = lab.run()
    assert run.exit_code == 0
    assert {row["generation"] for row in lab.rows("sprites_pokemon")} == {None}
    lab.api.clear()
    lab.options(FRESH_FOR=0)
    lab.settle(lab.run(), 0)
    lab.heal()


@pytest.mark.parametrize("value", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_pause_of_nothing_is_a_rest(lab: HereLab, value: str) -> None:
    """A 429 for each image, whose time is over already, costs a run some seconds, and no sprite."""
    lab.options(RETRIES=4, MAX_OUTAGE=20)
    lab.api.fault("/sprites/*", status=429, headers={"Retry-After": value}, times=1)
    run = lab.settle(lab.run(), 0, within=20)
    assert run.sprites["stored"] == 15
    lab.heal()


def test_the_rate_counts_requests(lab: HereLab) -> None:
    """Images behind a redirect take two requests each, and are asked for half as often."""
    lab.api.fault("/sprites/pokemon/back/1.png", redirect="/sprites/pokemon/back/2.png")
    lab.api.fault("/sprites/pokemon/[13].png", redirect="/sprites/pokemon/2.png")
    run = lab.settle(lab.run("--rate", "20", "--workers", "1"), 0, asked=9)
    assert run.report["requests"] == len(lab.api.requests()) > 20
    first, *_, last = sorted(entry.started for entry in lab.api.requests())
    assert last - first >= (run.report["requests"] - 3) / 20
    lab.heal("--force")
