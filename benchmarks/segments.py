"""Segments over many people and events: counts against SQL by hand, previews, and judging.

The people and events are made by SQL in the real tables: 200,000 people and 5 million events, a
twentieth of both with `--quick`. `SEGMENTS_SCALE` (0.01 to 1) chooses another size.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from benchmarks import Result
from customers import append, fold, ingest, match, partitions, segment
from customers.models import Alias, Event, EventMatcher, Segment, SegmentDue, Source
from dxp.lib import clock

PEOPLE, EVENTS = 200_000, 5_000_000
# Name, how many in a thousand.
NAMES = (
    ("Page Viewed", 600), ("Product Viewed", 200), ("Product Added", 80),
    ("Order Completed", 40), ("Message Clicked", 40), ("Article Viewed", 40),
)  # fmt: skip
YEAR = 365
RATE, SECONDS = 200, 20


def run(quick: bool) -> Result:
    """Return the time of exact counts beside hand-written SQL, and print what else was measured."""
    scale = float(os.environ.get("SEGMENTS_SCALE", "0.05" if quick else "1"))
    at = clock.now()
    began = time.perf_counter()
    world(int(PEOPLE * scale), int(EVENTS * scale), at)
    table = [("people, events", f"{int(PEOPLE * scale):,}, {int(EVENTS * scale):,}"),
             ("made in", f"{time.perf_counter() - began:,.0f} s")]  # fmt: skip
    ours, theirs, ratios = 0.0, 0.0, []
    for name, rule, hand in pairs(at):
        mine, other = _both(rule, hand, at)
        ours, theirs = ours + mine, theirs + other
        ratios.append(mine / other)
        table.append((f"exact: {name}", f"{mine:,.0f} : {other:,.0f} ms = {mine / other:.2f}"))
    table.append(("exact: worst ratio", f"{max(ratios):.2f}"))
    table += previews(at)
    table += judging(at, quick)
    table += latency(10 if quick else SECONDS)
    return Result(
        "segments", round(ours, 1), round(theirs, 1), round(ours / theirs, 3),
        "ms for all exact counts", table,
    )  # fmt: skip


def world(people: int, events: int, at: datetime) -> None:
    """Make people, what they did in a year, and the counts of it."""
    day = timedelta(days=1)
    partitions.ensure(moments={at - day * i for i in range(YEAR + 2)})
    source = Source.objects.create(name="Benchmark")
    pick, low = "CASE", 0
    for name, share in NAMES:
        low += share
        pick += f" WHEN k < {low} THEN '{name}'"
    pick += " END"
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            "INSERT INTO customers_profile (public_id, bucket, state, is_known, traits, "
            "created_at, last_seen_at) "
            "SELECT gen_random_uuid(), i %% 1024, 'ACTIVE', true, jsonb_build_object("
            "'country', (ARRAY['RO','IT','CN','DE','FR','HR'])[1 + (random() * 5)::int], 'plan', "
            "(ARRAY['free','pro','team'])[1 + (random() * 2)::int], 'age', (random() * 80)::int, "
            "'born', (DATE '1950-01-01' + (random() * 20000)::int)::text), %s, %s "
            "FROM generate_series(1, %s) AS i",
            [at, at, people],
        )
        cursor.execute(
            "INSERT INTO customers_alias (kind, value, first_seen_at, home_profile_id, profile_id) "
            "SELECT 'user', 'u' || id, %s, id, id FROM customers_profile",
            [at],
        )
        # Some are much busier than others: a square makes the first tenth do a third of it all.
        cursor.execute(
            "INSERT INTO customers_event (id, received_at, at, position, source_id, message_id, "
            "type, name, alias_id, profile_id, properties, context) "
            "SELECT nextval('customers_event_id'), t, t, 0, %(source)s, 'b' || i, 'track', "
            f"{pick}, a.id, a.profile_id, CASE WHEN k >= 880 AND k < 920 THEN jsonb_build_object("
            "'revenue', round((random() * 200)::numeric, 2), 'category', "
            "(ARRAY['shoes','hats','bags'])[1 + (random() * 2)::int]) "
            "ELSE jsonb_build_object('path', '/' || (random() * 500)::int) END, '{}' "
            "FROM (SELECT i, %(at)s - random() * interval '365 days' AS t, (random() * 999)::int "
            "AS k, (SELECT min(id) FROM customers_alias) + "
            "(power(random(), 2) * (%(people)s - 1))::int AS who "
            "FROM generate_series(1, %(events)s) AS i) AS made "
            "JOIN customers_alias a ON a.id = made.who",
            {"source": source.pk, "at": at, "people": people, "events": events},
        )
        for name, _share in NAMES:
            segment.rollup.plain_ids(names=[name])
        cursor.execute(
            "INSERT INTO customers_eventday (profile_id, matcher_id, day, n, amount, first_at, "
            "last_at) SELECT e.profile_id, m.id, (e.at AT TIME ZONE 'UTC')::date, count(*), "
            "sum(COALESCE((e.properties ->> 'revenue')::numeric, 0)), min(e.at), max(e.at) "
            "FROM customers_event e JOIN customers_eventmatcher m ON m.event = e.name "
            "GROUP BY 1, 2, 3"
        )
        cursor.execute("VACUUM ANALYZE")


def did(
    name: str, cmp: str, value: float, window: Any = "all", metric: str = "count", **more: Any
) -> dict[str, Any]:
    """Return a condition about events."""
    return {"op": "event", "matcher": {"event": name}, "metric": metric, "window": window,
            "cmp": cmp, "value": value, **more}  # fmt: skip


def trait(field: str, cmp: str, value: Any) -> dict[str, Any]:
    """Return a condition about a trait."""
    return {"op": "trait", "field": field, "cmp": cmp, "value": value}


def last(days: int) -> dict[str, Any]:
    """Return a period."""
    return {"last": [days, "days"]}


def rule(*of: dict[str, Any]) -> dict[str, Any]:
    """Return a rule of all of these."""
    return {"v": 1, "root": of[0] if len(of) == 1 else {"op": "and", "of": list(of)}}


DAYS = "FROM customers_eventday d WHERE d.matcher_id = {} AND d.day > %(day)s::date - {}"
ACTIVE = "SELECT count(*) FROM customers_profile p WHERE p.state = 'ACTIVE' AND"


def pairs(at: datetime) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield rules with the SQL that a person would write for each."""
    ids = dict(EventMatcher.objects.values_list("event", "pk"))
    view, buy, click = ids["Page Viewed"], ids["Order Completed"], ids["Message Clicked"]

    def some(number: int, days: int, having: str = "") -> str:
        return f"p.id IN (SELECT d.profile_id {DAYS.format(number, days)} GROUP BY 1 {having})"

    both = rule(trait("country", "eq", "IT"), trait("plan", "eq", "pro"))
    yield "country and plan", both, (f'{ACTIVE} p.traits @> \'{{"country": "IT", "plan": "pro"}}\'')
    yield (
        "active in 7 days",
        rule(did("Page Viewed", "gte", 1, last(7))),
        (f"SELECT count(DISTINCT d.profile_id) {DAYS.format(view, 7)}"),
    )
    yield (
        "10 page views in 30 days",
        rule(did("Page Viewed", "gte", 10, last(30))),
        (f"{ACTIVE} {some(view, 30, 'HAVING sum(n) >= 10')}"),
    )
    yield (
        "3 orders in 90 days",
        rule(did("Order Completed", "gte", 3, last(90))),
        (f"{ACTIVE} {some(buy, 90, 'HAVING sum(n) >= 3')}"),
    )
    spent = rule(did("Order Completed", "gte", 500, last(365), "sum"))
    yield "spent 500 in a year", spent, f"{ACTIVE} {some(buy, 365, 'HAVING sum(amount) >= 500')}"
    yield (
        "no order in 30 days",
        rule(did("Order Completed", "eq", 0, last(30))),
        (f"{ACTIVE} NOT EXISTS (SELECT 1 {DAYS.format(buy, 30)} AND d.profile_id = p.id)"),
    )
    lapsed = rule(
        did("Page Viewed", "gte", 1, {"between": [30, 90, "days"]}),
        did("Page Viewed", "eq", 0, last(30)),
    )
    yield (
        "active 30 to 90 days ago, not since",
        lapsed,
        (
            f"{ACTIVE} p.id IN (SELECT d.profile_id {DAYS.format(view, 90)} GROUP BY 1 "
            "HAVING min(d.day) <= %(day)s::date - 30 AND max(d.day) <= %(day)s::date - 30)"
        ),
    )
    nested = rule(
        {"op": "or", "of": [trait("country", "eq", "IT"), trait("country", "eq", "RO")]},
        did("Page Viewed", "gte", 5, last(30)),
        {"op": "not", "of": did("Order Completed", "gte", 1, last(90))},
        {"op": "or", "of": [did("Message Clicked", "gte", 1, last(60)), trait("age", "gt", 40)]},
    )
    yield (
        "nested, six conditions",
        nested,
        (
            f"{ACTIVE} p.traits ->> 'country' IN ('IT', 'RO') "
            f"AND {some(view, 30, 'HAVING sum(n) >= 5')} "
            f"AND NOT EXISTS (SELECT 1 {DAYS.format(buy, 90)} AND d.profile_id = p.id) "
            f"AND ((p.traits ->> 'age')::int > 40 OR {some(click, 60)})"
        ),
    )


