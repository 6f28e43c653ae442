"""Which variant of a slot a visitor sees, and why: for pages, programs, messages and previews."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from content import fault, tokens
from content.context import Context
from content.strategies import Asked, Because, Piece, Visitor, registry
from customers import consent, define, segment
from customers.models import Alias, ConsentEntry, Profile
from dxp.lib import ids

__all__ = [
    "DEFAULT", "Because", "Decision", "Visitor", "choose", "decide", "html", "is_held", "known",
    "markup", "say", "seen_by", "speaks", "values", "visitor",
]  # fmt: skip

DEFAULT = "default"
PERSONALIZATION = ConsentEntry.Purpose.PERSONALIZATION
UNKNOWN: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Decision:
    """What to show in one slot.

    Args:
        variant: the variant's id, or the name of a list, or "default".
        content: the blocks to show.
        because: the kind of reason.
        reason: the reason in words.
        meant: the variant that the control group would have seen; else the one that is shown.
        key: names the HTML within one revision of the page, the same for everybody.
        slot: the slot's id.
        who: for whom; `say` puts what is known of them into the HTML.
        at: when it was decided.
        locale: the language of the page, in which fragments are said.
    """

    variant: str
    content: Sequence[Piece]
    because: Because
    reason: str
    at: datetime = field(compare=False)
    meant: str = DEFAULT
    key: str = DEFAULT
    slot: str = ""
    who: Visitor | Because = Because.UNKNOWN
    locale: int | None = field(default=None, compare=False)

    @property
    def arm(self) -> str:
        """Which side of the comparison this is: variant, control or default."""
        if self.because is Because.CONTROL:
            return "control"
        return "default" if self.variant == DEFAULT else "variant"

    @property
    def speaks(self) -> bool:
        """Return whether the content holds words about the visitor, of whom something is known."""
        known = isinstance(self.who, Visitor) and bool(self.who.traits)
        return known and speaks(self.content, self.locale)


def visitor(*, anonymous_id: str, at: datetime) -> Visitor | Because:
    """Return who an anonymous id is now, or why that must not be asked.

    Costs three queries at most, however many slots and segments there are.
    """
    alias = (
        Alias.objects
        .select_related("profile")
        .filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
        .first()
    )
    if alias is None or alias.profile.state != Profile.State.ACTIVE:
        return Because.UNKNOWN
    return _allowed(alias.profile, [alias.pk], at)


def known(
    *, at: datetime, user_id: str | None = None, profile_id: int | None = None
) -> Visitor | Because:
    """Return who a user id or a profile is now, or why that must not be asked.

    For programs and messages. A profile is asked for all its names: one refusal is a no.
    """
    which: dict[str, Any] = {"pk": profile_id}
    if user_id is not None:
        which = {"aliases__kind": Alias.Kind.USER, "aliases__value": user_id}
    found = Profile.objects.filter(state=Profile.State.ACTIVE, **which).first()
    if found is None:
        return Because.UNKNOWN
    aliases = list(Alias.objects.filter(profile=found).values_list("pk", flat=True))
    return _allowed(found, aliases, at)


def seen_by(user: define.Viewer, who: Visitor | Because) -> Visitor | Because:
    """Return a visitor without the traits that a colleague, or a program's owner, may not see."""
    if isinstance(who, Because):
        return who
    sight = define.sight(user=user)
    return replace(
        who, traits={key: one for key, one in who.traits.items() if not sight.hides(key)}
    )


def choose(
    *,
    slot: Any,
    page: Any,
    who: Visitor | Because,
    context: Context,
    at: datetime,
    control: bool = True,
) -> Decision:
    """Return what one visitor sees in a slot (a stream child).

    The control group is drawn from the people whom the slot would have shown something, by a stable
    bucket of slot and person, so that both arms hold the same kind of people. Whatever fails shows
    the default.
    """
    value = slot.value

    def standing(because: Because, reason: str, meant: str = DEFAULT) -> Decision:
        return Decision(
            DEFAULT, value["default"], because, reason, at, meant=meant, slot=slot.id, who=who,
            locale=page.locale_id,
        )  # fmt: skip

    if isinstance(who, Because):
        return standing(who, _reason(who))
    asked = Asked(slot, page, who, context, timezone.get_default_timezone_name())
    try:
        chosen = registry.get(value["strategy"])().choose(asked)
    except Exception as error:  # noqa: BLE001 - a slot that fails shows its default
        fault.note(page_id=page.pk, block=slot.id, kind="personal_slot", error=error, at=at)
        return standing(Because.FAILED, _reason(Because.FAILED))
    if chosen is None:
        return standing(Because.NO_MATCH, _reason(Because.NO_MATCH))
    if control and is_held(asked.salt, value["control"], who):
        reason = _("%(reason)s But in the control group.") % {"reason": chosen.words}
        return standing(Because.CONTROL, reason, chosen.variant)
    return Decision(
        chosen.variant, chosen.content, chosen.because, chosen.words, at, meant=chosen.variant,
        key=chosen.key or chosen.variant, slot=slot.id, who=who, locale=page.locale_id,
    )  # fmt: skip


