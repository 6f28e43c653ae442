"""A person's values: where they are looked up, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from journeys.wording.grammar import KNOWN, Path, Put, Question, Term

LONGEST = 500
_BREAKS = re.compile(r"[\r\n\t\x00-\x1f\x7f\ue000\ue001]+")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NUMBER = re.compile(r"^-?\d{1,15}(\.\d{1,15})?$")
_CURRENCY = re.compile(r"^[A-Za-z]{3}$")


class Formats:
    """How moments and numbers are written; this one is plain English."""

    def date(self, moment: date, pattern: str) -> str:
        """Return a day in words; patterns are somebody else's."""
        return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"

    def number(self, value: Decimal, places: int | None) -> str:
        """Return a number with its thousands apart."""
        return f"{value:,f}" if places is None else f"{value:,.{places}f}"


@dataclass(frozen=True, slots=True)
class Values:
    """What a message is filled with: the person's traits, and the event that let them in."""

    traits: Mapping[str, Any]
    event: Mapping[str, Any] = field(default_factory=dict)
    formats: Formats = field(default_factory=Formats)


def paths(name: str) -> list[list[str]]:
    """Return where among a person's traits a variable looks, first place first."""
    if name.startswith("trait."):
        return [name.split(".")[1:]]
    return [[key] for key in KNOWN.get(name, ())]


def look_up(path: Path, values: Values, scope: Mapping[str, Any]) -> Any:
    """Return what a path leads to; None: nothing."""
    first, rest = path.parts[0], path.parts[1:]
    if first in scope:
        return _inside(scope[first], rest)
    if first == "trait":
        return _inside(values.traits, rest)
    if first == "event":
        return _inside(values.event, rest)
    for key in KNOWN.get(first, ()):
        if shown(found := values.traits.get(key)):
            return found
    return None


def _inside(value: Any, rest: Sequence[str]) -> Any:
    for part in rest:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def shown(value: Any) -> str:
    """Return a value as it stands in a message: words or a number in one line, else nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, int) and abs(value) >= 10**18:
        return ""
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 1e15 else value
    return _BREAKS.sub(" ", str(value)[: 2 * LONGEST])[:LONGEST]


def put(one: Put, values: Values, scope: Mapping[str, Any]) -> str:
    """Return what a variable shows for this person."""
    value = look_up(one.what, values, scope) if isinstance(one.what, Path) else one.what
    for name, given in one.filters:
        told = shown(look_up(given, values, scope)) if isinstance(given, Path) else given
        value = _FILTERS[name](value, told or "", values.formats)
    return shown(value)


def _default(value: Any, told: str, formats: Formats) -> Any:
    return value if shown(value) else told


def _upper(value: Any, told: str, formats: Formats) -> str:
    return shown(value).upper()


def _lower(value: Any, told: str, formats: Formats) -> str:
    return shown(value).lower()


def _capitalize(value: Any, told: str, formats: Formats) -> str:
    text = shown(value)
    return text[:1].upper() + text[1:]


def _date(value: Any, told: str, formats: Formats) -> str:
    moment = _moment(value)
    return formats.date(moment, told) if moment else ""


def _moment(value: Any) -> date | None:
    text = shown(value)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _number(value: Any, told: str, formats: Formats) -> str:
    number = decimal(value)
    if number is None:
        return ""
    places = min(int(told), 6) if told.isascii() and told.isdigit() else None
    return formats.number(number, places)


def _money(value: Any, told: str, formats: Formats) -> str:
    number = decimal(value)
    if number is None:
        return ""
    amount = formats.number(number, 2)
    return f"{amount} {told.upper()}" if _CURRENCY.match(told) else amount


_FILTERS = {
    "default": _default, "upper": _upper, "lower": _lower, "capitalize": _capitalize,
    "date": _date, "number": _number, "money": _money,
}  # fmt: skip


def decimal(value: Any) -> Decimal | None:
    """Return a number, also one in words of digits; None: it is none."""
    text = shown(value)
    if not text.isascii() or not _NUMBER.match(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def holds(question: Question, values: Values, scope: Mapping[str, Any]) -> bool:
    """Return the answer to a question about this person."""
    return any(all(_true(term, values, scope) for term in group) for group in question)


def _true(term: Term, values: Values, scope: Mapping[str, Any]) -> bool:
    if term.right is None:
        found = _raw(term.left, values, scope) not in (None, "", False, 0, 0.0, [], {})
        return found is not term.negated
    left, right = put(term.left, values, scope), put(term.right, values, scope)
    return _compared(left, term.sign, right) is not term.negated


def _raw(one: Put, values: Values, scope: Mapping[str, Any]) -> Any:
    if one.filters or not isinstance(one.what, Path):
        return put(one, values, scope)
    return look_up(one.what, values, scope)


def _compared(left: str, sign: str, right: str) -> bool:
    numbers = decimal(left), decimal(right)
    if numbers[0] is not None and numbers[1] is not None:
        order = (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])
    else:
        words = left.casefold(), right.casefold()
        order = (words[0] > words[1]) - (words[0] < words[1])
    if sign in ("==", "!="):
        return (order == 0) is (sign == "==")
    # Nothing is neither more nor less than anything.
    if not left or not right:
        return False
    return {">": order > 0, ">=": order >= 0, "<": order < 0, "<=": order <= 0}[sign]
