"""Mara draws an abandoned cart, tries, launches and changes it; each message arrives once."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.test_path import soon
from tests.journeys.test_editor import add, fill

pytestmark = pytest.mark.browser
NEWS = {"purpose": "marketing", "state": "GRANTED", "method": "form"}


class Gateway:
    """A provider of text messages."""

    def __init__(self) -> None:
        self.texts = texts = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                texts.append((told["to"], told["text"]))
                answer = json.dumps({"id": f"sms-{len(texts)}"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/send"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def gateway():
    gateway = Gateway()
    yield gateway
    gateway.server.shutdown()


@pytest.fixture
def api(browser, house, token):
    """Tell the house what a shop's program would."""
    context = browser.new_context(
        base_url=house.address, extra_http_headers={"Authorization": f"Bearer {token}"}
    )

    def tell(path, **body):
        answer = context.request.post(f"/api/v1/{path}", data=body)
        assert answer.ok, answer.text()
        return answer.json()

    yield tell
    context.close()


def person(api, name, phone):
    """Make somebody who may be written to in both ways, and return their address."""
    address = f"{name}.{int(time.time())}@example.net"
    traits = {"firstName": name.capitalize(), "email": address, "phone": phone,
              "timezone": "Europe/Bucharest"}  # fmt: skip
    told = api("profiles/", user_id=f"{name}-{phone}", traits=traits)
    for channel, where in (("email", address), ("phone", phone)):
        api(f"profiles/{told['id']}/consents/", address=where, channel=channel, **NEWS)
    return address


def happens(api, name, phone, event, **properties):
    api("events/", events=[{"event": event, "user_id": f"{name}-{phone}",
                            "properties": properties}])  # fmt: skip


def draw(page):
    """Draw the cart in the outline editor."""
    page.goto("/admin/journeys/journeys/new/")
    page.fill("#id_name", "Abandoned cart")
    page.select_option("#type-entry", "event")
    fill(page, "event", "Cart Updated", "#entry-fields")
    page.fill("#key-entry", "cart_id")
    page.select_option("#id_reentry", "KEYED")
    add(page, 0, "wait")
    fill(page, "amount", "1")
    page.locator("[id^=unit-s]").select_option("hours")
    fill(page, "event", "Order Completed", ".dxp-outline__way")
    fill(page, "same", "cart_id", ".dxp-outline__way")
    page.locator(".dxp-outline__way >> nth=0").locator("text=Add step").click()
    page.click("#new-end")
    fill(page, "outcome", "bought")
    below(page, "send")
    page.locator("select[id^=message-]").last.select_option(label="Your plan is waiting (E-mail)")
    below(page, "delay")
    page.locator("select[id^=mode-]").last.select_option("time")
    page.locator("input[id^=after-]").last.fill("1")
    page.locator("input[id^=time-]").last.fill("09:30")
    below(page, "send")
    page.locator("select[id^=message-]").last.select_option(label="Still interested? (SMS)")
    page.locator("[role=status]:has-text('Everything is complete.')").wait_for()
    page.click("text=Review and launch")
    page.wait_for_url("**/launch/")


def below(page, kind):
    """Add a step below the last one."""
    page.locator("[id^=gap--]").last.click()
    page.click(f"#new-{kind}")


def write(page, gateway):
    """Set up the gateway, and write the text message."""
    page.goto("/admin/journeys/senders/new/sms/http/")
    page.fill("#id_name", "Text gateway")
    page.fill("#id_set_url", gateway.url)
    page.click("button:has-text('Create')")
    page.wait_for_url("**/senders/**")
    page.goto("/admin/journeys/messages/add/?channel=sms")
    page.fill("#id_name", "Still interested?")
    page.fill("#id_text", '{{ first_name|default:"You" }}, cart {{ event.cart_id }} is still here.')
    page.click("button[aria-label='More actions'], footer button:has-text('More actions')")
    page.click("button[name=action-publish]")
    page.wait_for_load_state("load")


