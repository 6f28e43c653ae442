"""Which of several told values counts, what type a value is, and how private a key sounds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

# A day alone, or with a time at its end.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TRUTH = {"true": True, "false": False}
MILLISECONDS_FROM = 10**11
EMPTY: tuple[Any, ...] = ("", [], {})
# Words of a key → how private its values are. The first that fits counts.
PRIVATE: tuple[tuple[str, frozenset[str]], ...] = (
    ("birth", frozenset({"birthday", "birthdate", "birth", "dob"})),
    ("contact", frozenset({
        "email", "mail", "phone", "mobile", "telephone", "address", "street", "iban", "whatsapp",
    })),
    ("name", frozenset({
        "name", "firstname", "lastname", "fullname", "surname", "givenname", "familyname",
        "middlename", "nickname", "username",
    })),
)  # fmt: skip
# Keys of which the last word is a name, yet not a person's.
NOT_A_PERSON = frozenset({"company", "plan", "product", "event", "page", "segment", "campaign"})
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class _Nothing:
    """There is no value, which is not the same as null."""

    def __repr__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> bool:
        return False


NOTHING: Final = _Nothing()


class Misfit(ValueError):
    """The value is not of that type."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value that fits, or None where it was taken back.

    `order` tells apart what was told at the same moment; `rank` is the source's place, 0 the best.
    """

    alias: int
    value: Any
    at: datetime
    order: int = 0
    rank: int = 0

    @property
    def turn(self) -> tuple[datetime, int]:
        """The place in time."""
        return self.at, self.order


def survivor(how: str, said: Iterable[Said]) -> Any:
    """Return the value that counts, or NOTHING; the order of `said` does not matter.

    Raises:
        KeyError: there is no such way.
    """
    return _WAYS[how](sorted(said, key=lambda one: one.turn))


def news(before: Sequence[Any], value: Any) -> bool:
    """Return whether a name tells something new: `before` is what it told up to then, in order."""
    if not before:
        return True
    return not same(before[-1], value)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same to a reader of JSON: 1 is not true, 1.0 is 1."""
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    if type(one) is not type(other) and not (_is_number(one) and _is_number(other)):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def fitted(kind: str, value: Any) -> Any:
    """Return a value in the form of its type; null fits always.

    Raises:
        Misfit: it is not of that type.
    """
    return None if value is None else _FORMS[kind](value)


def kind_of(values: Iterable[Any]) -> str:
    """Return the type that all of these values have, text where they differ."""
    kinds = {_kind(value) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else "text"


def privacy_of(key: str) -> str:
    """Return how private the values of a key are likely to be."""
    words = [word.lower() for word in WORDS.findall(key.rpartition(".")[2])]
    whole = "".join(words)
    for kind, known in PRIVATE:
        if whole in known or (words and words[-1] in known and not NOT_A_PERSON & set(words)):
            return kind
    return "none"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if _is_number(value):
        return "number"
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return "object"
    for kind, form in (("moment", _moment), ("date", _date)):
        try:
            form(value)
        except Misfit:
            continue
        return kind
    return "text"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if _is_number(value):
        return str(value)
    raise Misfit("not a text")


def _number(value: Any) -> int | float:
    if _is_number(value) and math.isfinite(value):
        number: int | float = value
        return number
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        text = value.strip()
        return float(text) if "." in text else int(text)
    raise Misfit("not a number")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in TRUTH:
        return TRUTH[value.strip().lower()]
    raise Misfit("neither yes nor no")


def _date(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if DAY.match(text) and (len(text) == 10 or MOMENT.match(text)):
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            pass
    raise Misfit("not a date")


def _moment(value: Any) -> str:
    try:
        if isinstance(value, str) and MOMENT.match(value.strip()):
            told = datetime.fromisoformat(value.strip())
            told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
            return told.isoformat().replace("+00:00", "Z")
        if _is_number(value) and value > 0:
            seconds = value / 1000 if value >= MILLISECONDS_FROM else value
            return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        pass
    raise Misfit("not a moment")


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        raise Misfit("not a list")
    return [value]


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Misfit("not a group of values")


_FORMS = {
    "text": _text, "number": _number, "boolean": _boolean, "date": _date, "moment": _moment,
    "list": _list, "object": _object,
}  # fmt: skip


def _most_recent(said: Sequence[Said]) -> Any:
    return NOTHING if not said or said[-1].value is None else said[-1].value


def _oldest(said: Sequence[Said]) -> Any:
    return next((one.value for one in said if one.value is not None), NOTHING)


def _non_empty(said: Sequence[Said]) -> Any:
    full = (one.value for one in reversed(said) if one.value is not None and one.value not in EMPTY)
    return next(full, NOTHING)


def _source_rank(said: Sequence[Said]) -> Any:
    """Each source's last word; the best source that has one counts."""
    last: dict[int, Said] = {one.rank: one for one in said}
    return next(
        (last[rank].value for rank in sorted(last) if last[rank].value is not None), NOTHING
    )


def _sum(said: Sequence[Said]) -> Any:
    """Each name's last number counts once."""
    last: dict[int, Said] = {one.alias: one for one in said}
    numbers = [one.value for one in last.values() if _is_number(one.value)]
    if not numbers:
        return NOTHING
    return math.fsum(numbers) if any(isinstance(one, float) for one in numbers) else sum(numbers)


def _union(said: Sequence[Said]) -> Any:
    """All that was told, the first told first; a name that takes it back takes back its own."""
    told: dict[int, list[Said]] = {}
    for one in said:
        if one.value is None:
            told.pop(one.alias, None)
        else:
            told.setdefault(one.alias, []).append(one)
    kept = sorted((one for some in told.values() for one in some), key=lambda one: one.turn)
    found: dict[str, Any] = {}
    for one in kept:
        for element in one.value if isinstance(one.value, list) else [one.value]:
            found.setdefault(json.dumps(element, sort_keys=True), element)
    return list(found.values()) if found else NOTHING


_WAYS = {
    "most_recent": _most_recent, "oldest": _oldest, "non_empty": _non_empty,
    "source_rank": _source_rank, "sum": _sum, "union": _union,
}  # fmt: skip
