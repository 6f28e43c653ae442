"""What visitors get besides pages: notifications they agreed to, a message that waited."""

from __future__ import annotations

import base64
import json
import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

pytestmark = pytest.mark.browser
ENDPOINT = "https://push.example/send/browser-test"
FURNISH = """
from datetime import timedelta
from django.core.cache import cache
from dxp.lib import clock
from journeys import ways
from journeys.channels.base import Parcel
from journeys.channels.onsite.shelf import Shelf
from journeys.channels.push.vapid import WebPush
from journeys.models import Delivery, Message, Sender
from customers.models import Alias
at = clock.now()
config = WebPush.complete({"contact": "mailto:ops@alder.example"})
private = ways.seal_secrets({"private": config.pop("private")})
made = {"config": config, "secrets": private}
Sender.objects.create(name="Browsers", channel="push", adapter="vapid", **made)
cache.delete("journeys:push-key")
pages = Sender.objects.create(name="Pages", channel="onsite", adapter="site")
note = Message.objects.create(name="Note", channel="onsite", subject="x", sender=pages)
ana = Alias.objects.get(kind="anonymous", value="VISITOR").profile
one = Delivery.objects.create(
    profile=ana, message=note, sender=pages, channel="onsite", seq=1000, enrollment_id=1, node="s1",
    queued_at=at, due_at=at, expires_at=at + timedelta(days=1), sent_at=at,
)
words = {"title": "Your cart is still here", "text": "<i>Free</i> until Sunday"}
words |= {"url": "/insights/", "at": at.isoformat()}
list(Shelf({}).send([Parcel(one.pk, "", "", words)]))
"""
COUNT = """
from journeys.models import OnsiteMessage, PushSubscription, Touch
one = OnsiteMessage.objects.get()
touches = Touch.objects.filter(delivery_id=one.delivery_id)
print("TOLD", one.shown_at is not None, one.closed_at is not None, touches.count(),
      PushSubscription.objects.filter(endpoint="ENDPOINT").count())
"""


def text_of(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def subscription():
    """Return what Google's server would make of a browser's wish, which no test may ask."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": text_of(raw), "auth": text_of(os.urandom(16))}
    return {"endpoint": ENDPOINT, "keys": keys}


@pytest.fixture
def ana(browser, house):
    """Return the page of a visitor who allowed everything."""
    context = browser.new_context(base_url=house.address)
    context.grant_permissions(["notifications"], origin=house.address)
    page = context.new_page()
    told = json.dumps(subscription())
    page.add_init_script(
        f"PushManager.prototype.subscribe = async () => ({{ ...{told}, toJSON: () => ({told}) }});"
    )
    page.goto("/")
    page.click("[data-consent] button[value=accept]")
    page.wait_for_selector("[data-consent]", state="hidden")
    known = next(one["value"] for one in context.cookies() if one["name"] == "dxp_aid")
    house.manage("shell", "-c", FURNISH.replace("VISITOR", known))
    yield page
    context.close()


def test_ana_reads_what_waited_for_her_and_agrees_to_more(ana, house):
    faults = []
    ana.on("pageerror", lambda error: faults.append(str(error)))
    ana.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)

    # A message waited; its words are words, whatever stands in them.
    ana.goto("/insights/")
    ana.wait_for_selector("[data-onsite]:not([hidden])")
    assert ana.inner_text("[data-onsite-title]") == "Your cart is still here"
    assert ana.inner_text("[data-onsite-text]") == "<i>Free</i> until Sunday"
    with ana.expect_response(re.compile("/close$")):
        ana.keyboard.press("Tab")
        ana.click("[data-onsite-close]")
    ana.wait_for_selector("[data-onsite]", state="hidden")

    # She agrees to notifications, and the worker shows what is pushed.
    registrations = []
    devtools = ana.context.new_cdp_session(ana)
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: registrations.extend(one["registrationId"] for one in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    ana.click("[data-push-allow]")
    ana.wait_for_selector("[data-push-stop]:not([hidden])")
    assert "are on" in ana.inner_text("[data-push-state]")
    pushed = {"title": "Hello Ana", "text": "News", "url": "/insights/", "tag": "d1.x"}
    for _twice in range(2):
        devtools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": house.address, "registrationId": registrations[-1],
                "data": json.dumps(pushed),
            },
        )  # fmt: skip
    ana.wait_for_function(
        "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
        ".then((all) => all.length > 0)"
    )
    shown = ana.evaluate(
        "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
        ".then((all) => all.map((one) => [one.title, one.body, one.data.url]))"
    )

    assert shown == [["Hello Ana", "News", "/insights/"]]
    assert faults == []
    assert "TOLD True True 1 1" in house.manage("shell", "-c", COUNT.replace("ENDPOINT", ENDPOINT))
