"""The admin by its pages: what they show, what they cost, and who may start what."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from sprites.models import Document, Pokemon, Species, Sprite, SyncRun

from .support.background import finish, running
from .support.rows import add_pokemon, add_species, add_sprite
from .support.site import Site

State = SyncRun.State
RUNS = "admin:sprites_syncrun_"
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """Leave no work behind."""
    yield
    finish()


def staff(*codes: str) -> Client:
    """Return the browser of somebody of the staff who may view all, and what else is named."""
    user, _new = User.objects.get_or_create(username="ash", is_staff=True)
    views = [f"view_{model}" for model in ("pokemon", "sprite", "syncrun")]
    wanted = Permission.objects.filter(content_type__app_label="sprites")
    user.user_permissions.set(wanted.filter(codename__in=[*views, *codes]))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ash(db: None) -> Client:
    """The browser of somebody who may start runs."""
    return staff("run_sync")


def text(response: Any) -> str:
    """Return a page, which must be one."""
    assert response.status_code == 200, response
    return str(response.content.decode())


def sync_request(page: str) -> dict[str, str]:
    """Return what the button of a preview sends."""
    found = re.search(r'name="request" value="([^"]+)"', page)
    assert found, page
    return {"request": found[1]}


def figures(page: str) -> list[str]:
    """Return the numbers of a preview: Pokémon, sprites, requests."""
    return re.findall(r"<dd>([^<]+)</dd>", page)


def confirm(client: Client, page: str) -> SyncRun:
    """Press the button of a preview, and return the run when it has ended."""
    response = client.post(reverse(RUNS + "start"), sync_request(page))
    assert response.status_code == 302, response
    finish()
    run = SyncRun.objects.order_by("-id").first()
    assert run is not None
    assert response["Location"] == reverse(RUNS + "change", args=[run.pk])
    return run


def act(client: Client, model: str, rows: list[int]) -> Any:
    """Choose the action of a list for some rows."""
    url = reverse(f"admin:sprites_{model}_changelist")
    return client.post(url, {"action": "resync", "_selected_action": rows})


def many(count: int) -> None:
    """Write that many Pokémon, each with a type and two sprites, and as many runs."""
    for pk in range(1, count + 1):
        pokemon = add_pokemon(pk, f"mon-{pk}", "fire")
        add_sprite(pokemon, "front_default")
        add_sprite(pokemon, "back_default", state="failed", error_code="timeout")
        running(state="done")


@pytest.mark.parametrize("model", ["pokemon", "sprite", "syncrun"])
def test_a_list_of_100_rows_takes_ten_queries_at_most(db: None, ash: Client, model: str) -> None:
    """A list page of 100 rows takes at most 10 queries, whatever it shows beside them."""
    many(110)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = text(ash.get(reverse(f"admin:sprites_{model}_changelist")))
    assert page.count('name="_selected_action"') == (100 if model != "syncrun" else 0)
    assert page.count('<th class="field-') == 100
    assert len(queries) <= 10, [query["sql"] for query in queries]


def test_upstreams_text_is_escaped_everywhere(db: None, ash: Client) -> None:
    """A name, a key, a URL or a message from upstream is text on every page, and no link acts."""
    pokemon = add_pokemon(1, EVIL, EVIL)
    sprite = add_sprite(pokemon, "front_default", url="javascript:alert(1)", error_detail=EVIL)
    failure = {"pokemon": 1, "key": EVIL, "url": "javascript:alert(1)", "code": EVIL}
    failures = [{**failure, "status": None, "attempts": 1, "detail": EVIL}]
    run = running(state="failed", message=EVIL, failures=failures, selection={"names": [EVIL]})
    for name, row in (("pokemon", pokemon), ("sprite", sprite), ("syncrun", run)):
        for url in ("changelist", "change"):
            address = reverse(f"admin:sprites_{name}_{url}", args=[row.pk] * (url == "change"))
            page = text(ash.get(address))
            assert "<img src=x" not in page, address
            assert 'href="javascript:' not in page, address
    page = text(act(ash, "sprite", [sprite.pk]))
    assert "<img src=x" not in page


def test_nothing_is_inline(db: None, ash: Client) -> None:
    """No page of ours has a script or a style of its own: they work under a strict policy."""
    add_sprite(add_pokemon(1, "cindle"), "front_default")
    run = running(state="running")
    pages = [reverse(RUNS + "changelist"), reverse(RUNS + "change", args=[run.pk])]
    pages += [reverse(RUNS + "fetch"), reverse("admin:sprites_sprite_coverage")]
    pages += [reverse("admin:sprites_pokemon_change", args=[1])]
    for address in pages:
        page = text(ash.get(address))
        assert " style=" not in page, address
        assert not re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(?!\s*</script>)", page), address
        assert not re.findall(r"\son\w+=", page), address


def test_selected_pokemon_are_asked_for_again(site: Site, ash: Client) -> None:
    """Preview, confirm, run: each selected Pokémon and what is mirrored of it, by their ETags."""
    site.run("--limit", "5", "--sprites", "front_default,back_default")
    site.api.clear_log()
    page = text(act(ash, "pokemon", [1, 2, 4]))
    assert figures(page) == ["3", "6", "≈ 10"]
    assert "1-2, 4 · back_default, front_default" in page
    assert site.api.requests() == []
    run = confirm(ash, page)
    assert (run.state, run.trigger, run.user.username) == ("done", "admin", "ash")  # type: ignore[union-attr]
    assert (run.pokemon_checked, run.sprites_wanted) == (3, 6)
    assert [entry.status for entry in site.api.requests()] == [200] + [304] * 9


def test_selected_sprites_are_asked_for_again(site: Site, ash: Client) -> None:
    """Preview, confirm, run: each selected sprite alone."""
    site.run("--limit", "5", "--sprites", "front_default,back_default")
    site.api.clear_log()
    chosen = Sprite.objects.filter(pokemon__in=[1, 4], key="front_default")
    page = text(act(ash, "sprite", list(chosen.values_list("pk", flat=True))))
    assert figures(page) == ["2", "2", "≈ 3"]
    assert confirm(ash, page).sprites_unchanged == 2
    assert len(site.api.requests()) == 3


def test_all_that_failed_is_retried(site: Site, ash: Client) -> None:
    """Preview, confirm, run: whatever failed is tried once more, and nothing else."""
    site.api.fault("*/2.png", body="<!doctype html>", content_type="image/png")
    site.run("--limit", "3")
    site.api.clear()
    assert "Retry the one that failed" in text(ash.get(reverse(RUNS + "changelist")))
    page = text(ash.post(reverse(RUNS + "retry_failed")))
    assert figures(page) == ["3", "1", "≈ 2"]
    assert confirm(ash, page).sprites_stored == 1
    assert len(site.api.requests()) == 2


def test_fetch_takes_the_commands_options(site: Site, ash: Client) -> None:
    """The form's fields mean what the command's options mean, for one run."""
    form = {"ids": "3-5", "sprites": "front_*", "executor": "sync", "retries": "1", "mode": "force"}
    page = text(ash.post(reverse(RUNS + "fetch"), form))
    assert figures(page) == ["3", "≥ 0", "≥ 5"]
    run = confirm(ash, page)
    assert (run.state, run.executor, run.pokemon_new) == ("done", "sync", 3)
    assert run.overrides == {"EXECUTOR": "sync", "RETRIES": 1}
    assert run.selection["force"] is True
    assert {key.split("_")[0] for key in stored_keys()} == {"front"}


def stored_keys() -> list[str]:
    """Return the keys of what is stored."""
    return list(Sprite.objects.stored().values_list("key", flat=True))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"ids": "9-3"}, "a reversed range"),
        ({"ids": "1," * 1500}, "at most 2000 characters"),
        ({"workers": "0"}, "--workers is &#x27;0&#x27;; allowed"),
        ({"limit": "5", "everyone": "on"}, "exclude each other"),
        ({"executor": "os.system"}, "not one of the available choices"),
    ],
)
def test_fetch_says_what_is_wrong(db: None, ash: Client, form: dict[str, str], words: str) -> None:
    """A wrong option is named on the form; a factory's path can't be typed in at all."""
    page = text(ash.post(reverse(RUNS + "fetch"), form))
    assert words in page
    assert 'name="request"' not in page


def test_what_no_id_can_be_is_not_found(db: None, ash: Client) -> None:
    """A row of 5,000 digits, or with a NUL in it, is a 404 on every page; so is such a failure."""
    run = running(state="done")
    for name in ("9" * 5000, "9" * 20, "1%00", "x"):
        for page in ("pokemon/{}/change/", "sprite/{}/history/", "syncrun/{}/change/"):
            address = reverse("admin:index") + "sprites/" + page.format(name)
            assert ash.get(address).status_code == 404, address[:80]
        retried = ash.post(reverse(RUNS + "retry", args=[run.pk]), {"failure": name})
        assert retried.status_code == 404


def test_a_form_with_a_nul_is_shown_again(db: None, ash: Client) -> None:
    """What no database takes is named beside its field, and what else was typed is kept."""
    page = text(ash.post(reverse(RUNS + "fetch"), {"sprites": "a\0b", "ids": "1-7"}))
    assert "Null characters are not allowed." in page
    assert 'value="1-7"' in page
    assert 'name="request"' not in page


@pytest.mark.parametrize("query", ["state__exact=%00", "&".join(["state__exact=failed"] * 1500)])
def test_a_list_without_such_filters_says_so(db: None, ash: Client, query: str) -> None:
    """A filter with a NUL, and more of them than links could repeat, lead to the whole list."""
    address = reverse("admin:sprites_sprite_changelist")
    answer = ash.get(f"{address}?{query}", follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "Such filters do not exist" in text(answer)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "form",
    [
        {"limit": "5"},
        {"ids": "1-3,5"},
        {"pokemon": "cindle 3"},
        {"limit": "5", "mode": "recheck", "sprites": "artwork"},
        {"limit": "5", "mode": "force", "sprites": "all"},
        {"everyone": "on", "mode": "retry_failed"},
        {"generation": "1", "type": "fire,water", "mode": "recheck"},
    ],
)
def test_a_preview_is_true(site: Site, ash: Client, known: bool, form: dict[str, str]) -> None:
    """What a preview says comes true; where something new is meant, it is a lower bound."""
    if known:
        site.run("--all")
    site.api.clear_log()
    page = text(ash.post(reverse(RUNS + "fetch"), form))
    assert site.api.requests() == []
    run = confirm(ash, page)
    said = [int(figure.strip("≈≥ ")) for figure in figures(page)]
    made = [run.pokemon_checked, run.sprites_wanted, len(site.api.requests())]
    if known:
        assert said == made
    else:
        assert all(low <= high for low, high in zip(said, made, strict=True)), (said, made)


@pytest.mark.parametrize("form", [{"ids": "1-3"}, {"ids": "1-3", "species": "on"}])
def test_a_preview_counts_the_documents_that_are_to_be_kept(
    site: Site, ash: Client, settings: Settings, form: dict[str, str]
) -> None:
    """A site that begins to keep them asks for all of its Pokémon's, and for the generations'."""
    settings.SPRITES = {**settings.SPRITES, "KEEP_DOCUMENTS": False}
    site.run("--all", "--species")
    settings.SPRITES = {**settings.SPRITES, "KEEP_DOCUMENTS": True}
    site.api.clear_log()
    page = text(ash.post(reverse(RUNS + "fetch"), form))
    confirm(ash, page)
    assert figures(page)[2] == f"≈ {len(site.api.requests())}"
    assert Document.objects.filter(resource="pokemon", number__gt=0).count() == 3
    site.api.clear_log()
    page = text(ash.post(reverse(RUNS + "fetch"), form))
    confirm(ash, page)
    assert figures(page)[2] == f"≈ {len(site.api.requests())}" == "≈ 1"


def test_an_action_on_1000_asks_the_database_as_often_as_one_on_ten(
    db: None, ash: Client, settings: Any
) -> None:
    """The preview of 1,000 selected Pokémon makes no request, and no query for each of them."""
    settings.SPRITES = {"API_URL": "http://127.0.0.1:9/"}
    pokemon = [
        Pokemon(pk=pk, name=f"mon-{pk}", species="mon", number=pk, height=1, weight=1)
        for pk in range(1, 1001)
    ]
    Pokemon.objects.bulk_create(pokemon)
    Sprite.objects.bulk_create(
        Sprite(pokemon=row, key=f"key_{number}", set="default", state="stored")
        for row in pokemon
        for number in range(5)
    )
    queries = {}
    for count in (10, 1000):
        with CaptureQueriesContext(connection) as asked:
            page = text(act(ash, "pokemon", list(range(1, count + 1))))
        queries[count] = len(asked)
    assert figures(page) == ["1,000", "5,000", "≈ 6,002"]
    assert queries[1000] == queries[10] < 30
    with CaptureQueriesContext(connection) as asked:
        assert ash.post(reverse(RUNS + "start"), sync_request(page)).status_code == 302
    assert len(asked) < 30


POSTS = ("retry_failed", "start", "stop", "again", "retry")


def urls(run: SyncRun) -> list[str]:
    """Return the addresses that start or stop a run."""
    return [
        reverse(RUNS + name, args=[run.pk] * (name in ("stop", "again", "retry"))) for name in POSTS
    ]


def test_only_post_starts_or_stops(site: Site, ash: Client) -> None:
    """A GET of what starts or stops a run is refused, and does nothing."""
    run = running()
    for url in urls(run):
        assert ash.get(url).status_code == 405, url
    _untouched(site, run)


def test_without_a_token_nothing_starts(site: Site, ash: Client) -> None:
    """A POST from another site's page, which has no CSRF token, is refused and does nothing."""
    run = running()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="ash"))
    rows = reverse("admin:sprites_pokemon_changelist")
    for url in [*urls(run), reverse(RUNS + "fetch"), rows]:
        assert strict.post(url).status_code == 403, url
    _untouched(site, run)


