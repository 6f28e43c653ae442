"""The official browser SDKs, Analytics.js and RudderStack JS, send to us unchanged."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import sync_playwright

from customers import fold, ingest, segment
from customers.models import Event, Inbox, Quarantine, Source
from dxp.lib.clock import now
from tests.browser.conftest import CHROMIUM, QUIET
from tests.customers import people
from tests.sdk.conftest import HERE, cannot

pytestmark = pytest.mark.browser
SDKS = {
    "segment": "@segment/analytics-next/dist/umd/index.js",
    "rudder": "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js",
}
STORY = [
    "Aliased", "Article Viewed", "Article Viewed", "Article Viewed", "Identified", "Joined Group",
    "Order Completed", "Page Viewed",
]  # fmt: skip
# As people's browsers call themselves; Chromium without a screen would pass for a bot.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


class Shop(SimpleHTTPRequestHandler):
    """A customer's site, on an origin of its own: what its page sends to us crosses origins."""

    def do_GET(self):
        if not self.path.startswith("/funds-"):
            super().do_GET()
            return
        name = self.path.split("/")[1].removeprefix("funds-")
        page = (
            f"<!doctype html><title>Shop</title><script src=/node_modules/{SDKS[name]}></script>"
            f"<script src=/{name}_browser.js></script>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        """Be quiet."""


@pytest.fixture(scope="module")
def shop_site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, directory=HERE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def arrived():
    """Return the message ids that were acknowledged so far."""
    bodies = Inbox.objects.values_list("body", flat=True)
    return {fact.message_id for body in bodies for fact in ingest.read_body(bytes(body))}


def visit(page_address, network, key, all_is_there):
    """Let Chromium tell the story; keep it open until everything arrived."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(user_agent=AGENT)
        page = context.new_page()
        page.goto(page_address)
        ids = page.evaluate("([host, key]) => tell(host, key)", [network, key])
        deadline = time.monotonic() + 30
        while not all_is_there.is_set() and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        browser.close()
    return ids


@pytest.mark.parametrize("name", SDKS)
def test_a_story_arrives(node, server, shop_site, network, name):
    if CHROMIUM is None:
        cannot("Chromium is not installed.")
    Source.objects.filter(pk=server.shop.pk).update(kind=Source.Kind.BROWSER)
    all_is_there = threading.Event()

    # In a thread of its own: where Playwright's loop runs, Django refuses to use the database.
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(visit, f"{shop_site}/funds-{name}/", network, server.key, all_is_there)
        deadline = time.monotonic() + 30
        while len(arrived()) < len(STORY) and time.monotonic() < deadline and not told.done():
            time.sleep(0.05)
        all_is_there.set()
        before, after = told.result()
    fold.drain(at=now())

    check_rows(before, after, f"/funds-{name}/")
    check_people(before, after, server.readers)


def check_rows(before, after, path):
    assert not Quarantine.objects.exists()
    sent = Event.objects.exclude(name__startswith="Segment")
    assert sorted(sent.values_list("name", flat=True)) == STORY
    page = sent.get(name="Page Viewed")
    assert (page.properties["name"], page.properties["category"]) == ("Funds", "Shop")
    assert (page.properties["title"], page.properties["path"]) == ("Shop", path)
    assert page.anonymous_id == before
    alias = sent.get(name="Aliased")
    assert (alias.user_id, alias.previous_id) == ("chen", before)
    group = sent.get(name="Joined Group")
    assert (group.user_id, group.group_id, group.properties) == ("chen", "acme", {"plan": "pro"})
    order = sent.get(name="Order Completed")
    assert (order.user_id, order.anonymous_id) == ("chen", before)
    assert order.properties == {"revenue": 12.5, "currency": "EUR"}
    read = {
        event.properties["topic"]: (event.user_id, event.anonymous_id)
        for event in sent.filter(name="Article Viewed")
    }
    assert read == {
        "saving": (None, before), "funds": ("chen", before), "pensions": (None, after)
    }  # fmt: skip
    seen = {(event.context["ip"], event.context["userAgent"]) for event in sent}
    assert seen == {("127.0.0.0", AGENT)}


def check_people(before, after, readers):
    chen = people.profile_of(kind="user", value="chen")
    stranger = people.profile_of(kind="anonymous", value=after)
    assert chen == people.profile_of(kind="anonymous", value=before)
    assert chen.traits == {"email": "chen@example.test", "name": "陈"}
    assert segment.members_of(chen.pk) == {readers.pk}
    assert stranger not in (None, chen)
    assert segment.members_of(stranger.pk) == set()
