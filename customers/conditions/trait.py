"""What is known about a person: compared as text, number, yes or no, or date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from customers.conditions import compare, dates, window
from customers.conditions.base import (
    LEAVES,
    Answer,
    Asking,
    Deps,
    Field,
    Leaf,
    LeafForm,
    RuleError,
    Scalar,
    Sql,
    Words,
    gettext_noop,
)

_ = gettext_noop

GROUPS = {**compare.BY_KIND, "date": (*dates.LABELS, "set")}
LABELS = {**compare.LABELS, **dates.LABELS}


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Trait(Leaf):
    """What is known about a person; a dot in the field goes inside (`address.country`).

    A missing trait answers no to every comparison, also to `ne`; only `set` with False says yes.
    """

    name: ClassVar[str] = "trait"

    field: str
    cmp: str
    value: Scalar | tuple[Scalar, ...] | date | window.Span

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        field = compare.name_of(raw.get("field"), f"{path}.field", _("Choose a trait."))
        cmp, value = raw.get("cmp"), raw.get("value")
        if cmp in dates.LABELS:
            return cls(field, str(cmp), dates.check(cmp, value, raw.get("unit"), f"{path}.value"))
        if "unit" in raw:
            raise RuleError(f"{path}.unit", _("This comparison has no unit."))
        return cls(field, str(cmp), compare.check(cmp, value, path))

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        told = {"field": self.field, "cmp": self.cmp}
        if isinstance(self.value, window.Span):
            return {**told, "value": self.value.n, "unit": self.value.unit}
        if isinstance(self.value, date):
            return {**told, "value": self.value.isoformat()}
        return {**told, "value": list(self.value) if isinstance(self.value, tuple) else self.value}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        if isinstance(self.value, (date, window.Span)):
            return f"{self.field} {dates.told(self.cmp, self.value, say)}"
        return compare.told(self.field, self.cmp, self.value, say)

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        return Deps(traits={self.field.split(".")[0]}, timed=isinstance(self.value, window.Span))

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        have = Sql("(p.traits #> %s)", [self.field.split(".")])
        if isinstance(self.value, (date, window.Span)):
            answer = dates.holds("p.traits", self.field, self.cmp, self.value, asking)
            answer.have = have
            return answer
        return Answer(compare.holds("p.traits", self.field, self.cmp, self.value), have=have)

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"have": have, "need": self.sentence(say), "trait": self.field}

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        relative = tuple(cmp for cmp in dates.LABELS if cmp not in dates.ABSOLUTE)
        scalar = ("eq", "ne", "gt", "gte", "lt", "lte", "contains", "starts")
        return LeafForm(
            name=cls.name,
            label=_("What we know about them"),
            help=_("Traits such as country, plan or birthday."),
            blank={"op": cls.name, "field": "", "cmp": "eq", "value": ""},
            groups=GROUPS,
            fields=(
                Field("field", "name", _("Trait"), suggest="traits"),
                Field("cmp", "choice", _("Comparison"), options=compare.options(LABELS)),
                Field("value", "value", _("Value"), suggest="trait_values", only={"cmp": scalar}),
                Field("value", "values", _("Values"), suggest="trait_values",
                      only={"cmp": ("in",)}),
                Field("value", "boolean", _("Known"), only={"cmp": ("set",)}),
                Field("value", "date", _("Date"), only={"cmp": dates.ABSOLUTE}),
                Field("value", "span", _("Time"), only={"cmp": relative},
                      options=window.UNIT_LABELS),
            ),
        )  # fmt: skip
