"""What this floor keeps about people; in the order of erasing: what refers to others first."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.rights import KEEPERS, Keeper, Person, rows_of
from journeys import mark
from journeys.models import (
    Delivery,
    Enrollment,
    Notice,
    OnsiteMessage,
    PushSubscription,
    Report,
    Step,
    Suppression,
    Touch,
)


def _of(person: Person) -> Q:
    return Q(profile__in=person.profile_ids)


def _deliveries(person: Person) -> Q:
    return _of(person) | Q(contact_point__in=person.contact_point_ids)


def _touches(person: Person) -> Q:
    return Q(delivery__profile__in=person.profile_ids) | Q(
        delivery__contact_point__in=person.contact_point_ids
    )


def _erase_runs(person: Person, at: datetime) -> int:
    # Locked by the engine while it moves somebody: first these, and then what it wrote with them.
    found = Enrollment.objects.filter(_of(person)).select_for_update()
    runs = list(found.values_list("pk", flat=True))
    gone = Step.objects.filter(enrollment__in=runs).delete()[0]
    deliveries = Delivery.objects.filter(_deliveries(person) | Q(enrollment__in=runs))
    mark.forget(list(deliveries.exclude(mark_epoch="").values_list("pk", "mark_epoch")))
    gone += deliveries.delete()[0]
    return int(gone + Enrollment.objects.filter(pk__in=runs).delete()[0])


def register() -> None:
    """Take the keepers of this floor in."""
    steps = rows_of(
        "journey_steps", Step, lambda person: Q(enrollment__profile__in=person.profile_ids)
    )
    messages = rows_of("messages", Delivery, _deliveries)
    runs = rows_of("journeys", Enrollment, _of)
    for keeper in (
        rows_of(
            "notices", Notice, _of, label=_("Events to be recorded"),
            about=_("What a journey is about to note down about you."),
        ),
        rows_of(
            "message_touches", Touch, _touches, label=_("Opens and clicks"),
            about=_("When a message of yours was opened and which of its links were followed, "
                    "and by what program."),
        ),
        rows_of(
            "message_reports", Report,
            lambda person: _touches(person) | Q(contact_point__in=person.contact_point_ids),
            label=_("Reports about messages"),
            about=_("What mail servers and providers told about messages to you."),
        ),
        Keeper(
            "journeys", (Enrollment,), runs.export, _erase_runs, label=_("Journeys"),
            about=_("Series of messages that you were or are in."),
        ),
        # These two go with the runs that wrote them.
        Keeper(
            "journey_steps", (Step,), steps.export, steps.erase, label=_("Steps of journeys"),
            about=_("What happened on the way."),
        ),
        rows_of(
            "onsite_messages", OnsiteMessage, _of, label=_("Messages on our pages"),
            about=_("What waits for you on our pages, or was shown to you there."),
        ),
        Keeper(
            "messages", (Delivery,), messages.export, messages.erase, label=_("Messages"),
            about=_("What was sent to you, when, and what became of it."),
            stores=("redis:journeys:mark:*",),
        ),
        rows_of(
            "push_subscriptions", PushSubscription,
            lambda person: Q(contact_point__in=person.contact_point_ids),
            label=_("Browsers that show our messages"),
            about=_("Where your browser's push service is reached, and the keys for it."),
        ),
        rows_of(
            "refused_addresses", Suppression,
            lambda person: Q(contact_point__in=person.contact_point_ids),
            label=_("Addresses that refused mail"),
            about=_("Addresses of yours that a mail server refused for good."),
        ),
    ):  # fmt: skip
        KEEPERS.register(keeper)
