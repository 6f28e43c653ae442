"""A segment says how many, who, why, since when, and what stands on it; and it fails aloud."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from wagtail import hooks

from customers import extend, gather, judge, match, rules, segment
from customers.models import Profile, Segment, SegmentMember
from dxp.lib.clock import now
from tests.customers import people
from tests.customers.test_segment import fold_at, inside, lives_in, read

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)


def person(name):
    return people.profile_of(kind="anonymous", value=f"{name}-phone").pk


class TestWhy:
    def test_each_part_says_what_it_found_and_what_it_asks_for(self, send, viewed, signs_up):
        other = segment.create(name="Italy", rule=lives_in("IT"), at=now())
        rule = {"v": 1, "root": {"op": "and", "of": [
            read(3)["root"],
            {"op": "not", "of": lives_in("RO")["root"]},
            {"op": "segment", "id": other.pk},
            {"op": "contact", "channel": "email"},
        ]}}  # fmt: skip
        made = segment.create(name="Readers", rule=rule, at=now())
        send(signs_up("chen", country="IT"), viewed(), viewed())

        told = segment.why(segment_or_rule=made, profile_id=person("chen"), at=now())

        assert not told.root.inside
        assert [one.inside for one in told.root.of] == [False, True, True, False]
        reads, lives, member, reached = told.root.of
        assert (reads.facts["have"], reads.facts["need"]) == (2, "at least 3")
        assert "Article Viewed" in reads.sentence
        assert lives.of[0].facts["have"] == "IT"
        assert member.sentence == "is in “Italy”"
        assert member.facts["since"]
        assert reached.facts["have"] == 0
        assert told.since is None

    def test_says_since_when_and_how_it_ended(self, send, viewed):
        made = segment.create(name="Readers", rule=read(1, days=3), at=NOON)
        fold_at(send, viewed(timestamp=NOON.isoformat()), NOON)
        chen = person("chen")

        told = segment.why(segment_or_rule=made, profile_id=chen, at=NOON)
        assert (told.root.inside, told.since, told.cause) == (True, NOON, "event")

        later = NOON + timedelta(days=4)
        segment.sweep(at=later)
        told = segment.why(segment_or_rule=made, profile_id=chen, at=later)
        assert (told.root.inside, told.left_at, told.left_cause) == (False, later, "clock")
        assert told.root.facts["have"] == 0

    def test_answers_for_a_rule_that_is_being_written(self, send, viewed):
        send(viewed())

        told = segment.why(segment_or_rule=read(1), profile_id=person("chen"), at=now())

        assert told.root.inside
        assert told.root.told == "1, and at least 1 is asked for"

    def test_of_every_kind_has_facts(self, send, viewed, signs_up):
        send(signs_up("chen", email="chen@example.com", born="1990-03-30"), viewed())
        fans = gather.create(name="Fans", profile_ids=[person("chen")], at=now())
        for form in rules.describe():
            node = {**form["blank"]}
            node |= {
                "trait": {"field": "born", "cmp": "before", "value": "2000-01-01"},
                "event": {"matcher": {"event": "Article Viewed"}},
                "segment": {"id": segment.create(name="Any", rule=read(1), at=now()).pk},
                "sequence": {"steps": [{"event": "Identified"}, {"event": "Article Viewed"}]},
                "list": {"id": fans.pk},
                "bucket": {"salt": "a", "from": 0, "to": 100},
            }.get(form["name"], {})
            told = segment.why(
                segment_or_rule={"v": 1, "root": node}, profile_id=person("chen"), at=now()
            )
            assert told.root.sentence, form["name"]
            assert told.root.facts, form["name"]
            Segment.objects.all().delete()


class TestSize:
    def test_a_sample_lies_between_its_bounds(self, db, monkeypatch):
        from customers import explain

        at = now()
        Profile.objects.bulk_create(
            Profile(bucket=number % 1024, created_at=at, last_seen_at=at,
                    traits={"country": "IT" if number % 3 else "RO"})
            for number in range(4096)
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE customers_profile")
        monkeypatch.setattr(explain, "SMALL", 1000)

        found = segment.size(rule=lives_in("IT"), sample=True, at=at)

        truth = segment.size(rule=lives_in("IT"), sample=False, at=at)
        assert truth.exact
        assert not found.exact
        assert found.low < truth.count < found.high
        assert found.high - found.low < 0.35 * truth.count

    def test_says_that_looking_up_events_takes_longer(self, db):
        assert not segment.size(rule=read(1), sample=True).slow
        hours = {**read(1)["root"], "window": {"last": [3, "hours"]}}
        assert segment.size(rule={"v": 1, "root": hours}, sample=True).slow


class TestHistory:
    def test_counts_each_day(self, send, viewed):
        made = segment.create(name="Readers", rule=read(1, days=2), at=NOON)
        fold_at(send, viewed(timestamp=NOON.isoformat()), NOON)
        second = NOON + timedelta(days=1)
        fold_at(send, viewed(of="ana", timestamp=second.isoformat()), second)
        segment.sweep(at=NOON + timedelta(days=2))

        told = segment.history(segment=made, days=4, at=NOON + timedelta(days=2))

        assert [(one.members, one.entered, one.left) for one in told] == [
            (0, 0, 0), (1, 1, 0), (2, 1, 0), (1, 0, 1)
        ]  # fmt: skip
        assert str(told[-1].day) == "2026-03-29"


class TestUses:
    def test_what_stands_on_a_segment_keeps_it(self, db):
        inner = segment.create(name="Inner", rule=read(1), at=now())
        segment.create(
            name="Outer", rule={"v": 1, "root": {"op": "segment", "id": inner.pk}}, at=now()
        )

        def above(segment):
            return [extend.Use("Letter", segment.name)]

        with (
            hooks.register_temporarily("customers_segment_uses", above),
            pytest.raises(segment.InUse) as refused,
        ):
            segment.remove(segment=inner)

        assert [(one.kind, one.name) for one in refused.value.uses] == [
            ("Segment", "Outer"), ("Letter", "Inner")
        ]  # fmt: skip
        assert Segment.objects.count() == 2
        Segment.objects.get(name="Outer").delete()
        segment.remove(segment=inner)
        assert not Segment.objects.exists()


class TestFailure:
    def test_a_rule_that_can_not_be_read_any_more_keeps_its_members(self, send, viewed):
        send(viewed())
        made = segment.create(name="Readers", rule=read(1), at=now())
        Segment.objects.filter(pk=made.pk).update(rule={"v": 1, "root": {"op": "gone"}})

        send(viewed(of="ana"))

        made.refresh_from_db()
        assert (made.state, inside(made)) == (Segment.State.FAILED, {person("chen")})
        assert made.failure == "There is no condition of this kind."

    def test_one_that_the_database_can_not_answer_does_not_stop_the_others(
        self, send, viewed, monkeypatch
    ):
        good = segment.create(name="Good", rule=read(1), at=now())
        bad = segment.create(name="Bad", rule=read(1, days=30), at=now())
        these = match.these

        def broken(roots, **more):
            if bad.rule["root"] in [rules.plain(one) for one in roots]:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            return these(roots, **more)

        monkeypatch.setattr(judge.match, "these", broken)
        send(viewed())

        bad.refresh_from_db()
        assert (bad.state, inside(bad)) == (Segment.State.FAILED, set())
        assert "division by zero" in bad.failure
        assert inside(good) == {person("chen")}

    def test_is_tried_again_every_night(self, send, viewed):
        send(viewed())
        made = segment.create(name="Readers", rule=read(1), at=now())
        Segment.objects.filter(pk=made.pk).update(state="FAILED", failure="It took too long.")
        SegmentMember.objects.all().delete()

        segment.reconcile(at=now())

        made.refresh_from_db()
        assert (made.state, made.failure, inside(made)) == ("LIVE", "", {person("chen")})


class TestInnerSegments:
    def test_nobody_enters_and_leaves_at_once_by_their_order(self, send, viewed, heard):
        """The outer rule is asked after the inner one's members have moved."""
        outer_rule = {"v": 1, "root": {"op": "and", "of": [read(1)["root"], {
            "op": "not", "of": {"op": "segment", "id": 0}}]}}  # fmt: skip
        inner = segment.create(name="Inner", rule=read(1, days=None), at=now())
        outer_rule["root"]["of"][1]["of"]["id"] = inner.pk
        outer = segment.create(name="Outer", rule=outer_rule, at=now())

        send(viewed())

        assert (len(inside(inner)), inside(outer)) == (1, set())
        assert not SegmentMember.objects.filter(segment=outer).exists()
