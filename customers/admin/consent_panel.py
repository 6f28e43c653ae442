"""What a person allowed: for each address and browser the state, and its proof in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.components import Component

from customers import consent, prefer, prove, said
from customers.consent import Answer
from customers.define import Sight
from customers.models import ConsentEntry, ContactPoint, Preference, Profile
from dxp.lib import clock

MOST = 100
Purpose = ConsentEntry.Purpose
ANSWERS = {
    Answer.YES: gettext_lazy("Allowed"),
    Answer.SILENT: gettext_lazy("Never said anything: no"),
    Answer.NO: gettext_lazy("Not allowed"),
    Answer.EXPIRED: gettext_lazy("Ended by time"),
    Answer.PAUSED: gettext_lazy("Allowed, paused for now"),
    Answer.TOPIC: gettext_lazy("Topic left out"),
    Answer.CONFLICT: gettext_lazy("Said yes here and no elsewhere: no, until asked again"),
}


class LedgerPanel(Component):
    """Nothing, unless the last verification of the ledger found a broken entry."""

    order = 10

    def render_html(self, parent_context: Any = None) -> str:
        """Return the warning, or an empty text."""
        audit = prove.latest()
        if audit is None or audit.broken_id is None:
            return ""
        return render_to_string("customers/consent/broken.html", {"audit": audit})


def consent_panel(profile: Profile, eyes: Sight) -> SafeString:
    """Return the panel of a person's consents; addresses as far as the reader may see them."""
    points = list(profile.contact_points.order_by("pk"))
    for point in points:
        point.shown = eyes.shown(point.channel, point.shown)
    aliases = list(profile.aliases.values_list("pk", flat=True))
    entries = (
        ConsentEntry.objects
        .filter(contact_point__in=points)
        .union(ConsentEntry.objects.filter(alias__in=aliases))
        .order_by("-at", "-id")[:MOST]
    )
    numbers = [entry.pk for entry in entries]
    told = list(
        ConsentEntry.objects
        .filter(pk__in=numbers)
        .select_related("notice", "contact_point", "alias")
        .order_by("-at", "-id")
    )
    context = {
        "addresses": [_address(point, told) for point in points],
        "visits": _visits(aliases, told),
    }
    return mark_safe(render_to_string("customers/consent/panel.html", context))  # noqa: S308 - a template of ours


def _address(point: ContactPoint, told: Sequence[ConsentEntry]) -> dict[str, Any]:
    at = clock.now()
    mine = [entry for entry in told if entry.contact_point_id == point.pk]
    row = Preference.objects.filter(contact_point=point).first()
    uses = [
        (
            _("%(purpose)s by %(channel)s")
            % {"purpose": Purpose.MARKETING.label, "channel": said.channel(channel)},
            consent.ask(
                contact_points=[point.pk], purpose=Purpose.MARKETING, channel=channel, at=at
            )[point.pk],
        )
        for channel in prefer.CHANNELS[ContactPoint.Channel(point.channel)]
    ]
    stands = prefer.choices(contact_point=point, at=at)
    return {
        "point": point,
        "uses": [(name, ANSWERS[answer], answer is Answer.YES) for name, answer in uses],
        "unwanted": sorted(stands.unwanted),
        "schedule": row.get_rhythm_display() if row else "",
        "paused_until": stands.paused_until,
        "entries": [_told(entry) for entry in mine],
    }


def _visits(aliases: Sequence[int], told: Sequence[ConsentEntry]) -> dict[str, Any] | None:
    """Return what may be done with what this person does on the site, all browsers together."""
    entries = [entry for entry in told if entry.alias_id is not None]
    if not entries:
        return None
    at, uses = clock.now(), []
    for purpose in (Purpose.TRACKING, Purpose.PERSONALIZATION):
        answers = set(consent.ask(aliases=aliases, purpose=purpose, at=at).values())
        order = (Answer.CONFLICT, Answer.YES, Answer.EXPIRED, Answer.NO)
        counts = next((one for one in order if one in answers), Answer.SILENT)
        uses.append((purpose.label, ANSWERS[counts], counts is Answer.YES))
    return {"uses": uses, "entries": [_told(entry) for entry in entries]}


def _told(entry: ConsentEntry) -> dict[str, Any]:
    """Return one entry with its proof in words."""
    known = {
        "form": _("Form"),
        "page": _("Page"),
        "address": _("Network address, without its last part"),
        "browser": _("Browser"),
        "signals": _("Asked by the browser not to be followed"),
        "by": _("How"),
        "choice": _("Button"),
        "asked_at": _("Signed up"),
        "confirmed_at": _("Confirmed"),
        "confirmed_from": _("Confirmed from"),
        "entry": _("Asked in entry"),
    }
    proof = [
        (known.get(name, name), _plain(value))
        for name, value in entry.evidence.items()
        # What becomes of the form once it is confirmed proves nothing.
        if name != "asked"
    ]
    return {
        "entry": entry,
        "what": " · ".join(
            str(part)
            for part in (
                entry.get_purpose_display(),
                said.channel(entry.channel) if entry.contact_point_id else "",
                entry.topic,
            )
            if part
        ),
        "how": said.method(entry.method),
        "proof": proof,
    }


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        value = list(value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