class TestAbandonedCart:
    def test_from_the_first_step_to_the_way_back(self, house, mailbox, staff, gateway, api, clock):
        page = staff
        page.on("dialog", lambda dialog: dialog.accept())
        write(page, gateway)
        draw(page)
        journey = page.url.split("/")[-3]
        address = f"/admin/journeys/journeys/{journey}"

        # A test run: two days in a moment, and nothing leaves the house.
        page.click("text=Make a test run")
        page.fill("#id_traits", "firstName = Ana\ntimezone = Europe/Bucharest")
        page.fill("#id_entry", "cart_id = 42")
        page.click("button:has-text('Run')")
        page.wait_for_load_state("load")
        page.locator("main details").evaluate_all("all => all.forEach((one) => (one.open = true))")
        told = page.locator("main").inner_text()
        assert "Your savings plan is waiting" in told
        assert "Ana, cart 42 is still here." in told
        assert gateway.texts == []

        page.goto(f"{address}/launch/")
        page.click("button:has-text('Launch')")
        page.wait_for_load_state("load")

        # Ana leaves one cart and buys another; bea buys in time.
        ana = person(api, "ana", "+40722000111")
        bea = person(api, "bea", "+40722000222")
        for cart in ("A1", "A2"):
            happens(api, "ana", "+40722000111", "Cart Updated", cart_id=cart)
        happens(api, "bea", "+40722000222", "Cart Updated", cart_id="B1")
        people = f"{address}/people/"
        soon(lambda: under_way(page, people) == 3, 20, "three carts were not under way")
        happens(api, "ana", "+40722000111", "Order Completed", cart_id="A2")
        happens(api, "bea", "+40722000222", "Order Completed", cart_id="B1")
        soon(lambda: under_way(page, people) == 1, 20, "two orders did not end their runs")

        clock(hours=1)
        assert mailbox.wait_for(ana, 20)
        assert mailbox.wait_for(bea, 1) is None

        # While it is paused, the morning comes and goes, and nobody moves.
        page.goto(f"{address.replace('journeys/journeys/', 'journeys/journeys/edit/')}/")
        page.click("button:has-text('Pause')")
        page.wait_for_load_state("load")
        clock(days=2)
        time.sleep(2)
        assert gateway.texts == []
        page.goto(f"{address}/resume/")
        page.check("#policy-now")
        page.click("button:has-text('Resume')")
        soon(lambda: gateway.texts, 40, "the text message did not come")
        soon(lambda: under_way(page, people) == 0, 20, "the run did not end")
        assert gateway.texts == [("+40722000111", "Ana, cart A1 is still here.")]
        assert len([one for one in mailbox.messages if ana in one["To"]]) == 1

        # Somebody waits while the journey changes: she goes over to the new version, and back.
        person(api, "eva", "+40722000333")
        happens(api, "eva", "+40722000333", "Cart Updated", cart_id="E1")
        soon(lambda: under_way(page, people) == 1, 20, "eva did not enter")
        page.goto(f"{address.replace('journeys/journeys/', 'journeys/journeys/edit/')}/")
        fill(page, "amount", "3")
        page.click("text=Review and launch")
        page.wait_for_url("**/launch/")
        assert "3 hours" in page.locator("main").inner_text()
        page.click("button:has-text('Publish')")
        page.wait_for_url("**/transfer/")
        page.click("button:has-text('Move them')")
        page.wait_for_load_state("load")
        soon(lambda: on_version(page, address, 2) == "1 person", 30, "eva did not move")

        page.goto(f"{address}/versions/1/")
        page.click("button:has-text('Bring it back')")
        page.wait_for_url("**/versions/")
        page.click("text=Move 1 person of other versions here")
        page.wait_for_url("**/transfer/")
        page.click("button:has-text('Move them')")
        page.wait_for_load_state("load")
        soon(lambda: on_version(page, address, 3) == "1 person", 30, "eva did not come back")


def under_way(page, people) -> int:
    """Return how many people the journey's list shows."""
    page.goto(people)
    return page.locator("main tbody tr").count()


def on_version(page, address, number) -> str:
    """Return what the versions page says of those who are on a version."""
    page.goto(f"{address}/versions/")
    card = page.locator(f"section:has(#version-{number})")
    words = card.inner_text() if card.count() else ""
    return "1 person" if "1 person is on it" in words else words
