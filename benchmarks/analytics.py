"""Six questions of reports against SQL written by hand over the same files; PostgreSQL beside.

ANALYTICS_EVENTS=30000000 asks about more than the ten million.
"""

from __future__ import annotations

import io
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection
from django.template.loader import render_to_string

from analytics import collect, draw, facts, query
from analytics.collect import Lake
from analytics.measures import MEASURES
from analytics.measures.base import Measure, Row, Statement
from analytics.measures.touches import Touches
from analytics.measures.where import Act
from analytics.questions.base import Column, Sheet
from benchmarks import Result, _by_hand
from benchmarks._cost import Cost
from benchmarks._shop import END, TAIL, files, fill
from customers import fold, ingest, rules
from customers.models import Source
from dxp.lib import clock, rows

MONTH = {"start": END - timedelta(days=30), "end": END}
WEEKS = {"start": END - timedelta(days=86), "end": END - timedelta(days=2)}
ROUNDS = 5
BOTH = """WITH b AS (
  SELECT profile_id FROM ev WHERE name = 'Order Completed' AND happened_at >= $start
    AND happened_at < $end GROUP BY profile_id HAVING count(*) >= 2
),
v AS (SELECT DISTINCT profile_id FROM ev WHERE name = 'Page Viewed' AND path = '/p/2'
  AND happened_at >= $late AND happened_at < $end)
SELECT count(*) FROM b JOIN v ON v.profile_id = b.profile_id"""


def _count(*, start: Any, end: Any) -> Statement:
    told = {"start": start, "end": end, "late": end - timedelta(days=7)}
    return Statement(BOTH, told, ("happened_at", "name", "path", "profile_id"), start, end)


@dataclass(frozen=True)
class Question:
    """A question in our words and by hand; `same` makes both answers comparable."""

    name: str
    asked: Sequence[tuple[Measure, dict[str, Any]]]
    by_hand: str
    ours: Callable[[list[list[Row]]], Any]
    theirs: Callable[[list[Row]], Any]
    who: rules.Node | None = None
    more: Callable[[Any], None] = lambda _database: None


def _spanish(database: Any) -> None:
    import pyarrow as pa
    from pyarrow import csv

    file = io.BytesIO()
    with rows.raw_cursor() as cursor, cursor.copy(_by_hand.SPANISH) as copy:
        for block in copy:
            file.write(block)
    file.seek(0)
    told = csv.ReadOptions(column_names=["profile_id"])
    kinds = csv.ConvertOptions(column_types={"profile_id": pa.int64()})
    database.register("spanish", csv.read_csv(file, read_options=told, convert_options=kinds))


