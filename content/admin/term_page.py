"""One term in the admin: what has it, merging, retiring."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.log_actions import log

from content import policies, terms
from content.models import Tagging, Term
from dxp.lib import clock

A_PAGE = 50


def state(term: Term) -> str:
    """Return in a word whether a term may be given."""
    if term.merged_into:
        return _("merged into %(name)s") % {"name": term.merged_into.name}
    return _("retired") if term.retired_at else _("in use")


@require_GET
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one term: what has it, and what may be done with it.

    Raises:
        PermissionDenied: the person may not see terms.
    """
    if not request.user.has_perm("content.view_term"):
        raise PermissionDenied
    term = get_object_or_404(Term.objects.select_related("facet", "parent", "merged_into"), pk=pk)
    taggings = Tagging.objects.filter(term=term).order_by("-at", "-pk").select_related("by")
    page = Paginator(taggings, A_PAGE).get_page(request.GET.get("p"))
    others = Term.objects.current().filter(facet=term.facet).exclude(pk=term.pk)
    told = {
        "term": term,
        "facet": term.facet,
        "state": state(term),
        "page": page,
        "things": things(request.user, page),
        "others": others,
        "parts": term.children.order_by("name"),
        "may_change": request.user.has_perm("content.change_term"),
        "may_merge": request.user.has_perm("content.merge_term"),
        "page_title": term.name,
        "header_title": term.name,
        "header_icon": "tag",
        "breadcrumbs_items": crumbs(term.name),
    }
    return render(request, "content/tags/term.html", told)


def things(user: Any, taggings: Any) -> list[dict[str, Any]]:
    """Return what is tagged, with where it is edited; nothing of what a person may not see."""
    finder = AdminURLFinder(user)
    found = []
    for one in taggings:
        thing = one.thing
        if thing is None:
            continue
        if not any(policies.may(user, action, thing) for action in ("view", "change", "choose")):
            continue
        found.append(
            {
                "name": str(thing), "kind": thing._meta.verbose_name, "by": one.by,
                "is_human": one.is_human, "at": one.at, "url": finder.get_edit_url(thing),
            }
        )  # fmt: skip
    return found


@require_POST
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one term of two."""
    term = _held(request, pk, "content.merge_term")
    number = request.POST.get("into", "")
    into = get_object_or_404(Term, pk=int(number) if number.isdecimal() else 0)
    try:
        moved = terms.merge(term=term, into=into)
    except terms.CannotMerge as error:
        messages.error(request, str(error))
        return redirect("content_terms:look", pk)
    _note(request, term, "merge", into=into.name)
    words = _("“%(name)s” is now “%(into)s”; %(n)d things changed their term.")
    messages.success(request, words % {"name": term, "into": into, "n": moved})
    return redirect("content_terms:look", into.pk)


@require_POST
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a merge."""
    term = _held(request, pk, "content.merge_term")
    try:
        moved = terms.part(term=term)
    except terms.CannotMerge as error:
        messages.error(request, str(error))
    else:
        _note(request, term, "part")
        words = _("“%(name)s” is a term of its own again, with %(n)d things.")
        messages.success(request, words % {"name": term, "n": moved})
    return redirect("content_terms:look", pk)


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a term given no more."""
    term = _held(request, pk, "content.change_term")
    if terms.retire(term=term, at=clock.now()):
        _note(request, term, "retire")
        words = _("“%(name)s” is retired; what has it keeps it.")
        messages.success(request, words % {"name": term})
    return redirect("content_terms:look", pk)


@require_POST
def revive(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a retired term be given again."""
    term = _held(request, pk, "content.change_term")
    if terms.revive(term=term):
        _note(request, term, "revive")
        messages.success(request, _("“%(name)s” may be given again.") % {"name": term})
    return redirect("content_terms:look", pk)


def _held(request: HttpRequest, pk: int, right: str) -> Term:
    if not request.user.has_perm(right):
        raise PermissionDenied
    return get_object_or_404(Term.objects.select_related("facet", "merged_into"), pk=pk)


def _note(request: HttpRequest, term: Term, act: str, **data: str) -> None:
    log(instance=term, action=f"content.term.{act}", user=request.user, data=data or None)


def crumbs(name: str) -> list[dict[str, str]]:
    """Return the way from the first page to a page of terms."""
    home = {"url": reverse("wagtailadmin_home"), "label": _("Home")}
    all_terms = {"url": reverse("content_terms:index"), "label": _("Terms")}
    return [home, all_terms, {"url": "", "label": name}]
