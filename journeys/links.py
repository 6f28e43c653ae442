"""Where the links of messages lead, and what comes back from them: signed, and short."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from journeys import wording
from journeys.channels.email import mime
from journeys.channels.email.mjml import CONFIRM, OPEN, PREFERENCES, TRAP, UNSUBSCRIBE, VIEW
from journeys.models import Edition

LEAVE = signing.Signer(salt="journeys.unsubscribe", sep=".")
LOOK = signing.Signer(salt="journeys.view", sep=".")
# A picture of nothing, where nobody counts.
NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
LONGEST_TARGET = 2000
_TOKEN, _NUMBER = "TOKEN", 7007007


class ShortSigner(signing.Signer):
    """Signs in few letters, because its links stand in text messages; reads longer ones too."""

    LETTERS = 16

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        """Return 96 bits of a signature."""
        return super().signature(value, key)[: self.LETTERS]

    def unsign(self, signed_value: str) -> str:
        """Return what was signed.

        Raises:
            BadSignature: it was not signed by us.
        """
        if len(signed_value.rpartition(self.sep)[2]) > self.LETTERS:
            return signing.Signer(salt=self.salt, sep=self.sep).unsign(signed_value)
        return super().unsign(signed_value)


CLICK = ShortSigner(salt="journeys.click", sep=".")


class BadToken(ValueError):
    """A link that we did not sign, or that was changed."""


@dataclass(frozen=True, slots=True)
class House:
    """Where messages come from: the settings that the door passes in."""

    site: str
    sender: str
    rate: int = 50
    # To a server that is far away, at most so many from each process.
    connections: int = 1
    # Of senders of mail that name no server of their own; without one, letters become files.
    smtp_url: str = ""
    mail_dir: Path = Path("mail")
    # Where mail comes back to; empty: to its sender.
    bounces: str = ""
    # Of people whose own zone is not known.
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    # Besides the public net, where webhooks may go: "10.1.0.0/16".
    networks: tuple[str, ...] = ()
    # Besides our own site, where addresses lead and pictures come from that events tell.
    hosts: tuple[str, ...] = ()

    @property
    def brand(self) -> str:
        """The name in the sender's address, else the address."""
        name, _bracket, rest = self.sender.partition("<")
        return name.strip().strip('"') or rest.strip("> ")

    @property
    def domain(self) -> str:
        """The domain that Message-IDs end with."""
        return mime.address_of(self.sender).rpartition("@")[2] or "localhost"


@dataclass(frozen=True, slots=True)
class Way:
    """Where the links of one delivery lead; without `click` they lead to their targets."""

    house: House
    links: Sequence[str]
    leave: str = ""
    prefer: str = ""
    click: str = ""
    confirm: str = ""
    view: str = ""

    def __call__(self, number: int, resolve: wording.Resolve) -> str:
        """Return the address for the mark of a link, as `wording.fill` asks for it."""
        site = self.house.site
        if number == UNSUBSCRIBE:
            return self.leave
        if number == PREFERENCES:
            return site + path_of("customers_preferences", self.prefer)
        if number == CONFIRM:
            return site + path_of("content_confirm", self.confirm or "sample")
        if number == VIEW:
            return site + path_of("journeys:view", self.view) if self.view else site
        if number in {OPEN, TRAP}:
            return self._watch(number)
        return self._target(number, resolve)

    def _watch(self, number: int) -> str:
        """Return the address of the picture, or of the link that only programs follow."""
        if not self.click:
            return NOTHING if number == OPEN else self.house.site
        if number == TRAP:
            return self.house.site + path_of("journeys:click", self.click, 0)
        return self.house.site + path_of("journeys:open", self.click)

    def _target(self, number: int, resolve: wording.Resolve) -> str:
        target, token = str(self.links[abs(number)]), self.click
        if wording.MARK.search(target):
            whole = wording.MARK.fullmatch(target)
            target = resolve(target)[:LONGEST_TARGET]
            if whole and not self._trusted(target):
                return NOTHING if number < 0 else self.house.site
            target = wording.Links(self.house.site).absolute(target)
            if token:
                token = _sign_target(token, target)
        if number < 0 or not token:
            return target
        return self.house.site + path_of("journeys:click", token, number)

    def _trusted(self, target: str) -> bool:
        """Return whether an address that an event told leads to our own site, or to a friend.

        Anybody can send events in the name of somebody else.
        """
        if target.startswith("/"):
            return target[1:2] not in {"/", "\\"}
        try:
            parts = urlsplit(target)
            host, ours = parts.hostname or "", urlsplit(self.house.site).hostname or ""
        except ValueError:
            return False
        friends = [name for name in (ours, *self.house.hosts) if name]
        return parts.scheme in {"http", "https"} and any(
            host == name or host.endswith(f".{name}") for name in friends
        )


