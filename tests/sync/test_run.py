"""The whole way of the data, on the project's own PokéAPI."""

import pytest

from sprites.models import Pokemon, Sprite

from ..support.site import Site


@pytest.mark.parametrize("executor", ["sync", "threads", "processes"])
def test_every_executor_mirrors_all_that_is_listed(site: Site, executor: str) -> None:
    """Every executor ends with a whole file for each listed sprite, and nothing else."""
    run = site.run("--ids", "1-10", "--sprites", "all", "--executor", executor)
    assert run.exit_code == 0, run.stderr
    site.assert_whole(run)
    assert Sprite.objects.exclude(state="stored").count() == 0
    assert run.sprites["stored"] == Sprite.objects.count() > 0


def test_a_second_run_asks_for_the_list_only(site: Site) -> None:
    """What is fresh is not asked for again."""
    site.run("--all")
    site.api.clear_log()
    again = site.run("--all")
    assert len(site.api.requests()) == 1
    assert again.sprites["stored"] == 0
    assert Pokemon.objects.count() == 72
    site.assert_whole(again)
