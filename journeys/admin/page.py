"""What the pages about one journey share: who may come in, the way here, and the words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_denied
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from customers import define, rulebook
from customers.models import Alias, ContactPoint, Profile, Segment
from journeys import phrase
from journeys.models import Journey, Message

MOST_FOUND = 10
PUBLIC_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SEE = ("journeys.view_journey",)
PUBLISH = "journeys.publish_journey"
PEOPLE = "customers.view_profile"


def names() -> phrase.Names:
    """Return how to tell steps to who reads now."""
    return phrase.Names(
        _,
        ngettext,
        messages=dict(Message.objects.values_list("pk", "name")),
        segments=dict(Segment.objects.values_list("pk", "name")),
        lists=rulebook.list_names(),
    )


def name_of(profile: Profile, sight: define.Sight) -> str:
    """Return somebody's name, or a number for who may not see names."""
    if sight.hides("name") or sight.hides("email"):
        return f"#{str(profile.public_id)[-8:]}"
    return profile.display_name


def searched(words: str) -> QuerySet[Profile]:
    """Return the people whose name, address or id begins with what was typed."""
    people = Profile.objects.filter(state=Profile.State.ACTIVE)
    if PUBLIC_ID.fullmatch(words):
        return people.filter(public_id=words)
    points = ContactPoint.objects.filter(value__startswith=words.lower()).values("profile_id")
    aliases = Alias.objects.filter(value__startswith=words).values("profile_id")
    named = Profile.objects.named(words).order_by().values("pk")
    return people.filter(pk__in=points.union(aliases, named))


def found(words: str) -> list[Profile]:
    """Return a few people whose name, address or id begins with what was typed."""
    return list(searched(words)[:MOST_FOUND]) if words else []


class JourneyPage(WagtailAdminTemplateMixin, TemplateView):
    """A page about one journey; `rights` are needed to see it, `post_right` to do what it does."""

    header_icon = "resubmit"
    _show_breadcrumbs = True
    rights: Sequence[str] = SEE
    post_right = PUBLISH

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may."""
        user: Any = request.user
        acts = request.method not in ("GET", "HEAD", "OPTIONS")
        if not user.has_perms(self.rights) or (acts and not user.has_perm(self.post_right)):
            return permission_denied(request)  # type: ignore[no-any-return]
        self.journey = get_object_or_404(Journey.objects.select_related("current"), pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def names(self) -> phrase.Names:
        """How to tell steps."""
        return names()

    @cached_property
    def sight(self) -> define.Sight:
        """What the reader may see of people."""
        return define.sight(user=self.request.user)

    @property
    def may_publish(self) -> bool:
        """Whether the reader may let people onto journeys."""
        return bool(self.request.user.has_perm(PUBLISH))  # type: ignore[union-attr]

    def get_page_title(self) -> str:
        """Return what one does here, and with which journey."""
        return f"{self.page_title}: {self.journey}"

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        journey = self.journey
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("journeys_journeys:index"), "label": _("Journeys")},
            {"url": reverse("journeys_journeys:edit", args=[journey.pk]), "label": str(journey)},
            {"url": "", "label": str(self.page_title), "sublabel": str(journey)},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what all these pages show."""
        return {
            **super().get_context_data(**kwargs),
            "journey": self.journey,
            "may_publish": self.may_publish,
        }

    def here(self) -> str:
        """Return this page's own address."""
        return self.request.path
