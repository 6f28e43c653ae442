"""Events like those of a shop: about 400 bytes each, from people who come back."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import orjson

from benchmarks._cost import text

NAMES = [
    "Article Viewed", "Product Viewed", "Product Added", "Order Completed", "Searched",
    "Video Played", "Form Opened", "Coupon Applied", "Review Read", "Wishlist Opened",
]  # fmt: skip


def batch(dice: random.Random, size: int, at: datetime, people: int) -> list[dict[str, Any]]:
    """Return calls as an SDK makes them."""
    return [_call(dice, at - timedelta(seconds=size - i), people) for i in range(size)]


def _call(dice: random.Random, at: datetime, people: int) -> dict[str, Any]:
    who = int(people * dice.random() ** 2)
    call: dict[str, Any] = {
        "messageId": f"api-{dice.getrandbits(96):024x}",
        "timestamp": at.isoformat(),
        "anonymousId": f"browser-{who}",
        "context": {
            "page": {"url": f"https://shop.example/p/{who % 300}", "path": f"/p/{who % 300}"},
            "library": {"name": "analytics.js", "version": "2.1"}, "locale": "ro-RO",
        },
    }  # fmt: skip
    kind = dice.random()
    if kind < 0.05:
        traits = {"plan": dice.choice(["free", "pro"]), "country": dice.choice(["RO", "IT", "CN"])}
        return {**call, "type": "identify", "userId": f"user-{who}", "traits": traits}
    properties: dict[str, Any] = {"path": f"/p/{who % 300}", "title": "Fund of the month"}
    if kind < 0.25:
        return {**call, "type": "page", "properties": properties}
    properties |= {"product_id": who % 300, "revenue": 12.5}
    return {**call, "type": "track", "event": dice.choice(NAMES), "properties": properties}


def bare(number: int, call: dict[str, Any], at: datetime) -> bytes:
    """Return the same event as a row of the event table, for COPY."""
    return text((
        number, at, call["timestamp"], 0, 1, call["messageId"], call["type"],
        call.get("event", "Page Viewed"), number % 997, number % 997, call.get("userId"),
        call["anonymousId"], None, None,
        orjson.dumps(call.get("properties") or call.get("traits")).decode(),
        orjson.dumps(call["context"]).decode(),
    ))  # fmt: skip