def _both(told: dict[str, Any], hand: str, at: datetime) -> tuple[float, float]:
    values = {"day": match.today(at)}
    mine, theirs, answers = [], [], set()
    for turn in range(4):
        spent, found = _timed(lambda: segment.size(rule=told, sample=False, at=at).count)
        other, wanted = _timed(lambda: match.run(hand, values)[0][0])
        answers |= {found, wanted}
        if turn:
            mine.append(spent)
            theirs.append(other)
    assert len(answers) == 1, (told, answers)
    return statistics.median(mine), statistics.median(theirs)


def previews(at: datetime) -> list[tuple[str, str]]:
    """Return how long the size of a sample takes, for rules over counts and over events."""
    spent = [
        _timed(lambda told=told: segment.size(rule=told, sample=True, at=at))[0]
        for _turn in range(3)
        for _name, told, _hand in pairs(at)
    ]
    steps = [{"event": "Product Added"}, {"event": "Order Completed"}]
    slow = {"op": "sequence", "steps": steps, "within": [2, "days"], "window": last(30)}
    most = did("Order Completed", "gte", 150, last(90), "max")
    other = [
        _timed(lambda leaf=leaf: segment.size(rule=rule(leaf), sample=True, at=at))[0]
        for _turn in range(3)
        for leaf in (slow, most, did("Page Viewed", "gte", 1, {"last": [24, "hours"]}))
    ]
    exact = [_timed(lambda leaf=leaf: segment.size(rule=rule(leaf), sample=False, at=at))[0]
             for leaf in (slow, most)]  # fmt: skip
    return [
        ("preview over counts, p95", f"{_p95(spent):,.0f} ms"),
        ("preview over events (says so), p95", f"{_p95(other):,.0f} ms"),
        ("exact: steps in order; largest order", f"{exact[0]:,.0f}; {exact[1]:,.0f} ms"),
    ]


