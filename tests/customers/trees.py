"""Random people, random rules, and an oracle that answers them in plain Python."""

from __future__ import annotations

import hashlib
import operator
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

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
    "born": ["1990-05-01", "2001-12-31", "2004-02-29", "1990-13-01", 19900501, "soon"],
    "renews": [
        "2026-03-29", "2026-03-20", "2026-04-30", "2026-03-29T01:30:00Z",
        "2026-03-28T23:30:00+02:00", "2026-03-29 03:15", "2026-04-02T10:00:00.5Z", "29.3.2026",
    ],
}  # fmt: skip
DATES = ("born", "renews")
AGES = [0, 1, 2, 6, 7, 8, 28, 29, 30, 31, 32, 89]
PROPERTIES = {
    "category": ["shoes", "hats", "", None],
    "price": [5, 12.5, 100, "19.90", "a lot", True],
    "revenue": [5, 12.5, "100", -3, None],
    "by.country": ["RO", "IT"],
}
CHANNELS, STATES = ("email", "phone"), ("GRANTED", "WITHDRAWN", "PENDING")


@dataclass
class Person:
    """What the oracle knows about somebody."""

    public_id: str
    traits: dict[str, Any]
    events: list[tuple[str, datetime, dict[str, Any]]] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    listed: set[int] = field(default_factory=set)
    # channel → decisions about marketing, oldest first: (state, expires at).
    addresses: dict[str, list[tuple[str, datetime | None]]] = field(default_factory=dict)


@dataclass
class Now:
    """A moment and the workspace's time zone."""

    at: datetime
    zone: ZoneInfo

    def day(self, moment: datetime | None = None) -> date:
        return (moment or self.at).astimezone(self.zone).date()


def person(random):
    """Return traits that only some have, and of mixed types."""
    traits = {}
    for name, values in TRAITS.items():
        if random.random() < 0.7:
            nest(traits, name, random.choice(values))
    return traits


def nest(document, name, value):
    outer, _, inner = name.partition(".")
    document[outer] = {inner: value} if inner else value


def events(random, at):
    """Return what somebody did: at all ages, some of it minutes ago."""
    found = []
    for name in EVENTS:
        for _ in range(random.choice([0, 0, 1, 2, 5])):
            ago = timedelta(days=random.choice(AGES), minutes=random.choice([0, 1, 59, 200, 1000]))
            properties = {}
            for prop, values in PROPERTIES.items():
                if random.random() < 0.6:
                    nest(properties, prop, random.choice(values))
            found.append((name, at - ago, properties))
    return found


def addresses(random, at):
    """Return addresses with what was decided about each."""
    found = {}
    for channel in CHANNELS:
        if random.random() < 0.6:
            found[channel] = [
                (random.choice(STATES), random.choice([None, None, at + timedelta(days=9)]))
                for _ in range(random.choice([0, 1, 2]))
            ]
    return found


def window(random):
    """Return a period of any kind."""
    kind = random.choice(["all", "last", "last", "last", "between", "between", "fixed"])
    if kind == "last":
        return {"last": random.choice([
            [1, "days"], [7, "days"], [30, "days"], [2, "weeks"], [1, "months"], [3, "months"],
            [1, "hours"], [24, "hours"], [30, "hours"],
        ])}  # fmt: skip
    if kind == "between":
        return {"between": random.choice([
            [1, 7, "days"], [7, 30, "days"], [30, 90, "days"], [1, 3, "months"], [1, 25, "hours"],
        ])}  # fmt: skip
    if kind == "fixed":
        return random.choice([
            {"from": "2026-03-01"}, {"to": "2026-03-20"}, {"from": "2026-03-01", "to": "2026-03-28"}
        ])  # fmt: skip
    return "all"


def matcher(random):
    """Return events of a name, half of the time with filters."""
    meant = {"event": random.choice(EVENTS)}
    if random.random() < 0.4:
        meant["where"] = [filtered(random) for _ in range(random.choice([1, 1, 2]))]
    return meant


def filtered(random):
    prop = random.choice(list(PROPERTIES))
    cmp, value = comparison(random, PROPERTIES[prop])
    return {"prop": prop, "cmp": cmp, "value": value}


