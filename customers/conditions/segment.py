"""Who is in another segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from customers.conditions.base import (
    LEAVES,
    Answer,
    Asking,
    Deps,
    Field,
    Leaf,
    LeafForm,
    Rows,
    RuleError,
    Sql,
    Words,
    gettext_noop,
)

_ = gettext_noop


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Segment(Leaf):
    """Is in another segment now: its members are read, its rule is not asked again."""

    name: ClassVar[str] = "segment"

    id: int

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        number = raw.get("id")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**63:
            raise RuleError(f"{path}.id", _("Choose a segment."))
        return cls(number)

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        return {"id": self.id}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        return say(_("is in “%(name)s”"), name=say.segments.get(self.id, f"#{self.id}"))

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        return Deps(segments={self.id})

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        mine = Sql("m.segment_id = %s AND m.left_at IS NULL", [self.id])
        table = Sql("customers_segmentmember m")
        (since,) = asking.join(Rows(table, "m.profile_id", mine, (Sql("min(m.entered_at)"),)))
        return Answer(Sql(f"({since} IS NOT NULL)"), have=Sql(since))

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"since": have, "segment": self.id}

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("Member of a segment"),
            help=_("Who is in another segment now."),
            blank={"op": cls.name, "id": None},
            fields=(Field("id", "segment", _("Segment"), suggest="segments"),),
        )
