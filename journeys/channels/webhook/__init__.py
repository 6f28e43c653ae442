"""Signed calls to other programs."""

from journeys.channels.webhook import kind, signed

__all__ = ["kind", "signed"]
