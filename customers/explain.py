"""What a segment or a rule picks: how many, whom, why, since when, and what stands on it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from customers import extend, match, rulebook, rules
from customers.compile import Asked
from customers.conditions.base import Answer, Sql
from customers.models import Segment, SegmentMember

SAMPLE_BUCKETS = 64
ALL_BUCKETS = 1024
SMALL = 20_000
FEW_HITS = 50
# Nineteen times of twenty, the truth lies between.
SURE = 1.96


@dataclass(frozen=True, slots=True)
class Size:
    """How many people a rule picks; an estimate between `low` and `high` where not `exact`.

    `slow` says that the rule looks at events one by one, which takes longer than counts.
    """

    count: int
    exact: bool
    low: int
    high: int
    slow: bool = False


@dataclass(frozen=True, slots=True)
class WhyNode:
    """One part of a rule and its answer about one person, with the facts that decided."""

    inside: bool
    sentence: str
    op: str
    facts: dict[str, Any] = field(default_factory=dict)
    of: tuple[WhyNode, ...] = ()

    @property
    def told(self) -> str:
        """The facts in words."""
        if "have" not in self.facts:
            return ""
        have = self.facts["have"]
        return gettext("%(have)s, and %(need)s is asked for") % {
            "have": gettext("nothing") if have is None else have, "need": self.facts["need"],
        } if "need" in self.facts else str(have)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Why:
    """Why a person is in a segment or not: the rule's answers now, and the latest stay."""

    root: WhyNode
    since: datetime | None = None
    cause: str = ""
    left_at: datetime | None = None
    left_cause: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A segment's members at the end of a day, and who came and went on it."""

    day: date
    members: int
    entered: int
    left: int


def size(*, rule: Any, sample: bool, at: datetime | None = None) -> Size:
    """Return how many people a rule picks now.

    Args:
        rule: as it is being written.
        sample: ask a sixteenth where there are many people, and estimate.
        at: the moment; without one, the database's.

    Raises:
        RuleError: the rule is not valid.
    """
    root = rules.parse(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement_timestamp(), reltuples FROM pg_class "
            "WHERE oid = 'customers_profile'::regclass"
        )
        moment, everybody = cursor.fetchone()
    at = at or moment
    if sample and everybody > SMALL:
        hits, slow = match.count(root, at=at, sample=SAMPLE_BUCKETS)
        if hits >= FEW_HITS:
            times = ALL_BUCKETS // SAMPLE_BUCKETS
            off = math.ceil(SURE * times * math.sqrt(hits * (1 - 1 / times)))
            return Size(hits * times, False, hits * times - off, hits * times + off, slow)
    found, slow = match.count(root, at=at)
    return Size(found, True, found, found, slow)


def people(*, rule: Any, limit: int, at: datetime) -> list[int]:
    """Return the profile ids of some people whom a rule picks now, always the same ones.

    Raises:
        RuleError: the rule is not valid.
    """
    query, _slow = match.who(rules.parse(rule), at=at, timing=False)
    found = match.run(
        f"SELECT id FROM ({query.text}) AS w WHERE inside ORDER BY bucket, id LIMIT %s",
        [*query.values, limit],
    )
    return [number for (number,) in found]


def why(*, segment_or_rule: Segment | Any, profile_id: int, at: datetime) -> Why:
    """Return what each part of a rule says about one person, and what decided.

    Raises:
        RuleError: the rule is not valid.
    """
    segment = segment_or_rule if isinstance(segment_or_rule, Segment) else None
    root = rules.parse(segment.rule if segment else segment_or_rule)
    segments = dict(Segment.objects.values_list("pk", "name"))
    say = rules.Words(gettext, segments, rulebook.list_names())
    answers = _answers(list(rules.leaves(root)), profile_id, at)
    told = _node(root, answers, say)
    if segment is None:
        return Why(told)
    stays = SegmentMember.objects.filter(segment=segment, profile_id=profile_id)
    stay = stays.order_by(F("left_at").desc(nulls_first=True), "-pk").first()
    if stay is None:
        return Why(told)
    return Why(told, stay.entered_at, stay.cause, stay.left_at, stay.left_cause)


def history(*, segment: Segment, days: int, at: datetime) -> list[Day]:
    """Return a segment's members at the end of each of the last days, today last."""
    today = match.today(at)
    first = today - timedelta(days=days - 1)
    zone = timezone.get_default_timezone()
    moved: dict[str, dict[date, int]] = {}
    for column in ("entered_at", "left_at"):
        found = (
            SegmentMember.objects
            .filter(segment=segment, **{f"{column}__gte": match.midnight(first)})
            .values_list(TruncDate(column, tzinfo=zone))
            .annotate(n=Count("pk"))
            .order_by()
        )
        moved[column] = dict(found)
    members = SegmentMember.objects.filter(segment=segment, left_at=None).count()
    told = []
    for ago in range(days):
        day = today - timedelta(days=ago)
        entered, left = (moved[column].get(day, 0) for column in ("entered_at", "left_at"))
        told.append(Day(day, members, entered, left))
        members += left - entered
    return told[::-1]


def uses(*, segment: Segment) -> list[extend.Use]:
    """Return what stands on a segment, here and on the floors above."""
    mine = [
        extend.Use(gettext("Segment"), name, reverse("customers_segments:inspect", args=[pk]))
        for pk, name, rule in Segment.objects
        .exclude(pk=segment.pk)
        .values_list("pk", "name", "rule")
        .order_by("name")
        if segment.pk in _mentioned(rule)
    ]
    others = extend.customers_segment_uses(segment=segment)
    return mine + [use for found in others for use in found]


def _mentioned(rule: Any) -> set[int]:
    try:
        return rules.deps(rule).segments
    except rules.RuleError:
        return set()


def _answers(leaves: list[rules.Leaf], profile_id: int, at: datetime) -> Iterator[tuple[bool, Any]]:
    """Yield each leaf's answer about one person and the value that decided."""
    known = match.numbers(one for leaf in leaves for one in leaf.deps().matchers)
    asked = Asked(at, timing=False, known=known, people=[profile_id])
    said: list[Answer] = [leaf.ask(asked) for leaf in leaves]
    found = Sql("SELECT p.id")
    for one in said:
        have = one.have or Sql("NULL")
        found.add(f", {one.inside.text}, to_jsonb({have.text})", *one.inside.values, *have.values)
    tables = asked.tables()
    found.add(f" FROM customers_profile p{tables.text} WHERE p.id = %s",
              *tables.values, profile_id)  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(found.text, found.values)
        row = cursor.fetchone()
    for place in range(len(leaves)):
        told = row[2 + 2 * place] if row else None
        yield bool(row and row[1 + 2 * place]), None if told is None else orjson.loads(told)


def _node(node: rules.Node, answers: Iterator[tuple[bool, Any]], say: rules.Words) -> WhyNode:
    if isinstance(node, rules.Group):
        of = tuple(_node(child, answers, say) for child in node.of)
        every = all if node.op == "and" else any
        words = gettext("all of these") if node.op == "and" else gettext("any of these")
        return WhyNode(every(one.inside for one in of), words, node.op, of=of)
    if isinstance(node, rules.Not):
        inner = _node(node.of, answers, say)
        return WhyNode(not inner.inside, gettext("not"), "not", of=(inner,))
    inside, have = next(answers)
    return WhyNode(inside, node.sentence(say), node.name, node.facts(have, say))
