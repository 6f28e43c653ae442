"""What waits for somebody: things with suggestions of a facet that nobody has decided about."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import Page

from content import policies
from content.models import Facet, TagSuggestion

A_PAGE = 50


def waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the things for which terms of a facet are suggested, the surest first.

    Raises:
        PermissionDenied: the person may not see terms.
    """
    if not request.user.has_perm("content.view_term"):
        raise PermissionDenied
    facet = get_object_or_404(Facet, pk=pk)
    open_ones = TagSuggestion.objects.filter(term__facet=facet, state=TagSuggestion.State.OPEN)
    places = open_ones.values("content_type", "object_id").annotate(sure=Max("confidence"))
    page = Paginator(places.order_by("-sure", "content_type", "object_id"), A_PAGE).get_page(
        request.GET.get("p")
    )
    rows = _rows(request.user, page, open_ones)
    title = _("Suggestions of %(facet)s that wait") % {"facet": facet.name}
    told = {
        "facet": facet,
        "page": page,
        "rows": rows,
        "many": _many(request.user, rows),
        "page_title": title,
        "header_title": title,
        "header_icon": "tag",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("content_facets:index"), "label": _("Facets")},
            {"url": reverse("content_facets:tree", args=[facet.pk]), "label": facet.name},
            {"url": "", "label": title},
        ],
    }
    return render(request, "content/tags/waiting.html", told)


def _rows(user: Any, page: Any, open_ones: Any) -> list[dict[str, Any]]:
    """Return the things of one page of the list, without those that the person may not change."""
    places = {(row["content_type"], row["object_id"]) for row in page}
    kinds: dict[int, list[int]] = defaultdict(list)
    for kind, number in places:
        kinds[kind].append(number)
    things = {}
    for kind, numbers in kinds.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        found: Any = model._default_manager.filter(pk__in=numbers) if model else []
        for thing in found.specific() if model is Page else found:
            if policies.may(user, "change", thing):
                things[kind, thing.pk] = thing
    terms: dict[tuple[int, int], list[str]] = defaultdict(list)
    shown = open_ones.filter(content_type__in=kinds, object_id__in=[one for _k, one in places])
    for one in shown.select_related("term").order_by("-confidence"):
        terms[one.content_type_id, one.object_id].append(
            f"{one.term.name} ({round(one.confidence * 100)} %)"
        )
    finder = AdminURLFinder(user)
    return [
        {
            "thing": thing, "kind": thing._meta.verbose_name, "url": finder.get_edit_url(thing),
            "terms": ", ".join(terms[place]),
        }
        for place in ((row["content_type"], row["object_id"]) for row in page)
        if (thing := things.get(place)) is not None
    ]  # fmt: skip


def _many(user: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, for each kind on this page of the list, where to accept for all of them."""
    if not user.has_perms(["content.change_tagsuggestion", "content.add_tagging"]):
        return []
    kinds: dict[Any, list[int]] = defaultdict(list)
    for row in rows:
        thing = row["thing"]
        kinds[Page if isinstance(thing, Page) else type(thing)].append(thing.pk)
    found = []
    for model, numbers in kinds.items():
        path = [model._meta.app_label, model._meta.model_name, "accept_terms"]
        query = urlencode({"id": numbers}, doseq=True)
        address = f"{reverse('wagtail_bulk_action', args=path)}?{query}"
        found.append({"kind": model._meta.verbose_name_plural, "url": address, "n": len(numbers)})
    return found
