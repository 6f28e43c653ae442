"""A whole question: its kind, its days, what they are compared with, and whose acts count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.questions import periods
from analytics.questions.base import KINDS, Days, Kind, QuestionError
from analytics.questions.periods import Period
from customers import rules
from customers.conditions.base import gettext_noop as _
from dxp.lib.kinds import UnknownKind


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that can be asked; `who` is a segment's rule, `people` the same as a tree."""

    kind: Kind
    period: Period
    compare: str
    who: Mapping[str, Any] | None
    people: rules.Node | None

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        found = {"kind": self.kind.name, "period": self.period.plain(), **self.kind.plain()}
        if self.compare:
            found["compare"] = self.compare
        if self.who is not None:
            found["who"] = self.who
        return found

    def days(self, *, zone: str, at: datetime) -> tuple[Days, Days | None]:
        """Return its days as of a moment, and those it compares them with."""
        today = at.astimezone(ZoneInfo(zone)).date()
        now = replace(self.period.days(zone=zone, at=at), today=today)
        return now, periods.before(now, self.compare, at)


def kind_of(raw: Any) -> type[Kind]:
    """Return the kind of a question.

    Raises:
        QuestionError: there is no such kind.
    """
    name = raw.get("kind") if isinstance(raw, Mapping) else None
    try:
        return KINDS.get(str(name))
    except UnknownKind as error:
        raise QuestionError("kind", _("Choose a kind of question.")) from error


def parse(raw: Any) -> Asked:
    """Return the question that JSON asks.

    Raises:
        QuestionError: it asks none.
    """
    kind = kind_of(raw)
    period = periods.parse(raw.get("period"))
    compare = raw.get("compare") or ""
    if compare not in periods.COMPARISONS:
        raise QuestionError("compare", _("Compare with the days before, or with a year earlier."))
    who, people = _people(raw.get("who"))
    own = {key: value for key, value in raw.items() if key not in _COMMON}
    try:
        return Asked(kind.parse(own), period, compare, who, people)
    except rules.RuleError as error:
        raise QuestionError(error.path, error.words) from error


_COMMON = {"kind", "period", "compare", "who"}


def _people(raw: Any) -> tuple[Mapping[str, Any] | None, rules.Node | None]:
    if raw is None or raw == {}:
        return None, None
    try:
        return rules.canonical(raw), rules.parse(raw)
    except rules.RuleError as error:
        raise QuestionError(f"who.{error.path}", error.words) from error
