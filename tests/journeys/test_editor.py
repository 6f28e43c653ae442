"""Mara draws journeys in a real browser: by keyboard, with somebody else, on a phone."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import expect, sync_playwright

from dxp.users.models import User
from journeys.models import Journey
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_screens import AXE, CUT_OFF, FAULTS, FORMS, TAGS, WAGTAILS
from tests.journeys import test_nodes_doc
from tests.journeys.conftest import NOON, delay, draw, end, happened, send
from tests.journeys.test_advance import walk_all

# A kind of step that somebody else offers: the example of docs/developer/nodes.md.
month = test_nodes_doc.month
LIST = "/admin/journeys/journeys/"
GOLD = {
    "v": 1,
    "root": {"op": "and", "of": [{"op": "trait", "field": "plan", "cmp": "eq", "value": "gold"}]},
}
browser = pytest.mark.browser
committed = pytest.mark.django_db(transaction=True)


def test_the_editors_pure_parts_keep_their_promises():
    script = str(Path(__file__).with_name("outline.test.mjs"))
    run = subprocess.run(
        [shutil.which("node"), "--test", script], capture_output=True, text=True, timeout=60
    )

    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def chromium():
    """Chromium, in a thread of its own: where Playwright's loop runs, Django refuses to work."""
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        browser = thread.submit(
            lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        ).result()
        yield browser, thread
        thread.submit(browser.close).result()
        thread.submit(playwright.stop).result()


@pytest.fixture
def at_screen(client, live_server, chromium):
    """Let mara do something in Chromium, and fail if a script of the page did."""
    client.force_login(User.objects.create_superuser("mara", "mara@alder.example", "secret"))
    cookie = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "url": live_server.url,
    }
    browser, thread = chromium

    def visit(doing, forms):
        faults = []
        for form in forms:
            context = browser.new_context(base_url=live_server.url, bypass_csp=True, **FORMS[form])
            context.add_cookies([cookie])
            page = context.new_page()
            page.set_default_timeout(30_000)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("dialog", lambda dialog: dialog.accept())
            try:
                doing(page)
            finally:
                context.close()
        return faults

    def run(doing, forms=("desk",)):
        assert thread.submit(visit, doing, forms).result() == []

    return run


def add(page, gap, kind):
    """Add a step by the menu of a gap."""
    page.locator(f"[id^='gap-']:visible >> nth={gap}").click()
    page.click(f"#new-{kind}")


def fill(page, name, words, within=""):
    page.locator(f"{within} input[id^='{name}-']:visible").last.fill(words)


def save(page):
    page.click("footer button:has-text('Save draft')")
    page.wait_for_load_state("load")


def plain(steps):
    """Steps without their made-up ids."""
    if isinstance(steps, list):
        return [plain(one) for one in steps]
    if isinstance(steps, dict):
        return {name: plain(value) for name, value in steps.items() if name != "id"}
    return steps


def titles(page):
    return [title.strip() for title in page.locator(".dxp-outline__card h3").all_inner_texts()]


