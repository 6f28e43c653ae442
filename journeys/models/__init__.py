"""The nouns of this floor; upper floors import from here."""

from journeys.models.deliveries import Delivery
from journeys.models.enrollments import Enrollment, Notice, Step
from journeys.models.journeys import Journey, Version
from journeys.models.messages import Edition, Message, Sender
from journeys.models.suppressions import Suppression

__all__ = [
    "Delivery", "Edition", "Enrollment", "Journey", "Message", "Notice", "Sender", "Step",
    "Suppression", "Version",
]  # fmt: skip
