"""Why somebody is in a segment, or is not: the rule with what decided at each of its conditions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from customers import define, segment
from customers.admin import vocabulary
from customers.admin.members import may_see_people, name_of
from customers.admin.profiles import found
from customers.models import Profile, Segment
from dxp.lib import clock

MOST_FOUND = 10
EARLIER = 20


class _AboutPeople(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """What both pages share: the segment, and the right to see people."""

    model = Segment
    any_permission_required = ["view"]
    header_icon = "help"
    page_title = lazy("Why?")
    _show_breadcrumbs = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the segment."""
        super().setup(request, *args, **kwargs)
        self.segment = get_object_or_404(Segment, pk=kwargs["pk"])

    def user_has_any_permission(self, permissions: Any) -> bool:
        """Return whether this person may see who somebody is."""
        return may_see_people(self.request.user)

    def get_page_subtitle(self) -> str:
        """Return the segment's name."""
        return self.segment.name

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("customers_segments:index"), "label": _("Segments")},
            {
                "url": reverse("customers_segments:inspect", args=[self.segment.pk]),
                "label": self.segment.name,
            },
            {"url": "", "label": str(self.page_title), "sublabel": self.segment.name},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the segment, its rule in words, and the people that were searched for."""
        words = self.request.GET.get("q", "").strip()[:200].replace("\x00", "")
        active = Profile.objects.filter(state=Profile.State.ACTIVE)
        people = found(active, words)[:MOST_FOUND] if words else []
        sight = define.sight(user=self.request.user)
        return {
            **super().get_context_data(**kwargs),
            "segment": self.segment,
            "sentence": vocabulary.in_words(self.segment.rule),
            "words": words,
            "people": [(person, name_of(person, sight)) for person in people],
            "search_url": reverse("customers_segments:who", args=[self.segment.pk]),
        }


class WhoPage(_AboutPeople):
    """Chooses the person to ask about."""

    template_name = "customers/segment/who.html"


class WhyPage(_AboutPeople):
    """One person's answer to one segment's rule."""

    template_name = "customers/segment/why.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the tree of answers and the stays."""
        profile = get_object_or_404(Profile, pk=self.kwargs["profile_pk"])
        stays = profile.memberships.filter(segment=self.segment).order_by("-entered_at", "-pk")
        all_stays = list(stays[:EARLIER])
        return {
            **super().get_context_data(**kwargs),
            "profile": profile,
            "name": name_of(profile, define.sight(user=self.request.user)),
            "why": segment.why(segment_or_rule=self.segment, profile_id=profile.pk, at=clock.now()),
            "stay": next((stay for stay in all_stays if stay.left_at is None), None),
            "past_stays": [stay for stay in all_stays if stay.left_at is not None],
        }
