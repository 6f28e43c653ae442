"""A test run into next year, while everybody else goes on working."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from customers import partitions
from customers.models import Event
from journeys import phrase, publish, rehearse
from journeys.models import Journey
from tests.journeys.conftest import HOUSE, NOON, happened, person

pytestmark = pytest.mark.django_db(transaction=True)
FAR = NOON + timedelta(days=200)


def beside(act):
    """Do something on another connection that waits for nobody; return what went wrong."""
    wrong = []

    def run():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            act()
        except Exception as error:  # noqa: BLE001 - handed to the test
            wrong.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return wrong


def test_events_are_recorded_while_somebody_makes_a_part_of_their_table():
    ana = person("ana")
    happened(ana, "Liked")

    with transaction.atomic():
        partitions.ensure(moments=[FAR])
        assert beside(lambda: happened(ana, "Ordered")) == []
        assert beside(lambda: Event.objects.count()) == []
        transaction.set_rollback(True)

    assert set(Event.objects.values_list("name", flat=True)) == {"Liked", "Ordered"}


def test_parts_of_the_table_are_alike():
    partitions.ensure(moments=[NOON, FAR])

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.inhrelid::regclass::text, count(x.indexrelid), count(h.inhrelid) "
            "FROM pg_inherits i LEFT JOIN pg_index x ON x.indrelid = i.inhrelid "
            "LEFT JOIN pg_inherits h ON h.inhrelid = x.indexrelid "
            "WHERE i.inhparent = 'customers_event'::regclass GROUP BY 1"
        )
        parts = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'customers_event'::regclass")
        (indexes,) = cursor.fetchone()
    assert len(parts) >= 2
    # Each index of a part belongs to one of the whole: none was made twice.
    assert {(own, attached) for _name, own, attached in parts} == {(indexes, indexes)}


def test_a_test_run_holds_nobody_else_up(monkeypatch):
    ana, bea = person("ana"), person("bea")
    happened(bea, "Liked")
    wrong = []
    journey = Journey.objects.create(
        name="Slow", entry={"type": "hand"},
        outline=[
            {"id": "a", "type": "delay", "mode": "for", "amount": 200, "unit": "days"},
            {"id": "b", "type": "update", "trait": "plan", "value": "gold"},
        ],
    )  # fmt: skip

    original = rehearse.Rehearsal.finish

    def finish(self, **within):
        original(self, **within)
        # The run is over and not rolled back yet: it holds all that it will hold.
        wrong.extend(beside(lambda: happened(bea, "Ordered")))
        wrong.extend(beside(lambda: Journey.objects.filter(pk=journey.pk).update(name="Renamed")))

    monkeypatch.setattr(rehearse.Rehearsal, "finish", finish)
    done = rehearse.rehearse(
        journey=journey, plan=publish.plan(journey), who=ana.pk, script=(), entry={}, at=NOON,
        house=HOUSE, names=phrase.Names(),
    )  # fmt: skip

    assert done.outcome == "completed"
    assert wrong == []
    ana.refresh_from_db()
    assert "plan" not in ana.traits
