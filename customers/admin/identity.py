"""Who is who, on a person's page: names, why they are one person, what was done and undone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from customers import define
from customers.models import (
    Alias,
    AliasOwnership,
    IdentityChange,
    IdentityLink,
    MergeReview,
    Profile,
)

HISTORY = 50
MERGE = "customers.merge_profile"


def panel(*, profile: Profile, aliases: list[Alias], user: Any) -> dict[str, Any]:
    """Return what `customers/profile/_identity.html` shows to this user."""
    may_merge = user.has_perm(MERGE)
    return {
        "profile": profile,
        "aliases": aliases,
        "shared": shared(aliases),
        "links": links(aliases),
        "reviews": reviews(aliases, define.sight(user=user)) if may_merge else [],
        "changes": changes(profile, aliases),
        "may_merge": may_merge and profile.state == Profile.State.ACTIVE,
    }


def links(aliases: list[Alias]) -> list[IdentityLink]:
    """Return what was said about which names are one person, refused claims included."""
    mine = Q(a__in=aliases) | Q(b__in=aliases)
    found = IdentityLink.objects.filter(mine).select_related("a", "b", "by", "revoked_by")
    return list(found.order_by("-at", "-pk")[:HISTORY])


def shared(aliases: list[Alias]) -> list[AliasOwnership]:
    """Return when devices of this person were in other hands, and theirs of others."""
    mine = Q(alias__in=aliases) | Q(holder__in=aliases)
    found = AliasOwnership.objects.filter(mine).select_related("alias", "holder")
    return list(found.order_by("valid", "pk")[:HISTORY])


def reviews(aliases: list[Alias], eyes: define.Sight) -> list[dict[str, Any]]:
    """Return who else may be this person, and why that was not decided without staff."""
    waiting = MergeReview.objects.filter(
        Q(a__in=aliases) | Q(b__in=aliases), state=MergeReview.State.OPEN
    ).select_related("a__profile", "b__profile")
    mine = {one.pk for one in aliases}
    found: dict[int, dict[str, Any]] = {}
    for one in waiting.order_by("-at", "-pk")[:HISTORY]:
        other = one.b if one.a_id in mine else one.a
        if other.pk not in mine:
            found.setdefault(
                other.profile_id,
                {"profile": eyes.person(other.profile), "why": one.get_reason_display()},
            )
    return list(found.values())


def changes(profile: Profile, aliases: list[Alias]) -> list[dict[str, Any]]:
    """Return how this person came to be one, and apart again, the latest first."""
    homes = {one.home_profile_id for one in aliases} | {profile.pk}
    found = IdentityChange.objects.filter(Q(kept__in=homes) | Q(other__in=homes))
    journal = found.select_related("other", "by", "link").order_by("-at", "-pk")[:HISTORY]
    return [
        {
            "change": one,
            "who": one.by or _("by itself"),
            "names": len({alias for alias, _from, _to in one.moved}),
        }
        for one in journal
    ]
