"""What is counted: which act, by how many, how finely cut, and told apart by what."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from analytics.measures import dimensions, moments, values, where
from analytics.measures.base import Told
from customers.conditions.base import RuleError, gettext_noop

_ = gettext_noop

OF_PROPERTY = ("sum", "average", "median")
COUNTS = ("events", "people", "new", "per_person", "revenue", *OF_PROPERTY)
MOST = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events are counted, and how they are told apart."""

    act: where.Act
    by: dimensions.Dimension | None
    count: str
    prop: str
    every: str

    def number(self, parameters: dict[str, Any]) -> str:
        """Return what is summed up of an event, in SQL."""
        if self.count == "revenue":
            return "amount"
        if self.count in OF_PROPERTY:
            return values.number(self.prop, parameters)
        return "cast(NULL AS decimal(18, 4))"

    def number_of(self, told: Told) -> Decimal | None:
        """Return the same in Python."""
        if self.count == "revenue":
            found: Decimal | None = told.columns["amount"]
            return found
        return values.number_of(told.properties, self.prop) if self.count in OF_PROPERTY else None

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns it needs."""
        found = {"id", "happened_at", "profile_id", *self.act.reads}
        if self.by is not None:
            found |= set(self.by.reads)
        if self.count == "revenue":
            found.add("amount")
        elif self.count in OF_PROPERTY:
            found.add("properties")
        return tuple(sorted(found))


def asked(
    act: Any, count: str = "events", prop: str = "", every: str = "day", by: str = ""
) -> Asked:
    """Return what is counted.

    Raises:
        RuleError: this can't be counted.
    """
    if count not in COUNTS:
        raise RuleError("count", _("Choose what to count."))
    if count in OF_PROPERTY and not prop:
        raise RuleError("prop", _("Choose a property."))
    if every not in moments.EVERY:
        raise RuleError("every", _("Choose hours, days, weeks or months."))
    return Asked(
        act if isinstance(act, where.Act) else where.act(act, "act"),
        dimensions.dimension(by) if by else None,
        count, prop, every,
    )  # fmt: skip
