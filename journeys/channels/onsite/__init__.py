"""Messages that wait on our own site."""

from journeys.channels.onsite import kind, shelf

__all__ = ["kind", "shelf"]
