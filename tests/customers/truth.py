"""What must hold of identity at any time, computed from scratch."""

from __future__ import annotations

from customers import rollup
from customers.models import (
    Alias,
    AliasOwnership,
    ContactPoint,
    Event,
    EventDay,
    IdentityLink,
    Profile,
)


def owners(names, links):
    """Return whose each name is: (id, home, born) of names, pairs of ids; by joining groups."""
    group = {number: number for number, _, _ in names}

    def root(number):
        while group[number] != number:
            number = group[number]
        return number

    for a, b in links:
        group[root(a)] = root(b)
    oldest = {}
    for number, home, born in names:
        key = root(number)
        oldest[key] = min(oldest.get(key, (born, number, home)), (born, number, home))
    return {number: oldest[root(number)][2] for number, _, _ in names}


def links():
    held = IdentityLink.objects.filter(refused="", revoked_at=None)
    return list(held.values_list("a_id", "b_id"))


def holds():
    """Check that names, events and counts are where a rebuild would put them."""
    names = list(Alias.objects.values_list("id", "home_profile_id", "first_seen_at"))
    wanted = owners(names, links())
    assert dict(Alias.objects.values_list("id", "profile_id")) == wanted
    hands = list(AliasOwnership.objects.values_list("alias_id", "holder_id", "valid"))
    for event in Event.objects.overlaid():
        holder = next(
            (
                holder
                for alias, holder, valid in hands
                if alias == event.alias_id
                and (valid.lower is None or valid.lower <= event.at)
                and (valid.upper is None or event.at < valid.upper)
            ),
            event.alias_id,
        )
        assert event.owner_id == wanted[holder], f"{event.name} of {event.alias_id} at {event.at}"
    before = counts()
    rollup.rebuild(profile_ids=list(Profile.objects.values_list("pk", flat=True)))
    drift = sorted(before ^ counts(), key=str)
    assert drift == [], drift
    for profile in Profile.objects.all():
        mine = set(Event.objects.of(profile).values_list("id", flat=True))
        assert mine == {one.id for one in Event.objects.overlaid() if one.owner_id == profile.pk}
        assert (profile.state == "ACTIVE") == (profile.pk in wanted.values())


def counts():
    return set(EventDay.objects.values_list("profile_id", "matcher_id", "day", "n", "amount"))


def picture():
    """Return all that an undoing must bring back."""
    return {
        "owners": dict(Alias.objects.values_list("id", "profile_id")),
        "profiles": {
            (one.pk, one.state, str(sorted(one.traits.items())), one.is_known, one.created_at,
             one.last_seen_at)
            for one in Profile.objects.all()
        },
        "counts": counts(),
        "addresses": dict(ContactPoint.objects.values_list("value", "profile_id")),
    }  # fmt: skip
