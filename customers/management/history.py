"""Reads files of past events: CSV with a header or JSON objects line by line, packed or not."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

METHODS = ("track", "page", "screen", "identify", "group", "alias")
# How files call things → how we call them. What is not listed is a property.
NAMES = {
    "type": "type",
    "event": "event", "name": "event",
    "user_id": "user_id", "userId": "user_id",
    "anonymous_id": "anonymous_id", "anonymousId": "anonymous_id",
    "previous_id": "previous_id", "previousId": "previous_id",
    "group_id": "group_id", "groupId": "group_id",
    "timestamp": "timestamp",
    "message_id": "message_id", "messageId": "message_id",
    "properties": "properties", "traits": "traits", "context": "context",
}  # fmt: skip
# A CSV holds only text; these are added up, so they become numbers where they read as such.
NUMBERS = {"revenue", "value", "total", "price", "quantity"}
WORD = {"track": "event", "page": "name", "screen": "name"}
TAKES = {
    "track": {"user_id", "anonymous_id", "properties"},
    "page": {"user_id", "anonymous_id", "properties"},
    "screen": {"user_id", "anonymous_id", "properties"},
    "identify": {"user_id", "anonymous_id", "traits"},
    "group": {"user_id", "anonymous_id", "group_id", "traits"},
    "alias": {"user_id", "previous_id"},
}


class BadFile(ValueError):
    """A file that holds no events, said with the line."""


@dataclass(frozen=True)
class Call:
    """One call of the SDK, made from one line of a file."""

    line: int
    method: str
    at: datetime | None
    arguments: dict[str, Any]


def read(path: Path) -> Iterator[Call]:
    """Yield the calls of a file, in its order.

    A message id is the hash of the row and its occurrence number: twice the same row is two events,
    twice the same file is one. A row's own message id goes first.

    Raises:
        BadFile: a line can't be understood.
    """
    seen: Counter[str] = Counter()
    for line, row in _rows(path):
        digest = hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]
        seen[digest] += 1
        yield _call(line, row, f"{digest}-{seen[digest]}")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    packed = path.suffix == ".gz"
    kind = (path.with_suffix("") if packed else path).suffix.lower()
    with path.open("rb") as raw:
        unpacked: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
        try:
            yield from _csv(text) if kind == ".csv" else _json_lines(text)
        except (UnicodeDecodeError, EOFError, csv.Error, gzip.BadGzipFile, zlib.error) as error:
            words = {"file": path.name, "why": error}
            raise BadFile(_("%(file)s can't be read: %(why)s") % words) from error


def _csv(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = csv.DictReader(text, strict=True)
    for row in rows:
        if None in row or None in row.values():
            fault = _("Line %(line)d has another number of columns than the header.")
            raise BadFile(fault % {"line": rows.line_num})
        yield rows.line_num, {name: cell for name, cell in row.items() if cell != ""}


def _json_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, content in enumerate(text, start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise BadFile(_("Line %(line)d is no JSON.") % {"line": line}) from error
        if not isinstance(row, dict):
            raise BadFile(_("Line %(line)d is no JSON object.") % {"line": line})
        yield line, row


def _call(line: int, row: dict[str, Any], message_id: str) -> Call:
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in row.items():
        ours = NAMES.get(name)
        if ours and ours not in known:
            known[ours] = value
        else:
            rest[name] = _number(value) if name in NUMBERS else value
    method = known.get("type") or "track"
    if method not in METHODS:
        raise BadFile(
            _("Line %(line)d has the unknown type %(type)r.") % {"line": line, "type": method}
        )
    takes = TAKES[method]
    at = _moment(line, known.get("timestamp"))
    arguments = {name: known[name] for name in takes & known.keys()}
    arguments["context"] = _nested(line, known, "context")
    for bag in takes & {"properties", "traits"}:
        arguments[bag] = {**rest, **_nested(line, known, bag)}
    if method in WORD and "event" in known:
        arguments[WORD[method]] = known["event"]
    arguments |= {"timestamp": at, "message_id": str(known.get("message_id") or message_id)}
    return Call(line, method, at, arguments)


def _nested(line: int, known: dict[str, Any], name: str) -> dict[str, Any]:
    value = known.get(name) or {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            words = {"line": line, "name": name}
            raise BadFile(_("Line %(line)d: %(name)s is no JSON object.") % words) from error
    if not isinstance(value, dict):
        raise BadFile(
            _("Line %(line)d: %(name)s is no JSON object.") % {"line": line, "name": name}
        )
    return dict(value)


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _moment(line: int, value: Any) -> datetime | None:
    """Return the moment; one that names no time zone is in UTC.

    Raises:
        BadFile: it is no time.
    """
    if value is None or value == "":
        return None
    try:
        moment = (
            datetime.fromtimestamp(value, UTC)
            if isinstance(value, (int, float))
            else datetime.fromisoformat(str(value))
        )
    except (ValueError, OverflowError, OSError) as error:
        words = {"line": line, "value": value}
        raise BadFile(_("Line %(line)d: %(value)r is no time.") % words) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
