"""What Wagtail's own buttons say where an approved draft can't be published: why, not an error.

Our own page of a review asks first; Wagtail's editor and its list of reviews find out.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from wagtail.models import TaskState

from content import review
from content.admin.review_page import edit_url_of


class RefusalMiddleware:
    """Leads whoever approved in vain back to the draft, and says what has to be mended there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the way back; None where it was no answer to a review."""
        if not isinstance(error, ValidationError) or (step := _step(request)) is None:
            return None
        there = edit_url_of(step.workflow_state.content_object, request.user)
        there = there or reverse("content_review", args=[step.pk])
        messages.error(request, review.why_not(error))
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            # What Wagtail's window for a comment reads.
            return JsonResponse({"step": "success", "redirect": there})
        return redirect(there)


def _step(request: HttpRequest) -> TaskState | None:
    match = request.resolver_match
    if match is None or "task_state_id" not in match.kwargs:
        return None
    return TaskState.objects.filter(pk=match.kwargs["task_state_id"]).first()
