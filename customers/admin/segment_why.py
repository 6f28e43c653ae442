"""Why somebody is in a segment, or is not: the rule with what decided at each of its conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from customers import define, explain
from customers.admin import vocabulary, wording
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
        sight = define.sight(user=self.request.user)
        now = clock.now()
        why = explain.why(segment_or_rule=self.segment, profile_id=profile.pk, at=now)
        return {
            **super().get_context_data(**kwargs),
            "profile": profile,
            "name": name_of(profile, sight),
            "root": line(why.root, sight),
            "stay": next((stay for stay in all_stays if stay.left_at is None), None),
            "past_stays": [stay for stay in all_stays if stay.left_at is not None],
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tree: yes or no, the condition, and what decided."""

    inside: bool
    sentence: str
    told: str
    of: list[Line]


def line(node: explain.WhyNode, sight: define.Sight) -> Line:
    """Return a part of a rule as its reader may see it."""
    inner = [line(child, sight) for child in node.of]
    return Line(node.inside, node.sentence, _told(node.facts, sight), inner)


def _told(facts: dict[str, Any], sight: define.Sight) -> str:
    have, trait = facts.get("have"), str(facts.get("trait", ""))
    if trait:
        if have is None:
            return _("It is not known.")
        is_hidden = sight.hides(trait) or sight.hides(trait.split(".")[0])
        return _("Known is: %(value)s") % {
            "value": define.DOTS if is_hidden else wording.shown(have)
        }
    if "need" not in facts:
        return ""
    told = {"have": _("nothing") if have is None else wording.shown(have), "need": facts["need"]}
    if "measure" in facts:
        told["measure"] = facts["measure"]
        return _("%(measure)s: %(have)s; needs: %(need)s") % told
    return _("Found: %(have)s; needs: %(need)s") % told
