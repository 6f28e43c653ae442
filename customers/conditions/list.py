"""Who stands on a list that somebody made."""

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
class Listed(Leaf):
    """Stands on a list of people; only somebody who edits the list moves them."""

    name: ClassVar[str] = "list"

    id: int

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        number = raw.get("id")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**63:
            raise RuleError(f"{path}.id", _("Choose a list."))
        return cls(number)

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        return {"id": self.id}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        return say(_("is on the list “%(name)s”"), name=say.lists.get(self.id, f"#{self.id}"))

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        return Deps(lists={self.id})

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        mine = Sql("l.list_id = %s", [self.id])
        table = Sql("customers_profilelistentry l")
        (since,) = asking.join(Rows(table, "l.profile_id", mine, (Sql("min(l.added_at)"),)))
        return Answer(Sql(f"({since} IS NOT NULL)"), have=Sql(since))

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"since": have, "list": self.id}

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("On a list"),
            help=_("Who was put on a list of people, by hand or from a report."),
            blank={"op": cls.name, "id": None},
            fields=(Field("id", "list", _("List"), suggest="lists"),),
        )
