"""Which deliveries are meant: by what they are, by whom they are for; and why one is as it is."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.filters import WagtailFilterSet

from customers import define
from customers.models import ContactPoint
from journeys.admin.outbox import channel_choices
from journeys.admin.page import name_of, searched
from journeys.models import Delivery, Journey, Message, Sender

CHANGE = "journeys.change_delivery"


class DeliveryFilter(WagtailFilterSet):
    """By state, reason, channel, message, sender and journey."""

    state = django_filters.ChoiceFilter(choices=Delivery.State.choices, label=lazy("State"))
    reason = django_filters.ChoiceFilter(choices=Delivery.Reason.choices, label=lazy("Reason"))
    channel = django_filters.ChoiceFilter(choices=lambda: channel_choices(), label=lazy("Channel"))
    message = django_filters.ModelChoiceFilter(
        queryset=Message.objects.all(), label=lazy("Message")
    )
    sender = django_filters.ModelChoiceFilter(queryset=Sender.objects.all(), label=lazy("Sender"))
    enrollment__journey = django_filters.ModelChoiceFilter(
        queryset=Journey.objects.all(), label=lazy("Journey")
    )

    class Meta:
        model = Delivery
        fields = ["state", "reason", "channel", "message", "sender", "enrollment__journey"]


def of_words(queryset: QuerySet[Delivery], words: str) -> QuerySet[Delivery]:
    """Return the deliveries to people whose name, address or id begins with what was typed."""
    points = ContactPoint.objects.filter(value__startswith=words.lower())
    people = searched(words).order_by().values("pk")
    return queryset.filter(
        Q(profile__in=people)
        | Q(contact_point__in=points.values("pk"))
        | Q(staff_mail__recipient__istartswith=words)
    )


def to_whom(delivery: Delivery, sight: define.Sight) -> str:
    """Return who a delivery is for: a person as far as the reader may see, or a colleague."""
    if delivery.profile is not None:
        return name_of(delivery.profile, sight)
    return delivery.staff_mail.recipient if delivery.staff_mail else ""


def what(delivery: Delivery) -> str:
    """Return what a message is called: to colleagues, its subject."""
    return delivery.staff_mail.subject if delivery.staff_mail else delivery.message.name


def why(delivery: Delivery) -> str:
    """Return a delivery's reason and the other side's words."""
    shown = delivery.state != Delivery.State.SENT
    return ": ".join(
        str(part)
        for part in (delivery.get_reason_display(), delivery.detail if shown else "")
        if part
    )
