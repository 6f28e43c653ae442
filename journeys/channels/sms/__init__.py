"""Text messages to phones."""

from journeys.channels.sms import gateway, kind, twilio

__all__ = ["gateway", "kind", "twilio"]
