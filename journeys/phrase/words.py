"""How to tell: the reader's language, what numbers are called, and what all parts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from customers import rules
from customers.conditions import matcher as matchers
from customers.conditions.base import Words, gettext_noop

_ = gettext_noop
GAP = "…"
WEEKDAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
    _("Sunday"),
)  # fmt: skip


def _one_or_many(one: str, many: str, n: int) -> str:
    return one if n == 1 else many


@dataclass(frozen=True, slots=True)
class Names:
    """How to tell: gettext and ngettext of whoever reads, and what numbers are called.

    `steps` are the words of steps by id, for those that refer to one.
    """

    translate: Callable[[str], str] = str
    plural: Callable[[str, str, int], str] = _one_or_many
    messages: Mapping[int, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in the reader's language, with these values in it."""
        return self.translate(text) % values if values else self.translate(text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        """Return a number with its noun."""
        return self.plural(one, many, n) % {"n": n}

    def message(self, told: Any) -> str:
        """Return what a message is called."""
        return self.messages.get(told, GAP) if isinstance(told, int) else GAP

    def segment(self, told: Any) -> str:
        """Return what a segment is called."""
        return self.segments.get(told, GAP) if isinstance(told, int) else GAP

    @property
    def words(self) -> Words:
        """The same for rules."""
        return Words(self.translate, self.segments, self.lists)


def span(told: Mapping[str, Any], names: Names) -> str:
    """Return an amount with its unit."""
    amount, unit = told.get("amount"), told.get("unit")
    if not isinstance(amount, (int, float)) or isinstance(amount, bool):
        return GAP
    many = {
        "seconds": lambda n: names.ngettext("%(n)s second", "%(n)s seconds", n),
        "minutes": lambda n: names.ngettext("%(n)s minute", "%(n)s minutes", n),
        "hours": lambda n: names.ngettext("%(n)s hour", "%(n)s hours", n),
        "days": lambda n: names.ngettext("%(n)s day", "%(n)s days", n),
        "weeks": lambda n: names.ngettext("%(n)s week", "%(n)s weeks", n),
    }
    say = many.get(str(unit))
    return say(int(amount)) if say else GAP


def rule(told: Any, names: Names) -> str:
    """Return a condition."""
    try:
        return rules.told(rules.parse(told), names.words)
    except rules.RuleError:
        return GAP


def listen(told: Mapping[str, Any], names: Names) -> str:
    """Return an event with its filters, and that it must speak of what the run is about."""
    if not told.get("event"):
        return GAP
    try:
        # Segments' changes can be heard by name, but rules ask for the segment itself.
        where = matchers.matcher({"event": "any", "where": told.get("where") or []}, "").where
        said = matchers.Matcher(str(told["event"]), where).words(names.words)
    except rules.RuleError:
        said = f"“{told['event']}” ({GAP})"
    if told.get("same"):
        return names(_("%(event)s with the same “%(property)s”"), event=said,
                     property=told["same"])  # fmt: skip
    return said


def weekdays(told: Mapping[str, Any], names: Names) -> str:
    """Return the chosen days of the week."""
    drawn = told.get("weekdays")
    listed = drawn if isinstance(drawn, list) else []
    days = [day for day in listed if isinstance(day, int) and 0 <= day <= 6]
    return names(_(" or ")).join(names(WEEKDAYS[day]) for day in days) or GAP


def day_of(told: Mapping[str, Any], names: Names) -> str:
    """Return a day so long before or after a date of the person's."""
    trait = f"“{told.get('trait') or GAP}”"
    if not told.get("amount"):
        return names(_("the day of %(trait)s"), trait=trait)
    if told.get("side") == "before":
        return names(_("%(span)s before %(trait)s"), span=span(told, names), trait=trait)
    return names(_("%(span)s after %(trait)s"), span=span(told, names), trait=trait)


def dicts(told: Any) -> list[dict[str, Any]]:
    """Return the objects of a list that may be anything."""
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
