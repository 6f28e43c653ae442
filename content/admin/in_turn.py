"""Drafts of one thing are saved one after the other, each whole or not at all.

The editor saves by itself while one writes, and does not wait for that when a button is pressed.
Wagtail asks whether a draft is the newest before it saves, and nobody keeps the two apart: what was
sent first, and worked on last, would become the newest draft, without the words written since.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from wagtail.models import DraftStateMixin
from wagtail.snippets.models import get_snippet_models

from dxp.lib import rows


class InTurnMiddleware:
    """Lets one request after the other save a draft of the same thing, in one transaction each."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as turn:
            request.turn, request.is_in_turn = turn, False  # type: ignore[attr-defined]
            response = self.get_response(request)
            if request.is_in_turn and response.status_code >= 500:  # type: ignore[attr-defined]
                transaction.set_rollback(True)
            return response

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _named: Any
    ) -> HttpResponse | None:
        """Wait for one's turn; it ends with the request."""
        if _saves(request):
            request.turn.enter_context(transaction.atomic())  # type: ignore[attr-defined]
            request.is_in_turn = True  # type: ignore[attr-defined]
            rows.wait_for_lock(f"edit {request.path}")
        return None


def _saves(request: HttpRequest) -> bool:
    match = request.resolver_match
    return (
        request.method == "POST"
        and match is not None
        and match.url_name == "edit"
        and match.namespace in _drafted()
    )


@lru_cache
def _drafted() -> frozenset[str]:
    """Return the namespaces of editors that save drafts."""
    drafted = [model for model in get_snippet_models() if issubclass(model, DraftStateMixin)]
    return frozenset([
        "wagtailadmin_pages",
        *(model.snippet_viewset.url_namespace for model in drafted),
    ])