def test_without_the_permission_there_is_no_button(site: Site) -> None:
    """Who may only view sees the runs, no button and no action, and is refused if they try."""
    site.run("--limit", "2")
    site.api.clear_log()
    run = running()
    brock = staff()
    for name in ("pokemon", "sprite", "syncrun"):
        page = text(brock.get(reverse(f"admin:sprites_{name}_changelist")))
        assert "resync" not in page
        assert "sprites-button" not in page.replace("sprites-button quiet", "")
    page = text(brock.get(reverse(RUNS + "change", args=[run.pk])))
    assert "running" in page
    assert "sprites-button" not in page
    for url in urls(run):
        assert brock.post(url).status_code in (302, 403), url
    assert brock.get(reverse(RUNS + "fetch")).status_code == 403
    assert 'name="request"' not in text(act(brock, "pokemon", [1]))
    _untouched(site, run)


def test_a_stranger_is_sent_to_the_login(site: Site) -> None:
    """Somebody who is not signed in reaches none of it."""
    run = running()
    for url in urls(run):
        assert "/login/" in Client().post(url)["Location"]
    assert "/login/" in Client().get(reverse(RUNS + "live", args=[run.pk]))["Location"]
    _untouched(site, run)


def _untouched(site: Site, run: SyncRun) -> None:
    finish()
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert not run.stop_requested
    assert SyncRun.objects.exclude(state=State.DONE).get() == run
    assert site.api.requests() == []