def judging(at: datetime, quick: bool) -> list[tuple[str, str]]:
    """Return how long one person and 500 people take with 50 segments."""
    began = time.perf_counter()
    for number in range(50):
        name = NAMES[number % len(NAMES)][0]
        window = [last(7 + number), "all", {"between": [30, 60 + number, "days"]}][number % 3]
        counted = did(name, "gte", 1 + number % 4, window)
        extra = [trait("country", "eq", "IT"), trait("age", "gt", number), counted][number % 3]
        # Sizes of segments that people write: hardly anybody, up to some percent.
        rare = {"op": "bucket", "salt": "b", "from": 0, "to": 5}
        told = rule(counted, extra, rare)
        segment.create(name=f"Segment {number}", rule=told, at=at)
    filled = time.perf_counter() - began
    names = {name for name, _ in NAMES}
    everybody = list(Alias.objects.order_by("pk").values_list("profile_id", flat=True)[:20_000])
    one = [_touched(everybody[i : i + 1], names, at) for i in range(0, 400, 10)]
    many = [_touched(everybody[i : i + 500], names, at) for i in range(0, 3000, 500)]
    due = SegmentDue.objects.count()
    swept, looked = _timed(lambda: segment.sweep(at=at + timedelta(days=1)))
    return [
        ("first fill of 50 segments", f"{filled:,.1f} s"),
        ("one person x 50 segments, median; p95",
         f"{statistics.median(one):,.1f}; {_p95(one):,.1f} ms"),
        ("500 people x 50 segments, median; worst",
         f"{statistics.median(many):,.0f}; {max(many):,.0f} ms"),
        ("a sweep of 500 people, answers due", f"{swept:,.0f} ms, {looked:,} of {due:,}"),
    ]  # fmt: skip


