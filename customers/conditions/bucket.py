"""A fixed share of everybody, drawn by lot once and for all."""

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
    RuleError,
    Sql,
    Words,
    gettext_noop,
)

_ = gettext_noop

# The first eight digits of a digest, as a number from 0 to 100.
LOT = (
    "(('x' || left(md5(%s || ':' || p.public_id::text), 8))::bit(32)::bigint"
    " * 100::numeric / 4294967296)"
)


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Bucket(Leaf):
    """Is among so many percent of all people; another name draws another lot."""

    name: ClassVar[str] = "bucket"

    salt: str
    first: int | float
    last: int | float

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        salt = compare.name_of(raw.get("salt"), f"{path}.salt", _("Give the draw a name."))
        first, last = (compare.number(raw.get(key), f"{path}.{key}") for key in ("from", "to"))
        if not 0 <= first < last <= 100:
            raise RuleError(f"{path}.to", _("Give a share between 0 and 100 percent."))
        return cls(salt, first, last)

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        return {"salt": self.salt, "from": self.first, "to": self.last}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        return say(
            _("is among %(from)s to %(to)s percent of the draw “%(salt)s”"),
            **{"from": f"{self.first:g}", "to": f"{self.last:g}", "salt": self.salt},
        )

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        return Deps()

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        drawn = Sql(LOT, [f"{self.salt}"])
        inside = Sql(f"({LOT} >= %s AND {LOT} < %s)", [self.salt, self.first, self.salt, self.last])
        return Answer(inside, have=drawn)

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"have": round(float(have), 2), "need": f"{self.first:g} - {self.last:g}"}

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("A random share"),
            help=_("The same people every time, for as long as the draw keeps its name."),
            blank={"op": cls.name, "salt": "", "from": 0, "to": 10},
            fields=(
                Field("salt", "name", _("Name of the draw")),
                Field("from", "percent", _("From percent")),
                Field("to", "percent", _("To percent")),
            ),
        )
