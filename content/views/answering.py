"""What the doors for visitors' forms share: where a form stands, and how it is answered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import activate
from wagtail.models import Page

from content import locate
from content.models import PublicPage, keep_private


def block(request: HttpRequest, kind: str) -> tuple[Any, Any]:
    """Return the live page that a form names, and its block of a kind.

    Raises:
        Http404: there is no such form that the visitor may read.
    """
    told = request.POST if request.method == "POST" else request.GET
    page_id, block_id = told.get("page", ""), told.get("block", "")
    known = page_id.isascii() and page_id.isdigit() and len(page_id) <= 9
    page = Page.objects.live().filter(pk=int(page_id)).first() if known else None
    may = page and all(one.accept_request(request) for one in page.get_view_restrictions())
    specific = page.specific if page and may else None
    if isinstance(specific, PublicPage):
        # Faults, and the words kept as proof, are in the language of the page.
        activate(locate.language(page=specific))
        for stream in specific.streams():
            for child in stream:
                if child.block_type == kind and child.id == block_id:
                    return specific, child
    raise Http404


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script asks, and not a browser that shows what comes."""
    return "application/json" in request.headers.get("Accept", "")


def faults(form: forms.Form) -> HttpResponse:
    """Return what was wrong with each field, as JSON."""
    told = {
        "form" if name == "__all__" else name: str(words[0]) for name, words in form.errors.items()
    }
    return keep_private(JsonResponse({"errors": told}, status=422))
