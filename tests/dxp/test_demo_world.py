"""The demo world's known truths are in it, so that reports have something to find."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from dxp.demo import people, shop

START = datetime(2026, 10, 1, tzinfo=UTC)
PLACES = [
    *(
        people.Place("article", f"/insights/{n}/", f"Article {n}", "Article Viewed", {})
        for n in range(6)
    ),
    *(
        people.Place("product", f"/products/{n}/", f"P{n}", "Product Viewed", {"product_id": n})
        for n in range(5)
    ),
    people.Place("home", "/", "Home", "", {}),
]


@pytest.fixture(scope="module")
def world():
    return [one for _day, events in people.history(PLACES, START) for one in events]


def named(world, name):
    return [one for one in world if one["event"] == name]


def who(events):
    return {one["anonymousId"] for one in events}


def test_is_the_same_each_time(world):
    again = [one for _day, events in people.history(PLACES, START) for one in events]

    assert again == world


def test_tells_each_event_once_and_in_order_of_time(world):
    assert len({one["messageId"] for one in world}) == len(world)
    for _day, events in people.history(PLACES, START):
        assert events == sorted(events, key=lambda one: one["timestamp"])


def test_each_step_to_a_plan_loses_people_as_told(world):
    looks, reckoned, started, opened = (
        len(named(world, name))
        for name in ("Product Viewed", "Calculator Used", "Savings Plan Started",
                     "Savings Plan Opened")
    )  # fmt: skip

    # Who has a plan to open does not begin another one.
    assert 0.35 < reckoned / looks < 0.45
    assert 0.45 < started / reckoned < 0.55
    assert 0.2 < opened / started < 0.35
    assert who(named(world, "Savings Plan Opened")) <= who(named(world, "Savings Plan Started"))


def test_a_plan_is_opened_once_and_says_what_it_brings(world):
    opened = named(world, "Savings Plan Opened")
    plans = Counter(one["properties"]["plan_id"] for one in opened)
    started = {one["properties"]["plan_id"] for one in named(world, "Savings Plan Started")}

    assert set(plans.values()) == {1}
    assert set(plans) <= started
    assert all(one["properties"]["revenue"] > 0 for one in opened)


def test_where_people_live_decides_how_many_open(world):
    lives = {
        one["anonymousId"]: one["traits"]["country"]
        for one in world
        if one["type"] == "identify" and "country" in one["traits"]
    }

    def share(here):
        mine = [one for one in named(world, "Savings Plan Started")
                if one["anonymousId"] in lives
                and (lives[one["anonymousId"]] == shop.EAGER) == here]  # fmt: skip
        plans = {one["properties"]["plan_id"] for one in mine}
        done = [one for one in named(world, "Savings Plan Opened")
                if one["properties"]["plan_id"] in plans]  # fmt: skip
        return len(done) / len(plans)

    assert share(here=True) > 1.5 * share(here=False)


def test_people_come_by_search_first_and_by_themselves_or_mail_later(world):
    seen, first, later = set(), Counter(), Counter()
    for one in world:
        if one["type"] != "page" or one["properties"]["path"] == "/search/":
            continue
        channel = one["context"].get("campaign", {}).get("medium") or one["properties"]["referrer"]
        if one["anonymousId"] not in seen:
            first[channel] += 1
        elif one["properties"]["referrer"] or one["context"]:
            later[channel] += 1
        seen.add(one["anonymousId"])

    assert first["cpc"] > 4 * first["email"]
    assert later["email"] / later["cpc"] > 5 * first["email"] / first["cpc"]


def test_what_nobody_finds_is_searched_for(world):
    empty = {
        one["properties"]["query"]
        for one in named(world, "Searched")
        if one["properties"]["results"] == 0
    }

    assert empty == {"crypto", "credit card"}


def test_papers_are_downloaded_by_those_who_look_at_products(world):
    downloads = named(world, "Document Downloaded")

    assert {one["properties"]["title"] for one in downloads} == set(shop.DOCUMENTS.values())
    assert who(downloads) <= who(named(world, "Product Viewed"))
