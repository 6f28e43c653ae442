"""Compare one value inside a JSON document: a trait of a person, a property of an event."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from customers.conditions.base import RuleError, Scalar, Sql, Words, gettext_noop

_ = gettext_noop

OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
CMPS = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "starts", "set")
LONGEST_NAME = 200
# Numbers as people type them and as some shops send them: in quotes.
NUMERIC = r"^-?[0-9]{1,15}(\.[0-9]{1,10})?$"

LABELS = {
    "eq": _("is"), "ne": _("is known and is not"), "in": _("is one of"), "gt": _("is more than"),
    "gte": _("is at least"), "lt": _("is less than"), "lte": _("is at most"),
    "contains": _("contains"), "starts": _("starts with"), "set": _("is known"),
}  # fmt: skip
NUMBER_LABELS = {
    "gte": _("at least"), "lte": _("at most"), "eq": _("exactly"), "gt": _("more than"),
    "lt": _("less than"), "ne": _("any number but"),
}  # fmt: skip
BY_KIND = {
    "text": ("eq", "ne", "in", "contains", "starts", "set"),
    "number": ("eq", "ne", "in", "gte", "lte", "gt", "lt", "set"),
    "boolean": ("eq", "set"),
}


def name_of(raw: Any, path: str, words: str) -> str:
    """Return a name that somebody chose.

    Raises:
        RuleError: it is none.
    """
    if not isinstance(raw, str) or not raw.strip() or len(raw) > LONGEST_NAME or "\x00" in raw:
        raise RuleError(path, words)
    return raw


def scalar(value: Any, path: str) -> Scalar:
    """Return a text, a number, or yes or no.

    Raises:
        RuleError: it is none of them.
    """
    if isinstance(value, str) and len(value) <= 1000 and "\x00" not in value:
        return value
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**15):
        return value
    if isinstance(value, float) and math.isfinite(value) and abs(value) < 10**15:
        # One spelling: 3.0 is 3.
        return int(value) if value.is_integer() else value
    raise RuleError(path, _("Give a text, a number, or yes or no."))


def number(value: Any, path: str) -> int | float:
    """Return a number.

    Raises:
        RuleError: it is none.
    """
    found = scalar(value, path) if not isinstance(value, str) else value
    if isinstance(found, (bool, str)):
        raise RuleError(path, _("Give a number."))
    return found


def check(cmp: Any, value: Any, path: str) -> Scalar | tuple[Scalar, ...]:
    """Return the value that a comparison compares with.

    Raises:
        RuleError: they do not fit each other.
    """
    if cmp not in CMPS:
        raise RuleError(f"{path}.cmp", _("Choose how to compare."))
    place = f"{path}.value"
    if cmp == "set":
        if not isinstance(value, bool):
            raise RuleError(place, _("Say whether it is known or not."))
        return value
    if cmp == "in":
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 1000:
            raise RuleError(place, _("Give at least one value, at most a thousand."))
        told = [scalar(one, place) for one in value]
        return tuple(sorted(_once(told), key=lambda one: (type(one).__name__, one)))
    if cmp in ("contains", "starts") and (not isinstance(value, str) or not value):
        raise RuleError(place, _("Give the words to look for."))
    if cmp not in ("eq", "ne") and isinstance(value, bool):
        raise RuleError(place, _("Yes and no are not more or less than each other."))
    return scalar(value, place)


def _once(values: Sequence[Scalar]) -> list[Scalar]:
    # 1 and True are equal in Python, and not the same value to people.
    return list({(type(one), one): one for one in values}.values())


def holds(document: str, path: str, cmp: str, value: Scalar | tuple[Scalar, ...]) -> Sql:
    """Return whether a value inside a document fits; what is missing or of another type does not.

    Args:
        document: SQL of a jsonb value.
        path: the name, with dots where it goes inside.
        cmp: one of `CMPS`.
        value: what to compare with.
    """
    steps = path.split(".")
    known = f"COALESCE(jsonb_typeof({document} #> %s) <> 'null', false)"
    if cmp == "set":
        return Sql(known if value else f"(NOT {known})", [steps])
    if cmp in ("eq", "ne", "in"):
        wanted = value if isinstance(value, tuple) else (value,)
        values = [_nested(steps, form) for one in wanted for form in spellings(one)]
        same = "(" + " OR ".join([f"{document} @> %s::jsonb"] * len(values)) + ")"
        if cmp != "ne":
            return Sql(same, values)
        return Sql(f"({known} AND NOT {same})", [steps, *values])
    text = f"({document} #>> %s)"
    if cmp == "contains":
        return Sql(
            f"COALESCE(CASE jsonb_typeof({document} #> %s) "
            f"WHEN 'string' THEN strpos(lower({text}), lower(%s)) > 0 "
            f"WHEN 'array' THEN ({document} #> %s) @> %s::jsonb ELSE false END, false)",
            [steps, steps, value, steps, json.dumps([value])],
        )
    if cmp == "starts":
        return Sql(
            f"COALESCE(CASE WHEN jsonb_typeof({document} #> %s) = 'string' "
            f"THEN starts_with(lower({text}), lower(%s)) END, false)",
            [steps, steps, value],
        )
    kind, cast = ("string", ' COLLATE "C"') if isinstance(value, str) else ("number", "::numeric")
    return Sql(
        f"COALESCE(CASE WHEN jsonb_typeof({document} #> %s) = '{kind}' "
        f"THEN {text}{cast} {OPERATORS[cmp]} %s END, false)",
        [steps, steps, value],
    )


def numeric(document: str, path: str) -> Sql:
    """Return a value inside a document as a number, also a text that spells one, or NULL."""
    steps = path.split(".")
    text = f"({document} #>> %s)"
    return Sql(
        f"(CASE jsonb_typeof({document} #> %s) WHEN 'number' THEN {text}::numeric "
        f"WHEN 'string' THEN CASE WHEN {text} ~ '{NUMERIC}' THEN {text}::numeric END END)",
        [steps, steps, steps, steps],
    )


def spellings(value: Scalar) -> list[Scalar]:
    """Return a value as people type it and as SDKs send it: "42" is also 42, "true" also true."""
    if not isinstance(value, str):
        return [value]
    forms: list[Scalar] = [value]
    if value in ("true", "false"):
        forms.append(value == "true")
    elif len(value) <= 15 and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
        forms.append(int(value))
    return forms


def told(field: str, cmp: str, value: Scalar | tuple[Scalar, ...], say: Words) -> str:
    """Return a comparison in words."""
    if cmp == "set":
        return say(_("%(field)s is known") if value else _("%(field)s is not known"), field=field)
    many = value if isinstance(value, tuple) else (value,)
    return f"{field} {say(LABELS[cmp])} {', '.join(show(one, say) for one in many)}"


def show(value: Any, say: Words) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return say(_("yes")) if value else say(_("no"))
    if isinstance(value, (int, float)):
        return f"{value:g}" if abs(value) < 10**6 else str(value)
    return f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def options(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return comparisons as the options of a control."""
    return tuple(labels.items())


def _nested(path: Sequence[str], value: Scalar) -> str:
    told: Any = value
    for key in reversed(path):
        told = {key: told}
    return json.dumps(told)
