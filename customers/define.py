"""What traits mean: definitions are made when a key is first seen, and say who may see a value."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from customers import survive
from customers.models import ComputedTrait, Event, Profile, TraitDef
from dxp.lib import rows

LONGEST_KEY = 200
# Beyond this a sender makes up keys; their values are kept and not defined.
MOST_KEYS = 2000
DOTS = "•••••"
RIGHTS = {kind: f"customers.see_{kind}" for kind in ("name", "contact", "birth", "sensitive")}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the fold has to know about a key."""

    type: str = ""
    how: str = "most_recent"
    ranks: tuple[str, ...] = ()
    is_computed: bool = False

    def fitted(self, value: Any) -> Any:
        """Return a value in the form of its type; without a type anything goes.

        Raises:
            Misfit: it is of another type.
        """
        if self.is_computed:
            raise survive.Misfit("counted, not told")
        return survive.fitted(self.type, value) if self.type else value

    def rank(self, source: str) -> int:
        """Return the place of a source, 0 the most trusted."""
        return self.ranks.index(source) if source in self.ranks else len(self.ranks)


UNDEFINED = Meaning()


class Viewer(Protocol):
    """Somebody who has rights."""

    def has_perm(self, perm: str, /) -> bool:
        """Return whether they have that right."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one viewer may see of people; made once for a page or an answer."""

    hidden_kinds: frozenset[str]
    hidden_keys: frozenset[str]

    def hides(self, key: str) -> bool:
        """Return whether a trait's values are hidden from this viewer."""
        return key in self.hidden_keys

    def shown(self, key: str, value: Any) -> Any:
        """Return a trait's value, or dots where this viewer may not see it.

        An address of a profile is asked for as `email` or `phone`, whatever traits there are.
        """
        return DOTS if value is not None and self.hides(key) else value

    def person(self, profile: Profile) -> Profile:
        """Return a copy of a profile that knows only what this viewer may see, its name too."""
        seen = copy.copy(profile)
        if self.hidden_keys and isinstance(profile.traits, dict):
            seen.traits = {key: one for key, one in profile.traits.items() if not self.hides(key)}
        return seen

    def event(self, event: Event) -> Event:
        """Return an event with dots for hidden traits that it tells."""
        if self.hidden_keys and event.type == Event.Type.IDENTIFY:
            event.properties = self.traits(event.properties)
        return event

    def traits(self, traits: Mapping[str, Any]) -> dict[str, Any]:
        """Return all traits of a person as this viewer may see them."""
        return {key: self.shown(key, value) for key, value in traits.items()}


def sight(*, user: Viewer) -> Sight:
    """Return what this user may see: every door that shows traits asks it, with one query.

    ``define.sight(user=request.user).shown("email", value)`` is the value, or dots.
    """
    hidden = frozenset(kind for kind, right in RIGHTS.items() if not user.has_perm(right))
    if not hidden:
        return Sight(hidden, frozenset())
    keys = dict(TraitDef.objects.exclude(pii="none").values_list("key", "pii"))
    # Addresses and names stand on a page also where no such trait was ever told.
    usual = {key: survive.privacy_of(key) for key in ("email", "phone", "name")}
    kinds = {**usual, **keys}
    return Sight(hidden, frozenset(key for key, kind in kinds.items() if kind in hidden))


def kept_back(*, keys: Iterable[str]) -> frozenset[str]:
    """Return those of these traits that are never shown back to a browser, since others use it."""
    found = TraitDef.objects.filter(key__in=list(keys), pii="sensitive")
    return frozenset(found.values_list("key", flat=True))


def sayable(*, keys: Iterable[str]) -> frozenset[str]:
    """Return those of these traits that may be said to whoever sits before a person's browser.

    Single values that are a name or not personal by themselves; what nobody defined is not said.
    """
    found = TraitDef.objects.filter(key__in=list(keys), pii__in=["none", "name"])
    return frozenset(found.exclude(type__in=["list", "object"]).values_list("key", flat=True))


def meanings(*, keys: Iterable[str]) -> dict[str, Meaning]:
    """Return what the defined ones of these keys mean."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT d.key, d.type, d.survivorship, d.ranks::text, c.id IS NOT NULL "
            "FROM customers_traitdef d LEFT JOIN customers_computedtrait c ON c.trait_id = d.id "
            "WHERE d.key = ANY(%s::text[])",
            [rows.array(sorted(keys))],
        )
        return {
            key: Meaning(kind, how, tuple(orjson.loads(ranks)), is_computed)
            for key, kind, how, ranks, is_computed in cursor.fetchall()
        }


def learn(*, told: Mapping[str, Sequence[Any]], at: datetime) -> dict[str, Meaning]:
    """Return what keys mean; one that is new is defined by the values told for it here."""
    known = meanings(keys=told)
    new = {
        key: [value for value in values if value is not None]
        for key, values in told.items()
        if key not in known and 0 < len(key) <= LONGEST_KEY
    }
    new = {key: values for key, values in new.items() if values}
    if new and TraitDef.objects.count() + len(new) <= MOST_KEYS:
        TraitDef.objects.bulk_create(
            [_guessed(key, values, at) for key, values in sorted(new.items())],
            ignore_conflicts=True,
        )
        known |= meanings(keys=new)
    return known


def is_computed(*, key: str) -> bool:
    """Return whether a trait is counted, so that nobody can tell it."""
    return ComputedTrait.objects.filter(trait__key=key).exists()


def _guessed(key: str, values: Sequence[Any], at: datetime) -> TraitDef:
    kind = survive.kind_of(values)
    told = ("text", "date", "moment", "object", "list", "number")
    pii = survive.privacy_of(key) if kind in told else TraitDef.Pii.NONE
    if pii == TraitDef.Pii.NONE and all(map(_is_address, values)):
        pii = TraitDef.Pii.CONTACT
    if pii in (TraitDef.Pii.NAME, TraitDef.Pii.CONTACT) and kind == TraitDef.Type.NUMBER:
        # The first phone number came without its plus sign; the next one will not.
        kind = TraitDef.Type.TEXT
    return TraitDef(key=key, type=kind, pii=pii, created_at=at)


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and survive.ADDRESS.fullmatch(value) is not None
