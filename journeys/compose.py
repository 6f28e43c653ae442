"""A message and a person become what a channel sends; signed links know where they lead back to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from content import submit
from customers import prefer as preferences
from customers.models import Profile
from dxp.lib import ids
from journeys import wording
from journeys.channels import CHANNELS
from journeys.channels.base import Channel, Draft, Letter, Rendered
from journeys.channels.email import mime
from journeys.channels.email.mjml import CONFIRM, OPEN, PREFERENCES, TRAP, UNSUBSCRIBE, Frame
from journeys.models import Edition, Message
from journeys.wording import Values

CLICK = signing.Signer(salt="journeys.click", sep=".")
LEAVE = signing.Signer(salt="journeys.unsubscribe", sep=".")
# A picture of nothing, where nobody counts.
NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
# The person of previews and tests.
SAMPLE = {
    "firstName": "Ana",
    "lastName": "Ionescu",
    "name": "Ana Ionescu",
    "email": "ana@example.com",
}


class BadToken(ValueError):
    """A link that we did not sign, or that was changed."""


@dataclass(frozen=True, slots=True)
class House:
    """Where messages come from: the settings that the door passes in."""

    site: str
    sender: str
    rate: int = 50
    # Of senders of mail that name no server of their own; without one, letters become files.
    smtp_url: str = ""
    mail_dir: Path = Path("mail")
    # Of people whose own zone is not known.
    zone: ZoneInfo = ZoneInfo("UTC")
    # Besides the public net, where webhooks may go: "10.1.0.0/16".
    networks: tuple[str, ...] = ()

    @property
    def brand(self) -> str:
        """The name in the sender's address, else the address."""
        name, _bracket, rest = self.sender.partition("<")
        return name.strip().strip('"') or rest.strip("> ")

    @property
    def domain(self) -> str:
        """The domain that Message-IDs end with."""
        return mime.address_of(self.sender).rpartition("@")[2] or "localhost"


def channel_of(message: Message) -> Channel:
    """Return the channel of a message.

    Raises:
        UnknownKind: its channel was taken away.
    """
    return CHANNELS.get(message.channel)()


def draft_of(message: Message) -> Draft:
    """Return what was written, as channels read it."""
    return Draft(
        subject=message.subject,
        preheader=message.preheader,
        text=message.text,
        url=message.url,
        blocks=[(block.block_type, block.value) for block in message.body],
    )


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
        confirm=confirm,
        marketing=marketing,
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """Where the links of one delivery lead; without `click` they lead to their targets."""

    house: House
    links: Any
    leave: str = ""
    prefer: str = ""
    click: str = ""
    confirm: str = ""

    def __call__(self, number: int) -> str:
        site = self.house.site
        if number == UNSUBSCRIBE:
            return self.leave
        if number == PREFERENCES:
            return site + reverse("customers_preferences", args=[self.prefer])
        if number == CONFIRM:
            return site + reverse("content_confirm", args=[self.confirm or "sample"])
        if number in {OPEN, TRAP}:
            return self._watch(number)
        if not self.click:
            return str(self.links[number])
        return site + reverse("journeys:click", args=[self.click, number])

    def _watch(self, number: int) -> str:
        """Return the address of the picture, or of the link that only programs follow."""
        if not self.click:
            return NOTHING if number == OPEN else self.house.site
        if number == TRAP:
            return self.house.site + reverse("journeys:click", args=[self.click, 0])
        return self.house.site + reverse("journeys:open", args=[self.click])


def _filler(values: Values, way: _Way) -> Callable[[str, Callable[[str], str]], str]:
    def fill(marked: str, escape: Callable[[str], str]) -> str:
        return wording.fill(marked, values=values, links=way, escape=escape)

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
    leave = _leave_url(house, contact_point=contact_point or 0, delivery=delivery)
    way = _Way(
        house=house,
        links=edition.links,
        leave=leave,
        prefer=preferences.token(contact_point=contact_point or 0),
        click="" if confirms else click_token(delivery=delivery, edition=edition.pk),
        confirm=submit.confirm_token(entry=confirms) if confirms else "",
    )
    letter = Letter(
        fill=_filler(values, way),
        sender=sender,
        recipient=recipient,
        token=token(delivery=delivery),
        at=at,
        leave_url=leave if marketing else "",
        marketing=marketing,
    )
    return channel_of(message).compose(_rendered_of(edition), letter)