@browser
@committed
class TestDrawing:
    def test_what_is_saved_is_what_was_drawn(self, at_screen, fans, welcome, month):
        def draws(page):
            page.goto(f"{LIST}new/")
            page.fill("#id_name", "Abandoned cart")
            page.select_option("#type-entry", "event")
            fill(page, "event", "Product Added", "#entry-fields")
            page.fill("#key-entry", "cart_id")
            page.select_option("#id_reentry", "KEYED")
            add(page, 0, "wait")
            fill(page, "amount", "1")
            page.locator("[id^=unit-s]").select_option("hours")
            fill(page, "event", "Order Completed", ".dxp-outline__way")
            fill(page, "same", "cart_id", ".dxp-outline__way")
            page.click(".dxp-outline__way:nth-last-of-type(1) >> text=Add step")
            page.click("#new-send")
            page.locator("[id^=message-]").select_option(str(welcome.pk))
            page.locator("[id^=gap--]").last.click()
            page.click("#new-branch")
            page.click("text=Edit the condition")
            page.click(".dxp-outline__rule button:has-text('Add condition')")
            page.fill("[id$='-field']", "plan")
            page.fill(".dxp-outline__rule [id$='-value']", "gold")
            fill(page, "name", "Gold", ".dxp-outline__way")
            page.locator("[id^=gap--]").last.click()
            page.get_by_role("button", name="Wait for a month").click()
            page.locator("[id^=month-]").select_option("December")
            page.click("#add-goals")
            fill(page, "event", "Order Completed", "#goals-0")
            page.fill("#same-goals-0", "cart_id")
            expect(
                page.locator("[role=status]:has-text('Everything is complete.')")
            ).to_be_visible()
            save(page)
            expect(page.locator(".dxp-outline__sentence")).to_have_text("plan is “gold”")

        at_screen(draws)

        journey = Journey.objects.get(name="Abandoned cart")
        assert (journey.reentry, journey.revision) == ("KEYED", 1)
        assert journey.entry == {
            "type": "event", "event": "Product Added", "where": [], "key": "cart_id",
        }  # fmt: skip
        order = {"event": "Order Completed", "where": [], "same": "cart_id"}
        assert journey.goals == [order]
        assert plain(journey.outline) == [
            {
                "type": "wait", "amount": 1, "unit": "hours", "for": [{**order, "steps": []}],
                "timeout": [{"type": "send", "message": welcome.pk}],
            },
            {
                "type": "branch", "arms": [{"name": "Gold", "rule": GOLD, "steps": []}],
                "else": [],
            },
            {"type": "month", "month": "12"},
        ]  # fmt: skip

    def test_steps_move_by_keyboard_and_everything_can_be_undone(self, at_screen, fans, welcome):
        steps = [
            {"id": "a", "type": "send", "name": "A", "message": welcome.pk},
            {"id": "w", "type": "wait", "name": "W", "amount": 1, "unit": "days",
             "for": [{"id": "x", "event": "Ordered", "steps": []}], "timeout": []},
            {"id": "b", "type": "send", "name": "B", "message": welcome.pk},
        ]  # fmt: skip
        journey = Journey.objects.create(
            name="Keys", outline=steps, entry={"type": "segment", "segment": fans.pk}
        )

        def moves(page):
            press = page.keyboard.press
            page.goto(f"{LIST}edit/{journey.pk}/")
            page.focus("#title-b")
            press("Alt+Shift+ArrowRight")
            assert titles(page) == ["Step 1: A", "Step 2: W", "Step 2a1: B"]
            press("Alt+Shift+ArrowDown")
            assert titles(page)[2] == "Step 2b1: B"
            press("Alt+Shift+ArrowLeft")
            press("Alt+Shift+D")
            assert titles(page)[2:] == ["Step 3: B", "Step 4: B"]
            press("Alt+Shift+Delete")
            press("Control+Z")
            press("Control+Z")
            press("Control+Shift+Z")
            assert titles(page)[2:] == ["Step 3: B", "Step 4: B"]
            # Cut from here, paste there: what it holds comes along.
            page.focus("#title-w")
            press("Alt+Shift+X")
            assert titles(page) == ["Step 1: A", "Step 2: B", "Step 3: B"]
            page.locator("[id^='gap-']").last.click()
            page.click("#new-paste")
            expect(page.locator(".dxp-outline__card h3").last).to_have_text("Step 4: W")
            expect(page.locator(":focus")).to_have_text("Step 4: W")
            # All that is typed into one field is one thing to undo.
            page.locator("[id^=amount-]").fill("")
            page.locator("[id^=amount-]").press_sequentially("12")
            press("Control+Z")
            expect(page.locator("[id^=amount-]")).to_have_value("1")
            save(page)

        at_screen(moves)

        names = [step["name"] for step in Journey.objects.get().outline]
        assert names == ["A", "B", "B", "W"]

    def test_a_fault_is_told_at_its_field_once_the_step_was_left(self, at_screen, fans):
        def draws(page):
            page.goto(f"{LIST}new/")
            add(page, 0, "send")
            page.wait_for_timeout(900)
            fault = page.get_by_text("Choose a message.", exact=True)
            expect(fault).to_have_count(0)
            add(page, 1, "wait")
            expect(fault).to_be_visible()
            expect(page.locator("[id^=message-]")).to_have_attribute("aria-invalid", "true")
            fill(page, "amount", "0")
            page.focus("#id_name")
            expect(page.get_by_text("Write a number of 1 or more.")).to_be_visible()
            page.get_by_role("button", name="Show the next").click()
            expect(page.locator(":focus")).to_have_attribute("aria-invalid", "true")

        at_screen(draws)


