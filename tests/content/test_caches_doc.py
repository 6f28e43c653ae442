"""The guide to caches is true: its example drops what it says, its table is what answers say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from content import middleware

GUIDE = (Path(__file__).parents[2] / "docs" / "developer" / "caches.md").read_text()


def shown(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.django_db
def test_example_drops_the_articles_of_a_topic(
    pages, chen, settings, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_MB = 8
    with django_capture_on_commit_callbacks(execute=True):
        pages.article.save()
    assert b"Planning" in chen.get("/insights/cash/").content
    assert chen.get("/insights/cash/")["X-DXP-Cache"] == "hit"

    with django_capture_on_commit_callbacks(execute=True):
        exec(shown("python")[0], {})

    assert b"Plans" in chen.get("/insights/cash/").content


def test_every_way_in_the_table_is_one_that_answers_say():
    told = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))
    source = Path(middleware.__file__).read_text()

    assert told == {"hit", "miss", "stale", "filled"}
    assert all(f'"{way}"' in source for way in told)


def test_configuration_is_whole():
    assert len(shown("vcl")) == 1
    assert "X-DXP-Segments" in shown("vcl")[0]
