"""Lays messages down for people who come by; nobody outside is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _

from journeys.channels.base import Adapter, Outcome, Parcel, Receipt
from journeys.channels.onsite.kind import Onsite
from journeys.models import Delivery, OnsiteMessage


@Onsite.adapters.register
class Shelf(Adapter):
    """Our own pages; a second try finds what the first laid down."""

    name = "site"
    label = _("Our own pages")
    idempotent = True

    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield one receipt per message that waits now."""
        for parcel in batch:
            yield self._lay_down(parcel)

    def _lay_down(self, parcel: Parcel) -> Receipt:
        try:
            with transaction.atomic():
                delivery = Delivery.objects.filter(pk=parcel.key).first()
                if delivery is None or delivery.profile_id is None:
                    told = str(_("Only a message of a journey can wait for somebody."))
                    return Receipt(parcel.key, Outcome.PERMANENT, told)
                OnsiteMessage.objects.bulk_create(
                    [self._message(parcel, delivery, delivery.profile_id)], ignore_conflicts=True
                )
        except DatabaseError as error:
            return Receipt(parcel.key, Outcome.TEMPORARY, type(error).__name__)
        return Receipt(parcel.key, Outcome.OK)

    def _message(self, parcel: Parcel, delivery: Delivery, person: int) -> OnsiteMessage:
        return OnsiteMessage(
            delivery=delivery,
            # Who the delivery is for now: they may have been merged since it was queued.
            profile_id=person,
            title=parcel.content["title"],
            text=parcel.content["text"],
            url=parcel.content["url"],
            queued_at=datetime.fromisoformat(parcel.content["at"]),
            expires_at=delivery.expires_at,
        )
