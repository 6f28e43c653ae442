"""A message and a person become what a channel sends; signed links know where they lead back to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue

from content import submit
from content.models import Fragment
from customers import prefer as preferences
from customers.models import Profile
from dxp.lib import ids
from journeys import quote, timing, wording
from journeys.channels import CHANNELS
from journeys.channels.base import Channel, Draft, Letter, Rendered
from journeys.channels.email.mjml import Frame
from journeys.formats import Local
from journeys.links import (
    CLICK,
    LEAVE,
    LOOK,
    NOTHING,
    BadToken,
    House,
    Way,
    click_token,
    clicked,
    delivery_of,
    leave_token,
    leave_url,
    read_token,
    targets,
    token,
    view_token,
)
from journeys.models import Delivery, Edition, Message
from journeys.wording import Values
from journeys.wording.sample import SAMPLE, SAMPLE_EVENT

__all__ = [
    "CLICK", "LEAVE", "LOOK", "NOTHING", "SAMPLE", "BadToken", "House", "Shown", "Values",
    "channel_of", "click_token", "clicked", "compose", "delivery_of", "draft_of", "leave_token",
    "plain_blocks", "read_token", "rendered", "sample_fill", "sample_values", "targets", "token",
    "trial", "view_token", "viewed",
]  # fmt: skip


def channel_of(message: Message) -> Channel:
    """Return the channel of a message.

    Raises:
        UnknownKind: its channel was taken away.
    """
    return CHANNELS.get(message.channel)()


def draft_of(message: Message) -> Draft:
    """Return what was written, as channels read it, fragments in their places."""
    channel = message.channel
    texts = {
        name: quote.words(getattr(message, name), field=name, channel=channel)
        for name in quote.TEXTS
    }
    return Draft(**texts, url=message.url, blocks=plain_blocks(message.body))


def plain_blocks(stream: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return the blocks of a mail as plain lists, so that a channel needs to know no editor."""
    return [(block.block_type, _plain_value(block.value)) for block in stream]


def _plain_value(value: Any) -> Any:
    if isinstance(value, StreamValue):
        return plain_blocks(value)
    if isinstance(value, Fragment):
        return quote.pieces(value)
    if isinstance(value, Mapping):
        return {name: _plain_value(inner) for name, inner in value.items()}
    return value


def rendered(*, message: Message, house: House) -> Rendered:
    """Render a message's draft once for everyone, with marks."""
    frame = _frame(message, house.brand)
    return channel_of(message).render(draft_of(message), site=house.site, frame=frame)


def _frame(message: Message, brand: str) -> Frame:
    marketing, confirm = message.purpose == Message.Purpose.MARKETING, ""
    if message.kind == Message.Kind.CONFIRMATION:
        why = _("If it was not you who signed up with %(brand)s, do nothing. Nothing is sent.")
        confirm = _("Yes, write to me")
    elif marketing:
        why = _("You get this message because you asked %(brand)s for news.")
    else:
        why = _("You get this message because of something you did with %(brand)s.")
    return Frame(
        brand=brand,
        why=why % {"brand": brand},
        leave=_("Unsubscribe"),
        prefer=_("Choose what you get"),
        view="" if confirm else _("View in the browser"),
        confirm=confirm,
        marketing=marketing,
        language=translation.get_language() or "en",
    )


def _filler(values: Values, way: Way, zone: ZoneInfo) -> Callable[[str, Callable[[str], str]], str]:
    local = replace(values, formats=Local(timing.zone_of(values.traits, zone)))

    def fill(marked: str, escape: Callable[[str], str]) -> str:
        return wording.fill(marked, values=local, links=way, escape=escape)

    return fill


def compose(
    *,
    edition: Edition,
    values: Values,
    recipient: str,
    sender: str,
    delivery: int,
    contact_point: int | None,
    house: House,
    at: datetime,
    confirms: int | None = None,
) -> Any:
    """Return what the channel's adapter hands over, the same for every try of a delivery.

    One that asks an address to confirm is no advertisement: it counts no clicks, and nobody can
    unsubscribe from it.

    Raises:
        UnknownKind: the message's channel was taken away.
    """
    message = edition.message
    marketing = message.purpose == Message.Purpose.MARKETING and not confirms
    way = _way(edition, house, delivery, contact_point or 0, confirms)
    letter = Letter(
        fill=_filler(values, way, house.zone),
        sender=sender,
        recipient=recipient,
        token=token(delivery=delivery),
        at=at,
        leave_url=way.leave if marketing else "",
        marketing=marketing,
    )
    return channel_of(message).compose(_rendered_of(edition), letter)


