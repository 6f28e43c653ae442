"""What other floors' screens show of journeys."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from customers.models import Profile
from journeys.models import Delivery, Enrollment

MOST_ROWS = 20


def profile_panel(profile: Profile) -> SafeString:
    """Return a person's latest journeys and messages as HTML."""
    runs = (
        Enrollment.objects.of(profile).select_related("journey").order_by("-entered_at")[:MOST_ROWS]
    )
    deliveries = Delivery.objects.filter(profile=profile).select_related("message")[:MOST_ROWS]
    return render_to_string("journeys/profile_panel.html", {"runs": runs, "deliveries": deliveries})
