"""What the demo world's people do about products: download, reckon, start a plan, and open it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dxp.demo.people import Person

RECKON, START, OPEN, AT_ONCE = 0.4, 0.5, 0.5, 0.7
# Where people open what they started twice as often as elsewhere.
EAGER = "RO"
DOWNLOAD = 0.15
DOCUMENTS = {
    "/documents/prices-and-terms.pdf": "Prices and terms",
    "/documents/how-a-fund-works.pdf": "How a fund works",
    "/documents/annual-report.pdf": "Annual report",
}
# What is searched for: how often, and how many pages are found.
TERMS = {
    "funds": (5, 6),
    "fees": (4, 3),
    "pension": (3, 2),
    "crypto": (3, 0),
    "credit card": (1, 0),
}

Happened = Callable[..., None]


def look(
    person: Person, product: dict[str, Any], chance: random.Random, happened: Happened
) -> None:
    """Let somebody who looks at a product download its paper, reckon, and start a plan."""
    if chance.random() < DOWNLOAD:
        path = chance.choices(list(DOCUMENTS), [5, 3, 1])[0]
        happened("track", "Document Downloaded", {"path": path, "title": DOCUMENTS[path]})
    if person.plan or chance.random() >= RECKON:
        return
    about = {"product_id": product["product_id"], "monthly": chance.choice([25, 50, 50, 100, 200])}
    happened("track", "Calculator Used", about)
    if chance.random() >= START:
        return
    person.plans += 1
    about["plan_id"] = f"plan-{person.number:04d}-{person.plans}"
    happened("track", "Savings Plan Started", about)
    willing = OPEN if person.country == EAGER else OPEN / 2
    if chance.random() < willing:
        person.plan = about
        if chance.random() < AT_ONCE:
            go_on(person, chance, happened)


def go_on(person: Person, chance: random.Random, happened: Happened) -> None:
    """Let somebody open the plan that they started and mean to open."""
    if not person.plan:
        return
    revenue = round(person.plan["monthly"] * chance.uniform(0.5, 1.5), 2)
    told = {**person.plan, "revenue": revenue, "currency": "EUR"}
    happened("track", "Savings Plan Opened", told)
    person.plan = {}


def search(chance: random.Random, happened: Happened) -> None:
    """Let somebody search the site."""
    term = chance.choices(list(TERMS), [often for often, _ in TERMS.values()])[0]
    page = {"path": "/search/", "title": "Search", "referrer": ""}
    happened("page", "", page)
    happened("track", "Searched", {"query": term, "results": TERMS[term][1]})