def is_held(salt: str, share: int | None, who: Visitor) -> bool:
    """Return whether somebody is in the control group of the slot that this salt is of."""
    return bool(share) and ids.bucket(salt, who.subject, 100) < (share or 0)


def decide(
    *,
    slots: Mapping[str, Any],
    wanted: Collection[str],
    page: Any,
    who: Visitor | Because,
    context: Context,
    at: datetime,
    control: bool = True,
) -> dict[str, Decision]:
    """Return a decision for each wanted slot that exists.

    The same for the fragment call, the page cache, the headless API and messages. Only previews
    leave the control group out.
    """
    return {
        slot_id: choose(
            slot=slots[slot_id], page=page, who=who, context=context, at=at, control=control
        )
        for slot_id in dict.fromkeys(wanted)
        if slot_id in slots
    }


def html(decision: Decision, page: Any, request: Any) -> str:
    """Return what a visitor sees in the slot; empty where a block failed and the default stays."""
    return say(markup(decision, page, request), decision.who)


def markup(decision: Decision, page: Any, request: Any) -> str:
    """Return the HTML of a decision as it is for everybody: tokens are still in it.

    A cache may keep it by the page's revision, the slot and `decision.key`. Empty where a block
    failed: the fault is noted, and the default that stands in the page is right.
    """
    context = {"request": request, "page": page}
    found, well = fault.rendered(decision.content, context, page_id=page.pk, at=decision.at)
    return str(found) if well else ""


def say(text: str, who: Visitor | Because) -> str:
    """Return HTML with its tokens filled in for a visitor, or with their fallbacks."""
    if "{{" not in text:
        return text
    if isinstance(who, Because):
        return tokens.plain(text)
    return tokens.fill(text, values(who.traits, tokens.names(text)))


def values(traits: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of these traits that may be shown to whoever sits before the browser.

    Never an address, a birthday or what is especially protected: a browser may be shared.
    """
    found = {name: tokens.find(name, traits.keys()) for name in names}
    keys = [key for key in found.values() if key]
    allowed = define.sayable(keys=keys) if keys else frozenset()
    return {name: traits[key] for name, key in found.items() if key in allowed}


def speaks(content: Any, locale: int | None) -> bool:
    """Return whether blocks, or fragments that they only name, hold words about the visitor."""
    if not hasattr(content, "get_prep_value"):
        # A list of pages.
        return False
    raw = content.get_prep_value()
    if "{{" in json.dumps(raw, default=str):
        return True
    named = (content[place].value for place, one in enumerate(raw) if one["type"] == "fragment")
    said = (one.said_in(locale) for one in named if one is not None)
    return any("{{" in json.dumps(one.body.get_prep_value(), default=str) for one in said if one)


def _allowed(profile: Profile, aliases: list[int], at: datetime) -> Visitor | Because:
    answers = set(consent.ask(aliases=aliases, purpose=PERSONALIZATION, at=at).values())
    no = answers - {consent.Answer.YES, consent.Answer.SILENT}
    if consent.Answer.CONFLICT in answers:
        return Because.ASK_AGAIN
    if no or consent.Answer.YES not in answers:
        return Because.NO_CONSENT
    # The public id outlives a new cookie of a person who is recognized, so that the arm stays.
    return Visitor(
        str(profile.public_id), frozenset(segment.members_of(profile.pk)), profile.pk,
        profile.traits if isinstance(profile.traits, dict) else UNKNOWN,
    )  # fmt: skip


def _reason(because: Because) -> str:
    return {
        Because.NO_MATCH: _("In none of the audiences."),
        Because.UNKNOWN: _("Nobody we know."),
        Because.NO_CONSENT: _("Has not allowed cookies."),
        Because.ASK_AGAIN: _("Allowed it in one browser and refused it in another."),
        Because.BOT: _("A robot."),
        Because.FAILED: _("It failed; somebody is told."),
    }[because]