def test_a_second_start_is_told_who_holds_the_lock(site: Site, ash: Client) -> None:
    """While a run lives a start makes no row and no request, and shows that run with its start."""
    page = text(ash.post(reverse(RUNS + "fetch"), {"limit": "3"}))
    holder = running()
    told = ash.post(reverse(RUNS + "start"), sync_request(page), follow=True)
    assert told.redirect_chain[0][0] == reverse(RUNS + "change", args=[holder.pk])
    assert f"Run {holder.pk} holds the lock since" in text(told)
    assert "holds the lock since" in text(ash.post(reverse(RUNS + "fetch"), {"limit": "3"}))
    assert SyncRun.objects.count() == 1
    assert site.api.requests() == []


def test_a_dead_run_shows_as_interrupted_and_runs_again(site: Site, ash: Client) -> None:
    """A run whose process died shows so at once, without a button to stop it; one click repeats."""
    dead = running(process="999999:1", selection={"limit": 2})
    address = reverse(RUNS + "change", args=[dead.pk])
    for page in (text(ash.get(address)), text(ash.get(reverse(RUNS + "changelist")))):
        assert "interrupted: its process died</span>" in page
    assert "Stop" not in text(ash.get(address))
    assert ash.post(reverse(RUNS + "again", args=[dead.pk])).status_code == 302
    finish()
    run = SyncRun.objects.latest("id")
    assert (run.state, run.sprites_stored) == ("done", 2)
    dead.refresh_from_db()
    assert dead.state == "interrupted"


