"""Who is in a segment, why, and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from customers import fold, identify, record, rules, segment
from customers.models import EventDay, Profile, Segment, SegmentDue, SegmentMember
from dxp.lib.clock import now
from tests.customers import people
from tests.customers.conftest import names


def read(times, days=7, name="Article Viewed"):
    """Return the rule "read so many articles in so many days"."""
    window = {"last": [days, "days"]} if days else "all"
    return {"v": 1, "root": {"op": "event", "matcher": {"event": name}, "metric": "count",
                             "window": window, "cmp": "gte", "value": times}}  # fmt: skip


def lives_in(country):
    return {"v": 1, "root": {"op": "trait", "field": "country", "cmp": "eq", "value": country}}


def inside(made):
    return set(
        SegmentMember.objects.filter(segment=made, left_at=None).values_list(
            "profile_id", flat=True
        )
    )


class TestEntering:
    def test_an_event_lets_its_person_in_and_says_so(self, send, viewed, heard):
        readers = segment.create(name="Readers", rule=read(2), at=now())

        send(viewed())
        assert inside(readers) == set()
        send(viewed())

        chen = people.profile_of(kind="anonymous", value="chen-phone")
        assert inside(readers) == {chen.pk}
        assert segment.members_of(chen.pk) == {readers.pk}
        assert names() == ["Article Viewed", "Article Viewed", "Segment Entered"]
        assert heard.events[-1].properties == {
            "segment": "readers", "segment_id": readers.pk, "cause": "event",
        }  # fmt: skip
        assert [one.id for one in heard.events] == sorted(one.id for one in heard.events)

    def test_a_trait_lets_in_and_its_loss_shows_out(self, send, signs_up, heard):
        romans = segment.create(name="Italy", rule=lives_in("IT"), at=now())

        send({"type": "identify", "userId": "ana"})
        send(signs_up("ana", country="IT"))
        send(signs_up("ana", country=None))

        stay = SegmentMember.objects.get(segment=romans)
        assert (stay.cause, stay.left_cause, stay.left_at is None) == ("trait", "trait", False)
        assert [one.properties["cause"] for one in heard.events if "cause" in one.properties] == [
            "trait", "trait",
        ]  # fmt: skip

    def test_who_has_done_nothing_is_in_from_birth(self, send, viewed):
        quiet = segment.create(
            name="No orders",
            rule={"v": 1, "root": {"op": "not", "of": read(1, name="Order Completed")["root"]}},
            at=now(),
        )

        send(viewed())
        before = now()
        bruno = identify.ensure_alias(kind="user", value="bruno", at=before)
        segment.sweep(at=before)

        chen = people.profile_of(kind="anonymous", value="chen-phone")
        assert inside(quiet) == {chen.pk, bruno.profile_id}

    def test_a_segment_of_a_segment_follows_in_the_same_transaction(self, send, viewed, signs_up):
        readers = segment.create(name="Readers", rule=read(1), at=now())
        both = segment.create(
            name="Italian readers",
            rule={"v": 1, "root": {"op": "and", "of": [
                {"op": "segment", "id": readers.pk}, lives_in("IT")["root"]]}},
            at=now(),
        )  # fmt: skip

        send(signs_up("chen", country="IT"))
        send(viewed())

        assert inside(both) == inside(readers) != set()

    def test_our_own_events_count_too(self, send, viewed):
        clickers = segment.create(name="Clickers", rule=read(1, name="Message Clicked"), at=now())
        send(viewed())
        chen = people.profile_of(kind="anonymous", value="chen-phone")

        record.events([record.New(chen.pk, "Message Clicked", {}, now(), "click-1")], at=now())

        assert inside(clickers) == {chen.pk}


class TestFillsAndEdits:
    def test_a_first_fill_says_that_it_is_one(self, send, viewed, heard):
        send(viewed(), viewed(of="ana"))

        readers = segment.create(name="Readers", rule=read(1), at=now())

        assert len(inside(readers)) == 2
        assert {one.properties.get("cause") for one in heard.events[2:]} == {"fill"}
        assert readers.state == Segment.State.LIVE

    def test_pitfall_10_an_edit_moves_old_members_out(self, send, viewed):
        send(viewed(), viewed(of="ana"), viewed(of="ana"))
        readers = segment.create(name="Readers", rule=read(1), at=now())

        segment.edit(segment=readers, rule=read(2), at=now())

        ana = people.profile_of(kind="anonymous", value="ana-phone")
        assert inside(readers) == {ana.pk}
        assert SegmentMember.objects.get(left_at__isnull=False).left_cause == "edit"

    def test_pitfall_06_a_segment_never_asks_itself(self, db):
        readers = segment.create(name="Readers", rule=read(1), at=now())
        outer = segment.create(
            name="Outer", rule={"v": 1, "root": {"op": "segment", "id": readers.pk}}, at=now()
        )

        with pytest.raises(rules.RuleError, match="ask itself"):
            segment.edit(
                segment=readers,
                rule={"v": 1, "root": {"op": "segment", "id": outer.pk}},
                at=now(),
            )

        readers.refresh_from_db()
        assert readers.rule == read(1)

    def test_pitfall_06_a_rule_about_nothing_is_refused(self, db):
        with pytest.raises(rules.RuleError, match="at least one"):
            segment.create(name="All", rule={"v": 1, "root": {"op": "and", "of": []}}, at=now())
        with pytest.raises(rules.RuleError, match="does not exist"):
            segment.create(
                name="Gone", rule={"v": 1, "root": {"op": "segment", "id": 99}}, at=now()
            )

        assert not Segment.objects.exists()

    def test_the_size_is_what_a_fill_finds(self, send, viewed):
        send(viewed(), viewed(of="ana"))

        assert segment.size(rule=read(1), sample=True) == segment.Size(2, True, 2, 2)
        assert segment.size(rule=read(2), sample=False) == segment.Size(0, True, 0, 0)


class TestTheClock:
    def test_who_was_active_falls_silent(self, send, viewed, heard):
        at = datetime(2026, 3, 27, 12, tzinfo=UTC)
        readers = segment.create(name="Readers", rule=read(1, days=3), at=at)
        fold_at(send, viewed(timestamp=at.isoformat()), at)

        assert segment.sweep(at=at + timedelta(days=2)) == 0
        assert len(inside(readers)) == 1
        segment.sweep(at=datetime(2026, 3, 30, 0, 0, 1, tzinfo=UTC))

        assert inside(readers) == set()
        assert SegmentMember.objects.get().left_cause == "clock"
        assert not SegmentDue.objects.exists()

    def test_the_workspace_says_when_a_day_begins(self, send, viewed, settings):
        settings.TIME_ZONE = "Europe/Bucharest"
        at = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
        readers = segment.create(name="Readers", rule=read(1, days=2), at=at)

        # 00:30 on the 28th in Bucharest; the clocks go forward on the 29th.
        fold_at(send, viewed(timestamp=at.isoformat()), at)

        assert str(EventDay.objects.get(matcher__event="Article Viewed").day) == "2026-03-28"
        assert SegmentDue.objects.get().due_at == datetime(2026, 3, 29, 21, tzinfo=UTC)
        assert len(inside(readers)) == 1


class TestRepair:
    def test_finds_and_counts_what_drifted(self, send, viewed):
        send(viewed(), viewed(of="ana"))
        readers = segment.create(name="Readers", rule=read(1), at=now())
        truth = inside(readers)
        SegmentMember.objects.filter(profile_id=min(truth)).delete()
        bruno = identify.ensure_alias(kind="user", value="bruno", at=now()).profile
        SegmentMember.objects.create(segment=readers, profile=bruno, entered_at=now(), cause="fill")

        assert segment.reconcile(at=now()) == 2

        readers.refresh_from_db()
        assert (inside(readers), readers.drift) == (truth, 2)
        assert segment.reconcile(at=now()) == 0


def fold_at(send, event, at):
    """Store an event at a moment of our choice, past the door that asks the clock."""
    from customers import ingest
    from customers.models import Source

    ingest.accept(source=Source.objects.exclude(name="DXP").get(), events=[event], at=at)
    assert fold.drain(at=at) == 1
    assert Profile.objects.exists()
