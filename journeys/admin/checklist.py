"""What somebody should know before a journey goes live: its messages, and what may hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import SegmentMember
from journeys import graph, lint, permit
from journeys.models import Cap, Delivery, Journey, Message, QuietHours

# A sample of so many is enough to say what share of a segment may be written to.
SOME, MANY, FEW_BUCKETS = 500, 20_000, 64
OK, INFO, WARN, STOP = "ok", "info", "warn", "stop"


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the checklist; `state` is ok, info, warn or stop."""

    state: str
    text: str
    url: str = ""


def points(*, journey: Journey, plan: graph.Plan, at: datetime) -> list[Point]:
    """Return what to know about a draft that can be walked."""
    used = [step["message"] for step in graph.steps_of(plan.outline) if step["type"] == "send"]
    messages = list(
        Message.objects.filter(pk__in=used).select_related("topic", "sender").order_by("name")
    )
    found = []
    if journey.state == Journey.State.PAUSED:
        found.append(Point(WARN, _("The journey is paused: people enter, but nobody goes on.")))
    segment = plan.entry.get("segment")
    people = audience(segment) if isinstance(segment, int) else []
    for message in messages:
        found += _of_message(message, segment if isinstance(segment, int) else None, at)
        found += _allowed(message, people, at)
    marketing = [one for one in messages if one.purpose == Message.Purpose.MARKETING]
    found += _limits({one.channel for one in marketing})
    if not messages:
        found.append(Point(INFO, _("It sends nothing.")))
    return found


def _of_message(message: Message, segment: int | None, at: datetime) -> Iterator[Point]:
    url = reverse("journeys_messages:edit", args=[message.pk])
    told = {"message": message.name}
    sender = message.sender
    if sender.paused_until and sender.paused_until > at:
        yield Point(WARN, _("“%(message)s” waits: its sender “%(sender)s” is paused.")
                    % {**told, "sender": sender.name}, url)  # fmt: skip
    if message.has_unpublished_changes:
        yield Point(WARN, _("“%(message)s” has changes that are not published.") % told, url)
    gaps = lint.gaps(message=message, segment_id=segment, at=at) if segment else []
    for gap in gaps:
        words = ngettext(
            "“%(message)s”: %(n)s of %(of)s people has no %(variable)s, and it has no fallback.",
            "“%(message)s”: %(n)s of %(of)s people have no %(variable)s, and it has no fallback.",
            gap.missing,
        )
        yield Point(WARN, words % {
            **told, "n": gap.missing, "of": gap.of, "variable": gap.variable,
        }, url)  # fmt: skip
    if not gaps:
        yield Point(OK, _("“%(message)s” is published.") % told, url)


def audience(segment: int) -> list[int]:
    """Return some members of a segment, by chance but always the same ones."""
    members = SegmentMember.objects.filter(segment=segment, left_at__isnull=True)
    if members.count() > MANY:
        members = members.filter(profile__bucket__lt=FEW_BUCKETS)
    return list(members.order_by("profile__bucket", "pk").values_list("profile", flat=True)[:SOME])


def _allowed(message: Message, people: Sequence[int], at: datetime) -> Iterator[Point]:
    """Say how many of the people would get a message now, and why the others would not."""
    asked = [permit.Asked.about(message, profile_id=person) for person in people]
    if not asked:
        return
    reasons = Counter(verdict.reason for verdict in permit.permit(asked=asked, at=at).values())
    reached = reasons.pop("", 0)
    told = {"message": message.name, "share": round(100 * reached / len(people))}
    said = _("“%(message)s” reaches %(share)s %% of the people in the segment.") % told
    why = ", ".join(
        f"{Delivery.Reason(reason).label}: {round(100 * count / len(people))} %"
        for reason, count in reasons.most_common()
    )
    yield Point(OK if reached == len(people) else WARN if not reached else INFO,
                f"{said} ({why})" if why else said)  # fmt: skip


def _limits(channels: set[str]) -> Iterator[Point]:
    for cap in Cap.objects.select_related("topic"):
        if cap.channel in {"", *channels} and channels:
            words = ngettext(
                "At most %(most)s marketing message within %(hours)s hours; what is more waits.",
                "At most %(most)s marketing messages within %(hours)s hours; what is more waits.",
                cap.most,
            )
            about = " · ".join(str(part) for part in (cap.channel, cap.topic) if part)
            said = words % {"most": cap.most, "hours": cap.hours}
            yield Point(INFO, f"{said} ({about})" if about else said)
    for hours in QuietHours.objects.all():
        if hours.channel in {"", *channels} and channels:
            words = _("Quiet hours: marketing waits from %(from)s until %(until)s, local time.")
            told = {"from": f"{hours.begins:%H:%M}", "until": f"{hours.ends:%H:%M}"}
            yield Point(INFO, words % told)
