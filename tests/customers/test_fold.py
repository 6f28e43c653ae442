"""From the inbox to the event table: once, in order, and nothing lost by a bad neighbor."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from wagtail import hooks

from customers import fold, ingest, record, tasks
from customers.models import Event, EventDay, Inbox, Quarantine, Seen
from dxp.lib.clock import now
from tests.customers import people
from tests.customers.conftest import names


class TestOnce:
    def test_a_repeated_message_is_one_event(self, send, viewed):
        send(viewed(messageId="m1"), viewed(messageId="m1"))
        send(viewed(messageId="m1"))

        assert Event.objects.count() == 1
        assert EventDay.objects.get().n == 1

    def test_messages_without_an_id_are_all_kept(self, send, viewed):
        send(viewed(), viewed(messageId=""), viewed(messageId=None))

        assert Event.objects.count() == Seen.objects.count() == 3

    def test_our_own_events_likewise(self, send, viewed, heard):
        send(viewed())
        chen = people.profile_of(kind="anonymous", value="chen-phone")
        new = [record.New(chen.pk, "Journey Entered", {}, now(), f"j{i}") for i in (1, 2, 1)]
        heard.events.clear()

        first, again = record.events(new, at=now()), record.events(new, at=now())

        assert ([one.message_id for one in first], again) == (["j1", "j2"], [])
        assert [one.message_id for one in heard.events] == ["j1", "j2"]

    def test_message_ids_are_forgotten_after_a_month(self, send, viewed):
        send(viewed(messageId="old"))
        Seen.objects.update(seen_at=now() - timedelta(days=31))
        send(viewed(messageId="new"))

        tasks.prune()

        assert list(Seen.objects.values_list("message_id", flat=True)) == ["new"]


class TestRows:
    def test_keep_what_was_sent(self, send):
        send(
            {"type": "group", "userId": "ana", "groupId": 7, "traits": {"plan": "x"},
             "anonymousId": "a1", "messageId": "m1", "context": {"ip": "203.0.113.7"},
             "channel": "server", "timestamp": "2026-01-02T03:04:05Z"},
        )  # fmt: skip

        event = Event.objects.get()
        assert (event.type, event.name, event.group_id) == ("group", "Joined Group", "7")
        assert (event.user_id, event.anonymous_id, event.alias.value) == ("ana", "a1", "ana")
        assert event.properties == {"plan": "x"}
        assert event.context == {"ip": "203.0.113.7", "extra": {"channel": "server"}}
        assert event.at.isoformat() == "2026-01-02T03:04:05+00:00"

    def test_stand_in_the_order_of_the_batch(self, send, viewed):
        send(*(viewed(f"E{i}", timestamp="2026-01-02T03:04:05Z") for i in range(5)))

        assert names() == [f"E{i}" for i in range(5)]
        assert list(Event.objects.order_by("id").values_list("position", flat=True)) == [
            0, 1, 2, 3, 4,
        ]  # fmt: skip

    def test_count_money_by_the_first_of_its_names(self, send, viewed):
        send(
            viewed("Order Completed", properties={"revenue": 10.5, "total": 99}),
            viewed("Order Completed", properties={"value": "2.25"}),
            viewed("Order Completed", properties={"total": True, "revenue": "a lot"}),
            viewed("Order Completed", properties={"revenue": 1e300}),
        )

        day = EventDay.objects.get()
        assert (day.n, day.amount) == (4, Decimal("12.75"))

    def test_of_a_month_without_a_partition_find_their_place(self, shop):
        at = now() - timedelta(days=400)
        event = {"type": "track", "event": "Article Viewed", "userId": "ana"}

        ingest.accept(source=shop, events=[event], at=at)
        fold.drain(at=now())

        assert Event.objects.get().received_at == at


class TestTrouble:
    def test_a_row_that_cannot_be_folded_is_set_aside_alone(self, shop, viewed):
        ingest.accept(source=shop, events=[viewed("E1")], at=now())
        Inbox.objects.create(source=shop, received_at=now(), body=b'["from an older version"]')
        ingest.accept(source=shop, events=[viewed("E2")], at=now())

        fold.drain(at=now())

        assert names() == ["E1", "E2"]
        assert Quarantine.objects.get().body == {"inbox": '["from an older version"]'}
        assert not Inbox.objects.exists()

    def test_a_hook_that_fails_loses_nothing(self, shop, viewed):
        def broken(events):
            if any(one.name == "Poison" for one in events):
                raise LookupError("upstairs is broken")

        ingest.accept(source=shop, events=[viewed("Poison", messageId="p")], at=now())
        ingest.accept(source=shop, events=[viewed("Fine")], at=now())

        with hooks.register_temporarily("customers_events_recorded", broken):
            fold.drain(at=now())

        assert names() == ["Fine"]
        assert "upstairs is broken" in Quarantine.objects.get().reason
        # It was never seen: sent again, it comes in.
        ingest.accept(source=shop, events=[viewed("Poison", messageId="p")], at=now())
        fold.drain(at=now())
        assert names() == ["Fine", "Poison"]

    def test_a_crash_in_the_middle_leaves_the_inbox_as_it_was(self, shop, viewed, monkeypatch):
        ingest.accept(source=shop, events=[viewed()], at=now())

        class Killed(BaseException):
            pass

        def die(**_):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("customers.segment.touched", die)
            with pytest.raises(Killed):
                fold.fold(at=now())

        assert (Inbox.objects.count(), Event.objects.count(), Seen.objects.count()) == (1, 0, 0)
        assert fold.drain(at=now()) == 1
        assert names() == ["Article Viewed"]


class TestTheTask:
    def test_folds_all_there_is(self, shop, viewed):
        for number in range(3):
            ingest.accept(source=shop, events=[viewed(f"E{number}")], at=now())

        tasks.fold()

        assert names() == ["E0", "E1", "E2"]
