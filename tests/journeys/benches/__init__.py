"""The other side of every adapter, played for real: one bench each, used by `test_channels`."""

from tests.journeys.benches import email, onsite, push, sms, webhook
from tests.journeys.benches.base import BENCHES, Bench, Taken

__all__ = ["BENCHES", "Bench", "Taken", "email", "onsite", "push", "sms", "webhook"]