def test_a_forged_preview_starts_nothing(site: Site, ash: Client) -> None:
    """What a preview's button sends can't be made up: it is signed."""
    response = ash.post(
        reverse(RUNS + "start"), {"request": "eyJyZXF1ZXN0Ijp7fX0:1:2"}, follow=True
    )
    assert "out of date" in text(response)
    assert not SyncRun.objects.exists()


def test_failures_have_a_button_each(site: Site, ash: Client) -> None:
    """A failure is listed with code, URL and status; its button tries it alone, another all."""
    site.api.fault("*/1.png", status=500)
    site.api.fault("*/api/v2/pokemon/2/", status=404)
    site.run("--limit", "3", "--retries", "0")
    run = SyncRun.objects.latest("id")
    page = text(ash.get(reverse(RUNS + "change", args=[run.pk])))
    for words in ("http_5xx", "/1.png", "<td>500</td>", "not_found", "<td>404</td>"):
        assert words in page
    site.api.clear()
    places = {failure["key"]: place for place, failure in enumerate(run.failures)}
    ash.post(reverse(RUNS + "retry", args=[run.pk]), {"failure": places["front_default"]})
    finish()
    one = SyncRun.objects.latest("id")
    assert (one.sprites_wanted, one.sprites_stored, one.requests) == (1, 1, 2)
    ash.post(reverse(RUNS + "retry", args=[run.pk]))
    finish()
    rest = SyncRun.objects.latest("id")
    assert (rest.pokemon_new, rest.sprites_stored, rest.sprites_unchanged) == (1, 1, 1)
    site.assert_whole()
    bad = ash.post(reverse(RUNS + "retry", args=[run.pk]), {"failure": "99"})
    assert bad.status_code == 404