def _cents(found: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return sorted([row[0], *(round(float(cell), 2) for cell in row[1:])] for row in found)


SPANISH = rules.parse({
    "v": 1,
    "root": {"op": "trait", "field": "country", "cmp": "eq", "value": "ES"},
})
VIEWED = Act("Page Viewed")
STEPS = [{"event": name} for name in ("Product Viewed", "Product Added", "Order Completed")]
QUESTIONS = [
    Question(
        "a: people a day by channel",
        [(MEASURES["trend"], {
            **MONTH, "zone": "UTC", "act": VIEWED.plain(), "count": "people",
            "by": "campaign_source",
        })],
        _by_hand.CHANNELS,
        lambda found: sorted((day[:10], channel, n) for day, _place, channel, n in found[0]),
        lambda found: sorted((str(day), channel, n) for day, channel, n in found),
    ),
    Question(
        "b: funnel of three steps in a week",
        [(MEASURES["funnel"], {**MONTH, "steps": STEPS, "within_days": 7})],
        _by_hand.FUNNEL,
        lambda found: [row[1] for row in found[0]],
        lambda found: list(found[0]),
    ),
    Question(
        "c: retention over twelve weeks",
        [(MEASURES["retention"], {**WEEKS, "zone": "UTC", "first": VIEWED, "again": VIEWED})],
        _by_hand.RETENTION,
        lambda found: sorted(n for row in found[0] for n in row[4:] if n),
        lambda found: sorted(n for _cohort, _later, n in found),
    ),
    Question(
        "d: attribution by channel",
        [(MEASURES["attribution"], {
            **MONTH, "conversion": Act("Order Completed"),
            "by": Touches("campaign_source", Act("Session Started")), "within_days": 30,
        })],
        _by_hand.ATTRIBUTION,
        lambda found: _cents([
            (r[0], r[4], r[8], r[10], r[12], r[14]) for r in found[0] if r[0] is not None
        ]),
        _cents,
    ),
    Question(
        "e: top pages and searches",
        [(MEASURES["top_pages"], MONTH), (MEASURES["searches"], MONTH)],
        _by_hand.TOP,
        lambda found: sorted(
            [(r[0], r[2], r[3]) for r in found[0]] + [(r[0], r[1], r[2]) for r in found[1]]
        ),
        lambda found: sorted(row[1:] for row in found),
    ),
    Question(
        "f: people like a segment's",
        [(Measure("both", ("people",), "", "", "", _count, None), MONTH)],  # type: ignore[arg-type]
        _by_hand.SEGMENT,
        lambda found: found[0],
        lambda found: [tuple(row) for row in found],
        who=SPANISH,
        more=_spanish,
    ),
]  # fmt: skip


def run(quick: bool) -> Result:
    """Return the CPU that six questions cost, beside the same by hand over the same files.

    Ours includes everything a report pays: manifest, tail of 10,000 events, owners, people by a
    rule, the answer as HTML. By hand, tail and owners lie in memory already.
    """
    size = int(os.environ.get("ANALYTICS_EVENTS") or (1_000_000 if quick else 10_000_000))
    table = []
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        began = time.perf_counter()
        fill(lake, size)
        table.append((f"{size:,} events of 90 days, {TAIL:,} in the tail",
                      f"{time.perf_counter() - began:.0f} s"))  # fmt: skip
        _forget_peak()
        for question in QUESTIONS:
            _ours(question, lake)
        table.append(("memory at most, six questions", f"{_peak():.0f} MB"))
        found = [_compare(question, lake, table) for question in QUESTIONS]
        table += [("four people at once, all answered", _together(lake))]
        table += [("an event is in an answer after its acknowledgment", _fresh(lake))]
    ours, by_hand = (sum(costs) for costs in zip(*found, strict=True))
    unit = "ms of CPU for the six questions"
    return Result(
        "analytics", round(ours, 1), round(by_hand, 1), round(ours / by_hand, 2), unit, table
    )


def _ours(question: Question, lake: Lake) -> list[list[Row]]:
    answers = []
    for measure, asked in question.asked:
        found = query.ask(measure, lake=lake, at=END, who=question.who, cached=False, **asked)
        answers.append(found.rows)
        _as_html(measure, found.rows)
    return answers


def _as_html(measure: Measure, answer: Sequence[Row]) -> str:
    names = measure.columns or ("answer",)
    width = max((len(row) for row in answer), default=len(names))
    heads = [*names, *(f"column {i}" for i in range(len(names), width))]
    columns = tuple(
        Column(
            head, head, "number" if answer and isinstance(answer[0][i], (int, float)) else "text"
        )
        for i, head in enumerate(heads)
    )
    padded = [(*row, *(None for _ in range(width - len(row)))) for row in answer]
    drawn = draw.sheet(Sheet(measure.name, measure.name, columns, padded))
    return render_to_string("analytics/_sheet.html", {"drawn": drawn})


def _compare(question: Question, lake: Lake, table: list[tuple[str, str]]) -> tuple[float, float]:
    ours, by_hand, postgres = Cost(), Cost(), Cost()
    window = question.asked[0][1]
    values = {"start": window["start"], "end": window["end"], "files": files(lake)}
    with collect.engine(lake) as database:
        _beside(database, question)
        for turn in range(ROUNDS + 1):
            if turn == 1:
                # The first of each only warms up.
                ours, by_hand = Cost(), Cost()
            with ours:
                mine = _ours(question, lake)
            with by_hand:
                question.more(database)
                theirs = database.execute(question.by_hand, values).fetchall()
            if question.ours(mine) != question.theirs(theirs):
                raise AssertionError(
                    f"{question.name}: {question.ours(mine)!s:.500} is not"
                    f" {question.theirs(theirs)!s:.500}"
                )
    with postgres:
        for measure, asked in question.asked:
            query.on_postgres(measure, at=END, who=question.who, **asked)
    walls = ours.wall / ROUNDS * 1000, by_hand.wall / ROUNDS * 1000
    mine_cpu, theirs_cpu = ours.cpu / ROUNDS * 1000, by_hand.cpu / ROUNDS * 1000
    table += [
        (f"{question.name}: ours : by hand, wall",
         f"{walls[0]:.0f} : {walls[1]:.0f} ms = {walls[0] / walls[1]:.2f}"),
        (f"{question.name}: ours : by hand, CPU",
         f"{mine_cpu:.0f} : {theirs_cpu:.0f} ms = {mine_cpu / theirs_cpu:.2f}"),
        (f"{question.name}: PostgreSQL : ours, wall",
         f"{postgres.wall * 1000:.0f} ms = {postgres.wall * 1000 / walls[0]:.1f} x"),
    ]  # fmt: skip
    return mine_cpu, theirs_cpu


def _beside(database: Any, question: Question) -> None:
    since = query._look(question.asked[0][0].ask(**question.asked[0][1])).since
    database.register("tail", collect.read(since=since, columns=list(collect.COLUMNS)))
    database.register("owners", facts.read(facts.owners())[0])


def _together(lake: Lake) -> str:
    took: list[float] = []

    def ask_all(first: int) -> None:
        for turn in range(len(QUESTIONS)):
            began = time.perf_counter()
            _ours(QUESTIONS[(first + turn) % len(QUESTIONS)], lake)
            took.append(time.perf_counter() - began)
        connection.close()

    people = [threading.Thread(target=partial(ask_all, number)) for number in range(4)]
    began = time.perf_counter()
    for one in people:
        one.start()
    for one in people:
        one.join()
    if len(took) != 4 * len(QUESTIONS):
        raise AssertionError(f"{len(took)} answers of {4 * len(QUESTIONS)}.")
    whole = time.perf_counter() - began
    return f"{len(took)} in {whole:.1f} s, slowest {max(took):.1f} s"


def _fresh(lake: Lake) -> str:
    """Let events come in as an SDK sends them; return how long each took into an answer.

    Raises:
        AssertionError: one is not in it.
    """
    names = MEASURES["event_names"]
    source = Source.objects.get_or_create(name="Shop")[0]
    took = []
    for turn in range(5):
        at = clock.now()
        event = {
            "type": "track", "event": "Just Now", "userId": f"fresh-{turn}",
            "messageId": f"fresh-{turn}", "timestamp": at.isoformat(),
        }  # fmt: skip
        ingest.accept(source=source, events=[event], at=at)
        began = time.perf_counter()
        fold.drain(at=at)
        told: dict[str, Any] = {"start": at - timedelta(days=1), "end": at + timedelta(days=1)}
        found = query.ask(names, lake=lake, at=at, **told).records()
        took.append(time.perf_counter() - began)
        if {row["name"]: row["events"] for row in found}.get("Just Now") != turn + 1:
            raise AssertionError("An acknowledged event is not in the answer.")
    return f"{max(took) * 1000:.0f} ms at most"


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
