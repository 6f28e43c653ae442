"""What people allowed: for the segment's owner to see; senders ask for themselves each time."""

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
    RuleError,
    Sql,
    Words,
    gettext_noop,
)

_ = gettext_noop

STATES = {"granted": _("allowed"), "denied": _("refused"), "none": _("never asked")}
SAID = {
    "granted": _("allowed “%(purpose)s”"),
    "denied": _("refused “%(purpose)s”"),
    "none": _("never decided about “%(purpose)s”"),
}
# The newest decision counts, about this channel or about all of them; one not confirmed is none.
LATEST = """
CROSS JOIN LATERAL (
  SELECT k.state, k.expires_at FROM customers_consententry k
  WHERE {subject} AND k.purpose = %s AND k.topic = '' AND k.state <> 'PENDING'
  ORDER BY k.at DESC, k.id DESC LIMIT 1
) d"""
OF_POINTS = "customers_contactpoint c" + LATEST.format(
    subject="k.contact_point_id = c.id AND k.channel IN ('', c.channel)"
)
OF_ALIASES = "customers_alias c" + LATEST.format(subject="k.alias_id = c.id")


@LEAVES.register
@dataclass(frozen=True, slots=True)
class Consent(Leaf):
    """What a person decided about one use of data, for one channel or for what they do.

    With a channel one address that allows it is enough; without, one refusal is a refusal.
    """

    name: ClassVar[str] = "consent"

    purpose: str
    channel: str
    state: str

    @classmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """
        purpose = compare.name_of(raw.get("purpose"), f"{path}.purpose", _("Choose a purpose."))
        channel = raw.get("channel", "")
        if channel != "":
            compare.name_of(channel, f"{path}.channel", _("Choose a channel."))
        if not isinstance(raw.get("state"), str) or raw["state"] not in STATES:
            raise RuleError(f"{path}.state", _("Choose what they decided."))
        return cls(purpose, channel, raw["state"])

    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""
        return {"purpose": self.purpose, "channel": self.channel, "state": self.state}

    def sentence(self, say: Words) -> str:
        """Return it in words."""
        said = say(SAID[self.state], purpose=self.purpose)
        return (
            say(_("%(said)s by %(channel)s"), said=said, channel=self.channel)
            if (self.channel)
            else said
        )

    def deps(self) -> Deps:
        """Return what its answer depends on."""
        return Deps(consent=True, contact=bool(self.channel), timed=True)

    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""
        table = Sql(OF_POINTS if self.channel else OF_ALIASES, [self.purpose])
        where = Sql("c.channel = %s", [self.channel]) if self.channel else Sql("true")
        holds = "d.state = 'GRANTED' AND (d.expires_at IS NULL OR d.expires_at > %s)"
        every = "bool_or" if self.channel else "bool_and"
        allowed, ends = asking.join(
            Rows(
                table, "c.profile_id", where,
                (Sql(f"{every}({holds})", [asking.at]), Sql("min(d.expires_at) FILTER "
                 "(WHERE d.state = 'GRANTED' AND d.expires_at > %s)", [asking.at])),
            )
        )  # fmt: skip
        inside = {
            "granted": f"COALESCE({allowed}, false)",
            "denied": f"COALESCE(NOT {allowed}, false)",
            "none": f"({allowed} IS NULL)",
        }[self.state]
        said = (
            f"CASE WHEN {allowed} THEN 'granted' WHEN NOT {allowed} THEN 'denied' ELSE 'none' END"
        )
        return Answer(Sql(inside), have=Sql(said), moments=[Sql(ends)])

    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person."""
        return {"have": say(STATES[have]), "need": say(STATES[self.state])}

    @classmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""
        return LeafForm(
            name=cls.name,
            label=_("What they allowed"),
            help=_("Messages ask for consent by themselves; you need no condition for that."),
            blank={"op": cls.name, "purpose": "marketing", "channel": "email", "state": "granted"},
            fields=(
                Field("purpose", "choice", _("Purpose"), suggest="purposes"),
                Field("channel", "choice", _("Channel"), suggest="channels", required=False,
                      help=_("None for what they do on the site.")),
                Field("state", "choice", _("Decision"), options=tuple(STATES.items())),
            ),
        )  # fmt: skip
