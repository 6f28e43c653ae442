"""Notifications of browsers."""

from journeys.channels.push import kind, vapid

__all__ = ["kind", "vapid"]
