"""One person's page: who they are, what they allowed, where they belong, what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views import generic

from customers import define, extend
from customers.admin import identity, trait_panel, wording
from customers.define import Sight
from customers.models import (
    Alias,
    ConsentEntry,
    Event,
    EventDay,
    Profile,
)
from dxp.lib import keyset

EVENTS = 30
HISTORY = 50


class ProfilePage(generic.InspectView):
    """Everything about one person, read-only."""

    any_permission_required = ["view"]
    page_title = _("Profile")
    header_icon = "user"

    def get_fields(self) -> list[str]:
        """Return no fields: the page shows sections of its own."""
        return []

    def get_page_subtitle(self) -> str:
        """Return the person's name, as far as this reader may see it."""
        return define.sight(user=self.request.user).person(self.object).display_name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the sections."""
        profile, eyes = self.object, define.sight(user=self.request.user)
        aliases = list(profile.aliases.order_by("pk"))
        stays = list(profile.memberships.select_related("segment").order_by("-entered_at", "-pk"))
        return {
            **super().get_context_data(**kwargs),
            "profile": eyes.person(profile),
            "initials": initials(eyes.person(profile)),
            "merged_into": merged_into(profile),
            "traits": trait_panel.panel(profile=profile, user=self.request.user),
            "contacts": contacts(profile, eyes),
            "identity": identity.panel(profile=profile, aliases=aliases, user=self.request.user),
            "tracking": tracking(aliases),
            "stays": [stay for stay in stays if stay.left_at is None],
            "past_stays": [stay for stay in stays if stay.left_at is not None][:HISTORY],
            "panels": [
                panel
                for panel in extend.customers_profile_panels(
                    profile=profile, user=self.request.user
                )
                if panel
            ],
            "timeline": self.timeline(eyes),
        }

    def timeline(self, eyes: Sight) -> dict[str, Any]:
        """Return one page of events, the latest first.

        Raises:
            BadRequest: the cursor in the address is not ours.
        """
        name, cursor = self.request.GET.get("event", ""), self.request.GET.get("before", "")
        events = keyset.ordered(Event.objects.of(self.object), Event.TIMELINE, down=True)
        if name:
            events = events.filter(name=name.replace("\x00", ""))
        if cursor:
            try:
                position = keyset.decode(cursor, (datetime, datetime, int, int))
            except keyset.BadCursor as error:
                raise BadRequest("before") from error
            events = keyset.beyond(events, Event.TIMELINE, position, down=True)
        found = list(events[: EVENTS + 1])
        page = found[:EVENTS]
        earlier = ""
        if len(found) > len(page):
            position = [getattr(page[-1], field) for field in Event.TIMELINE]
            asked = {"before": keyset.encode(position)} | ({"event": name} if name else {})
            earlier = f"?{urlencode(asked)}#timeline"
        return {
            "events": [wording.tell(eyes.event(event)) for event in page],
            "earlier": earlier,
            "is_first": not cursor,
            "name": name,
            "names": names(self.object),
            "address": reverse("customers_profiles:inspect", args=[self.object.pk]),
        }


def initials(profile: Profile) -> str:
    """Return one or two letters to stand for a picture."""
    if not profile.is_known:
        return "?"
    words = [word for word in profile.display_name.split("@")[0].split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def merged_into(profile: Profile) -> Profile | None:
    """Return the profile that this one became part of, if it did."""
    if profile.state != Profile.State.ABSORBED:
        return None
    alias = profile.home_aliases.select_related("profile").first()
    return alias.profile if alias else None


def contacts(profile: Profile, eyes: Sight) -> list[dict[str, Any]]:
    """Return a person's addresses, each with the newest decision for each purpose."""
    points = list(profile.contact_points.order_by("pk"))
    for point in points:
        point.shown = eyes.shown(point.channel, point.shown)
    newest: dict[tuple[int | None, str], ConsentEntry] = {}
    for entry in ConsentEntry.objects.filter(contact_point__in=points).order_by("pk"):
        newest[entry.contact_point_id, entry.purpose] = entry
    marketing = ConsentEntry.Purpose.MARKETING
    return [
        {
            "point": point,
            "consents": [
                {"purpose": marketing.label, "entry": newest.get((point.pk, marketing.value))}
            ],
        }
        for point in points
    ]


def tracking(aliases: list[Alias]) -> ConsentEntry | None:
    """Return the newest decision about being recognized on the site."""
    return ConsentEntry.objects.filter(
        alias__in=aliases, purpose=ConsentEntry.Purpose.TRACKING
    ).order_by("-pk").first()  # fmt: skip


def names(profile: Profile) -> list[str]:
    """Return the names of the events that a person did."""
    found = EventDay.objects.filter(profile=profile, matcher__where=[]).order_by("matcher__event")
    return list(found.values_list("matcher__event", flat=True).distinct())