def path_of(name: str, token: str, number: int | None = None) -> str:
    """Return the path of one of our own addresses; its form is asked for once a process.

    Django's `reverse` thinks each address over anew: a third of what a mail costs.
    """
    if number is None:
        return _form(name).replace(_TOKEN, token)
    return _form(name, _NUMBER).replace(str(_NUMBER), str(number)).replace(_TOKEN, token)


@lru_cache(maxsize=20)
def _form(name: str, *numbers: int) -> str:
    return reverse(name, args=[_TOKEN, *numbers])


def return_path(*, sender: str, name: str, house: House) -> str:
    """Return where a mail comes back to: an address that names the delivery, else its sender's."""
    own = mime.address_of(sender)
    local, at, domain = house.bounces.partition("@")
    return f"{local}+{name}@{domain}" if at and "@" in own else own


def token(*, delivery: int) -> str:
    """Return what a delivery is called outside, in every try: in Message-IDs, and by providers.

    Nobody can make up one of another delivery, so that reports about it can be believed.
    """
    digest = salted_hmac("journeys.delivery", str(delivery), algorithm="sha256").hexdigest()
    return f"d{delivery}.{digest[:20]}"


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


def leave_url(house: House, *, contact_point: int, delivery: int) -> str:
    """Return the address of an unsubscribe link."""
    leave = leave_token(contact_point=contact_point, delivery=delivery)
    return house.site + path_of("journeys:unsubscribe", leave)


def view_token(*, delivery: int, edition: int) -> str:
    """Return what the link to a message as a page carries."""
    return LOOK.sign(f"{delivery:x}-{edition:x}")


def read_token(signer: signing.Signer, token: str) -> tuple[int, int]:
    """Return the two numbers of a token.

    Raises:
        BadToken: it was not signed by us.
    """
    first, second, _target = _read(signer, token)
    return first, second


def clicked(*, token: str, number: int) -> tuple[int, str]:
    """Return the delivery of a click link, and where it leads; link 0 leads nowhere.

    Raises:
        BadToken: we did not sign it, or the message has no such link.
    """
    delivery, edition, told = _read(CLICK, token)
    try:
        target = targets(edition)[number]
    except (Edition.DoesNotExist, IndexError) as error:
        raise BadToken(token[:80]) from error
    if not wording.MARK.search(target):
        return delivery, target
    if not told:
        raise BadToken(token[:80])
    return delivery, told


def _sign_target(token: str, target: str) -> str:
    """Return a click token that also carries its target: one that only this person's link has."""
    told = urlsafe_b64encode(target.encode()).decode().rstrip("=")
    return CLICK.sign(f"{CLICK.unsign(token)}-{told}")


def _read(signer: signing.Signer, token: str) -> tuple[int, int, str]:
    try:
        first, second, *told = signer.unsign(token).split("-", 2)
        target = told[0] if told else ""
        words = urlsafe_b64decode(target + "=" * (-len(target) % 4)).decode()
        return int(first, 16), int(second, 16), words
    except (signing.BadSignature, binascii.Error, ValueError) as error:
        raise BadToken(token[:80]) from error


@lru_cache(maxsize=500)
def targets(edition: int) -> tuple[str, ...]:
    """Return where the links of an edition lead; editions never change, so they are kept.

    Raises:
        Edition.DoesNotExist: there is no such edition.
    """
    return tuple(Edition.objects.values_list("links", flat=True).get(pk=edition))