@browser
@committed
class TestTogether:
    def test_who_drew_at_the_same_time_loses_nothing(self, at_screen, fans, welcome):
        journey = Journey.objects.create(
            name="Ours", outline=[{"id": "a", "type": "end", "outcome": "first"}],
            entry={"type": "segment", "segment": fans.pk},
        )  # fmt: skip
        edit = f"{LIST}edit/{journey.pk}/"

        def both(page):
            page.goto(edit)
            other = page.context.new_page()
            other.goto(edit)
            other.fill("#outcome-a", "theirs")
            save(other)
            page.fill("#outcome-a", "mine")
            save(page)
            expect(page.locator(".dxp-outline__theirs")).to_contain_text("mara has saved")
            expect(page.locator("#outcome-a")).to_have_value("mine")
            page.click("text=Show the other draft")
            expect(page.locator("#outcome-a")).to_have_value("theirs")
            page.click("text=Show my draft")
            save(page)
            expect(page.locator(".dxp-outline__theirs")).to_have_count(0)

        at_screen(both)

        journey.refresh_from_db()
        assert (journey.outline[0]["outcome"], journey.revision) == ("mine", 2)

    def test_steps_are_pasted_into_another_journey_and_nonsense_is_not(self, at_screen, fans):
        steps = [{"id": "a", "type": "delay", "name": "Pause", "amount": 2, "unit": "days"}]
        segment = {"type": "segment", "segment": fans.pk}
        one = Journey.objects.create(name="One", outline=steps, entry=segment)
        two = Journey.objects.create(name="Two", outline=steps, entry=segment)
        bad = json.dumps({"kind": "dxp-journey-steps", "steps": [{"id": "<b>", "type": "end"}]})

        def copies(page):
            page.goto(f"{LIST}edit/{one.pk}/")
            page.focus("#title-a")
            page.keyboard.press("Alt+Shift+C")
            page.goto(f"{LIST}edit/{two.pk}/")
            page.locator("[id^='gap-']").last.click()
            page.click("#new-paste")
            expect(page.locator(".dxp-outline__card")).to_have_count(2)
            page.evaluate("(text) => localStorage.setItem('dxp-outline-clip', text)", bad)
            page.locator("[id^='gap-']").last.click()
            page.click("#new-paste")
            told = page.locator("[data-dxp-outline-target=said]")
            expect(told).to_have_text("What is to be pasted is no step of a journey.")
            save(page)

        at_screen(copies)

        two.refresh_from_db()
        assert [step["name"] for step in two.outline] == ["Pause", "Pause"]
        assert two.outline[0]["id"] != two.outline[1]["id"]

    def test_numbers_come_while_one_looks_and_open_their_people(
        self, at_screen, fans, welcome, ana
    ):
        journey = draw(fans, send(welcome), delay(1), end())

        def walks():
            happened(ana, "Liked")
            walk_all(NOON)
            connection.close()

        def looks(page):
            page.goto(f"{LIST}edit/{journey.pk}/")
            page.locator(".dxp-outline__card").first.wait_for()
            with ThreadPoolExecutor(1) as thread:
                thread.submit(walks).result()
            number = page.locator("#tally-s2 a")
            # Asked for every few seconds; a busy machine takes its time.
            expect(number).to_have_text("1 waiting", timeout=20_000)
            number.click()
            expect(page.locator("main tbody")).to_contain_text("Ana")

        at_screen(looks)


@browser
@committed
def test_everything_fits_a_phone_and_comes_back_as_it_was(at_screen, fans, welcome):
    journey = Journey.objects.create(
        name="Everything", reentry="AGAIN", entry={"type": "schedule", "segment": fans.pk,
        "every": "week", "weekdays": [0], "on": "2026-12-01", "time": "09:30"},
        goals=[{"event": "Order Completed", "where": [{"prop": "x", "cmp": "eq", "value": 1}]}],
        outline=everything(welcome),
    )  # fmt: skip

    def looks(page):
        width = page.viewport_size["width"]
        # So high that the bar with the buttons lies on nothing.
        page.set_viewport_size({"width": width, "height": 6000})
        page.goto(f"{LIST}edit/{journey.pk}/")
        page.locator("text=Edit the condition").first.click()
        page.locator(".dxp-rule__leaf").first.wait_for()
        page.locator("[id^='gap-']").last.click()
        page.add_script_tag(path=AXE)
        assert page.evaluate(FAULTS, [TAGS, WAGTAILS]) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT_OFF, width) == []
        # What the editor read is what it writes.
        page.keyboard.press("Escape")
        save(page)

    at_screen(looks, forms=["phone"])

    before = journey.outline
    journey.refresh_from_db()
    assert journey.revision == 1
    assert journey.outline == before


def everything(welcome):
    """Every kind of step."""
    return [
        {"id": "d1", "type": "delay", "mode": "for", "amount": 1, "unit": "hours"},
        {"id": "w1", "type": "wait", "name": "Did they order?", "amount": 1, "unit": "hours",
         "for": [
             {"id": "w1a", "event": "Order Completed", "same": "cart_id",
              "where": [{"prop": "total", "cmp": "gte", "value": 10}],
              "steps": [{"id": "e1", "type": "end", "outcome": "bought"}]},
             {"id": "w1b", "rule": GOLD, "steps": []}],
         "timeout": [
             {"id": "m1", "type": "send", "message": welcome.pk},
             {"id": "d2", "type": "delay", "mode": "time", "time": "09:30", "after": 1}]},
        {"id": "b1", "type": "branch",
         "arms": [{"id": "b1a", "name": "Gold", "rule": GOLD, "steps": [
             {"id": "x1", "type": "split", "arms": [
                 {"id": "x1a", "name": "A", "percent": 50, "steps": []},
                 {"id": "x1b", "name": "B", "percent": 50, "steps": [
                     {"id": "m2", "type": "send", "message": 0}]}]}]}],
         "else": [{"id": "j1", "type": "jump", "to": "d1"}]},
        {"id": "u1", "type": "update", "trait": "seen", "value": True},
        {"id": "d3", "type": "delay", "mode": "weekday", "weekdays": [0, 3], "time": "10:00"},
        {"id": "d4", "type": "delay", "mode": "date", "trait": "birthday", "amount": 3,
         "unit": "days", "side": "before", "time": "08:00"},
        {"id": "e2", "type": "end", "outcome": "done"},
    ]  # fmt: skip
