"""Values that really occur, while somebody types: of samples, and never what tells who it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from customers import define
from customers.admin import vocabulary
from customers.models import EventMatcher, Profile, TraitDef

PATIENCE_MS = 1_000
PEOPLE = 5_000
MOST = 12
MOST_PROPERTIES = 200
LONGEST = 80
KINDS = ("traits", "trait_values", "events", "properties", "property_values")
# The latest doers by the index of days, then a few events of each by the index of timelines.
LATELY = """
WITH doers AS (
  SELECT DISTINCT profile_id FROM (
    SELECT profile_id FROM customers_eventday WHERE matcher_id = %s ORDER BY day DESC LIMIT 400
  ) AS days
)
SELECT e.profile_id, e.properties FROM doers CROSS JOIN LATERAL (
  SELECT profile_id, properties FROM customers_event
  WHERE profile_id = doers.profile_id AND name = %s ORDER BY at DESC, id DESC LIMIT 5
) AS e
"""


def may_write_rules(user: Any) -> bool:
    """Return whether somebody may write segments."""
    return bool(user.has_perm("customers.add_segment") or user.has_perm("customers.change_segment"))


@require_GET
def suggest(request: HttpRequest) -> JsonResponse:
    """Answer names or values that fit what was typed, the most frequent first.

    Raises:
        PermissionDenied: this person may not write segments.
    """
    if not may_write_rules(request.user):
        raise PermissionDenied
    what, typed, event, of = (
        request.GET.get(name, "")[:200].replace("\x00", "") for name in ("what", "q", "event", "of")
    )
    asked: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "traits": lambda: _traits(typed),
        "trait_values": lambda: _trait_values(of, typed, request.user),
        "events": lambda: _events(typed),
        "properties": lambda: _properties(event, typed),
        "property_values": lambda: _property_values(event, of, typed, request.user),
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
            found = asked[what]() if what in asked else []
    except OperationalError:
        found = []
    answer = JsonResponse({"found": found})
    answer["Cache-Control"] = "private, max-age=60"
    return answer


def _hides(name: str, user: Any) -> bool:
    sight = define.sight(user=user)
    return any(sight.hides(key) for key in (name, name.split(".")[0], name.split(".")[-1]))


def _traits(typed: str) -> list[dict[str, Any]]:
    labels = dict(TraitDef.objects.exclude(label="").values_list("key", "label"))
    kinds = vocabulary.trait_kinds()
    words = {"text": "", "number": _("number"), "boolean": _("yes or no"), "date": _("date")}
    return [
        {"value": key, "label": labels.get(key, key), "note": words[kind], "kind": kind}
        for key, kind in kinds.items()
        if _fits(key, typed) or _fits(labels.get(key, ""), typed)
    ][: MOST * 4]


def _events(typed: str) -> list[dict[str, Any]]:
    names = [name for name in vocabulary.event_names() if _fits(name, typed)]
    return [{"value": name} for name in names[: MOST * 4]]


def _trait_values(name: str, typed: str, user: Any) -> list[dict[str, Any]]:
    if _hides(name, user):
        return []
    people = Profile.objects.filter(state=Profile.State.ACTIVE, traits__has_key=name.split(".")[0])
    found: Counter[str] = Counter()
    for traits in people.values_list("traits", flat=True)[:PEOPLE]:
        found.update({vocabulary.as_text(value) for value in _inside(traits, name.split("."))})
    return _frequent(found, typed)


def _inside(value: Any, path: list[str]) -> Iterator[Any]:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str | int | float | bool):
            yield one


def _lately(event: str) -> list[tuple[int, dict[str, Any]]]:
    matcher = EventMatcher.objects.filter(event=event, where=[]).values_list("pk", flat=True)
    if not (key := matcher.first()):
        return []
    with connection.cursor() as cursor:
        cursor.execute(LATELY, [key, event])
        return [(who, vocabulary.as_object(told)) for who, told in cursor.fetchall()]


def _properties(event: str, typed: str) -> list[dict[str, Any]]:
    kinds: dict[str, Counter[str]] = {}
    for _who, properties in _lately(event):
        for name, value in vocabulary.flat(properties):
            kinds.setdefault(name, Counter())[vocabulary.kind_of(value)] += 1
    often = sorted(kinds, key=lambda name: (-kinds[name].total(), name))
    return [
        {"value": name, "kind": kinds[name].most_common(1)[0][0]}
        for name in often
        if _fits(name, typed)
    ][:MOST_PROPERTIES]


def _property_values(event: str, name: str, typed: str, user: Any) -> list[dict[str, Any]]:
    # A property of the same name tells the same: an e-mail address in an order, say.
    if _hides(name, user):
        return []
    doers: dict[str, set[int]] = {}
    for who, properties in _lately(event):
        for value in _inside(properties, name.split(".")):
            doers.setdefault(vocabulary.as_text(value), set()).add(who)
    return _frequent(Counter({text: len(people) for text, people in doers.items()}), typed)


def _frequent(found: Counter[str], typed: str) -> list[dict[str, Any]]:
    # What only one person has says who it is, and helps nobody to describe a group.
    fitting = [
        (text, n)
        for text, n in found.items()
        if n > 1 and 0 < len(text) <= LONGEST and _fits(text, typed)
    ]
    return [{"value": text} for text, _n in sorted(fitting, key=lambda one: (-one[1], one[0]))][
        :MOST
    ]


def _fits(text: str, typed: str) -> bool:
    return typed.casefold() in text.casefold()


@require_GET
def words(request: HttpRequest) -> JsonResponse:
    """Answer what the rule builder knows, for pages that write conditions beside other things.

    Raises:
        PermissionDenied: this person may not write segments.
    """
    if not may_write_rules(request.user):
        raise PermissionDenied
    return JsonResponse(vocabulary.of(own=None))
