"""Look at a page as somebody else: as an audience, a persona, a real person, at another time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext as _

from content import context, personalize, tokens
from content.models import Persona, PublicPage
from content.personalize import Because, Decision, Visitor
from customers.models import Profile

AUDIENCE, PERSONA, PROFILE = "audience-", "persona-", "profile-"
SEES_PEOPLE = "customers.view_profile"
# Wagtail shows any mode that an address names: what is not offered to everybody is signed.
SIGNED = "look:"
_SALT = "content.look"
LASTS = 3600


@dataclass(frozen=True)
class Wish:
    """How a page shall be looked at.

    Args:
        as_: "audience-3", "persona-4", "profile-<public id>", or empty: nothing is known.
        at: the moment; None is now.
        came: how they came, as `context.told` reads it.
    """

    as_: str = ""
    at: datetime | None = None
    came: Mapping[str, str] = field(default_factory=dict)

    def mode(self, *, by: int) -> str:
        """Return the name of the preview that shows this, signed for one colleague and a while."""
        told = [by, self.as_, self.at.isoformat() if self.at else "", dict(self.came)]
        return SIGNED + signing.dumps(told, salt=_SALT, compress=True)


@dataclass(frozen=True)
class Seen:
    """What somebody sees: decisions by slot, who they are, and how tokens are said."""

    decisions: dict[str, Decision]
    who: Visitor | Because
    say: Callable[[str], str]


def modes(page: PublicPage) -> list[tuple[str, str]]:
    """Return ways to look at a page: as its audiences, and as personas."""
    named = {
        f"{AUDIENCE}{segment.pk}": _("As %(segment)s") % {"segment": segment.name}
        for slot in page.slots().values()
        for variant in slot.value["variants"]
        if (segment := variant["audience"]) and segment.slug
    }
    personas = Persona.objects.values_list("pk", "name")
    return [
        *named.items(),
        *((f"{PERSONA}{pk}", _("As %(persona)s") % {"persona": name}) for pk, name in personas),
    ]


def see(page: PublicPage, mode: str, *, by: Any, at: datetime) -> Seen:
    """Return what stands in a page that is previewed in this mode; of an unknown one, the default.

    `by` is who looks: what was signed for somebody else shows the default, and of a real person
    they read the traits that they may see.

    The control group is left out, except for real people: those see what they see.
    """
    wish = _read(mode or "", getattr(by, "pk", None))
    moment = wish.at or at
    who, came = _who(wish, by, moment), dict(wish.came)
    if wish.as_.startswith(PERSONA) and not came:
        came = _came(wish.as_)
    decisions = personalize.decide(
        slots=page.slots(), wanted=page.slots(), page=page, who=who,
        context=context.told(came, at=moment), at=moment,
        control=wish.as_.startswith(PROFILE),
    )  # fmt: skip
    say = tokens.plain if isinstance(who, Because) else partial(personalize.say, who=who)
    return Seen(decisions, who, say)


def person(public_id: str) -> Profile | None:
    """Return whom a way to look names."""
    try:
        return Profile.objects.filter(public_id=UUID(public_id)).first()
    except ValueError:
        return None


def _read(mode: str, by: int | None) -> Wish:
    if not mode.startswith(SIGNED):
        # What anybody may name: never a person.
        return Wish(mode) if mode.startswith((AUDIENCE, PERSONA)) else Wish()
    try:
        told = signing.loads(mode.removeprefix(SIGNED), salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return Wish()
    signed_for, as_, moment, came = told
    if signed_for != by:
        return Wish()
    return Wish(as_, datetime.fromisoformat(moment) if moment else None, came)


def _who(wish: Wish, by: Any, at: datetime) -> Visitor | Because:
    kind, _dash, number = wish.as_.partition("-")
    if wish.as_.startswith(PROFILE):
        found = person(number)
        if found is None or by is None or not by.has_perm(SEES_PEOPLE):
            return Because.UNKNOWN
        return personalize.seen_by(by, personalize.known(profile_id=found.pk, at=at))
    if not number.isdigit() or len(number) > 9:
        return Because.UNKNOWN
    if wish.as_.startswith(AUDIENCE):
        return Visitor(wish.as_, frozenset({int(number)}), viewed=())
    persona = Persona.objects.prefetch_related("segments").filter(pk=int(number)).first()
    if persona is None or kind != "persona":
        return Because.UNKNOWN
    segments = frozenset(one.pk for one in persona.segments.all())
    traits: dict[str, Any] = persona.traits if isinstance(persona.traits, dict) else {}
    return Visitor(wish.as_, segments, traits=traits, viewed=())


def _came(as_: str) -> dict[str, str]:
    found = Persona.objects.filter(pk=int(as_.removeprefix(PERSONA))).values_list("context")
    told: Any = next(iter(found), ({},))[0]
    return dict(told) if isinstance(told, dict) else {}
