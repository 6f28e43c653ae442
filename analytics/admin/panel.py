"""The home page's panel: the last seven days in four numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component

from analytics import draw, query
from analytics.admin.period import Period
from analytics.admin.report import VIEW_REPORTS, lake
from analytics.measures import counts, traffic
from customers.models import Profile
from dxp.lib import clock
from journeys.models import Journey

DAYS = 7


class WeekPanel(Component):  # type: ignore[misc]
    """Visitors, new profiles, messages and running journeys, for those who may see reports."""

    name = "week"
    template_name = "analytics/week.html"
    order = 50

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers, or nothing for those without the right."""
        request = parent_context["request"]
        if not request.user.has_perm(VIEW_REPORTS):
            return {"allowed": False}
        at = clock.now()
        today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        period = Period(today - timedelta(days=DAYS - 1), today, settings.TIME_ZONE, at)
        try:
            tiles = _tiles(period)
        except query.Busy:
            tiles = []
        return {"allowed": True, "tiles": tiles, "at": at, "period": period}


def _tiles(period: Period) -> list[draw.Tile]:
    at, zone = period.at, period.zone

    def ask(measure: Any, **asked: Any) -> query.Table:
        return query.ask(measure, lake=lake(), at=at, **{**period.window, **asked})

    visitors = _line(ask(traffic.per_day, zone=zone).rows, period)
    sent = {"zone": zone, "name": "Message Sent"}
    messages = _line(ask(counts.per_day, **sent).rows, period)
    messages_before = sum(row[1] for row in ask(counts.per_day, **sent, **period.before).rows)
    new, new_before = _new_profiles(**period.window), _new_profiles(**period.before)
    return [
        draw.tile(
            _("Visitors"),
            ask(traffic.totals).rows[0][0],
            ask(traffic.totals, **period.before).rows[0][0],
            line=visitors,
        ),
        draw.tile(
            _("New profiles"),
            sum(new.values()),
            sum(new_before.values()),
            line=_line(new.items(), period),
        ),
        draw.tile(_("Messages sent"), sum(messages), messages_before, line=messages),
        draw.Tile(
            _("Running journeys"),
            draw.number(Journey.objects.filter(state=Journey.State.LIVE).count()),
            _("right now"),
            "same",
        ),
    ]


def _line(rows: Any, period: Period) -> list[int]:
    return [cells[0] for _day, cells in draw.every_day(rows, period.first, DAYS, 1)]


def _new_profiles(*, start: datetime, end: datetime) -> dict[str, int]:
    born = Profile.objects.filter(created_at__gte=start, created_at__lt=end)
    day = TruncDate("created_at", tzinfo=ZoneInfo(settings.TIME_ZONE))
    found = (
        born
        .exclude(state=Profile.State.ABSORBED)
        .annotate(day=day)
        .order_by("day")
        .values_list("day")
        .annotate(n=Count("pk"))
    )
    return {day.isoformat(): n for day, n in found}
