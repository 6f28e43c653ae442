"""Whether there is a way to reach a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from customers.conditions import compare
from customers.conditions.base import (
    LEAVES,
    Answer,
    Asking,
    Deps,
    Field,
    Leaf,
    LeafForm,
    Rows,
    Sql,
    Words,
    gettext_noop,
)

_ = gettext_noop


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Contact(Leaf):
    """Has an address of this channel; whether it may be used is another question."""

    name: ClassVar[str] = "contact"

    channel: str

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        words = _("Choose a channel.")
        return cls(compare.name_of(raw.get("channel"), f"{path}.channel", words))

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        return {"channel": self.channel}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        return say(_("can be reached by %(channel)s"), channel=self.channel)

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        return Deps(contact=True)

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        mine = Sql("c.channel = %s", [self.channel])
        table = Sql("customers_contactpoint c")
        (many,) = asking.join(Rows(table, "c.profile_id", mine, (Sql("count(*)"),)))
        return Answer(Sql(f"({many} IS NOT NULL)"), have=Sql(f"COALESCE({many}, 0)"))

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"have": have, "need": say(_("at least one address"))}

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("Can be reached"),
            help=_("Who has an address of a channel."),
            blank={"op": cls.name, "channel": "email"},
            fields=(Field("channel", "choice", _("Channel"), suggest="channels"),),
        )