def comparison(random, values):
    cmp = random.choice(["eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "starts", "set"])
    scalars = [one for one in values if isinstance(one, (str, int, float))]
    value = random.choice(scalars or ["a"])
    if cmp == "set":
        value = random.random() < 0.5
    elif cmp == "in":
        value = random.sample(scalars or ["a"], k=min(2, len(scalars or ["a"])))
    elif cmp in ("contains", "starts"):
        value = random.choice(["a", "b", "r", "RO", "0", "%", "1", "sh"])
    elif cmp not in ("eq", "ne") and isinstance(value, bool):
        value = 1
    return cmp, value


def leaf(random, segments, timed=False, lists=()):
    kinds = ["trait", "trait", "date", "event", "event", "event", "sequence", "consent", "contact",
             "bucket", "segment", "list"]  # fmt: skip
    kind = random.choice(kinds[2:7] if timed else kinds)
    if kind == "segment":
        return {"op": "segment", "id": random.choice(segments)} if segments else _contact(random)
    if kind == "list":
        return {"op": "list", "id": random.choice(lists)} if lists else _contact(random)
    made = {
        "trait": _trait, "date": _date, "event": _event, "sequence": _sequence,
        "consent": _consent, "contact": _contact, "bucket": _bucket,
    }[kind]  # fmt: skip
    return made(random)


def _event(random):
    metric = random.choice([
        "count",
        "count",
        "days",
        "sum",
        "avg",
        "min",
        "max",
        "first",
        "last",
        "distinct",
    ])
    told = {"op": "event", "matcher": matcher(random), "metric": metric, "window": window(random),
            "cmp": random.choice(list(COMPARE)),
            "value": random.choice([0, 1, 3, 12.5, 100, -1])}  # fmt: skip
    if metric == "distinct" or (metric in ("sum", "avg", "min", "max") and random.random() < 0.5):
        told["prop"] = random.choice(list(PROPERTIES))
    if metric in ("first", "last"):
        told["value"] = random.choice([0, 1, 7, 30])
    return told


def _sequence(random):
    told = {"op": "sequence", "steps": [matcher(random) for _ in range(random.choice([2, 2, 3]))],
            "within": random.choice([[1, "hours"], [2, "days"], [60, "days"]]),
            "window": window(random)}  # fmt: skip
    if random.random() < 0.4:
        told["without"] = matcher(random)
    return told


def _trait(random):
    name = random.choice(list(TRAITS))
    cmp, value = comparison(random, TRAITS[name])
    return {"op": "trait", "field": name, "cmp": cmp, "value": value}


def _date(random):
    cmp = random.choice([
        "before",
        "after",
        "within_last",
        "before_last",
        "within_next",
        "anniversary_in",
    ])
    told = {"op": "trait", "field": random.choice([*DATES, "country"]), "cmp": cmp}
    if cmp in ("before", "after"):
        return {**told, "value": random.choice(["2026-03-29", "1999-12-31", "2026-03-20"])}
    spans = [(1, "days"), (7, "days"), (30, "days"), (2, "weeks"), (1, "months"), (12, "months")]
    hours = [] if cmp == "anniversary_in" else [(1, "hours"), (36, "hours")]
    value, unit = random.choice(spans + hours)
    return {**told, "value": value, "unit": unit}


def _consent(random):
    return {"op": "consent", "purpose": "marketing", "channel": random.choice(CHANNELS),
            "state": random.choice(["granted", "denied", "none"])}  # fmt: skip


def _contact(random):
    return {"op": "contact", "channel": random.choice(CHANNELS)}


def _bucket(random):
    first = random.choice([0, 12.5, 50])
    return {"op": "bucket", "salt": random.choice(["a", "b"]), "from": first, "to": first + 40}


def tree(random, depth=3, segments=(), timed=False, lists=()):
    """Return a random node."""
    if depth == 0 or random.random() < 0.25:
        return leaf(random, segments, timed, lists)
    kind = random.choice(["and", "or", "not"])
    if kind == "not":
        return {"op": "not", "of": tree(random, depth - 1, segments, timed, lists)}
    return {
        "op": kind,
        "of": [
            tree(random, depth - 1, segments, timed, lists) for _ in range(random.randint(1, 3))
        ],
    }


def answer(node, who: Person, now: Now) -> bool:
    """Return what the rule says about one person: the oracle."""
    op = node["op"]
    if op == "and":
        return all(answer(one, who, now) for one in node["of"])
    if op == "or":
        return any(answer(one, who, now) for one in node["of"])
    if op == "not":
        return not answer(node["of"], who, now)
    if op == "segment":
        return node["id"] in who.inside
    if op == "list":
        return node["id"] in who.listed
    if op == "contact":
        return node["channel"] in who.addresses
    if op == "consent":
        return decided(who, node["channel"], now) == node["state"]
    if op == "bucket":
        digest = hashlib.md5(f"{node['salt']}:{who.public_id}".encode()).hexdigest()
        return node["from"] <= int(digest[:8], 16) * 100 / 2**32 < node["to"]
    if op == "event":
        return happened(node, who, now)
    if op == "sequence":
        return followed(node, who, now)
    if node["cmp"] in (
        "before", "after", "within_last", "before_last", "within_next", "anniversary_in"
    ):  # fmt: skip
        return dated(node, who.traits, now)
    return known(node["field"], node["cmp"], node["value"], who.traits)


def decided(who, channel, now):
    told = [one for one in who.addresses.get(channel, []) if one[0] != "PENDING"]
    if not told:
        return "none"
    state, ends = told[-1]
    return "granted" if state == "GRANTED" and (ends is None or ends > now.at) else "denied"


def look(name, document):
    for key in name.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def known(name, cmp, wanted, document) -> bool:
    """Return what one value says."""
    value = look(name, document)
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
    if cmp == "starts":
        return isinstance(value, str) and value.lower().startswith(wanted.lower())
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


def meant(matcher, name, properties) -> bool:
    return name == matcher["event"] and all(
        known(one["prop"], one["cmp"], one["value"], properties) for one in matcher.get("where", [])
    )


def later(day: date, n: int, unit: str) -> date:
    """Return a day so much later; a month's end stays one."""
    if unit == "months":
        year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return day + timedelta(days=n * (7 if unit == "weeks" else 1))


def during(period, moment, now: Now) -> bool:
    """Return whether a moment lies in a period."""
    if period == "all":
        return True
    day = now.day(moment)
    if "from" in period or "to" in period:
        return period.get("from", "0") <= day.isoformat() <= period.get("to", "9")
    newer, older, unit = period.get("between") or [0, *period["last"]]
    if unit == "hours":
        age = now.at - moment
        return timedelta(hours=newer) <= age < timedelta(hours=older)
    return later(day, newer, unit) <= now.day() < later(day, older, unit)


def numeric(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(str(value))
    if isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit():
        return Decimal(value)
    return None


def worth(properties):
    return next(
        (
            found
            for key in ("revenue", "value", "total")
            if (found := numeric(properties.get(key))) is not None
        ),
        None,
    )


def happened(node, who, now) -> bool:
    mine = [
        (moment, properties)
        for name, moment, properties in who.events
        if meant(node["matcher"], name, properties) and during(node["window"], moment, now)
    ]
    found = measured(node, mine, now)
    return found is not None and COMPARE[node["cmp"]](found, node["value"])


def measured(node, mine, now):
    metric, prop = node["metric"], node.get("prop")
    days = {now.day(moment) for moment, _ in mine}
    if metric == "count":
        return len(mine)
    if metric == "days":
        return len(days)
    if metric in ("first", "last"):
        return (now.day() - (min if metric == "first" else max)(days)).days if days else None
    if metric == "distinct":
        values = [look(prop, properties) for _, properties in mine]
        return len({(type(one) is bool, str(one) if isinstance(one, str) else one, type(one) is str)
                    for one in values if one is not None})  # fmt: skip
    values = [
        value
        for _, properties in mine
        if (value := numeric(look(prop, properties)) if prop else worth(properties)) is not None
    ]
    if metric == "sum":
        return sum(values)
    if not values:
        return None
    if metric == "avg":
        return sum(values) / len(values)
    return {"min": min, "max": max}[metric](values)


def followed(node, who, now) -> bool:
    n, unit = node["within"]
    limit = timedelta(hours=n * {"hours": 1, "days": 24}[unit])
    mine = sorted(
        (moment, name, properties)
        for name, moment, properties in [(a, b, _Bag(c)) for a, b, c in who.events]
        if during(node["window"], moment, now)
    )

    def at_steps(place, after, start):
        if place == len(node["steps"]):
            between = [
                1
                for moment, name, bag in mine
                if "without" in node
                and start < moment < after
                and meant(node["without"], name, bag.of)
            ]
            return not between
        return any(
            at_steps(place + 1, moment, moment if start is None else start)
            for moment, name, bag in mine
            if (after is None or moment > after)
            and (start is None or moment - start <= limit)
            and meant(node["steps"][place], name, bag.of)
        )

    return at_steps(0, None, None)


class _Bag:
    """Properties that have no order."""

    def __init__(self, of):
        self.of = of

    def __lt__(self, other):
        return False


def dated(node, traits, now: Now) -> bool:
    moment = moment_of(look(node["field"], traits), now.zone)
    if moment is None:
        return False
    cmp, value, today = node["cmp"], node["value"], now.day()
    day = now.day(moment)
    if cmp in ("before", "after"):
        return (
            (day < date.fromisoformat(value))
            if cmp == "before"
            else (day > date.fromisoformat(value))
        )
    unit = node["unit"]
    if unit == "hours":
        span = timedelta(hours=value)
        return {
            "within_last": moment <= now.at < moment + span,
            "before_last": moment + span <= now.at,
            "within_next": moment - span <= now.at < moment,
        }[cmp]
    if cmp == "within_last":
        return day <= today < later(day, value, unit)
    if cmp == "before_last":
        return later(day, value, unit) <= today
    if cmp == "anniversary_in":
        day = _birthday(day, today.year)
        if day < today:
            day = _birthday(moment.astimezone(now.zone).date(), today.year + 1)
    return later(day, -value, unit) < today <= day


def _birthday(born, year):
    return date(year, born.month, min(born.day, monthrange(year, born.month)[1]))


def moment_of(value, zone):
    """Return the moment that a text says."""
    if not isinstance(value, str) or value[:4].isdigit() is False:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone).astimezone(UTC)
