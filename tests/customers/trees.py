"""Random people, random rules, and an oracle that answers them in plain Python."""

from __future__ import annotations

import operator
from datetime import date, timedelta

COMPARE = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gte": operator.ge,
    "lt": operator.lt, "lte": operator.le,
}  # fmt: skip
EVENTS = ("Article Viewed", "Product Viewed", "Order Completed")
TRAITS = {
    "country": ["RO", "IT", "CN", "", 'it\'s "q" %s'],
    "age": [0, 17, 42, 42.5, -3],
    "plan": ["free", "pro", 42, True, None],
    "vip": [True, False, "true"],
    "tags": [["a", "b"], [], ["b"], "ab", 7],
    "company.size": [1, 50, "50"],
    "born": ["1990-05-01", "2001-12-31"],
}


def person(random):
    """Return traits that only some have, and of mixed types."""
    traits = {}
    for name, values in TRAITS.items():
        if random.random() < 0.7:
            value = random.choice(values)
            outer, _, inner = name.partition(".")
            traits[outer] = {inner: value} if inner else value
    return traits


def days(random, today):
    """Return (name, day) → (count, amount), ages ago to today."""
    return {
        (name, today - timedelta(days=random.choice([0, 1, 2, 6, 7, 8, 29, 30, 31, 89]))): (
            random.randint(1, 4),
            random.choice([0, 5, 12.5, 100]),
        )
        for name in EVENTS
        for _ in range(random.choice([0, 0, 1, 3]))
    }


def leaf(random, segments):
    kind = random.choice(["trait", "trait", "event", "event", "segment"])
    if kind == "segment" and segments:
        return {"op": "segment", "id": random.choice(segments)}
    if kind == "event":
        return {
            "op": "event",
            "name": random.choice(EVENTS),
            "metric": random.choice(["count", "sum"]),
            "window": random.choice(["all", {"last": [random.choice([1, 7, 30]), "days"]}]),
            "cmp": random.choice(list(COMPARE)),
            "value": random.choice([0, 1, 3, 12.5, 100, -1]),
        }
    field = random.choice(list(TRAITS))
    cmp = random.choice(["eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "set"])
    scalars = [one for one in TRAITS[field] if isinstance(one, (str, int, float))]
    value = random.choice(scalars or ["a"])
    if cmp == "set":
        value = random.random() < 0.5
    elif cmp == "in":
        value = random.sample(scalars or ["a"], k=min(2, len(scalars or ["a"])))
    elif cmp == "contains":
        value = random.choice(["a", "b", "r", "RO", "0", "%"])
    elif cmp not in ("eq", "ne") and isinstance(value, bool):
        value = 1
    return {"op": "trait", "field": field, "cmp": cmp, "value": value}


def tree(random, depth=3, segments=()):
    """Return a random node."""
    if depth == 0 or random.random() < 0.25:
        return leaf(random, segments)
    kind = random.choice(["and", "or", "not"])
    if kind == "not":
        return {"op": "not", "of": tree(random, depth - 1, segments)}
    return {
        "op": kind,
        "of": [tree(random, depth - 1, segments) for _ in range(random.randint(1, 3))],
    }


def answer(node, traits, counts, inside, today: date) -> bool:
    """Return what the rule says about one person: the oracle."""
    if node["op"] == "and":
        return all(answer(one, traits, counts, inside, today) for one in node["of"])
    if node["op"] == "or":
        return any(answer(one, traits, counts, inside, today) for one in node["of"])
    if node["op"] == "not":
        return not answer(node["of"], traits, counts, inside, today)
    if node["op"] == "segment":
        return node["id"] in inside
    if node["op"] == "event":
        place = 0 if node["metric"] == "count" else 1
        first = date.min
        if node["window"] != "all":
            first = today - timedelta(days=node["window"]["last"][0] - 1)
        total = sum(
            measured[place]
            for (name, day), measured in counts.items()
            if name == node["name"] and day >= first
        )
        return COMPARE[node["cmp"]](total, node["value"])
    return known(node, traits)


def known(node, traits) -> bool:
    """Return what one trait says."""
    value = traits
    for key in node["field"].split("."):
        value = value.get(key) if isinstance(value, dict) else None
    wanted, cmp = node["value"], node["cmp"]
    if cmp == "set":
        return (value is not None) == wanted
    if value is None:
        return False
    if cmp in ("eq", "in", "ne"):
        same = any(alike(value, one) for one in (wanted if cmp == "in" else [wanted]))
        return same != (cmp == "ne")
    if cmp == "contains":
        if isinstance(value, str):
            return wanted.lower() in value.lower()
        return isinstance(value, list) and wanted in value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = isinstance(value, str) if isinstance(wanted, str) else number
    return fits and COMPARE[cmp](value, wanted)


def alike(value, wanted) -> bool:
    """A typed text also means the number or the yes that it spells."""
    if isinstance(wanted, str) and not isinstance(value, str):
        spelled = {"true": True, "false": False}.get(wanted)
        if isinstance(value, bool):
            return value is spelled
        return (
            isinstance(value, (int, float))
            and wanted.lstrip("-").isdigit()
            and value == int(wanted)
        )
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
