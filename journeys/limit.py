"""How much is too much, and when nobody wants to be disturbed: what holds a message, until when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dxp.lib.rows import array, raw_cursor
from journeys import timing
from journeys.channels.base import CHANNELS
from journeys.models import Cap, Delivery, QuietHours

# A message may have waited so long before it was sent, and no longer (`Message.valid_hours`).
LONGEST_WAIT = timedelta(hours=2160)
# What went out, or may have. While it is on its way, it counts as sent now.
WENT_OUT = """
SELECT d.profile_id, d.channel, coalesce(t.slug, ''),
  CASE d.state WHEN 'SENDING' THEN %(at)s ELSE coalesce(d.sent_at, d.due_at) END
FROM journeys_delivery d
JOIN journeys_message m ON m.id = d.message_id LEFT JOIN content_topic t ON t.id = m.topic_id
WHERE d.profile_id = ANY(%(people)s::bigint[]) AND d.state IN ('SENDING', 'SENT', 'UNKNOWN')
  AND d.queued_at > %(oldest)s AND m.purpose = 'marketing' AND d.confirms_id IS NULL
  AND d.channel <> ALL(%(silent)s::text[])"""


@dataclass(frozen=True, slots=True)
class Held:
    """A message may go, but not now: `reason` as in `Delivery.Reason`."""

    reason: str
    until: datetime


@dataclass(slots=True)
class Limits:
    """The caps and quiet hours of a moment, and what people have got already."""

    at: datetime
    zone: ZoneInfo
    caps: list[Cap] = field(default_factory=list)
    quiet: dict[str, QuietHours] = field(default_factory=dict)
    got: dict[int, list[tuple[str, str, datetime]]] = field(default_factory=dict)

    def hold(
        self, *, profile_id: int, channel: str, topic: str, traits: Mapping[str, Any]
    ) -> Held | None:
        """Return what holds a marketing message to this person now, or None."""
        hours = self.quiet.get(channel) or self.quiet.get("")
        if hours:
            zone = timing.zone_of(traits, self.zone)
            until = timing.quiet_until(self.at, zone, hours.begins, hours.ends)
            if until:
                return Held(Delivery.Reason.QUIET, until)
        ends = [self._full(cap, profile_id, channel, topic) for cap in self.caps]
        until = max((end for end in ends if end), default=None)
        return Held(Delivery.Reason.CAPPED, until) if until else None

    def _full(self, cap: Cap, profile_id: int, channel: str, topic: str) -> datetime | None:
        """Return when a cap lets the next message through, or None if it does now."""
        slug = cap.topic.slug if cap.topic else ""
        if cap.channel not in {"", channel} or slug not in {"", topic}:
            return None
        window = timedelta(hours=cap.hours)
        counted = sorted(
            moment
            for via, about, moment in self.got.get(profile_id, ())
            if cap.channel in {"", via} and slug in {"", about} and moment > self.at - window
        )
        return counted[-cap.most] + window if len(counted) >= cap.most else None

    def count(self, *, profile_id: int, channel: str, topic: str) -> None:
        """Note that a message is about to go."""
        self.got.setdefault(profile_id, []).append((channel, topic, self.at))


def limits(*, profile_ids: Collection[int], at: datetime, zone: ZoneInfo) -> Limits:
    """Return what holds messages to these people back.

    Whoever sends counts under the people's locks (`claim`); else somebody may count beside it.

    Args:
        profile_ids: whom messages would go to.
        at: the moment.
        zone: of people whose own is not known.
    """
    found = Limits(at, zone, quiet={one.channel: one for one in QuietHours.objects.all()})
    found.caps = list(Cap.objects.select_related("topic"))
    if found.caps and profile_ids:
        longest = timedelta(hours=max(cap.hours for cap in found.caps))
        asked = {
            "at": at, "people": array(sorted(set(profile_ids))), "silent": array(silent()),
            "oldest": at - longest - LONGEST_WAIT,
        }  # fmt: skip
        with raw_cursor() as cursor:
            for profile, channel, topic, moment in cursor.execute(WENT_OUT, asked).fetchall():
                found.got.setdefault(profile, []).append((channel, topic, moment))
    return found


def silent() -> list[str]:
    """Return the channels that disturb nobody: they neither count nor wait."""
    return [kind.name for kind in CHANNELS if not kind.disturbs]
