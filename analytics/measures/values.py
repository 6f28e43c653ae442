"""What a property of an event says: filters, texts and numbers, in SQL and in Python."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from customers.conditions import compare
from customers.conditions.base import Scalar
from customers.conditions.matcher import Filter

# Beyond, PostgreSQL's cast to double fails.
LONGEST_NUMBER = 200
# What decimal(18, 4) holds.
BIGGEST = 10**13
FOUR = Decimal("0.0001")
ORDERED = {
    "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip

MACROS = (
    "CREATE MACRO jsonb_extract_path(document, key) AS"
    " json_extract(document, '/' || replace(replace(key, '~', '~0'), '/', '~1'))",
    "CREATE MACRO jsonb_extract_path_text(document, key) AS"
    " json_extract_string(document, '/' || replace(replace(key, '~', '~0'), '/', '~1'))",
    "CREATE MACRO jsonb_typeof(document) AS CASE json_type(document)"
    " WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'ARRAY' THEN 'array'"
    " WHEN 'OBJECT' THEN 'object' WHEN 'NULL' THEN 'null'"
    " WHEN 'BIGINT' THEN 'number' WHEN 'UBIGINT' THEN 'number' WHEN 'DOUBLE' THEN 'number' END",
    "CREATE MACRO jsonb_exists(document, word) AS"
    " list_contains(json_extract(document, '$[*]'), to_json(word))",
)
"""PostgreSQL's own functions in DuckDB, whose JSON has others; set up before each question."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What a path leads to, in SQL: the value itself, its JSON type, its text, and as a number."""

    document: str
    text: str

    @property
    def kind(self) -> str:
        return f"jsonb_typeof({self.document})"

    @property
    def number(self) -> str:
        return (
            f"CASE WHEN {self.kind} = 'number' AND length({self.text}) < {LONGEST_NUMBER}"
            f" THEN cast({self.text} AS double precision) END"
        )


def bind(parameters: dict[str, Any], value: Any, mark: str = "w") -> str:
    """Bind a value under a name of its own that begins with `mark`; return how the SQL says it."""
    name = f"{mark}{len(parameters)}"
    parameters[name] = value
    return f"${name}"


def text(prop: str, parameters: dict[str, Any], mark: str = "w") -> str:
    """Return a property as text: a text, a number in its shortest spelling, true or false."""
    at = _place(prop, parameters, mark)
    return (
        f"(CASE {at.kind} WHEN 'string' THEN {at.text} WHEN 'boolean' THEN {at.text}"
        f" WHEN 'number' THEN regexp_replace(regexp_replace({at.text}, '[.]0+$', ''),"
        " '([.][0-9]*[1-9])0+$', '\\1') END)"
    )


def number(prop: str, parameters: dict[str, Any]) -> str:
    """Return a property as a number to count with, also a text that spells one, or NULL.

    With four decimals, as amounts are: sums of these are exact in whatever order they are added.
    """
    at = _place(prop, parameters)
    spelled = f"{at.kind} = 'string' AND {at.text} ~ '{compare.NUMERIC}'"
    return (
        f"(CASE WHEN {at.kind} = 'number' OR ({spelled}) THEN"
        f" CASE WHEN length({at.text}) < {LONGEST_NUMBER} AND"
        f" abs(cast({at.text} AS double precision)) < {BIGGEST}"
        f" THEN cast({at.text} AS decimal(18, 4)) END END)"
    )


def passes(one: Filter, parameters: dict[str, Any]) -> str:
    """Return whether `properties` say what a filter wants, in SQL; never NULL."""
    at = _place(one.prop, parameters)
    if one.cmp == "set":
        return f"{at.text} IS {'NOT ' if one.value else ''}NULL"
    if one.cmp in ("eq", "in"):
        return _same(at, one, parameters)
    if one.cmp == "ne":
        return f"({at.text} IS NOT NULL AND NOT {_same(at, one, parameters)})"
    wanted = bind(parameters, one.value)
    if one.cmp == "contains":
        test = (
            f"CASE {at.kind} WHEN 'string' THEN strpos(lower({at.text}), lower({wanted})) > 0"
            f" WHEN 'array' THEN jsonb_exists({at.document}, {wanted}) END"
        )
    elif one.cmp == "starts":
        begins = f"starts_with(lower({at.text}), lower({wanted}))"
        test = f"CASE WHEN {at.kind} = 'string' THEN {begins} END"
    elif isinstance(one.value, str):
        sign = compare.OPERATORS[one.cmp]
        test = f"CASE WHEN {at.kind} = 'string' THEN {at.text} COLLATE \"C\" {sign} {wanted} END"
    else:
        sign = compare.OPERATORS[one.cmp]
        test = f"{at.number} {sign} cast({wanted} AS double precision)"
    return f"coalesce({test}, false)"


