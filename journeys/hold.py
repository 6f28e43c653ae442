"""Stop a sender by hand, and let it go on."""

from __future__ import annotations

from datetime import UTC, datetime

from journeys.models import Sender

# Until somebody lets it go on.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


def hold(*, sender: Sender, reason: str) -> None:
    """Let nothing go out through a sender; what is being handed over ends as it does."""
    Sender.objects.filter(pk=sender.pk).update(paused_until=FOREVER, pause_reason=reason[:500])


def release(*, sender: Sender) -> None:
    """Let a sender go on at full pace, whatever stopped it."""
    Sender.objects.filter(pk=sender.pk).update(paused_until=None, pause_reason="", failures=0)
