"""Traits that are counted: for everybody on saving, for who does something, and by the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers import compute, segment, tasks
from customers.models import ComputedTrait, ComputedValue, Profile, TraitDef
from tests.customers import people
from tests.customers.people import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def bought(who="ana", *, days=0, key="", **properties):
    """A purchase so many days ago."""
    at = NOON - days * DAY
    name = key or f"{who}-{days}-{sorted(properties.items())}"
    return people.track(
        who, "Bought", name, timestamp=at.isoformat(), properties=properties
    )  # fmt: skip


def counts(metric="count", *, prop="", days=None, key="purchases", at=NOON):
    computed = ComputedTrait(event="Bought", metric=metric, prop=prop, days=days)
    compute.save(computed=computed, key=key, label="", description="", at=at)
    work(at)
    computed.refresh_from_db()
    return computed


def work(at):
    while compute.refresh(at=at) or compute.advance(at=at):
        pass


def traits(who="ana"):
    return people.profile_of(kind="user", value=who).traits


def more_than(n):
    leaf = {"op": "trait", "field": "purchases", "cmp": "gte", "value": n}
    return {"v": 1, "root": {"op": "and", "of": [leaf]}}


class TestMeasures:
    @pytest.mark.parametrize(
        ("metric", "prop", "days", "answer"),
        [
            ("count", "", None, 4),
            ("count", "", 7, 3),
            ("days", "", None, 3),
            ("sum", "total", None, 75.5),
            ("avg", "total", 7, 18.5),
            ("min", "total", None, 5),
            ("max", "total", 7, 30.5),
            ("first", "color", None, "green"),
            ("last", "color", None, "blue"),
            ("most_frequent", "color", None, "blue"),
            ("unique_count", "color", None, 2),
            ("first", "", None, "2026-10-21T12:00:00Z"),
            ("last", "", None, "2026-11-20T12:00:00Z"),
        ],
    )
    def test_count_what_a_person_did(self, metric, prop, days, answer):
        people.happened(
            bought(days=30, total=20, color="green"),
            bought(days=2, total="30.5", color="blue"),
            bought(days=2, total=5, color=None),
            bought(total=20, color="blue"),
            bought("bruno", total=1000, color="red"),
            people.track("ana", "Looked", "l1", properties={"total": 7}),
        )

        counts(metric, prop=prop, days=days)

        assert traits()["purchases"] == answer

    def test_who_never_did_it_has_no_such_trait(self):
        people.happened(bought(), people.track("chen", "Looked", "c1"))

        counts()

        assert "purchases" not in traits("chen")

    def test_a_measure_of_a_property_needs_one(self):
        with pytest.raises(compute.BadDefinition):
            counts("sum")

    def test_a_key_that_people_tell_is_not_taken(self):
        people.happened({
            "type": "identify",
            "userId": "ana",
            "messageId": "i",
            "traits": {"purchases": 3},
        })

        with pytest.raises(compute.BadDefinition):
            counts()

    def test_nobody_can_tell_a_counted_trait(self):
        people.happened(bought())
        counts()

        people.happened({
            "type": "identify",
            "userId": "ana",
            "messageId": "i",
            "traits": {"purchases": 99},
        })

        assert traits()["purchases"] == 1


class TestSaving:
    def test_counts_for_everybody_in_bites_and_says_how_far_it_is(self, monkeypatch):
        monkeypatch.setattr(compute, "BITE", 2)
        people.happened(*(bought(f"user-{n}") for n in range(5)))
        computed = ComputedTrait(event="Bought")
        compute.save(computed=computed, key="purchases", label="", description="", at=NOON)
        assert (computed.total, computed.percent) == (5, 0)

        compute.advance(at=NOON)

        computed.refresh_from_db()
        assert (computed.state, computed.done, computed.percent) == ("COMPUTING", 2, 40)
        work(NOON)
        computed.refresh_from_db()
        assert (computed.state, computed.percent) == ("LIVE", 100)
        assert Profile.objects.filter(traits__purchases=1).count() == 5

    def test_fills_segments_and_starts_no_journey(self):
        people.happened(bought())
        group = segment.create(name="Buyers", rule=more_than(1), at=NOON)

        counts()

        assert group.members.get(left_at=None).cause == "fill"

    def test_another_event_counts_anew(self):
        people.happened(bought(), people.track("chen", "Looked", "c1"))
        computed = counts()

        computed.event = "Looked"
        compute.save(computed=computed, key="purchases", label="", description="", at=NOON)
        work(NOON)

        assert "purchases" not in traits("ana")
        assert traits("chen")["purchases"] == 1

    def test_deleting_takes_the_trait_from_everybody(self):
        people.happened(bought())
        computed = counts()

        compute.remove(computed=computed, at=NOON)

        assert traits() == {}
        assert not TraitDef.objects.filter(key="purchases").exists()


class TestFresh:
    def test_an_event_counts_within_the_next_look_of_the_worker(self):
        people.happened(bought())
        counts()
        group = segment.create(name="Buyers", rule=more_than(2), at=NOON)

        people.happened(bought(key="again"))
        tasks.compute()

        assert traits()["purchases"] == 2
        assert group.members.get(left_at=None).cause == "trait"

    def test_somebody_new_is_counted_too(self):
        counts()

        people.happened(bought("chen"))
        work(NOON)

        assert traits("chen")["purchases"] == 1

    def test_time_alone_takes_events_out_of_the_window(self):
        people.happened(bought(days=6), bought(days=1))
        counts(days=7)
        group = segment.create(name="Buyers", rule=more_than(2), at=NOON)
        assert traits()["purchases"] == 2

        work(NOON + DAY)

        assert traits()["purchases"] == 1
        assert group.members.get().left_cause == "clock"
        work(NOON + 10 * DAY)
        assert "purchases" not in traits()
        assert not ComputedValue.objects.filter(due_at__isnull=False).exists()

    def test_nothing_is_asked_of_people_who_are_not_due(self):
        people.happened(bought())
        counts()

        assert compute.refresh(at=NOON) == 0

    def test_a_merged_person_has_the_count_of_both(self):
        people.happened(bought("ana"))
        people.happened({
            "type": "track",
            "event": "Bought",
            "anonymousId": "laptop",
            "messageId": "b2",
            "timestamp": NOON.isoformat(),
        })
        counts()

        people.happened({
            "type": "identify",
            "userId": "ana",
            "anonymousId": "laptop",
            "messageId": "i1",
            "timestamp": NOON.isoformat(),
        })
        work(NOON)  # fmt: skip

        assert traits()["purchases"] == 2
