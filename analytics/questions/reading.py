"""Read what the controls of a question gave; say where something is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics.measures import dimensions
from analytics.measures.where import Act, act
from analytics.questions.base import QuestionError
from customers.conditions.base import RuleError
from customers.conditions.base import gettext_noop as _

SECONDS = {
    "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 7 * 86_400, "months": 30 * 86_400,
}  # fmt: skip


def event(raw: Mapping[str, Any], key: str) -> Act | None:
    """Return an act, or None where none was chosen.

    Raises:
        QuestionError: it is none.
    """
    if raw.get(key) is None:
        return None
    try:
        return act(raw[key], key)
    except RuleError as error:
        raise QuestionError(error.path, error.words) from error


def choice(raw: Mapping[str, Any], key: str, options: Iterable[tuple[str, str]]) -> str:
    """Return one of the options; the first one where nothing was chosen.

    Raises:
        QuestionError: it is none of them.
    """
    values = [value for value, _label in options]
    found = raw.get(key, values[0])
    if found not in values:
        raise QuestionError(key, _("Choose one of these."))
    return str(found)


def number(raw: Mapping[str, Any], key: str, low: int, high: int, otherwise: int) -> int:
    """Return a whole number between two.

    Raises:
        QuestionError: it is none.
    """
    found = raw.get(key, otherwise)
    if isinstance(found, bool) or not isinstance(found, int | float) or found != int(found):
        raise QuestionError(key, _("Give a whole number."))
    if not low <= found <= high:
        raise QuestionError(key, _("This number is too small or too large."))
    return int(found)


def span(raw: Mapping[str, Any], key: str, longest: int) -> tuple[int, str] | None:
    """Return so many minutes, hours or days, or None where nothing was said.

    Raises:
        QuestionError: it is no time, or longer than so many seconds.
    """
    found = raw.get(key)
    if found is None:
        return None
    if not isinstance(found, list | tuple) or len(found) != 2 or found[1] not in SECONDS:
        raise QuestionError(key, _("Say within how much time."))
    n, unit = found
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n * SECONDS[unit] <= longest:
        raise QuestionError(key, _("This time is too short or too long."))
    return n, unit


def seconds(told: tuple[int, str] | None) -> int | None:
    """Return a span in seconds."""
    return None if told is None else told[0] * SECONDS[told[1]]


def breakdown(raw: Mapping[str, Any], key: str = "by") -> str:
    """Return the spelling of a dimension, or nothing.

    Raises:
        QuestionError: there is no such dimension.
    """
    if not raw.get(key):
        return ""
    try:
        return dimensions.dimension(raw[key], key).key
    except RuleError as error:
        raise QuestionError(error.path, error.words) from error


def is_zone(name: str | None) -> bool:
    """Return whether there is such a time zone."""
    try:
        return bool(name) and ZoneInfo(name or "") is not None
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return False


def is_day(text: str | None) -> bool:
    """Return whether a text is a day as ISO spells it."""
    try:
        return text is not None and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def text(point: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a point, or None.

    Raises:
        QuestionError: there is no such point.
    """
    found = point.get(key)
    if found is not None and (not isinstance(found, str) or "\x00" in found):
        raise QuestionError("", _("There is no such number in this answer."))
    return found
