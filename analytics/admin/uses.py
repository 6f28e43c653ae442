"""Which kept questions stand on a segment or on a list of people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.models import Question
from customers import rules
from customers.extend import Use


def of_segment(number: int) -> list[Use]:
    """Return the questions about people of a segment, or broken down by it."""
    by = f"segment:{number}"
    return _uses(lambda deps, texts: number in deps.segments or by in texts)


def of_list(number: int) -> list[Use]:
    """Return the questions about the people of a list."""
    return _uses(lambda deps, _texts: number in deps.lists)


def _uses(stands: Callable[[rules.Deps, set[str]], bool]) -> list[Use]:
    return [
        Use(_("Question"), one.name, reverse("analytics_question", args=[one.pk]))
        for one in Question.objects.order_by("name")
        if stands(_deps(one.asked.get("who")), set(_texts(one.asked)))
    ]


def _deps(who: Any) -> rules.Deps:
    try:
        return rules.deps(who) if who else rules.Deps()
    except rules.RuleError:
        return rules.Deps()


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict | list):
        for one in told.values() if isinstance(told, dict) else told:
            yield from _texts(one)
