"""What this floor hangs on others' hooks: the engine's ears, and our part of the admin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.safestring import SafeString
from wagtail import hooks

from customers.models import Profile
from customers.record import Recorded
from dxp.lib import hints
from journeys import advance, enroll
from journeys.admin.panels import profile_panel
from journeys.tasks import ADVANCE


@hooks.register("customers_events_recorded")
def hear(events: Sequence[Recorded], at: datetime) -> None:
    """Enroll those who entered a segment, wake those who waited for what happened."""
    entered = enroll.hear(events=events, at=at)
    woken = advance.wake(events=events, at=at)
    if entered or woken:
        hints.after_commit(ADVANCE)


@hooks.register("customers_profiles_merged")
def merge(kept: int, absorbed: int, at: datetime) -> None:
    """Bring the journeys of two people who are one together."""
    enroll.merge(kept=kept, absorbed=absorbed, at=at)


@hooks.register("customers_profile_panels")
def panel(profile: Profile) -> SafeString:
    """Show a person's journeys and messages on their page."""
    return profile_panel(profile)