def test_a_run_page_follows_until_the_end(site: Site, ash: Client) -> None:
    """While a run lives its page names what to ask for, and without scripts reloads itself."""
    run = running(sprites_wanted=9, sprites_stored=2)
    address = reverse(RUNS + "change", args=[run.pk])
    page = text(ash.get(address))
    assert f'data-live="{reverse(RUNS + "live", args=[run.pk])}"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    live = text(ash.get(reverse(RUNS + "live", args=[run.pk])))
    assert "2 of 9 sprites" in live
    assert "data-goes-on" in live
    assert "<html" not in live
    ash.post(reverse(RUNS + "stop", args=[run.pk]))
    run.refresh_from_db()
    assert run.stop_requested
    SyncRun.objects.update(state="done")
    page = text(ash.get(address))
    assert "data-live" not in page
    assert "refresh" not in page
    assert ash.get(reverse(RUNS + "change", args=[999])).status_code == 404


def test_facts_are_read_only(db: None) -> None:
    """Not even a superuser adds, edits or deletes a synced row; a run that is over can go."""
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    sprite = add_sprite(add_pokemon(1, "cindle"), "front_default")
    for name, pk in (("pokemon", 1), ("sprite", sprite.pk)):
        assert boss.get(reverse(f"admin:sprites_{name}_add")).status_code == 403
        assert boss.post(reverse(f"admin:sprites_{name}_delete", args=[pk])).status_code == 403
        assert boss.post(reverse(f"admin:sprites_{name}_change", args=[pk])).status_code == 403
    over, lives = running(state="done"), running()
    both = {"action": "delete_selected", "_selected_action": [over.pk, lives.pk], "post": "yes"}
    assert boss.post(reverse(RUNS + "changelist"), both).status_code == 403
    boss.post(reverse(RUNS + "delete", args=[over.pk]), {"post": "yes"})
    assert SyncRun.objects.get() == lives
    assert boss.post(reverse(RUNS + "delete", args=[lives.pk]), {"post": "yes"}).status_code == 403


def test_a_pokemon_shows_its_sprites_and_links(db: None, ash: Client, settings: Any) -> None:
    """Beside a Pokémon's facts stand its sprites; links lead to its page and to upstream."""
    settings.SPRITES = {"API_URL": "https://mirror.example/api/v2/"}
    pokemon = add_pokemon(25, "fizzbit", "electric")
    add_sprite(pokemon, "front_default")
    add_sprite(pokemon, "back_default", state="failed", error_code="timeout")
    page = text(ash.get(reverse("admin:sprites_pokemon_change", args=[25])))
    assert page.count('loading="lazy"') == 1
    assert "<code>timeout</code>" in page
    assert 'href="/pokemon/fizzbit/"' in page
    assert 'href="https://mirror.example/api/v2/pokemon/25/"' in page


