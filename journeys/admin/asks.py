"""What the outline editor asks while somebody draws."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_POST

from customers.models import Segment
from journeys import enroll, graph
from journeys.admin import counts
from journeys.admin.faults import faults_of, sentence, sentences
from journeys.admin.forms import BIGGEST_OUTLINE
from journeys.models import Journey


def _may_draw(user: Any) -> bool:
    return bool(user.has_perm("journeys.change_journey") or user.has_perm("journeys.add_journey"))


class SizeView(View):
    """Tells the editor how many people are in a segment now."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with a number.

        Raises:
            PermissionDenied: this person draws no journeys.
        """
        if not _may_draw(request.user):
            raise PermissionDenied
        asked = request.GET.get("segment", "")
        found = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
        segment = get_object_or_404(Segment, pk=found)
        return JsonResponse({"members": enroll.inside(segment=segment)})


@method_decorator(require_POST, name="dispatch")
class CheckView(View):
    """Tells the editor what is wrong with a draft that nobody has saved, or tidies what is pasted.

    Both come from a browser: nothing is taken as it is, and nothing is stored.
    """

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer with faults by place, and conditions in words.

        Raises:
            PermissionDenied: this person draws no journeys.
        """
        if not _may_draw(request.user):
            raise PermissionDenied
        try:
            if "paste" in request.POST:
                return JsonResponse({"steps": graph.tidy(_read(request.POST["paste"]))})
            told = _read(request.POST.get("draft", ""))
            plan = graph.Plan(
                graph.tidy(told["outline"]),
                graph.tidy_entry(told["entry"]),
                graph.tidy_endings(told["goals"]),
                graph.tidy_endings(told["exits"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            text = sentence("shape")
            return JsonResponse({"faults": [{"step": "", "field": "", "where": "", "text": text}]})
        names = dict(Segment.objects.values_list("pk", "name"))
        return JsonResponse({
            "faults": faults_of(plan),
            "sentences": sentences(plan.outline, names),
        })


def _read(text: str) -> Any:
    if len(text) > BIGGEST_OUTLINE:
        raise ValueError("too long")
    return json.loads(text)


class CountsView(View):
    """Tells the editor who stands where now, and whether somebody else has saved since."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with numbers by step.

        Raises:
            PermissionDenied: this person sees no journeys.
        """
        user: Any = request.user
        if not (user.has_perm("journeys.view_journey") or user.has_perm("journeys.change_journey")):
            raise PermissionDenied
        journey = get_object_or_404(Journey, pk=pk)
        found = counts.by_step(journey) if journey.current_id else {}
        return JsonResponse({"counts": found, "revision": journey.revision})
