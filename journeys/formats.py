"""Moments and numbers as people read them."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import dateformat, formats

from journeys import wording

# Day, month, year, weekday, hour and minute, and what stands between them.
_PATTERN = re.compile(r"^[jdDlFMNnmYyHiGgAa .,:/\-]{1,30}$")


class Local(wording.Formats):
    """Moments in the person's zone, and numbers, as the site writes them."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def date(self, moment: date, pattern: str) -> str:
        """Return a moment by a pattern of letters as `j F Y`, or as the site writes days."""
        if isinstance(moment, datetime) and moment.tzinfo:
            moment = moment.astimezone(self.zone)
        if not _PATTERN.match(pattern):
            return str(formats.date_format(moment, "DATE_FORMAT"))
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time.min)
        return dateformat.format(moment, pattern)

    def number(self, value: Decimal, places: int | None) -> str:
        """Return a number with its thousands apart, as the site writes it."""
        return formats.number_format(value, places, use_l10n=True, force_grouping=True)
