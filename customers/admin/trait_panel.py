"""What we know about a person: each trait with where it came from, and what was told before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.log_actions import log

from customers import define, survive, trait
from customers.admin import wording
from customers.define import Meaning, Sight
from customers.models import ComputedValue, Profile, Source, TraitDef, TraitObservation
from dxp.lib import clock
from dxp.users.models import User

# Of one person's traits; what was told before that stands in the database.
MOST = 1000
OLDER = 10
TELL = "customers.change_profile"


@dataclass(slots=True)
class Said:
    """One value, as this reader may see it."""

    value: str
    source: str
    at: datetime | None
    is_fit: bool = True


@dataclass(slots=True)
class Row:
    """One trait: what counts now, and what else was told."""

    key: str
    label: str
    value: str = ""
    source: str = ""
    at: datetime | None = None
    is_hidden: bool = False
    others: list[Said] = field(default_factory=list)


def panel(*, profile: Profile, user: Any) -> dict[str, Any]:
    """Return what `customers/profile/_traits.html` shows to this user."""
    traits = profile.traits if isinstance(profile.traits, dict) else {}
    told = _told(profile)
    known = {one.key: one for one in TraitDef.objects.filter(key__in={*traits, *told})}
    meanings = define.meanings(keys=known)
    counted = dict(
        ComputedValue.objects.filter(profile=profile, value__isnull=False).values_list(
            "computed__trait__key", "computed_at"
        )
    )
    eyes = define.sight(user=user)
    sources = _sources(told)
    rows = [
        _row(key, traits, told.get(key, []), meanings.get(key, define.UNDEFINED), eyes, sources)
        for key in sorted({*traits, *told})
    ]
    for row in rows:
        row.label = known[row.key].label if row.key in known else ""
        if row.key in counted:
            row.source, row.at = _("counted from events"), counted[row.key]
    may_tell = user.has_perm(TELL) and profile.state == Profile.State.ACTIVE
    open_keys = [one for one in known.values() if one.key not in counted] if may_tell else []
    return {
        "rows": [row for row in rows if row.value or row.others],
        "tell": [(one.key, str(one)) for one in open_keys if not eyes.hides(one.key)],
        "profile": profile,
    }


@require_POST
def tell(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a trait by hand, and come back to the person's page.

    Raises:
        PermissionDenied: this user may not change people, or not see this trait.
    """
    profile = get_object_or_404(Profile, pk=pk)
    key, text = request.POST.get("key", ""), request.POST.get("value", "").strip()
    if not request.user.has_perm(TELL) or define.sight(user=request.user).hides(key):
        raise PermissionDenied
    meaning = TraitDef.objects.filter(key=key).first()
    value: Any = text or None
    if meaning is not None and meaning.type == TraitDef.Type.LIST and text:
        value = [word.strip() for word in text.split(",") if word.strip()]
    try:
        trait.tell(
            profile_id=profile.pk, key=key, value=value, by=int(request.user.pk or 0),
            at=clock.now(),
        )  # fmt: skip
    except trait.NoSuchTrait as error:
        messages.error(request, _(str(error)))
    else:
        log(instance=profile, action="wagtail.edit", user=request.user, data={"trait": key})
        messages.success(request, _("“%(key)s” was saved.") % {"key": meaning or key})
    return redirect("customers_profiles:inspect", profile.pk)


def _told(profile: Profile) -> dict[str, list[TraitObservation]]:
    """Return what was told of each trait, the latest first."""
    found = TraitObservation.objects.filter(alias__profile=profile)
    told: dict[str, list[TraitObservation]] = defaultdict(list)
    for one in found.order_by("-observed_at", "-id")[:MOST]:
        told[one.key].append(one)
    return told


def _row(
    key: str,
    traits: Mapping[str, Any],
    told: Sequence[TraitObservation],
    meaning: Meaning,
    eyes: Sight,
    sources: Mapping[str, str],
) -> Row:
    row = Row(key, "", is_hidden=eyes.hides(key))
    if key in traits:
        row.value = wording.shown(eyes.shown(key, traits[key]))
    for one in told:
        if row.at is None and key in traits and _is(one, traits[key], meaning):
            row.source, row.at = sources.get(one.source, one.source), one.observed_at
        else:
            # Dots of each older value would still tell how often somebody moved; that is no secret.
            value = _("taken back") if one.value is None else wording.shown(
                eyes.shown(key, one.value)
            )  # fmt: skip
            row.others.append(
                Said(value, sources.get(one.source, one.source), one.observed_at, one.is_fit)
            )
    row.others = row.others[:OLDER]
    return row


def _is(one: TraitObservation, value: Any, meaning: Meaning) -> bool:
    try:
        return survive.same(meaning.fitted(one.value), value)
    except survive.Misfit:
        return False


def _sources(told: Mapping[str, Sequence[TraitObservation]]) -> dict[str, str]:
    """Return the names of those who told something."""
    asked = {one.source for some in told.values() for one in some}
    numbers = {kind: _numbers(asked, kind) for kind in ("source", "staff")}
    names = {trait.EARLIER: _("known before")}
    for pk, name in Source.objects.filter(pk__in=numbers["source"]).values_list("pk", "name"):
        names[f"source:{pk}"] = name
    for user in User.objects.filter(pk__in=numbers["staff"]) if numbers["staff"] else ():
        names[f"staff:{user.pk}"] = user.get_full_name() or user.get_username()
    return names


def _numbers(sources: set[str], kind: str) -> list[int]:
    pairs = (one.partition(":") for one in sources)
    return [int(number) for said, _colon, number in pairs if said == kind and number.isdigit()]