def _rendered_of(edition: Edition) -> Rendered:
    return Rendered(edition.subject, edition.html, edition.text, edition.links, edition.parts)


def _leave_url(house: House, *, contact_point: int, delivery: int) -> str:
    leave = leave_token(contact_point=contact_point, delivery=delivery)
    return house.site + reverse("journeys:unsubscribe", args=[leave])


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a person would see it; `content` is what its channel would hand over."""

    subject: str
    html: str
    text: str
    content: Any


def sample_values(profile: Profile | None, event: Mapping[str, Any] | None = None) -> Values:
    """Return a person's values, or those of the person that previews make up."""
    return Values(dict(profile.traits) if profile else SAMPLE, event or {})


def sample_fill(
    message: Message,
    profile: Profile | None = None,
    event: Mapping[str, Any] | None = None,
    *,
    house: House,
    at: datetime,
    edition: Edition | None = None,
) -> Shown:
    """Return a message filled for somebody; nothing is counted, and links lead to their targets.

    Args:
        message: its draft is shown, unless `edition` is given.
        profile: the person; None: a made-up one.
        event: the properties of the event that would let them in.
        house: where links lead back to.
        at: the date it carries.
        edition: a published form.
    """
    done = _rendered_of(edition) if edition else rendered(message=message, house=house)
    letter = _sample_letter(
        done, sample_values(profile, event), "", message.sender.address or house.sender, house, at
    )
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
    leave = _leave_url(house, contact_point=0, delivery=0)
    prefer = preferences.token(contact_point=0)
    way = _Way(house=house, links=done.links, leave=leave, prefer=prefer)
    return Letter(
        fill=_filler(values, way), sender=sender, recipient=recipient, token=f"test.{ids.key(16)}",
        at=at, leave_url=leave,
    )  # fmt: skip


def _plain(value: str) -> str:
    return value


def token(*, delivery: int) -> str:
    """Return what a delivery is called outside, in every try: in Message-IDs, and by providers.

    Nobody can make up one of another delivery, so that reports about it can be believed.
    """
    return f"d{delivery}.{salted_hmac('journeys.delivery', str(delivery)).hexdigest()[:20]}"


def delivery_of(word: str) -> int:
    """Return the delivery that a token, or a Message-ID that begins with one, is about.

    Raises:
        BadToken: it is none of ours.
    """
    name = word.strip(" <>").partition("@")[0]
    number = name.removeprefix("d").partition(".")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadToken(word[:80])
    if not constant_time_compare(name, token(delivery=int(number))):
        raise BadToken(word[:80])
    return int(number)


def click_token(*, delivery: int, edition: int) -> str:
    """Return what a click link carries: who clicked, and whose list of targets counts."""
    return CLICK.sign(f"{delivery:x}-{edition:x}")


def leave_token(*, contact_point: int, delivery: int) -> str:
    """Return what an unsubscribe link carries: the address, and the message it stood in."""
    return LEAVE.sign(f"{contact_point:x}-{delivery:x}")


def read_token(signer: signing.Signer, token: str) -> tuple[int, int]:
    """Return the two numbers of a token.

    Raises:
        BadToken: it was not signed by us.
    """
    try:
        first, _dash, second = signer.unsign(token).partition("-")
        return int(first, 16), int(second, 16)
    except (signing.BadSignature, ValueError) as error:
        raise BadToken(token[:80]) from error


@lru_cache(maxsize=500)
def targets(edition: int) -> tuple[str, ...]:
    """Return where the links of an edition lead; editions never change, so they are kept.

    Raises:
        Edition.DoesNotExist: there is no such edition.
    """
    return tuple(Edition.objects.values_list("links", flat=True).get(pk=edition))
