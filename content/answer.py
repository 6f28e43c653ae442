"""Take what a visitor wrote into a form: a row, an event, traits, and consent with its proof."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from content import note, submit
from content.blocks import asked
from content.models import Form, Submission
from customers import define
from customers.models import Alias, ConsentEntry, Profile, Source

EVENT = "Form Submitted"
PERSONALIZATION = ConsentEntry.Purpose.PERSONALIZATION
# Whoever presses twice, or goes back and sends the same again, has sent it once.
ONCE_WITHIN = timedelta(minutes=10)
# Kinds of answers that reports may count; what people write freely stays in the submission.
COUNTED = {"choice", "number", "date", "tick"}


@dataclass(frozen=True, slots=True)
class Filled:
    """What a filled-in form says.

    Args:
        answers: short name, question, value of each.
        consents: the tick was set.
        locale: the language of its words.
        sender: what tells one visitor's browser from the next, for `ONCE_WITHIN`.
        evidence: page, truncated address, browser.
        context: of the events.
    """

    answers: list[list[Any]]
    consents: bool
    locale: str
    sender: str
    evidence: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """Return the answers by their short names."""
        return {key: value for key, _label, value in self.answers}


@transaction.atomic
def take(
    *,
    form: Form,
    page_id: int | None,
    source: Source,
    filled: Filled,
    anonymous_id: str | None,
    at: datetime,
) -> Submission | None:
    """Keep a filled-in form and tell the house; return None where it was kept a moment ago.

    An address that somebody else has already stays theirs, since anybody may type it: they are told
    to have sent the form, and nothing about them changes.

    Args:
        form: which.
        page_id: of the page on which it stood.
        source: whose events these are.
        filled: what it says.
        anonymous_id: the visitor's, where the browser keeps one because its person allowed that.
        at: when.

    Raises:
        customers.address.BadAddress: no mail can be sent to that address.
    """
    questions = {asked.key_of(one): one for one in form.fields}
    said = filled.said()
    email = next((said[key] for key, one in questions.items()
                  if one.block_type == "email" and key in said), None)  # fmt: skip
    row = _row(form, page_id, filled, at)
    kept, is_new = Submission.objects.get_or_create(key=row.key, defaults=_values(row))
    if not is_new:
        return None
    if email or anonymous_id:
        consent = questions.get(asked.CONSENT)
        mail = None
        if email and filled.consents and consent is not None:
            mail = submit.SignUp(
                form=form.slug,
                first_name=_of_kind(questions, said, "name"),
                email=email,
                words=consent.value["words"],
                locale=filled.locale,
                evidence=filled.evidence,
                context=filled.context,
            )
        told = note.Told(EVENT, _counted(form, questions, said), _traits(questions, said))
        alias, profile_id = note.act(
            source=source, told=told, email=email, anonymous_id=anonymous_id,
            context=filled.context, at=at,
        )  # fmt: skip
        if mail is not None and consent is not None:
            submit.sign_up(
                source=source, filled=mail, anonymous_id=alias.value,
                confirm=bool(consent.value["confirm"]), at=at,
            )  # fmt: skip
        kept.alias, kept.profile_id = alias, profile_id
        kept.save(update_fields=["alias", "profile"])
    return kept


def known(*, form: Form, anonymous_id: str, at: datetime) -> tuple[dict[str, Any], list[str]]:
    """Return what to fill in for a visitor, and which of the waiting questions to ask them.

    Sensitive traits are never shown again, nor what several people of one device would share.
    """
    alias = (
        Alias.objects
        .select_related("profile")
        .filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
        .first()
    )
    waiting = asked.waiting_keys(form.fields)
    most = len(waiting) if form.most_new is None else form.most_new
    if alias is None or alias.profile.state != Profile.State.ACTIVE:
        return {}, waiting[:most]
    if not note.may(anonymous_id=anonymous_id, purpose=PERSONALIZATION, at=at):
        return {}, waiting[:most]
    traits = alias.profile.traits
    private = define.kept_back(keys=list(traits))
    values: dict[str, Any] = {}
    for child in form.fields:
        if child.block_type == asked.CONSENT:
            continue
        key = asked.key_of(child)
        name = trait_name(child)
        if (child.value["trait"] or child.block_type == "email") and name in traits:
            values[key] = None if name in private else traits[name]
    ask = [key for key in waiting if key not in values][:most]
    shown = {key: value for key, value in values.items() if value is not None}
    return {key: value for key, value in shown.items() if key not in waiting}, ask


def trait_name(child: Any) -> str:
    """Return under which trait an answer is remembered: the usual name where there is one."""
    if child.block_type == "email":
        return "email"
    kind = child.value.get("kind") if child.block_type == "text" else None
    usual = {"name": "firstName", "surname": "lastName", "tel": "phone", "company": "company"}
    return usual.get(kind or "", str(child.value["key"]))


def forget(*, at: datetime) -> int:
    """Delete submissions of forms whose time is over; return how many."""
    gone = 0
    for form in Form.objects.filter(keep_days__isnull=False):
        before = at - timedelta(days=form.keep_days or 0)
        gone += Submission.objects.filter(form=form, at__lt=before).delete()[0]
    return gone


def _row(form: Form, page_id: int | None, filled: Filled, at: datetime) -> Submission:
    moment = int(at.timestamp() // ONCE_WITHIN.total_seconds())
    said = json.dumps([form.pk, filled.answers, filled.sender, moment], sort_keys=True)
    key = hashlib.sha256(said.encode()).hexdigest()
    return Submission(form=form, page_id=page_id, answers=filled.answers, key=key, at=at)


def _values(row: Submission) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("form", "page_id", "answers", "at")}


def _of_kind(questions: dict[str, Any], said: dict[str, Any], kind: str) -> str:
    for key, child in questions.items():
        if child.block_type == "text" and child.value["kind"] == kind:
            return str(said.get(key, ""))
    return ""


def _counted(form: Form, questions: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    answers = {
        key: value for key, value in said.items() if questions[key].block_type in COUNTED
    }  # fmt: skip
    return {"form": form.slug, **{f"answer_{key}": value for key, value in answers.items()}}


def _traits(questions: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    return {
        trait_name(child): said[key]
        for key, child in questions.items()
        if key in said and child.block_type != asked.CONSENT and child.value["trait"]
    }
