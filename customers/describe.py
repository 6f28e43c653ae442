"""Let a program tell what it knows about somebody: traits, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from customers import address, append, define, extend, forgotten, identify, segment, survive, trait
from customers.models import Alias, Profile, SegmentMember
from customers.trait import Observation


class Unfit(ValueError):
    """Some traits can't be told; `faults` says by key why."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {why}" for key, why in faults.items()))
        self.faults = faults


class Forgotten(ValueError):
    """This name or address is that of somebody who was erased; no program brings it back."""


def known_as(*, kind: str, value: str, at: datetime) -> tuple[Profile, bool]:
    """Return the profile of a name, and whether it was made just now.

    Raises:
        BadAlias: the value names nobody, or is too long.
        Forgotten: it was the name of somebody who was erased.
    """
    if forgotten.among(names=[(kind, value)]):
        raise Forgotten(value)
    before = Alias.objects.filter(kind=kind, value=value).exists()
    alias = identify.ensure_alias(kind=kind, value=value, at=at)
    if kind == Alias.Kind.USER:
        Profile.objects.filter(pk=alias.profile_id, is_known=False).update(is_known=True)
    return Profile.objects.get(pk=alias.profile_id), not before


def describe(*, profile_id: int, traits: Mapping[str, Any], source: str, at: datetime) -> None:
    """Let somebody tell traits; null takes back what the same name told before.

    Joins the caller's transaction. Segments are judged, and the floors above are told.

    Args:
        profile_id: whom it is about; who was merged passes it to the owner.
        traits: by key; what is not mentioned stays.
        source: who tells it, such as "api:<name of a token>".
        at: the moment.

    Raises:
        Unfit: a trait is counted by ourselves, of another type, or its key can't be one.
        Forgotten: an address among it is that of somebody who was erased.
    """
    if not traits:
        return
    with transaction.atomic():
        owner = append.hold(profile_ids=[profile_id]).get(profile_id, profile_id)
        alias = append.oldest_aliases(profile_ids=[owner])[owner]
        _check(traits, at)
        before = Profile.objects.values_list("traits", flat=True).get(pk=owner)
        points = _addresses({**before, **traits}, traits)
        if forgotten.among(names=[(forgotten.ADDRESS, one) for two in points for one in two[1:]]):
            raise Forgotten("An address among the traits is that of somebody who was erased.")
        trait.observe(
            observations=[Observation(alias, key, one, source, at) for key, one in traits.items()]
        )
        identify.write_contact_points(points=[(*one, owner, at, alias) for one in points])
        if points:
            Profile.objects.filter(pk=owner, is_known=False).update(is_known=True)
        changed = trait.recompute(profile_ids=[owner])
        recorded = segment.touched(
            profile_ids=sorted(changed), names=set(), traits=True,
            cause=SegmentMember.Cause.TRAIT, at=at,
        )  # fmt: skip
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)


def _check(traits: Mapping[str, Any], at: datetime) -> None:
    faults = {
        key: "A key has 1 to 200 characters."
        for key in traits
        if not 0 < len(key) <= define.LONGEST_KEY
    }
    fit = {key: [value] for key, value in traits.items() if key not in faults}
    meanings = define.learn(told=fit, at=at)
    for key, (value,) in fit.items():
        meaning = meanings.get(key)
        if meaning is None:
            continue
        if meaning.is_computed:
            faults[key] = "This trait is counted here; nobody tells it."
        elif value is not None:
            try:
                meaning.fitted(value)
            except survive.Misfit:
                faults[key] = f"This trait is of the type {meaning.type}."
    if faults:
        raise Unfit(faults)


def _addresses(all_of_it: Mapping[str, Any], told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the addresses among what is told: channel, normal form, as it was given."""
    country = address.country_of(all_of_it)
    found = []
    for channel in trait.ADDRESSES:
        value = told.get(channel)
        if isinstance(value, str):
            try:
                normal = address.normal(channel=channel, address=value, country=country)
            except address.BadAddress:
                continue
            found.append((channel, normal, value.strip()[:320]))
    return found
