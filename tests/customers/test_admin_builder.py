"""Mara writes a segment's rule by keyboard and reads why somebody is in it, in a real browser."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect, sync_playwright

from customers import segment
from customers.models import Segment
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_screens import AXE, CUT_OFF, FAULTS, FORMS, TAGS, WAGTAILS
from tests.customers import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SEGMENTS = "/admin/customers/segments/"


@pytest.fixture
def at_screen(client, live_server):
    """Let mara do something in Chromium, and fail if a script of the page did."""
    client.force_login(people.marketer())
    cookie = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "url": live_server.url,
    }

    def visit(doing, forms):
        faults = []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            for form in forms:
                context = browser.new_context(
                    base_url=live_server.url, bypass_csp=True, **FORMS[form]
                )
                context.add_cookies([cookie])
                page = context.new_page()
                page.on("pageerror", lambda error: faults.append(error))
                doing(page)
                context.close()
            browser.close()
        return faults

    def run(doing, forms=("desk",)):
        # In a thread of its own: where Playwright's loop runs, Django refuses to use the database.
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(visit, doing, forms).result() == []

    return run


def everything(inner):
    """A rule with every kind of condition and group."""
    articles = {
        "event": "Article Viewed",
        "where": [{"prop": "topic", "cmp": "set", "value": True}],
    }
    return {"v": 1, "root": {"op": "and", "of": [
        {"op": "not", "of": {"op": "trait", "field": "plan", "cmp": "set", "value": True}},
        {"op": "or", "of": [
            {"op": "trait", "field": "country", "cmp": "in", "value": ["HR", "RO"]},
            {"op": "trait", "field": "born", "cmp": "anniversary_in", "value": 7, "unit": "days"},
            {"op": "trait", "field": "born", "cmp": "before", "value": "2001-01-31"},
            {"op": "not", "of": {"op": "or", "of": [
                {"op": "event", "matcher": articles, "metric": "count",
                 "window": {"last": [30, "days"]}, "cmp": "gte", "value": 2},
                {"op": "event", "matcher": {"event": "purchase"}, "metric": "sum",
                 "window": {"between": [30, 90, "days"]}, "cmp": "gt", "value": 99.5},
            ]}},
        ]},
        {"op": "event", "matcher": {"event": "purchase"}, "metric": "sum", "prop": "shipping",
         "window": {"from": "2026-01-01", "to": "2026-06-30"}, "cmp": "lte", "value": 10},
        {"op": "sequence", "steps": [articles, {"event": "purchase"}], "within": [2, "days"],
         "window": {"last": [90, "days"]}, "without": {"event": "Unsubscribed"}},
        {"op": "segment", "id": inner.pk},
        {"op": "consent", "purpose": "marketing", "channel": "email", "state": "granted"},
        {"op": "bucket", "salt": "autumn", "from": 0, "to": 50},
        {"op": "contact", "channel": "email"},
    ]}}  # fmt: skip


class Keyboard:
    """A page that is used by its keys alone."""

    def __init__(self, page):
        self.page = page
        self.press = page.keyboard.press
        self.type = page.keyboard.type

    def tab_to(self, pattern):
        """Go on with the Tab key to a control of this id."""
        for _ in range(60):
            self.press("Tab")
            here = self.page.evaluate("document.activeElement.id || ''")
            if re.search(pattern, here):
                return here
        raise AssertionError(f"The Tab key never comes to {pattern}.")

    def choose(self, typed, suggested):
        """Type into a field that suggests, and take the suggestion."""
        self.type(typed)
        option = self.page.get_by_role("option", name=suggested, exact=True)
        expect(option).to_be_visible()
        self.press("ArrowDown")
        expect(option).to_have_attribute("aria-selected", "true")
        self.press("Enter")


def test_a_nested_rule_is_written_by_keyboard_and_explains_itself(at_screen):
    people.ana()
    people.happened({
        "type": "identify",
        "userId": "bruno",
        "messageId": "b",
        "traits": {"country": "HR"},
    })
    people.chen()

    at_screen(writes_and_reads)

    made = Segment.objects.get(name="Readers")
    assert made.rule["root"] == {
        "op": "and",
        "of": [
            {
                "op": "event", "matcher": {"event": "Article Viewed"}, "metric": "count",
                "window": "all", "cmp": "gte", "value": 2,
            },
            {
                "op": "or",
                "of": [
                    {"op": "trait", "field": "country", "cmp": "in", "value": ["HR", "RO"]},
                    {"op": "not", "of": {"op": "trait", "field": "age", "cmp": "gte", "value": 18}},
                ],
            },
        ],
    }  # fmt: skip


def writes_and_reads(page):
    keys = Keyboard(page)
    size, sentence = page.locator(".dxp-rule__size"), page.locator("aside .dxp-rule__sentence")
    page.goto(f"{SEGMENTS}new/")
    page.focus("#id_name")
    keys.type("Readers")

    keys.tab_to(r"-add$")
    keys.press("Enter")
    keys.type("What they did")
    keys.tab_to("matcher-event$")
    keys.choose("artic", "Article Viewed")
    keys.tab_to("-value$")
    keys.press("Control+A")
    keys.type("2")
    expect(size).to_have_text("1 person")
    expect(page.locator(".dxp-rule__people a")).to_have_text("Ana Marić", timeout=30_000)

    keys.tab_to("-add-group$")
    keys.press("Enter")
    keys.tab_to("-field$")
    keys.choose("coun", "country")
    keys.tab_to("-cmp$")
    keys.type("is one of")
    keys.tab_to("-value$")
    keys.choose("h", "HR")
    keys.type("RO")
    keys.press("Enter")
    # A copy becomes the other condition of the group; then its copy is taken away, and comes back.
    keys.press("Alt+Shift+D")
    keys.press("Alt+Shift+Delete")
    expect(page.locator(".dxp-rule__leaf")).to_have_count(2)
    keys.press("Control+Z")
    expect(page.locator(".dxp-rule__leaf")).to_have_count(3)
    for _ in range(2):
        keys.press("Control+Shift+Z")
        keys.press("Control+Z")
    page.focus(".dxp-rule__leaf >> nth=2 >> [id$='-field']")
    keys.press("Control+A")
    keys.choose("age", "age number")
    keys.tab_to("-cmp$")
    keys.type("is at least")
    keys.tab_to("-value$")
    expect(page.locator(".dxp-rule__leaf >> nth=2")).to_contain_text("Give a")
    expect(page.locator(":focus")).to_have_attribute("aria-invalid", "true")
    keys.type("18")
    keys.press("Alt+Shift+N")
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    expect(sentence).to_have_text(
        "did “Article Viewed” at least 2 times and "
        "(country is one of “HR”, “RO” or not age is at least 18)"
    )
    expect(size).to_have_text("1 person")

    keys.press("Control+S")
    page.wait_for_url("**/inspect/*/")
    expect(page.locator(".dxp-segment__people")).to_have_text("1")
    page.focus(".dxp-search input")
    keys.type("ana")
    keys.press("Enter")
    page.wait_for_url("**/why/*/?q=ana")
    page.focus(".dxp-why li a")
    keys.press("Enter")
    page.wait_for_url("**/why/*/*/")
    expect(page.locator(".dxp-why__verdict")).to_contain_text("The rule picks this person now.")
    assert page.locator(".dxp-why__tree .dxp-why__answer").all_inner_texts() == [
        "yes", "yes", "yes", "yes", "no", "yes",
    ]  # fmt: skip


def test_what_was_saved_comes_back_and_everybody_can_use_it(at_screen):
    ana = people.ana()
    inner = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)
    made = segment.create(name="Everything", rule=everything(inner), at=people.NOON)
    rule = made.rule

    def looks(page):
        narrow = page.viewport_size["width"]
        for address, ready in [
            (f"{SEGMENTS}edit/{made.pk}/", "aside .dxp-rule__sentence:not(:empty)"),
            (f"{SEGMENTS}inspect/{made.pk}/", ".dxp-chart svg"),
            (f"{SEGMENTS}why/{made.pk}/{ana.pk}/", ".dxp-why__tree"),
        ]:
            page.goto(address)
            page.locator(ready).first.wait_for()
            page.add_script_tag(path=AXE)
            assert page.evaluate(FAULTS, [TAGS, WAGTAILS]) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= narrow
            assert page.evaluate(CUT_OFF, narrow) == []
        # The builder writes the whole rule anew, and what it writes is what it read.
        page.goto(f"{SEGMENTS}edit/{made.pk}/")
        box = page.locator(".dxp-rule__leaf >> nth=0 >> input[type=checkbox]")
        box.uncheck()
        box.check()
        page.click("footer button[type=submit]")
        page.wait_for_url("**/inspect/*/")

    at_screen(looks, forms=FORMS)

    made.refresh_from_db()
    assert made.rule == rule


def test_a_save_that_fails_leads_to_the_condition_and_loses_nothing(at_screen):
    def fails(page):
        keys, asked = Keyboard(page), []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.goto(f"{SEGMENTS}new/")
        page.focus("#id_name")
        keys.type("Unfinished")
        page.get_by_role("button", name="Bought three times or more in a year").press("Enter")
        keys.tab_to("matcher-event$")
        keys.press("Control+A")
        keys.press("Backspace")
        keys.press("Control+S")

        event = page.locator("[id$='-matcher-event']")
        expect(page.locator(".error-message")).to_contain_text("Choose an event.")
        expect(event).to_be_focused()
        expect(event).to_have_attribute("aria-invalid", "true")
        described = page.locator(f"#{event.get_attribute('aria-describedby')}")
        expect(described).to_have_text("Choose an event.")
        expect(page.locator("#id_name")).to_have_value("Unfinished")
        expect(page.locator(".dxp-rule__leaf [id$='-value']")).to_have_value("3")
        keys.type("purchase")
        page.goto(SEGMENTS)
        assert asked == ["beforeunload"]

    at_screen(fails)

    assert not Segment.objects.exists()
