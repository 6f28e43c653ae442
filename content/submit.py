"""Take a filled-in form: what was said becomes events, and consent with its proof."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction

from content import extend, note
from customers import append, consent, forgotten, identify
from customers.models import Alias, ConsentEntry, ConsentNotice, ContactPoint, Source

MARKETING = ConsentEntry.Purpose.MARKETING
CONFIRM_WITHIN = timedelta(days=7)
ASK_AGAIN_AFTER = timedelta(minutes=10)
_SIGNER = signing.Signer(salt="content.confirm", sep=".")
# What visitors decide in the banner, each for itself.
OF_VISITORS = (ConsentEntry.Purpose.TRACKING, ConsentEntry.Purpose.PERSONALIZATION)


class BadToken(ValueError):
    """A link that we did not sign, or that was changed."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a filled-in form says.

    Args:
        form: its name.
        first_name: as it was typed.
        email: as it was typed.
        words: what the tick allows, as it was read.
        locale: the language of the words.
        evidence: page, truncated address, browser.
        context: of the events.
    """

    form: str
    first_name: str
    email: str
    words: str
    locale: str
    evidence: dict[str, Any]
    context: dict[str, Any]


@transaction.atomic
def sign_up(
    *, source: Source, filled: SignUp, anonymous_id: str | None, confirm: bool, at: datetime
) -> None:
    """Record that a person signed up and may be written to; or ask the address first.

    A visitor without a cookie gets an id for this one act, which the browser never learns.

    Args:
        source: whose events these are.
        filled: the form.
        anonymous_id: the visitor's, if the browser has one.
        confirm: the address must say yes itself, by the button behind a link in a mail to it.
        at: when.

    Raises:
        customers.address.BadAddress: no mail can be sent to that address.
    """
    anonymous_id = note.living(anonymous_id) or str(uuid.uuid4())
    # Who was erased and comes back does so by their own hand: their address counts again.
    forgotten.readmit(names=[(forgotten.ADDRESS, filled.email)])
    alias = identify.ensure_alias(kind="anonymous", value=anonymous_id, at=at)
    point = identify.ensure_contact_point(
        profile_id=alias.profile_id, channel="email", address=filled.email, at=at
    )
    evidence = {"form": filled.form, **filled.evidence}
    notice = consent.notice(
        name=f"form:{filled.form}", locale=filled.locale, text=filled.words, at=at
    )
    if confirm and not _is_sure(point, at):
        _ask_address(point, notice, {**evidence, "asked": _asked(filled, anonymous_id)}, at)
        return
    _tell(source, point, anonymous_id, _asked(filled, anonymous_id), at)
    consent.record(
        purpose=MARKETING,
        channel="email",
        state=ConsentEntry.State.GRANTED,
        method="form",
        contact_point=point,
        notice=notice,
        evidence=evidence,
        at=at,
    )


def _asked(filled: SignUp, anonymous_id: str) -> dict[str, Any]:
    """Return what becomes of a form once it counts: enough to do so days later."""
    return {
        "form": filled.form, "first_name": filled.first_name, "visitor": anonymous_id,
        "context": filled.context,
    }  # fmt: skip


def _is_sure(point: ContactPoint, at: datetime) -> bool:
    answers = consent.ask(contact_points=[point.pk], purpose=MARKETING, channel="email", at=at)
    return answers[point.pk] in {consent.Answer.YES, consent.Answer.PAUSED}


def _ask_address(
    point: ContactPoint, notice: ConsentNotice, evidence: dict[str, Any], at: datetime
) -> None:
    pending = ConsentEntry.objects.filter(
        contact_point=point, state=ConsentEntry.State.PENDING, at__gt=at - ASK_AGAIN_AFTER
    )
    if pending.exists():
        # Whoever types a stranger's address again and again fills no mailbox.
        return
    entry = consent.record(
        purpose=MARKETING,
        channel="email",
        state=ConsentEntry.State.PENDING,
        method="form",
        contact_point=point,
        notice=notice,
        evidence=evidence,
        at=at,
    )
    extend.content_confirmation_asked(entry=entry, at=at)


def confirm_token(*, entry: int) -> str:
    """Return what the link in a mail carries that asks an address whether it meant it."""
    return _SIGNER.sign(f"{entry:x}")


def asked(*, token: str) -> ConsentEntry | None:
    """Return what a link asks to confirm; None once the person was erased.

    Raises:
        BadToken: it was not signed by us.
    """
    try:
        number = int(_SIGNER.unsign(token), 16)
    except (signing.BadSignature, ValueError) as error:
        raise BadToken(token[:80]) from error
    found = ConsentEntry.objects.select_related("contact_point", "notice")
    return found.filter(pk=number, state=ConsentEntry.State.PENDING, forgotten_at=None).first()


def is_too_late(*, entry: ConsentEntry, at: datetime) -> bool:
    """Return whether a question was asked too long ago to be answered."""
    return entry.at + CONFIRM_WITHIN < at


@transaction.atomic
def confirm(*, source: Source, entry: ConsentEntry, evidence: dict[str, Any], at: datetime) -> bool:
    """Take the yes of an address; return whether it was the first.

    The proof holds both moments: of the form, and of the button behind the link.
    """
    point = entry.contact_point
    if point is None or is_too_late(entry=entry, at=at):
        return False
    append.hold(profile_ids=[point.profile_id])
    if ConsentEntry.objects.filter(contact_point=point, evidence__entry=entry.pk).exists():
        return False
    said = {key: value for key, value in entry.evidence.items() if key != "asked"}
    told = entry.evidence["asked"]
    _tell(source, point, told["visitor"], told, at)
    consent.record(
        purpose=MARKETING,
        channel="email",
        state=ConsentEntry.State.GRANTED,
        method="double-opt-in",
        contact_point=point,
        notice=entry.notice,
        evidence={
            **said, "entry": entry.pk, "asked_at": entry.at.isoformat(),
            "confirmed_at": at.isoformat(), "confirmed_from": evidence,
        },
        at=at,
    )  # fmt: skip
    return True


def _tell(
    source: Source, point: ContactPoint, anonymous_id: str, told: dict[str, Any], at: datetime
) -> None:
    traits = {"firstName": told["first_name"]} if told["first_name"] else {}
    note.act(
        source=source,
        told=note.Told("Signed Up", {"form": told["form"]}, traits),
        email=point.value,
        anonymous_id=anonymous_id,
        context=told["context"],
        at=at,
    )


@transaction.atomic
def decide(
    *,
    anonymous_id: str | None,
    allowed: Collection[str],
    words: str,
    locale: str,
    evidence: dict[str, Any],
    at: datetime,
) -> str | None:
    """Record a visitor's decision about each use; return the anonymous id to keep, if any.

    A refusal by somebody who never allowed anything leaves no row: there is nobody to write down.
    """
    known = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id or "").first()
    if not allowed and known is None:
        return None
    kept = note.living(anonymous_id) or str(uuid.uuid4())
    alias = known or identify.ensure_alias(kind="anonymous", value=kept, at=at)
    notice = consent.notice(name="banner", locale=locale, text=words, at=at)
    for purpose in OF_VISITORS:
        consent.record(
            purpose=purpose,
            state=_state(alias, purpose, purpose in allowed, at),
            method="banner",
            alias=alias,
            notice=notice,
            evidence=evidence,
            at=at,
        )
    return kept if allowed else None


def follows(*, anonymous_id: str, at: datetime) -> bool:
    """Return whether any use of this visitor's data is allowed."""
    aliases = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
    ids = list(aliases.values_list("pk", flat=True))
    return any(consent.may(aliases=ids, purpose=purpose, at=at) for purpose in OF_VISITORS)


def _state(alias: Alias, purpose: str, allowed: bool, at: datetime) -> str:
    if allowed:
        return ConsentEntry.State.GRANTED
    answers = consent.ask(aliases=[alias.pk], purpose=purpose, at=at)
    had = answers[alias.pk] in {consent.Answer.YES, consent.Answer.CONFLICT}
    return ConsentEntry.State.WITHDRAWN if had else ConsentEntry.State.DENIED
