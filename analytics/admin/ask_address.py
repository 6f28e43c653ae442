"""A question as an address: a form of method GET writes it, so that it can be shared and kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from analytics.questions.asked import kind_of
from analytics.questions.base import Field, QuestionError

LONGEST = 100_000
# Chosen where any event will do; an empty choice says that none was made.
ANY = "*"
PROPERTY = "property:"
MOST_ROWS = 20


def read(told: QueryDict) -> dict[str, Any]:
    """Return what an address asks, as JSON that may still be no question; nothing, if it is bare.

    A row of events in which nothing was chosen yet is an empty object; see `meant`.
    """
    if "q" in told:
        return as_object(told.get("q", ""))
    kind = clean(told.get("kind", ""))
    if not kind:
        return {}
    raw: dict[str, Any] = {"kind": kind, "compare": clean(told.get("compare", ""))}
    period = _period(told)
    if period is not None:
        raw["period"] = period
    who = as_object(told.get("who", ""))
    if who:
        raw["who"] = who
    try:
        form = kind_of(raw).form()
    except QuestionError:
        return raw
    for field in form:
        value = _value(field, told)
        if value is not None:
            put(raw, field.key, value)
    # What is out of view was not meant.
    shown = {field.key for field in form if is_shown(field, raw, form)}
    for field in form:
        if field.key not in shown:
            put(raw, field.key, None)
    return raw


def meant(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked without the rows in which nothing was chosen yet."""
    rows = {
        key: [one for one in value if one != {}] if isinstance(value, list) else value
        for key, value in raw.items()
    }
    return {key: value for key, value in rows.items() if value != []}


def write(raw: Mapping[str, Any]) -> str:
    """Return the address (after the question mark) that asks this."""
    pairs = [("kind", str(raw.get("kind", "")))]
    pairs += _period_pairs(raw.get("period"))
    pairs.append(("compare", str(raw.get("compare") or "")))
    if raw.get("who"):
        pairs.append(("who", dumped(raw["who"])))
    try:
        form = kind_of(raw).form()
    except QuestionError:
        form = ()
    for field in {field.key: field for field in form}.values():
        pairs += _pairs(field, get(raw, field.key))
    return urlencode(pairs)


def dumped(value: Any) -> str:
    """Return JSON in the spelling that addresses hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_object(text: str) -> dict[str, Any]:
    """Return the object that a text from outside holds as JSON, or an empty one."""
    if not text or len(text) > LONGEST:
        return {}
    try:
        found = clean(json.loads(text, parse_constant=_refuse))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def clean(value: Any) -> Any:
    """Return JSON without what no text of the database can hold."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    return value


def get(raw: Mapping[str, Any], key: str) -> Any:
    """Return what stands under a key with dots."""
    found: Any = raw
    for step in key.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def put(raw: dict[str, Any], key: str, value: Any) -> None:
    """Write under a key with dots; None takes away what is there."""
    *steps, last = key.split(".")
    inside = raw
    for step in steps:
        inside = inside.setdefault(step, {})
    if value is None:
        inside.pop(last, None)
    else:
        inside[last] = value


def is_shown(field: Field, raw: Mapping[str, Any], form: Iterable[Field]) -> bool:
    """Return whether a control is in view, given what the others say."""
    by_key = {one.key: one for one in form}
    return all(_chosen(by_key.get(key), get(raw, key)) in only for key, only in field.only.items())


def _chosen(field: Field | None, value: Any) -> str:
    if value is None and field is not None:
        # What stands first is chosen while nobody chose.
        return "false" if field.kind == "boolean" else next(iter(field.options), ("",))[0]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _period(told: QueryDict) -> dict[str, Any] | None:
    chosen = told.get("period", "")
    if chosen == "own":
        return {"from": clean(told.get("period.from", "")), "to": clean(told.get("period.to", ""))}
    if chosen == "last":
        return {"last": [_number(told.get("period.count", "")), told.get("period.unit", "days")]}
    how, _dash, rest = chosen.partition("-")
    count, _dash, unit = rest.partition("-")
    return {how: [_number(count), unit]} if how in {"last", "past"} else None


def _period_pairs(period: Any) -> list[tuple[str, str]]:
    if not isinstance(period, Mapping):
        return []
    if "from" in period:
        own = [("period.from", str(period["from"])), ("period.to", str(period.get("to")))]
        return [("period", "own"), *own]
    for how, told in period.items():
        if isinstance(told, list | tuple) and len(told) == 2:
            return [("period", f"{how}-{told[0]}-{told[1]}")]
    return []


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            found = kind(text)
        except ValueError:
            continue
        # Neither "nan" nor "inf" is a number that somebody means.
        return found if abs(found) < 1e15 else text
    return clean(text)


def _events(key: str, told: QueryDict) -> list[dict[str, Any]]:
    wheres = told.getlist(f"{key}.where")
    found: list[dict[str, Any]] = []
    for place, name in enumerate(told.getlist(key)[:MOST_ROWS]):
        if not name:
            found.append({})
            continue
        event: dict[str, Any] = {"event": "" if name == ANY else clean(name)}
        where = as_object('{"where":' + (wheres[place] if place < len(wheres) else "") + "}")
        if where.get("where"):
            event["where"] = where["where"]
        found.append(event)
    return found


def _value(field: Field, told: QueryDict) -> Any:
    key = field.key
    if key not in told:
        return None
    text = clean(told[key])
    if field.kind == "events":
        return _events(key, told) or None
    if field.kind == "event":
        return next(iter(_events(key, told)), None) or None
    if field.kind == "boolean":
        return text == "1"
    if not text:
        return None
    if field.kind == "number":
        return _number(text)
    if field.kind == "span":
        return [_number(text), clean(told.get(f"{key}.unit", "days"))]
    if field.kind == "by" and text == PROPERTY:
        name = clean(told.get(f"{key}.name", "")).strip()
        return f"{PROPERTY}{name}"
    return text


def _pairs(field: Field, value: Any) -> list[tuple[str, str]]:
    key = field.key
    if value is None:
        return []
    if field.kind in {"event", "events"}:
        listed = value if isinstance(value, list | tuple) else [value]
        events = [one for one in listed if isinstance(one, Mapping)]
        names = [(key, str(one.get("event") or ANY) if one else "") for one in events]
        wheres = [
            (f"{key}.where", dumped(one["where"]) if one.get("where") else "") for one in events
        ]
        return names + wheres
    if field.kind == "boolean":
        return [(key, "1" if value else "0")]
    if field.kind == "span" and isinstance(value, list | tuple) and len(value) == 2:
        return [(key, str(value[0])), (f"{key}.unit", str(value[1]))]
    if field.kind == "by" and str(value).startswith(PROPERTY):
        return [(key, PROPERTY), (f"{key}.name", str(value).removeprefix(PROPERTY))]
    return [(key, str(value))]
