"""What counts as success here, where nobody says it."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db.models import Sum

from customers.models import EventDay, EventMatcher


def conversion(*, since: date) -> str:
    """Return the event that the house chose, else the one that brought the most money lately."""
    if settings.CONVERSION_EVENT:
        return str(settings.CONVERSION_EVENT)
    lately = EventDay.objects.filter(
        # By matcher, as the index goes: a day alone would read the whole table.
        matcher__in=EventMatcher.objects.filter(where=[]), day__gte=since, amount__gt=0,
    )  # fmt: skip
    worth = lately.values("matcher__event").annotate(total=Sum("amount")).order_by("-total").first()
    return str(worth["matcher__event"]) if worth else ""
