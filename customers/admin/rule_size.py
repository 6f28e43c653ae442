"""How many people a rule picks, while it is being written."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from customers import rules, segment
from customers.admin.vocabulary import in_words
from dxp.lib import clock

PATIENCE_MS = {"sample": 2_000, "exact": 10_000}


@require_POST
def rule_size(request: HttpRequest) -> JsonResponse:
    """Answer the size of a rule in words, or what is wrong with it and where.

    Raises:
        PermissionDenied: this person may not write segments.
    """
    if not (
        request.user.has_perm("customers.add_segment")
        or request.user.has_perm("customers.change_segment")
    ):
        raise PermissionDenied
    how = "exact" if request.POST.get("how") == "exact" else "sample"
    try:
        rule = json.loads(request.POST.get("rule", ""))
        rules.parse(rule)
    except rules.RuleError as error:
        return JsonResponse({"error": {"path": error.path, "words": _(error.words)}})
    except (ValueError, RecursionError):
        return JsonResponse({"error": {"path": "root", "words": _("This is not a rule.")}})
    return JsonResponse({"sentence": in_words(rule), **_counted(rule, how)})


def _counted(rule: Any, how: str) -> dict[str, Any]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS[how])]
            )
            found = segment.size(rule=rule, sample=how == "sample", at=clock.now())
    except OperationalError:
        if how == "sample":
            return {"text": _("Counting takes a moment…"), "exact": False}
        return {"text": _("Too many people to count while you wait."), "exact": None}
    told = ngettext("%(n)s person", "%(n)s people", found.count) % {"n": intcomma(found.count)}
    if not found.exact:
        told = _("about %(people)s") % {"people": told}
    return {"text": told, "exact": found.exact, "count": found.count}
