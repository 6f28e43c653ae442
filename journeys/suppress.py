"""Stop writing to an address by hand, and write to it again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from customers.address import BadAddress, normal
from customers.models import ContactPoint
from journeys.models import Suppression


class Unknown(ValueError):
    """Nobody here has this address."""


@transaction.atomic
def suppress(*, channel: str, address: str, detail: str, at: datetime) -> Suppression:
    """Never write to an address again; one that is suppressed already stays as it is.

    Raises:
        Unknown: nobody has it.
    """
    try:
        value = normal(channel=channel, address=address)
    except BadAddress as error:
        raise Unknown(address) from error
    point = ContactPoint.objects.filter(channel=channel, value=value).first()
    if point is None:
        raise Unknown(address)
    made, _new = Suppression.objects.get_or_create(
        contact_point=point,
        defaults={"cause": Suppression.Cause.BY_HAND, "detail": detail[:500], "at": at},
    )
    return made


def lift(*, suppression: Suppression) -> bool:
    """Let messages go to an address again; return whether it was suppressed until now.

    Consent is another matter: who left gets nothing anyway.
    """
    return bool(Suppression.objects.filter(pk=suppression.pk).delete()[0])
