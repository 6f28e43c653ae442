"""Mara writes a segment's rule by keyboard, in a real browser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect, sync_playwright

from customers.models import Segment
from tests.browser.conftest import CHROMIUM, QUIET
from tests.customers import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at_screen(client, live_server):
    """Let mara do something in Chromium, and fail if a script of the page did."""
    client.force_login(people.marketer())
    cookie = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "url": live_server.url,
    }

    def visit(doing):
        faults = []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            context = browser.new_context(base_url=live_server.url)
            context.add_cookies([cookie])
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(error))
            doing(page)
            browser.close()
        return faults

    def run(doing):
        # In a thread of its own: where Playwright's loop runs, Django refuses to use the database.
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(visit, doing).result() == []

    return run


def test_the_builder_counts_while_the_rule_is_typed(at_screen):
    people.ana()
    people.chen()

    at_screen(write_rule)

    made = Segment.objects.get(name="Readers in Croatia")
    assert [node["op"] for node in made.rule["root"]["of"]] == ["event", "and"]
    assert made.members.count() == 1


def write_rule(page):
    page.goto("/admin/customers/segments/new/")
    page.fill("#id_name", "Readers in Croatia")
    size, sentence = page.locator(".dxp-rule__size"), page.locator(".dxp-rule__sentence")

    page.focus("#rule-0-kind")
    page.keyboard.type("Event")
    expect(page.locator("#rule-0-kind")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Article Viewed")
    expect(sentence).to_have_text("did “Article Viewed” at least once")
    expect(size).to_have_text("1 person")

    page.focus("#rule-add-group")
    page.keyboard.press("Enter")
    expect(page.locator("#rule-1-0-error")).to_have_text("Choose a trait.")
    page.check("#rule-1-not")
    page.fill("#rule-1-0-field", "country")
    page.fill("#rule-1-0-value", "HR")
    expect(size).to_have_text("0 people")
    page.uncheck("#rule-1-not")
    expect(size).to_have_text("1 person")

    page.click("footer button[type=submit]")
    page.wait_for_url("**/members/*/")


def test_the_builder_shows_what_was_saved(at_screen):
    rule = {
        "v": 1,
        "root": {
            "op": "and",
            "of": [
                {"op": "not", "of": {"op": "trait", "field": "plan", "cmp": "set", "value": False}},
                {
                    "op": "or",
                    "of": [
                        {"op": "trait", "field": "country", "cmp": "in", "value": ["HR", "RO"]},
                        {
                            "op": "event", "name": "purchase", "metric": "sum",
                            "window": {"last": [30, "days"]}, "cmp": "gt", "value": 99.5,
                        },
                    ],
                },
            ],
        },
    }  # fmt: skip
    made = Segment.objects.create(name="Any", slug="any", rule=rule, state="LIVE")

    def there_and_back(page):
        page.goto(f"/admin/customers/segments/edit/{made.pk}/")
        # The builder writes the whole rule anew.
        page.check("#rule-1-0-not")
        page.uncheck("#rule-1-0-not")
        page.click("footer button[type=submit]")
        page.wait_for_url("**/members/*/")

    at_screen(there_and_back)

    made.refresh_from_db()
    assert made.rule == rule