def _touched(people: list[int], names: set[str], at: datetime) -> float:
    with transaction.atomic():
        append.hold(profile_ids=people)
        return _timed(
            lambda: segment.touched(
                profile_ids=people, names=names, traits=True, cause="event", at=at
            )
        )[0]


def latency(seconds: int) -> list[tuple[str, str]]:
    """Return how long after its acknowledgement an event has let its person into a segment."""
    at = clock.now()
    segment.create(name="Wanted", rule=rule(did("Wanted", "gte", 1, last(7))), at=at)
    stop, sent = threading.Event(), dict[str, float]()
    writer = threading.Thread(target=_send, args=(stop, sent))
    writer.start()
    done: dict[str, float] = {}
    end, folded, newest = time.perf_counter() + seconds, 0, _newest()
    while time.perf_counter() < end:
        got = fold.fold(at=clock.now())
        moment = time.perf_counter()
        if not got:
            time.sleep(0.01)
            continue
        folded += got
        fresh = Event.objects.filter(id__gt=newest, name="Wanted")
        done.update((key, moment) for key in fresh.values_list("message_id", flat=True))
        newest = _newest()
    stop.set()
    writer.join()
    took = [(moment - sent[key]) * 1000 for key, moment in done.items() if key in sent]
    entered = Event.objects.filter(name="Segment Entered", properties__segment="wanted").count()
    return [
        (f"event to Segment Entered at {RATE}/s, median; p95",
         f"{statistics.median(took):,.0f}; {_p95(took):,.0f} ms"),
        ("events folded; people entered", f"{folded:,}; {entered:,}"),
        ("segments while they came in", f"{Segment.objects.count()}"),
    ]  # fmt: skip


def _send(stop: threading.Event, sent: dict[str, float]) -> None:
    """Send events at a steady rate; every tenth is wanted."""
    source = Source.objects.get(name="Benchmark")
    people = list(Alias.objects.order_by("pk").values_list("value", flat=True)[:50_000])
    tick, number = time.perf_counter(), 0
    while not stop.is_set():
        events = []
        for _ in range(RATE // 20):
            name = "Wanted" if number % 10 == 0 else "Page Viewed"
            events.append({"type": "track", "event": name, "messageId": f"l{number}",
                           "userId": people[number * 7 % len(people)]})  # fmt: skip
            number += 1
        ingest.accept(source=source, events=events, at=clock.now())
        now = time.perf_counter()
        sent.update({one["messageId"]: now for one in events if one["event"] == "Wanted"})
        tick += 0.05
        time.sleep(max(0.0, tick - time.perf_counter()))
    connection.close()


def _newest() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM customers_event_id")
        return int(cursor.fetchone()[0])


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = act()
    return (time.perf_counter() - began) * 1000, found


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]
