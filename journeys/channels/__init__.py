"""The kinds of channels; each registers itself."""

from journeys.channels import onsite, push, sms, webhook
from journeys.channels.base import CHANNELS
from journeys.channels.email import kind as email

__all__ = ["CHANNELS", "email", "onsite", "push", "sms", "webhook"]
