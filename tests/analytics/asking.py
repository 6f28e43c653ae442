"""A kind of question with a control of every kind, so that the builder is tested without others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from analytics.measures import names
from analytics.measures.base import Example, Measure, Statement
from analytics.questions.base import KINDS, Column, Field, Kind, QuestionError, Sheet, Shown


def _doers(*, start, end, name, limit=200):
    sql = """SELECT profile_id, cast(floor(extract(epoch FROM max(happened_at))) AS bigint) AS at
    FROM ev WHERE happened_at >= $start AND happened_at < $end AND name = $name
    GROUP BY profile_id ORDER BY at DESC, profile_id LIMIT $limit"""
    told = {"start": start, "end": end, "name": name, "limit": limit}
    return Statement(sql, told, ("happened_at", "name", "profile_id"), start, end)


doers = Measure(
    "test_doers", ("profile_id", "at"), "people", "[start, end)", "doers", _doers,
    Example([], {"name": "Viewed"}, []),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Doing(Kind):
    """How often each of some acts was done."""

    name = "doing"
    label = "Doing"
    help = "How often some acts were done."
    icon = "list-ul"

    acts: tuple[str, ...]
    rest: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def form(cls):
        return (
            Field("acts", "events", "Acts"),
            Field("end", "event", "Ends with", required=False),
            Field("unit", "choice", "Count", options=(("events", "Events"), ("sum", "A sum"))),
            Field("of", "choice", "Sum of", options=(("a", "A"),), only={"unit": ("sum",)}),
            Field("most", "number", "At most", required=False),
            Field("within", "span", "Within", required=False),
            Field("by", "by", "By", required=False),
            Field("once", "boolean", "Once"),
        )

    @classmethod
    def parse(cls, raw: Mapping[str, Any]):
        acts = raw.get("acts") or []
        if not isinstance(acts, list):
            raise QuestionError("acts", "These are no acts.")
        for place, act in enumerate(acts):
            if act["event"] == "Impossible":
                raise QuestionError(f"acts.{place}.event", "This can't be.")
        if not acts:
            raise QuestionError("acts", "Choose an act.")
        if isinstance(raw.get("most"), str):
            raise QuestionError("most", "This is no number.")
        rest = tuple((key, raw[key]) for key in sorted(raw) if key != "acts")
        return cls(tuple(act["event"] for act in acts), rest)

    def plain(self):
        return {"acts": [{"event": act} for act in self.acts], **dict(self.rest)}

    def show(self, ask, days, before):
        counted = {row[0]: row[1] for row in ask(names.seen)}
        earlier = {row[0]: row[1] for row in ask(names.seen, days=before)} if before else {}
        rows = [(act, counted.get(act, 0), earlier.get(act)) for act in self.acts]
        columns = (Column("act", "Act", "text"), Column("n", "Events", series=True))
        points = {(i, 1): {"act": act} for i, act in enumerate(self.acts)}
        sheet = Sheet(
            "acts", "Acts", (*columns, Column("before", "Before", faint=True)), rows, points=points
        )
        return Shown(f"{sum(row[1] for row in rows)} acts.", [sheet])

    def people(self, point):
        if point.get("act") not in self.acts:
            raise QuestionError("", "There is no such act.")
        return doers, {"name": point["act"]}

    def rule(self, point):
        if point["act"] != "Bought":
            return None
        return {
            "op": "event", "matcher": {"event": "Bought"}, "metric": "count", "window": "all",
            "cmp": "gte", "value": 1,
        }  # fmt: skip


@pytest.fixture
def doing():
    """Let this kind be asked for the time of a test."""
    KINDS.register(Doing)
    yield Doing
    del KINDS.members[Doing.name]
