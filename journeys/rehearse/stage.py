"""A test run: a copy of the journey, a person, a script, and nothing left of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from customers import consent, describe, identify
from customers.models import Alias, ConsentEntry, Profile
from dxp.lib import ids
from journeys import graph, phrase, publish
from journeys.compose import House
from journeys.models import Journey, Version
from journeys.rehearse.clock import LONGEST, Line, Rehearsal

# What a test run may take from others who work at the same time.
PATIENCE = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '20s'"


@dataclass(frozen=True, slots=True)
class Scripted:
    """Something that the person does, so long after the beginning."""

    after: timedelta
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person who is made up for a test run: traits, and addresses by channel."""

    traits: Mapping[str, Any] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    consents: bool = True


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A whole test run; `node` is where the person stands at its end, empty if the run is over."""

    lines: list[Line]
    outcome: str = ""
    node: str = ""


def rehearse(
    *, journey: Journey, plan: graph.Plan, who: int | Somebody, script: Sequence[Scripted],
    entry: Mapping[str, Any], at: datetime, house: House, names: phrase.Names,
) -> Rehearsed:  # fmt: skip
    """Walk a plan with one person as the engine would, and keep nothing of it.

    Args:
        journey: whose rules of re-entry hold.
        plan: what is walked: the draft, or a version's.
        who: a profile, or somebody who is made up.
        script: what they do.
        entry: the properties of the event that lets them in.
        at: when the clock begins.
        house: where messages come from.
        names: how to tell what happened.

    Raises:
        BadOutline: the plan can't be walked.
        NotLetIn: the event does not let the person in.
        Restless: it does not come to rest.
        OperationalError: somebody else holds what it needs for too long.
    """
    compiled = graph.compile_plan(plan, known=publish.known())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(PATIENCE)
        profile = who if isinstance(who, int) else _make_up(who, at)
        copy = _copy(journey, plan, compiled, at)
        run = Rehearsal(journey=copy, profile_id=profile, at=at, house=house, names=names)
        run.enter(entry)
        for act in sorted(script, key=lambda act: act.after):
            run.until(at + act.after)
            run.happened(act.name, act.properties)
        run.finish(within=LONGEST)
        transaction.set_rollback(True)
    over = run.run is None or run.run.ended_at is not None
    outcome = run.run.outcome if run.run else ""
    return Rehearsed(run.lines, outcome, "" if over or run.run is None else run.run.node)


def _copy(journey: Journey, plan: graph.Plan, compiled: Any, at: datetime) -> Journey:
    """Return a live journey of its own: nobody's row is locked, and nobody was in it before."""
    copy = Journey.objects.create(
        name=f"{journey.name[:70]} {ids.key(20)}",
        entry=plan.entry,
        outline=plan.outline,
        goals=list(plan.goals),
        exits=list(plan.exits),
        reentry=journey.reentry,
    )
    version = Version.objects.create(
        journey=copy,
        number=1,
        entry=plan.entry,
        goals=list(plan.goals),
        exits=list(plan.exits),
        outline=plan.outline,
        graph=compiled,
        listens=sorted(graph.heard_names(compiled)),
        published_at=at,
    )
    copy.current, copy.state = version, Journey.State.LIVE
    copy.save()
    return copy


def _make_up(somebody: Somebody, at: datetime) -> int:
    """Bring somebody into the world who is gone after the test run."""
    alias = identify.ensure_alias(kind=Alias.Kind.USER, value=f"test-{ids.key(20)}", at=at)
    profile = alias.profile_id
    for channel, address in somebody.addresses.items():
        point = identify.ensure_contact_point(
            profile_id=profile, channel=channel, address=address, at=at
        )
        if somebody.consents:
            consent.record(
                purpose=ConsentEntry.Purpose.MARKETING, channel=channel, state="GRANTED",
                method="form", contact_point=point, at=at,
            )  # fmt: skip
    Profile.objects.filter(pk=profile).update(is_known=True)
    describe.describe(profile_id=profile, traits=somebody.traits, source="test", at=at)
    return profile
