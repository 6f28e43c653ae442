"""Reviews in the admin: what waits for me, on the home page and in a list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView
from wagtail.admin.ui.components import Component
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import Page

from content import review
from dxp.lib import clock

AT_HOME = 8
A_PAGE = 50
SHOWS = (
    ("", lazy("Mine to answer")), ("mine", lazy("Taken on by me")), ("late", lazy("Overdue")),
    ("asked", lazy("Asked for by me")),
)  # fmt: skip


def rows(states: Any, at: datetime) -> list[dict[str, Any]]:
    """Return reviews as lists show them; what was deleted is left out."""
    found = []
    for state in states.prefetch_related("revision__content_object"):
        thing = state.revision.content_object
        if thing is None:
            continue
        mine = getattr(state, "reviewstate", None)
        found.append({
            "state": state, "thing": thing, "title": title_of(thing), "due": state.due,
            "late": bool(mine and mine.is_overdue(at)),
            "claimed_by": mine.claimed_by if mine else None,
            "url": reverse("content_review", args=[state.pk]),
        })  # fmt: skip
    return found


def title_of(thing: Any) -> str:
    """Return what colleagues call a page or another thing."""
    return str(thing.get_admin_display_title() if isinstance(thing, Page) else thing)


class MyReviews(Component):  # type: ignore[misc]
    """On the home page: what waits for me, what is due first on top."""

    name = "my_reviews"
    template_name = "content/review/home.html"
    # What waits for me stands above the numbers.
    order = 45

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first of them, and how many there are."""
        user, now = parent_context["request"].user, clock.now()
        waiting = review.open_to(user)
        shown = rows(waiting[:AT_HOME], now)
        return {
            "rows": shown, "user": user, "all_url": reverse("content_reviews"),
            "more": max(0, waiting.count() - AT_HOME) if len(shown) == AT_HOME else 0,
            "late": waiting.filter(due__lt=now).count() if shown else 0,
        }  # fmt: skip


class ReviewList(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """All reviews that somebody may answer, and those that they asked for."""

    template_name = "content/review/list.html"
    page_title = lazy("Reviews")
    header_icon = "tasks"
    _show_breadcrumbs = True

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [*super().get_breadcrumbs_items(), {"url": "", "label": str(self.page_title)}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return them, as they are filtered."""
        now, show, user = clock.now(), self.request.GET.get("show", ""), self.request.user
        asked = review.under_way().filter(workflow_state__requested_by=user)
        found = asked if show == "asked" else review.open_to(user)
        if show == "mine":
            found = found.filter(reviewstate__claimed_by=user)
        elif show == "late":
            found = found.filter(due__lt=now)
        page = Paginator(found, A_PAGE).get_page(self.request.GET.get("p"))
        return super().get_context_data(**kwargs) | {
            "rows": rows(page.object_list, now), "items": page, "show": show, "shows": SHOWS,
            "elided_page_range": page.paginator.get_elided_page_range(page.number),
        }  # fmt: skip
