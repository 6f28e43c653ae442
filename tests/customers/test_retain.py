"""How long events are kept: by name, by type, else by the general term."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from customers import fold, ingest, retain
from customers.models import Event, EventDay, Quarantine, RetentionRule, Seen, SegmentMember
from customers.segment import create
from tests.customers.people import NOON, bought, profile_of, track, website

pytestmark = pytest.mark.django_db
A_YEAR_AGO = NOON - timedelta(days=365)


def happen(*events, at):
    ingest.accept(source=website(), events=list(events), at=at)
    fold.drain(at=at)


def rule(value, days, kind="name"):
    return RetentionRule.objects.create(kind=kind, value=value, keep_days=days)


def names():
    return sorted(Event.objects.values_list("name", flat=True))


def prune(days=0, at=NOON):
    return retain.prune(at=at, default_days=days)


def parts():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
            " WHERE inhparent = 'customers_event'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def test_without_a_rule_everything_stays():
    happen(track("ana", "Opened", "a"), at=A_YEAR_AGO)
    assert prune() == {"message_ids": 1}
    assert names() == ["Opened"]


def test_the_name_comes_before_the_type_and_the_type_before_all_others():
    happen(
        track("ana", "purchase", "a"), track("ana", "Opened", "b"),
        {"type": "page", "userId": "ana", "messageId": "c"}, at=A_YEAR_AGO,
    )  # fmt: skip
    rule("purchase", 3650)
    rule("page", 400, kind="type")
    expected = {("track", "Opened"): 1}
    assert retain.preview(at=NOON, default_days=90) == expected
    assert prune(days=90)["events"] == sum(expected.values())
    assert names() == ["Page Viewed", "purchase"]
    assert prune(days=90)["events"] == 0


def test_a_day_before_its_time_an_event_is_still_there():
    rule("Opened", 10)
    happen(track("ana", "Opened", "a"), at=NOON)
    assert prune(at=NOON + timedelta(days=10))["events"] == 0
    assert prune(at=NOON + timedelta(days=10, seconds=1))["events"] == 1


def test_a_month_of_which_nothing_is_left_goes_as_a_whole():
    happen(track("ana", "Opened", "a"), track("ana", "Opened", "b"), at=A_YEAR_AGO)
    happen(track("ana", "Opened", "c"), at=NOON)
    assert "customers_event_y2025m11" in parts()
    assert prune(days=90) == {"months": 1, "events": 2, "message_ids": 2}
    assert "customers_event_y2025m11" not in parts()
    assert names() == ["Opened"]


def test_what_is_counted_follows():
    happen(track("ana", "Opened", "a"), track("ana", "purchase", "b"), at=A_YEAR_AGO)
    happen(track("ana", "Opened", "c"), at=NOON)
    rule("Opened", 90)
    prune()
    assert sorted(EventDay.objects.values_list("matcher__event", "n")) == [
        ("Opened", 1), ("purchase", 1),
    ]  # fmt: skip


def test_a_month_is_many_bites(monkeypatch):
    monkeypatch.setattr(retain, "BITE", 3)
    happen(*(track("ana", "Opened", f"m{n}") for n in range(8)), at=A_YEAR_AGO)
    happen(track("ana", "purchase", "kept"), at=A_YEAR_AGO)
    rule("Opened", 90)
    assert prune()["events"] == 8
    assert names() == ["purchase"]


def test_closed_stays_go_with_the_events_that_tell_of_them():
    segment = create(name="Buyers", slug="buyers", rule=bought(), at=A_YEAR_AGO)
    happen(track("ana", "purchase", "a"), at=A_YEAR_AGO)
    ana = profile_of(kind="user", value="ana")
    SegmentMember.objects.filter(profile=ana).delete()
    for left_at in (A_YEAR_AGO, NOON, None):
        SegmentMember.objects.create(
            segment=segment, profile=ana, entered_at=A_YEAR_AGO, left_at=left_at, cause="event"
        )
    rule("Segment Left", 90)
    assert prune()["stays"] == 1
    assert {stay.left_at for stay in SegmentMember.objects.all()} == {NOON, None}


def test_message_ids_and_rejected_events_are_kept_for_a_month():
    ingest.accept(source=website(), events=["no event"], at=A_YEAR_AGO)
    happen(track("ana", "Opened", "a"), at=A_YEAR_AGO)
    happen(track("ana", "Opened", "b"), at=NOON)
    assert prune() == {"message_ids": 1, "rejected": 1}
    assert list(Seen.objects.values_list("message_id", flat=True)) == ["b"]
    assert not Quarantine.objects.exists()


def test_a_month_that_was_taken_out_before_a_crash_is_finished_the_next_night(monkeypatch):
    happen(track("ana", "Opened", "a"), at=A_YEAR_AGO)
    happen(track("ana", "Opened", "b"), at=NOON)

    def dies():
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(retain, "_finish", dies)
        with pytest.raises(KeyboardInterrupt):
            prune(days=90)
    assert EventDay.objects.count() == 2
    prune(days=90)
    assert EventDay.objects.get().n == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'customers_event_gone%'")
        assert cursor.fetchall() == []
