"""Noor asks where plans get stuck, makes a segment of those who stopped, sees what a letter did.

The analyst's way from a number to people, from people to a journey, and back to a number.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import psycopg
import pytest

from tests.browser.test_path import soon
from tests.journeys.test_editor import fill

pytestmark = pytest.mark.browser
NEW = "/admin/reports/questions/new/"
LETTERS = {"kind": "deliveries", "by": "journey", "period": {"last": [7, "days"]}}
SENT = """
SELECT c.value FROM journeys_delivery d JOIN journeys_enrollment e ON e.id = d.enrollment_id
JOIN customers_contactpoint c ON c.id = d.contact_point_id
WHERE e.journey_id = %s AND d.state = 'SENT'"""
JOURNEY = "Journey with Started, not opened"


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text.splitlines()[0]) or 0)


def stopped(page):
    """Return the link to those who started a plan and went no further."""
    row = page.locator("main tr:has(th:has-text('3. Savings Plan Started')) a")
    return row.nth(1)


def sent_by(page, name: str) -> int:
    """Return how many messages of a journey were sent, as the question about messages says."""
    page.goto(f"{NEW}?{urlencode({'q': json.dumps(LETTERS)})}")
    row = page.locator(f"main tr:has(th:has-text('{name}')) td")
    return number(row.first.inner_text()) if row.count() else 0


def sent(house, journey: str) -> list[str]:
    """Return to whom the outbox sent what the journey left in it."""
    with psycopg.connect(house.database) as connection:
        rows = connection.execute(SENT, [int(journey)]).fetchall()
    return [address for (address,) in rows]


def test_from_a_funnel_to_a_letter_and_back_to_a_number(house, mailbox, staff, clock, token):
    page = staff
    page.on("dialog", lambda dialog: dialog.accept())

    # Where do plans get stuck?
    page.goto("/admin/reports/questions/")
    page.click("main tbody a:has-text('From a product to a plan')")
    page.wait_for_load_state("load")
    many = number(stopped(page).inner_text())
    assert many > 20
    stopped(page).click()
    page.wait_for_url("**/reports/people/**")
    assert number(page.locator("main h2").first.inner_text()) == many

    # They become a segment: by rule, so that who stops tomorrow belongs to it too.
    page.fill("#id_segment-name", "Started, not opened")
    page.click("button:has-text('Make a segment')")
    page.wait_for_url("**/segments/inspect/**")
    segment = page.url

    def members() -> int:
        page.goto(segment)
        told = re.search(r"In it now\s+([\d,]+)", page.locator("main").inner_text())
        return number(told[1]) if told else 0

    soon(lambda: members() == many, 30, "the segment is not who stopped")

    # A journey begins with it: an hour later, a letter.
    page.click("text=Start a journey with this segment")
    page.wait_for_url("**/journeys/edit/**")
    page.click("text=Add the first step")
    page.click("#new-delay")
    fill(page, "amount", "1")
    page.locator("select[id^=unit-]:visible").last.select_option("hours")
    page.locator("[id^=gap--]").last.click()
    page.click("#new-send")
    page.locator("select[id^=message-]").last.select_option(label="A quiet reminder (E-mail)")
    page.locator("[role=status]:has-text('Everything is complete.')").wait_for()
    page.click("text=Review and launch")
    page.wait_for_url("**/launch/")
    page.check("#enroll_now")
    page.click("button:has-text('Launch')")
    page.wait_for_load_state("load")
    journey = re.search(r"journeys/(?:edit/)?(\d+)", page.url)[1]

    def under_way() -> int:
        header = {"Authorization": f"Bearer {token}"}
        return house.json(f"/api/v1/journeys/{journey}/", header)["running"]

    soon(lambda: under_way() == many, 30, "not everybody in the segment entered")
    assert sent_by(page, JOURNEY) == 0

    clock(hours=1)

    # The number is there as soon as the letters are; it counts each of them.
    soon(lambda: sent_by(page, JOURNEY) > 0, 40, "no letter of the journey is in the report")
    soon(lambda: sent_by(page, JOURNEY) == len(sent(house, journey)), 30, "the report miscounts")
    got = {one["To"] for one in mailbox.messages if one["Subject"] == "A page to begin with"}
    assert [address for address in sent(house, journey) if address not in str(got)] == []
