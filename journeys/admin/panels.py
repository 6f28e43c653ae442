"""What other floors' screens show of journeys."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from customers.models import Profile
from journeys import phrase
from journeys.admin.page import names
from journeys.models import Delivery, Enrollment

MOST_ROWS = 20


def profile_panel(profile: Profile, *, user: Any = None) -> SafeString:
    """Return a person's latest journeys and messages as HTML.

    Args:
        profile: whose.
        user: who looks at it; who may see journeys finds the way to each run.
    """
    runs = list(
        Enrollment.objects.of(profile).select_related("journey").order_by("-entered_at")[:MOST_ROWS]
    )
    say = names()
    deliveries = Delivery.objects.filter(profile=profile).select_related("message")[:MOST_ROWS]
    return render_to_string(
        "journeys/profile_panel.html",
        {
            "runs": [(run, phrase.outcome(run.outcome, say)) for run in runs],
            "deliveries": deliveries,
            "links": user is not None and user.has_perm("journeys.view_journey"),
        },
    )
