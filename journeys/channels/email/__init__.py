"""Mails."""

from journeys.channels.email import channel, kind, providers

__all__ = ["channel", "kind", "providers"]
