"""Whose an event is: files and PostgreSQL say what the oracle says, at once after each change.

OVERLAY_HISTORIES=200 tries more of them.
"""

from __future__ import annotations

import os
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import collect, query
from analytics.measures.base import Measure, Statement
from customers import merge, split
from customers.models import Alias, AliasOwnership, Event, IdentityLink
from tests.analytics.overlay_oracle import Hand, owner
from tests.customers import people

NOON = people.NOON
START, END = NOON - timedelta(days=2), NOON + timedelta(days=2)
LISTED = "SELECT id, profile_id FROM ev WHERE id > $after ORDER BY id"
LIST = Measure(
    "owners", ("id", "profile_id"), "", "", "",
    lambda after: Statement(LISTED, {"after": after}, ("id", "profile_id"), START, END), None,
)  # fmt: skip
few = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        # Somebody does something on a device, or signs in there: a second one shares it.
        st.tuples(st.just("acts"), few, st.integers(-90, 90)),
        st.tuples(st.just("signs in"), few, few, st.integers(-90, 90)),
        st.tuples(st.just("merge"), few, few),
        st.tuples(st.just("unmerge"), few),
        st.tuples(st.just("seal")),
    ),
    min_size=4,
    max_size=14,
)


@given(STEPS)
@settings(
    max_examples=int(os.environ.get("OVERLAY_HISTORIES", "5")), deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_after_every_step_everybody_agrees_whose_an_event_is(lake, steps):
    live(lake, [("acts", 0, 0), ("acts", 1, 0), ("seal",), *steps])


def live(lake, steps):
    """Go through a history of people nobody met before; return how many there were at each step."""
    after = Event.objects.aggregate(latest=Max("pk"))["latest"] or 0
    owners = []
    for number, step in enumerate(steps):
        happen(lake, after, number, step)
        owners.append(len(agree(lake, after)))
    return owners


def happen(lake, after, number, step):
    """Let one thing happen to those whose events come after that one."""
    what, *told = step
    ours = Alias.objects.filter(value__endswith=f"-{after}")
    if what == "acts":
        device, minute = told
        tell(after, number, minute, type="page", anonymousId=f"device-{device}-{after}")
    elif what == "signs in":
        device, user, minute = told
        names = {"anonymousId": f"device-{device}-{after}", "userId": f"user-{user}-{after}"}
        tell(after, number, minute, type="identify", **names)
    elif what == "merge":
        profiles = sorted(set(ours.values_list("profile_id", flat=True)))
        a, b = (profiles[one % len(profiles)] for one in told)
        with transaction.atomic():
            try:
                merge.join(a=a, b=b, by=None, at=NOON + timedelta(minutes=number))
            except merge.Refused:
                transaction.set_rollback(True)
    elif what == "unmerge":
        held = IdentityLink.objects.filter(refused="", revoked_at=None)
        links = list(held.filter(a__in=ours).order_by("pk"))
        if links:
            at = NOON + timedelta(minutes=number)
            split.revoke(link=links[told[0] % len(links)], by=None, at=at)
    else:
        collect.seal(lake=lake, at=NOON)


def tell(after, number, minute, **event):
    at = NOON + timedelta(minutes=minute)
    people.happened({**event, "messageId": f"{after}-{number}", "timestamp": at.isoformat()})


def agree(lake, after):
    """Hold both engines against the oracle; return who owns anything."""
    born = {
        pk: (seen, home)
        for pk, seen, home in Alias.objects.values_list("pk", "first_seen_at", "home_profile_id")
    }
    links = list(
        IdentityLink.objects.filter(refused="", revoked_at=None).values_list("a_id", "b_id")
    )
    hands = [
        Hand(alias, holder, valid.lower, valid.upper)
        for alias, holder, valid in AliasOwnership.objects.values_list(
            "alias_id", "holder_id", "valid"
        )
    ]
    events = Event.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "alias_id", "at")
    said = [(pk, owner(alias, at, born=born, links=links, hands=hands)) for pk, alias, at in events]
    assert query.ask(LIST, lake=lake, at=NOON, after=after).rows == said
    assert query.on_postgres(LIST, at=NOON, after=after).rows == said
    return {row[1] for row in said}


def test_the_history_has_shared_devices_and_unmerges_in_it(lake):
    """A fixed one, so that nobody wonders whether chance has ever met them."""
    steps = [
        ("signs in", 0, 0, -60), ("acts", 0, -30), ("signs in", 0, 1, 0), ("acts", 0, 30),
        ("seal",), ("merge", 0, 1), ("unmerge", 0),
    ]  # fmt: skip
    owners = live(lake, steps)

    assert AliasOwnership.objects.exists()
    assert owners[-3:] == [2, 1, 2]