def _way(
    edition: Edition, house: House, delivery: int, contact_point: int, confirms: int | None
) -> Way:
    return Way(
        house=house,
        links=edition.links,
        leave=leave_url(house, contact_point=contact_point, delivery=delivery),
        prefer=preferences.token(contact_point=contact_point),
        click="" if confirms else click_token(delivery=delivery, edition=edition.pk),
        confirm=submit.confirm_token(entry=confirms) if confirms else "",
        view=view_token(delivery=delivery, edition=edition.pk),
    )


def viewed(*, token: str, house: House) -> str:
    """Return a message as the page that a link in it leads to.

    It shows what we know of the person today: what was filled in is not kept.

    Raises:
        BadToken: we did not sign it, or the message is not kept any more.
    """
    number, form = read_token(LOOK, token)
    edition = Edition.objects.select_related("message").filter(pk=form).exclude(html="").first()
    found = (
        Delivery.objects
        .select_related("profile", "enrollment", "contact_point")
        .filter(pk=number, profile__state=Profile.State.ACTIVE, confirms=None)
        .first()
    )
    if edition is None or found is None or found.profile is None:
        raise BadToken(token[:80])
    run, point = found.enrollment, found.contact_point
    traits = ({"email": point.shown} if point else {}) | found.profile.traits
    values = Values(traits, (run.entry or {}).get("event") or {} if run else {})
    way = _way(edition, house, number, point.pk if point else 0, None)
    return _filler(values, way, house.zone)(edition.html, escape)


def _rendered_of(edition: Edition) -> Rendered:
    return Rendered(edition.subject, edition.html, edition.text, edition.links, edition.parts)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a person would see it; `content` is what its channel would hand over."""

    subject: str
    html: str
    text: str
    content: Any


def sample_values(
    profile: Profile | None, event: Mapping[str, Any] | None = None, *, address: bool = True
) -> Values:
    """Return a person's values, or those of the person that previews make up.

    Args:
        profile: who; None: nobody we know.
        event: the properties of the event that would let them in.
        address: whether their address may be read.
    """
    if profile is None:
        return Values(SAMPLE, SAMPLE_EVENT if event is None else event)
    points = profile.contact_points.filter(channel="email").order_by("pk")
    point = points.first() if address else None
    return Values(({"email": point.shown} if point else {}) | profile.traits, event or {})


def sample_fill(
    message: Message,
    profile: Profile | None = None,
    event: Mapping[str, Any] | None = None,
    *,
    house: House,
    at: datetime,
    edition: Edition | None = None,
    address: bool = True,
) -> Shown:
    """Return a message filled for somebody; nothing is counted, and links lead to their targets.

    Args:
        message: its draft is shown, unless `edition` is given.
        profile: the person; None: a made-up one.
        event: the properties of the event that would let them in.
        house: where links lead back to.
        at: the date it carries.
        edition: a published form.
        address: whether the person's address may be shown.
    """
    done = _rendered_of(edition) if edition else rendered(message=message, house=house)
    values = sample_values(profile, event, address=address)
    sender = message.sender.address or house.sender
    letter = _sample_letter(done, values, "", sender, house, at)
    return Shown(
        subject=letter.fill(done.subject, _plain),
        html=letter.fill(done.html, escape),
        text=letter.fill(done.text, _plain),
        content=channel_of(message).compose(done, letter),
    )


def trial(
    *,
    message: Message,
    recipient: str,
    sender: str,
    house: House,
    at: datetime,
    profile: Profile | None = None,
    event: Mapping[str, Any] | None = None,
) -> Any:
    """Return what an adapter hands over as a test: the draft, said to be one, for somebody."""
    done = rendered(message=message, house=house)
    done.subject = f"[{_('Test')}] {done.subject}" if done.subject else ""
    values = sample_values(profile, event)
    letter = _sample_letter(done, values, recipient, sender, house, at)
    return channel_of(message).compose(done, letter)


def _sample_letter(
    done: Rendered, values: Values, recipient: str, sender: str, house: House, at: datetime
) -> Letter:
    leave = leave_url(house, contact_point=0, delivery=0)
    prefer = preferences.token(contact_point=0)
    way = Way(house=house, links=done.links, leave=leave, prefer=prefer)
    return Letter(
        fill=_filler(values, way, house.zone), sender=sender, recipient=recipient,
        token=f"test.{ids.key(16)}", at=at, leave_url=leave,
    )  # fmt: skip


def _plain(value: str) -> str:
    return value
