"""What people do with a message, and what programs do with it: open, click, leave.

A program's touch is kept and told under names of its own ("… by Machine"), so that nothing takes it
for a person's. Where a link's follower can't be known at once, it is held some seconds (`judge`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from customers import append, consent, record
from customers.models import ConsentEntry, ContactPoint
from customers.record import New
from dxp.lib import crypto
from journeys import suspect
from journeys.channels.base import CHANNELS
from journeys.compose import LEAVE, BadToken, clicked, read_token, targets
from journeys.models import Delivery, Notice, Touch
from journeys.suspect import Followed
from journeys.wording import MARK

Kind = Touch.Kind
# Two touches of one link from one network within this time are one: readers tap twice.
SAME_SECONDS = 60
# More of one message are not kept: a loop somewhere must not fill the table.
MOST_TOUCHES = 500
# Where scanners stand between us and the person.
SCANNED = frozenset({"email", "sms"})


def follow(*, token: str, number: int) -> tuple[int, str]:
    """Return the delivery and the target of a click link; link 0, the trap, leads nowhere.

    Raises:
        BadToken: we did not sign it, or the message has no such link.
    """
    delivery, target = clicked(token=token, number=number)
    if not target and number:
        raise BadToken(token[:80])
    return delivery, target


def touch(
    *,
    delivery: int,
    kind: str,
    at: datetime,
    number: int = 0,
    agent: str = "",
    network: str = "",
    head: bool = False,
) -> Touch | None:
    """Note that a message was opened or one of its links followed; return None if that is no news.

    A test message has no delivery, and nothing is counted. Link 0 of a mail is the trap.

    Args:
        delivery: which message.
        kind: a value of `Touch.Kind`.
        at: the moment.
        number: which link.
        agent: what followed it calls itself.
        network: where it came from, shortened.
        head: only the head was asked for.
    """
    found = Delivery.objects.select_related("message", "enrollment").filter(pk=delivery).first()
    if found is None:
        return None
    origin = crypto.digest("journeys.network", network) if network else ""
    known = list(
        Touch.objects.filter(delivery=found).values_list("kind", "number", "network", "at")[
            :MOST_TOUCHES
        ]
    )
    since = at - timedelta(seconds=SAME_SECONDS)
    if len(known) == MOST_TOUCHES or any(
        one[:3] == (kind, number, origin) and one[3] > since for one in known
    ):
        return None
    scanned = found.channel in SCANNED
    reasons = suspect.at_once(
        opened=kind == Kind.OPEN,
        trap=scanned and kind == Kind.CLICK and number == 0,
        agent=agent,
        head=head,
        since=at - found.sent_at if scanned and found.sent_at else None,
    )
    held = scanned and kind == Kind.CLICK and not reasons
    one = Touch(
        delivery=found, kind=kind, number=number, at=at, agent=agent[:300], network=origin,
        machine=None if held else bool(reasons), reasons=reasons,
    )  # fmt: skip
    with transaction.atomic():
        one.save(force_insert=True)
        if not held:
            _tell([one])
    return one


@transaction.atomic
def judge(*, at: datetime, limit: int = 1000) -> int:
    """Judge clicks that were held, by what else came around them; return how many."""
    held = list(
        Touch.objects
        .select_for_update(skip_locked=True, of=["self"])
        .select_related("delivery__message", "delivery__enrollment")
        .filter(machine=None, at__lte=at - suspect.HOLD)
        .order_by("at")[:limit]
    )
    if not held:
        return 0
    around = _around(held)
    for one in held:
        delivery = one.delivery
        near = [
            *around.get(("delivery", delivery.pk), ()), *around.get(("network", one.network), ())
        ]  # fmt: skip
        edition = delivery.edition_id
        links = len({link for link in targets(edition) if link}) if edition else 0
        one.reasons = suspect.together(_followed(one), near, links=links)
        since = one.at - delivery.sent_at if delivery.sent_at else None
        if since is not None and since < suspect.SOON:
            # It was not written down as sent yet when the link was followed.
            one.reasons.append("soon")
        one.machine = bool(one.reasons)
    Touch.objects.bulk_update(held, ["machine", "reasons"])
    _tell(held)
    return len(held)


def _around(held: Sequence[Touch]) -> dict[tuple[str, Any], list[Followed]]:
    """Return what was followed around that time, by message and by network."""
    first, last = held[0].at - suspect.TRAPPED, held[-1].at + suspect.TRAPPED
    clicks = Touch.objects.filter(kind=Kind.CLICK, at__range=(first, last)).select_related(
        "delivery"
    )
    found: dict[tuple[str, Any], list[Followed]] = {}
    for one in clicks.filter(delivery__in={one.delivery_id for one in held}):
        followed = _followed(one)
        found.setdefault(("delivery", one.delivery_id), []).append(followed)
    networks = {one.network for one in held if one.network}
    for one in clicks.filter(network__in=networks) if networks else ():
        followed = _followed(one)
        found.setdefault(("network", one.network), []).append(followed)
    return found


def _followed(one: Touch) -> Followed:
    # Mail to colleagues, which has no person, has no links of ours either.
    return Followed(one.delivery_id, one.delivery.profile_id or 0, one.number, one.network, one.at)


def _tell(judged: Iterable[Touch]) -> None:
    """Leave the events of touches behind, and note in deliveries what people did first.

    As notices: nobody who clicks waits for a person's row.
    """
    notices, first = [], {}
    for one in judged:
        if Touch.Reason.TRAP in one.reasons and not one.number:
            continue
        notices.append(_notice(one))
        if not one.machine:
            first[one.delivery_id, one.kind] = one.at
    Notice.objects.bulk_create(notices)
    wanted = sorted({delivery for delivery, _kind in first})
    for row in Delivery.objects.select_for_update().filter(pk__in=wanted).order_by("pk"):
        row.opened_at = row.opened_at or first.get((row.pk, Kind.OPEN))
        row.clicked_at = row.clicked_at or first.get((row.pk, Kind.CLICK))
        row.save(update_fields=["opened_at", "clicked_at"])


def _notice(one: Touch) -> Notice:
    delivery, clicked = one.delivery, one.kind == Kind.CLICK
    properties = delivery.about()
    if clicked and delivery.edition_id:
        # Where a link leads that is each person's own is nobody else's business.
        properties["link"] = MARK.sub("…", targets(delivery.edition_id)[one.number])
    if one.machine:
        properties["reasons"] = one.reasons
    assert delivery.profile_id is not None
    name = ("Message Clicked" if clicked else "Message Opened") + " by Machine" * bool(one.machine)
    minute = int(one.at.timestamp()) // SAME_SECONDS
    key = name.lower().replace(" ", "-")
    return Notice(
        profile_id=delivery.profile_id, name=name, properties=properties, at=one.at,
        message_id=f"{key}:{delivery.pk}:{one.number}:{minute}",
    )  # fmt: skip


def leaver(*, token: str) -> tuple[ContactPoint | None, Delivery | None]:
    """Return whose unsubscribe link this is, and the message it stood in.

    Raises:
        BadToken: we did not sign it.
    """
    point, delivery = read_token(LEAVE, token)
    return (
        ContactPoint.objects.filter(pk=point).first(),
        Delivery.objects.select_related("message", "enrollment").filter(pk=delivery).first(),
    )


@transaction.atomic
def unsubscribe(
    *,
    contact_point: ContactPoint,
    delivery: Delivery | None,
    evidence: dict[str, str],
    at: datetime,
) -> bool:
    """Withdraw consent to marketing on a message's channel; return whether there was any.

    Doing it twice is the same as once. Who pauses may leave.
    """
    channel = delivery.channel if delivery else _channel(contact_point)
    # The order of locks everywhere: people first, their ledger last.
    append.hold(profile_ids=[contact_point.profile_id])
    marketing = ConsentEntry.Purpose.MARKETING
    answers = consent.ask(
        contact_points=[contact_point.pk], purpose=marketing, channel=channel, at=at
    )
    if answers[contact_point.pk] not in {consent.Answer.YES, consent.Answer.PAUSED}:
        return False
    consent.record(
        purpose=marketing,
        channel=channel,
        state=ConsentEntry.State.WITHDRAWN,
        method="unsubscribe",
        contact_point=contact_point,
        evidence=evidence,
        at=at,
    )
    if delivery is not None:
        new = New(
            profile_id=contact_point.profile_id,
            name="Message Unsubscribed",
            properties=delivery.about(),
            at=at,
            message_id=f"message-unsubscribed:{delivery.pk}:{int(at.timestamp())}",
        )
        record.events([new], at=at)
    return True


def _channel(point: ContactPoint) -> str:
    return next((one.name for one in CHANNELS if one.contact == point.channel), point.channel)
