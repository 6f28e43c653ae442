"""The nouns of this floor; upper floors import from here."""

from journeys.models.answers import OnsiteMessage, PushSubscription, Report, Touch
from journeys.models.deliveries import Delivery, Urgency
from journeys.models.enrollments import Enrollment, Lane, Notice, Step
from journeys.models.journeys import Journey, Tally, Transfer, Version
from journeys.models.limits import Cap, QuietHours
from journeys.models.messages import Edition, Message, Sender
from journeys.models.staff import StaffMail
from journeys.models.suppressions import Suppression

__all__ = [
    "Cap", "Delivery", "Edition", "Enrollment", "Journey", "Lane", "Message", "Notice",
    "OnsiteMessage", "PushSubscription", "QuietHours", "Report", "Sender", "StaffMail", "Step",
    "Suppression", "Tally", "Touch", "Transfer", "Urgency", "Version",
]  # fmt: skip
