"""A message and a person become an e-mail; signed links know where they lead back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from content import submit
from customers import prefer as preferences
from journeys import wording
from journeys.channels.email import mime
from journeys.channels.email.mjml import CONFIRM, PREFERENCES, UNSUBSCRIBE, Frame, Rendered, render
from journeys.models import Edition, Message

CLICK = signing.Signer(salt="journeys.click", sep=".")
# The person of previews and tests.
SAMPLE = {
    "firstName": "Ana",
    "lastName": "Ionescu",
    "name": "Ana Ionescu",
    "email": "ana@example.com",
}
LEAVE = signing.Signer(salt="journeys.unsubscribe", sep=".")


class BadToken(ValueError):
    """A link that we did not sign, or that was changed."""


@dataclass(frozen=True, slots=True)
class House:
    """Where messages come from: the settings that the door passes in."""

    site: str
    sender: str
    rate: int = 50

    @property
    def brand(self) -> str:
        """The name in the sender's address, else the address."""
        name, _bracket, rest = self.sender.partition("<")
        return name.strip().strip('"') or rest.strip("> ")

    @property
    def domain(self) -> str:
        """The domain that Message-IDs end with."""
        return mime.address_of(self.sender).rpartition("@")[2] or "localhost"


def rendered(*, message: Message, house: House) -> Rendered:
    """Render a message's draft once for everyone, with marks."""
    return render(
        subject=message.subject,
        preheader=message.preheader,
        blocks=[(block.block_type, block.value) for block in message.body],
        site=house.site,
        frame=_frame(message, house.brand),
    )


def _frame(message: Message, brand: str) -> Frame:
    if message.kind == Message.Kind.CONFIRMATION:
        why = _("If it was not you who signed up with %(brand)s, do nothing. Nothing is sent.")
        confirm = _("Yes, write to me")
    else:
        why, confirm = _("You get this message because you asked %(brand)s for news."), ""
    return Frame(
        brand=brand,
        why=why % {"brand": brand},
        leave=_("Unsubscribe"),
        prefer=_("Choose what you get"),
        confirm=confirm,
    )


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail before it is bytes."""

    subject: str
    html: str
    text: str


def fill(
    *,
    edition: Edition | Rendered,
    traits: Mapping[str, Any],
    house: House,
    click: str,
    leave: str,
    prefer: str,
    confirm: str = "",
) -> Mail:
    """Put one person's values and links into a rendered message.

    Args:
        edition: what was rendered at publishing.
        traits: the person's.
        house: where links lead back to.
        click: the token of click links; empty lets links lead to their targets (previews).
        leave: the token of the unsubscribe link.
        prefer: the token of the link to the person's settings.
        confirm: the token of the link that asks an address to confirm; empty where none does.
    """

    def url(number: int) -> str:
        if number == UNSUBSCRIBE:
            return house.site + reverse("journeys:unsubscribe", args=[leave])
        if number == PREFERENCES:
            return house.site + reverse("customers_preferences", args=[prefer])
        if number == CONFIRM:
            return house.site + reverse("content_confirm", args=[confirm or "sample"])
        if not click:
            return str(edition.links[number])
        return house.site + reverse("journeys:click", args=[click, number])

    def plain(value: str) -> str:
        return value

    return Mail(
        subject=wording.fill(edition.subject, traits=traits, links=url, escape=plain),
        html=wording.fill(edition.html, traits=traits, links=url, escape=escape),
        text=wording.fill(edition.text, traits=traits, links=url, escape=plain),
    )


def compose(
    *,
    edition: Edition,
    traits: Mapping[str, Any],
    recipient: str,
    sender: str,
    delivery: int,
    contact_point: int,
    house: House,
    at: datetime,
    confirms: int | None = None,
) -> bytes:
    """Return the e-mail for one person, the same for every try of a delivery.

    One that asks an address to confirm is no advertisement: it counts no clicks, and nobody can
    unsubscribe from it.
    """
    leave = leave_token(contact_point=contact_point, delivery=delivery)
    mail = fill(
        edition=edition,
        traits=traits,
        house=house,
        click="" if confirms else click_token(delivery=delivery, edition=edition.pk),
        leave=leave,
        prefer=preferences.token(contact_point=contact_point),
        confirm=submit.confirm_token(entry=confirms) if confirms else "",
    )
    unsubscribe = house.site + reverse("journeys:unsubscribe", args=[leave])
    bulk = [
        ("List-Unsubscribe", f"<{unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "bulk"),
    ]
    return mime.build(
        sender=sender,
        recipient=recipient,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=f"d{delivery}.{edition.pk}@{house.domain}",
        at=at,
        headers=[("Auto-Submitted", "auto-replied")] if confirms else bulk,
    )


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
