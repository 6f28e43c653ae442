"""One customer's path through every floor, in a real browser and a real mail server."""

from __future__ import annotations

import re
import time

import pytest

from journeys.suspect import SOON

pytestmark = pytest.mark.browser


def requests_of(page):
    """Record what the browser asks for, beyond pages and their files."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def soon(question, patience, what):
    """Ask until the answer is yes; fail after the time is over; return how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        if question():
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"{what} within {patience} s")


class TestChen:
    """Chen never consents."""

    def test_stores_and_sends_nothing(self, browser, house):
        context = browser.new_context(base_url=house.address)
        page = context.new_page()
        asked = requests_of(page)

        page.goto("/")
        page.goto("/insights/")
        page.click("main a[href^='/insights/'] >> nth=0")
        page.wait_for_load_state("networkidle")

        assert context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        assert [url for url in asked if "/v1/" in url or "/_x/" in url] == []
        assert page.locator("[data-consent]").is_visible()
        context.close()


class TestAna:
    """Ana reads, consents, signs up, and is answered."""

    def test_walks_the_whole_path(self, browser, house, mailbox, staff, token):
        context = browser.new_context(base_url=house.address)
        page = context.new_page()
        address = f"ana.{int(time.time())}@example.net"

        # She reads two articles, then lets us remember her.
        page.goto("/insights/")
        page.click("main a[href^='/insights/'] >> nth=0")
        page.goto("/insights/")
        page.click("main a[href^='/insights/'] >> nth=1")
        page.click("[data-consent] button[value=accept]")
        page.wait_for_selector("[data-consent]", state="hidden")
        anonymous_id = next(c["value"] for c in context.cookies() if c["name"] == "dxp_aid")

        # The front page shows everybody's words to her.
        page.goto("/")
        assert page.locator("dxp-slot").inner_text() != ""
        assert page.get_by_text("Good to have you with us.").count() == 0

        # She signs up.
        page.goto("/newsletter/")
        form = page.locator("form[data-sign-up]")
        form.locator("input[name=first_name]").fill("Ana")
        form.locator("input[name=email]").fill(address)
        form.locator("input[name=consent]").check()
        with page.expect_navigation(url="**/thank-you/"):
            form.locator("button").click()
        signed_up = time.monotonic()

        # Within two seconds she is in the segment, and the front page is hers.
        def greeted():
            page.goto("/")
            page.wait_for_load_state("networkidle")
            return page.get_by_text("Good to have you with us.").count() == 1

        soon(lambda: _is_member(house, token, anonymous_id), 2, "she enters the segment")
        soon(greeted, 5, "the personal block shows")

        # Within five seconds of signing up the letter is in the mail server.
        letter = mailbox.wait_for(address, 5)
        assert letter is not None
        assert letter.arrived - signed_up < 5
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        html = letter.get_body(("html",)).get_content()
        text = letter.get_body(("plain",)).get_content()
        assert "Good to have you here, Ana" in html
        assert "Good to have you here, Ana" in text

        # She clicks the button, and lands on our page; not at once: only programs are so fast.
        time.sleep(SOON.total_seconds())
        link = re.search(r"https?://[^\"\s]+/c/[^\"\s]+", html).group(0)
        page.goto(link)
        assert page.url.startswith(house.address + "/insights/")
        context.close()

        # Staff see all of it: on her profile, in the journey, in the funnel.
        self.staff_see_it(staff, address)

    def staff_see_it(self, staff, address):
        staff.goto(f"/admin/customers/profiles/?q={address}")
        staff.click("main table tbody a >> nth=0")
        for name in ("Signed Up", "Segment Entered", "Message Sent", "Message Clicked"):
            _reload_until(staff, name)

        staff.goto("/admin/journeys/journeys/")
        staff.click("main table tbody a:has-text('Welcome')")
        waiting = staff.locator("text=Step 2: Wait for something").locator("..")
        staff.locator("text=passed").first.wait_for()
        passed = re.search(r"(\d+) passed", waiting.inner_text())
        assert int(passed.group(1)) >= 1

        staff.goto("/admin/reports/funnel/?step=Signed+Up&step=Message+Sent&step=Message+Clicked")
        rows = staff.locator("main table").first.inner_text()
        assert "Message Clicked" in rows
        clicked = re.search(r"Message Clicked\D+(\d+)", rows)
        assert int(clicked.group(1)) >= 1


def _is_member(house, token, anonymous_id):
    members = house.json(
        f"/api/v1/profiles/?anonymous_id={anonymous_id}",
        headers={"Authorization": f"Bearer {token}"},
    )
    return any(
        segment["slug"] == "new-subscribers"
        for row in members["results"]
        for segment in row["segments"]
    )


def _reload_until(page, words):
    # A click is held five seconds before it counts.
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline:
        if page.get_by_text(words).count():
            return
        page.reload()
    raise AssertionError(f"{words} is not on {page.url}")