def fits(one: Filter, properties: Mapping[str, Any]) -> bool:
    """Return whether properties say what a filter wants: what `passes` asks in SQL."""
    found = value_of(properties, one.prop)
    if one.cmp == "set":
        return (found is not None) is one.value
    if one.cmp in ("eq", "in"):
        return any(_equal(found, form) for form in _forms(one))
    if one.cmp == "ne":
        return found is not None and not any(_equal(found, form) for form in _forms(one))
    if one.cmp == "contains":
        if isinstance(found, list):
            return any(each == one.value for each in found if isinstance(each, str))
        return isinstance(found, str) and str(one.value).lower() in found.lower()
    if one.cmp == "starts":
        return isinstance(found, str) and found.lower().startswith(str(one.value).lower())
    alike = isinstance(found, str) if isinstance(one.value, str) else _is_number(found)
    return alike and bool(ORDERED[one.cmp](found, one.value))


def value_of(properties: Mapping[str, Any], prop: str) -> Any:
    """Return what a path with dots leads to, or None."""
    found: Any = properties
    for step in prop.split("."):
        if isinstance(found, list) and step.isascii() and step.isdigit():
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found


def text_of(properties: Mapping[str, Any], prop: str) -> str | None:
    """Return a property as text, as `text` says it in SQL."""
    found = value_of(properties, prop)
    if isinstance(found, bool):
        return "true" if found else "false"
    if _is_number(found):
        return str(int(found)) if found == int(found) else str(found)
    return found if isinstance(found, str) else None


def number_of(properties: Mapping[str, Any], prop: str) -> Decimal | None:
    """Return a property as a number, as `number` says it in SQL."""
    found = value_of(properties, prop)
    spelled = isinstance(found, str) and re.fullmatch(compare.NUMERIC, found)
    if not (spelled or _is_number(found)) or abs(Decimal(str(found))) >= BIGGEST:
        return None
    return Decimal(str(found)).quantize(FOUR, ROUND_HALF_UP)


def _place(prop: str, parameters: dict[str, Any], mark: str = "w") -> _Place:
    *outer, last = (bind(parameters, step, mark) for step in prop.split("."))
    document = "properties"
    for step in outer:
        document = f"jsonb_extract_path({document}, {step})"
    return _Place(
        f"jsonb_extract_path({document}, {last})", f"jsonb_extract_path_text({document}, {last})"
    )


def _same(at: _Place, one: Filter, parameters: dict[str, Any]) -> str:
    forms = _forms(one)
    texts = [form for form in forms if isinstance(form, str)]
    truths = ["true" if form else "false" for form in forms if isinstance(form, bool)]
    numbers = [form for form in forms if _is_number(form)]
    tests = []
    for kind, wanted in (("string", texts), ("boolean", truths)):
        if wanted:
            listed = ", ".join(bind(parameters, form) for form in wanted)
            tests.append(f"({at.text} IN ({listed}) AND {at.kind} = '{kind}')")
    if numbers:
        listed = ", ".join(
            f"cast({bind(parameters, form)} AS double precision)" for form in numbers
        )
        tests.append(f"{at.number} IN ({listed})")
    return f"coalesce({' OR '.join(tests)}, false)"


def _forms(one: Filter) -> list[Scalar]:
    wanted = one.value if isinstance(one.value, tuple) else (one.value,)
    return [form for each in wanted for form in compare.spellings(each)]


def _is_number(found: Any) -> bool:
    return isinstance(found, (int, float)) and not isinstance(found, bool)


def _equal(found: Any, wanted: Scalar) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return type(found) in (str, int, float) and bool(found == wanted)
