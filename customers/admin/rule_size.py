"""How many people a rule picks, and some of them, while it is being written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from customers import define, explain, rules
from customers.admin.members import may_see_people, name_of
from customers.admin.suggest import may_write_rules
from customers.admin.vocabulary import in_words
from customers.models import Profile
from dxp.lib import clock

PATIENCE_MS = {"sample": 1_500, "exact": 10_000, "people": 3_000}
SHOWN_PEOPLE = 10


@require_POST
def rule_size(request: HttpRequest) -> JsonResponse:
    """Answer the size of a rule in words and its people, or what is wrong with it and where.

    Raises:
        PermissionDenied: this person may not write segments.
    """
    if not may_write_rules(request.user):
        raise PermissionDenied
    how = request.POST.get("how", "sample")
    try:
        rule = json.loads(request.POST.get("rule", ""))
        rules.parse(rule)
    except rules.RuleError as error:
        return JsonResponse({"error": {"path": error.path, "words": _(error.words)}})
    except (ValueError, RecursionError):
        return JsonResponse({"error": {"path": "root", "words": _("This is not a rule.")}})
    if how == "people":
        return JsonResponse({"people": _people(rule, request.user)})
    how = "exact" if how == "exact" else "sample"
    return JsonResponse({"sentence": in_words(rule), **_counted(rule, how)})


def _patiently(how: str, question: Callable[[], Any]) -> Any:
    """Return the answer, or None where the database took too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            patience = str(PATIENCE_MS[how])
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [patience])
            return question()
    except OperationalError:
        return None


def _people(rule: Any, user: Any) -> list[dict[str, str]]:
    if not may_see_people(user):
        return []
    found = _patiently(
        "people", lambda: explain.people(rule=rule, limit=SHOWN_PEOPLE, at=clock.now())
    )
    people = Profile.objects.in_bulk(found or [])
    sight = define.sight(user=user)
    return [
        {
            "name": name_of(people[pk], sight),
            "url": reverse("customers_profiles:inspect", args=[pk]),
        }
        for pk in found or []
        if pk in people
    ]


def _counted(rule: Any, how: str) -> dict[str, Any]:
    now = clock.now()
    found = _patiently(how, lambda: explain.size(rule=rule, sample=how == "sample", at=now))
    if found is None and how == "sample":
        return {"text": _("This takes a moment to count."), "exact": False}
    if found is None:
        return {"text": _("Too many people to count while you wait."), "exact": None}
    told = ngettext("%(n)s person", "%(n)s people", found.count) % {"n": intcomma(found.count)}
    if found.exact:
        return {"text": told, "exact": True, "count": found.count}
    return {
        "text": _("about %(people)s") % {"people": told},
        "range": _("between %(low)s and %(high)s")
        % {"low": intcomma(found.low), "high": intcomma(found.high)},
        "exact": False,
        "count": found.count,
    }