def test_coverage_counts_by_set_and_generation(db: None, ash: Client) -> None:
    """Per set and generation: listed, here, missing, failed; a link leads to the rows."""
    first, second = add_pokemon(1, "a", generation=1), add_pokemon(2, "b", generation=2)
    add_sprite(first, "front_default")
    add_sprite(first, "back_default", state="missing")
    add_sprite(first, "front_shiny", listed=False)
    add_sprite(second, "front_default", state="failed", error_code="timeout")
    add_sprite(second, "other/home/front_default", state="pending")
    page = text(ash.get(reverse("admin:sprites_sprite_coverage")))
    assert "Upstream lists 4 sprites" in page
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL)
    words = [re.sub(r"<[^>]+>|\s", " ", row).split() for row in rows]
    assert words[0] == ["default", "3", "1", "1", "1", "1", "/2", "0", "/1"]
    assert words[1] == ["HOME", "1", "0", "1", "0", "/1"]
    link = re.search(r'href="([^"]*pokemon__generation=2[^"]*)"', page)
    assert link
    assert "2/front_default" in text(ash.get(link[1].replace("&amp;", "&")))


def test_a_pokemon_is_found_by_a_name_in_any_language(ash: Client) -> None:
    """As in the gallery, together with a filter; and by its own name as ever."""
    add_pokemon(1, "mossbun", "grass")
    add_pokemon(2, "cindle", "fire")
    add_species(1, ja="モスブン", de="Mössbün")
    address = reverse("admin:sprites_pokemon_changelist")
    for typed, filtered, count in (
        ("ﾓｽ", "", 1),
        ("mössb", "&is_default__exact=1", 1),
        ("mössb", "&is_default__exact=0", 0),
        ("mossbun", "", 1),
        ("ドリ", "", 0),
    ):
        page = text(ash.get(f"{address}?q={typed}{filtered}"))
        assert (page.count('name="_selected_action"'), "Cindle" in page) == (count, False), typed


def test_the_form_asks_for_names_as_well(site: Site, ash: Client) -> None:
    """The preview counts a request a species, and the run mirrors them."""
    site.run("--ids", "1-3")
    given = {"ids": "1-3", "species": "on"}
    page = text(ash.post(reverse(RUNS + "fetch"), given))
    assert "names in every language" in page
    assert figures(page)[2] == "≈ 4"
    run = confirm(ash, page)
    assert (run.state, run.requests, Species.objects.count()) == ("done", 4, 3)


def test_a_run_says_what_became_of_species(site: Site, ash: Client) -> None:
    """Its row counts them and its page shows the counts; a retry asks for those that failed."""
    site.run("--limit", "2")
    without = SyncRun.objects.latest("id")
    assert "Species</caption>" not in text(ash.get(reverse(RUNS + "change", args=[without.pk])))
    site.api.gone("/api/v2/pokemon-species/2/")
    site.run("--limit", "2", "--species")
    run = SyncRun.objects.latest("id")
    assert (run.species_checked, run.species_new, run.species_failed) == (2, 1, 1)
    page = text(ash.get(reverse(RUNS + "change", args=[run.pk])))
    assert re.findall(r"<td>(\d+)</td>", page.split("Species</caption>")[1])[:5] == [*"21001"]
    site.api.clear()
    for place in ("0", ""):
        ash.post(reverse(RUNS + "retry", args=[run.pk]), {"failure": place})
        finish()
    first, second = SyncRun.objects.order_by("id")[2:]
    assert (first.species_new, second.species_unchanged) == (1, 1)


def test_a_page_counts_the_failures_that_it_does_not_list(db: None, ash: Client) -> None:
    """Whatever they are of: Pokémon, species or sprites."""
    failure = {"pokemon": 1, "key": "", "url": "", "code": "timeout", "detail": ""}
    failures = [{**failure, "status": None, "attempts": 1}] * 300
    run = running(
        state="failed", failures=failures, pokemon_failed=90, species_failed=100, sprites_failed=110
    )
    assert "… and 100 more;" in text(ash.get(reverse(RUNS + "change", args=[run.pk])))
