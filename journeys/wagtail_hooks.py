"""What this floor hangs on others' hooks: the engine's ears, and our part of the admin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.log_actions import LogActionRegistry
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from content.models import Fragment
from customers.extend import Action, Use
from customers.models import ConsentEntry, Profile, Segment
from customers.record import Recorded
from dxp.lib import hints
from journeys import confirm, join, publish, quote, show
from journeys import hear as ears
from journeys.admin.begin import DRAW
from journeys.admin.deliveries import DeliveryViewSet
from journeys.admin.journeys import JourneyViewSet
from journeys.admin.limits import CapViewSet, QuietViewSet
from journeys.admin.messages import MessageViewSet
from journeys.admin.panels import profile_panel
from journeys.admin.senders import SenderViewSet
from journeys.admin.suppressed import ADDED, LIFTED, SuppressionViewSet
from journeys.tasks import ADVANCE, DISPATCH, house


@hooks.register("customers_events_recorded")
def hear(events: Sequence[Recorded], at: datetime) -> None:
    """Enroll those whom an event lets in, wake those who waited for it."""
    if ears.hear(events=events, at=at):
        hints.after_commit(ADVANCE)


@hooks.register("content_confirmation_asked")
def ask_address(entry: ConsentEntry, at: datetime) -> None:
    """Write to an address that has to confirm that it signed up."""
    confirm.ask(entry=entry, house=house(), at=at)
    hints.after_commit(DISPATCH)


@hooks.register("customers_profiles_merged")
def merge(kept: int, absorbed: int, at: datetime) -> None:
    """Bring the journeys of two people who are one together."""
    join.merge(kept=kept, absorbed=absorbed, at=at)
    show.merge(kept=kept, absorbed=absorbed)


@hooks.register("customers_profiles_split")
def split(kept: int, restored: int, at: datetime) -> None:
    """Give back the messages of somebody who came out of a merge."""
    join.split(kept=kept, restored=restored, at=at)


@hooks.register("customers_segment_uses")
def uses(segment: Segment) -> list[Use]:
    """Name the journeys that ask for a segment, now or in a version that people are still on."""
    found = publish.asking_for(segment_id=segment.pk)
    return [
        Use(gettext("Journey"), one.name, reverse("journeys_journeys:edit", args=[one.pk]))
        for one in found
    ]


@hooks.register("content_fragment_uses")
def uses_of_fragment(fragment: Fragment, user: Any) -> list[Use]:
    """Name the messages that say a fragment, and the journeys that send them."""
    said = quote.saying(fragment)
    sent = publish.sending(messages=[one.pk for one in said])
    told = [
        Use(
            gettext("Message, with the words of before")
            if fragment in quote.newer(one)
            else gettext("Message"),
            one.name,
            reverse("journeys_messages:edit", args=[one.pk]),
        )
        for one in said
    ] + [
        Use(gettext("Journey"), one.name, reverse("journeys_journeys:edit", args=[one.pk]))
        for one in sent
    ]
    if user is None or user.has_perms(["journeys.view_message", "journeys.view_journey"]):
        return told
    return [Use(one.kind, gettext("One that you may not see")) for one in told]


@hooks.register("content_fragment_called")
def called(name: str) -> list[str]:
    """Name the messages whose texts call a fragment by its name."""
    return [one.name for one in quote.calling(name)]


@hooks.register("customers_list_uses")
def uses_of_list(list_id: int) -> list[Use]:
    """Name the journeys that ask for a list of people."""
    found = publish.asking_for_list(list_id=list_id)
    return [
        Use(gettext("Journey"), one.name, reverse("journeys_journeys:edit", args=[one.pk]))
        for one in found
    ]


@hooks.register("customers_segment_actions")
def start_journey(segment: Segment, user: Any) -> list[Action]:
    """Offer to draw a journey for whoever enters a segment."""
    if not user.has_perm(DRAW):
        return []
    address = reverse("journeys_journeys:begin", args=[segment.pk])
    return [Action(gettext("Start a journey with this segment"), address)]


@hooks.register("customers_profile_panels")
def panel(profile: Profile, user: Any) -> SafeString:
    """Show a person's journeys and messages on their page."""
    return profile_panel(profile, user=user)


class JourneysGroup(SnippetViewSetGroup):
    """When, and through which channel: the menu of this floor."""

    menu_label = _("Journeys")
    menu_icon = "resubmit"
    menu_order = 160
    items = (
        JourneyViewSet, MessageViewSet, DeliveryViewSet, SuppressionViewSet, CapViewSet,
        QuietViewSet, SenderViewSet,
    )  # fmt: skip


register_snippet(JourneysGroup)


@hooks.register("register_log_actions")
def acts(actions: LogActionRegistry) -> None:
    """Name what is written into the history."""
    actions.register_action(ADDED, _("Suppress an address"), _("Address suppressed"))
    actions.register_action(
        LIFTED, _("Write to an address again"), _("Address no longer suppressed")
    )


@hooks.register("insert_global_admin_css")
def style() -> str:
    """Load the style of our pages."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin/journeys.css"))


@hooks.register("insert_global_admin_js")
def behavior() -> str:
    """Load the outline editor and what goes on by itself; they register themselves."""
    names = [(static(f"js/controllers/{name}_controller.js"),) for name in ("outline", "go_on")]
    return format_html_join("", '<script type="module" src="{}"></script>', names)
