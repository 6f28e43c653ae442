"""May we write to this person? Asked at the last moment, answered with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from customers import consent
from customers.models import ConsentEntry, ContactPoint
from journeys.models import Delivery, Suppression


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes with an address, or no with a reason of `Delivery.Reason`."""

    contact_point: ContactPoint | None
    reason: str = ""


def permit(*, profiles: Sequence[int], channel: str = "email") -> dict[int, Verdict]:
    """Say for each person where we may send marketing messages, or why we may not.

    Of several addresses the one that was seen first is taken, among those that allow it.
    """
    points: dict[int, list[ContactPoint]] = {profile: [] for profile in profiles}
    for point in ContactPoint.objects.filter(channel=channel, profile_id__in=points).order_by(
        "first_seen_at", "pk"
    ):
        points[point.profile_id].append(point)
    ids = [point.pk for found in points.values() for point in found]
    allowed = consent.allowed(
        contact_points=ids, purpose=ConsentEntry.Purpose.MARKETING, channel=channel
    )
    refused = set(
        Suppression.objects.filter(contact_point__in=ids).values_list("contact_point_id", flat=True)
    )
    return {profile: _judge(found, allowed, refused) for profile, found in points.items()}


def _judge(points: list[ContactPoint], allowed: set[int], refused: set[int]) -> Verdict:
    if not points:
        return Verdict(None, Delivery.Reason.NO_ADDRESS)
    willing = [point for point in points if point.pk in allowed]
    if not willing:
        return Verdict(None, Delivery.Reason.NO_CONSENT)
    reachable = [point for point in willing if point.pk not in refused]
    if not reachable:
        return Verdict(None, Delivery.Reason.SUPPRESSED)
    return Verdict(reachable[0])
