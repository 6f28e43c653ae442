"""Pitfalls of collection: what senders claim, and what the network does to their events."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import time_machine

from customers import fold, ingest, segment
from customers.models import Event, EventDay, Source
from dxp.lib.clock import now
from tests.customers import people

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
CLAIMS = {"ip": "6.6.6.6", "userAgent": "Lies/1.0", "locale": "ro-RO"}


def bought(cmp, times):
    leaf = {"op": "event", "matcher": {"event": "Order Completed"},
            "metric": "count", "window": "all", "cmp": cmp, "value": times}  # fmt: skip
    return {"v": 1, "root": leaf}


@pytest.fixture
def told(client):
    """Return a function that sends one event with claims, and returns it as it was stored."""

    def send(kind, *, timestamp=None, **met):
        source = Source.objects.create(name=f"A {kind}", kind=kind)
        event = {
            "type": "track", "event": "E", "userId": "ana", "context": CLAIMS,
            **({"timestamp": timestamp} if timestamp else {}),
        }  # fmt: skip
        body = orjson.dumps({"batch": [event], "writeKey": source.write_key})
        headers = {"HTTP_USER_AGENT": AGENT, "REMOTE_ADDR": "203.0.113.77", **met}
        with time_machine.travel(NOON, tick=False):
            assert client.post("/v1/batch", body, "text/plain", **headers).status_code == 200
            fold.drain(at=now())
        return Event.objects.get()

    return send


class TestPitfall13:
    """Duplicate and out-of-order events count once."""

    def test_pitfall_13_duplicates_and_any_order_count_once(self, shop):
        five = segment.create(name="Five", rule=bought("eq", 5), at=now())
        six = segment.create(name="Six or more", rule=bought("gte", 6), at=now())
        dice = random.Random(13)
        days = [NOON - timedelta(days=day, hours=day) for day in (0, 1, 1, 3, 8)]

        def orders(who):
            return [
                {"type": "track", "event": "Order Completed", "userId": who,
                 "messageId": f"{who}-{number}", "timestamp": moment.isoformat(),
                 "properties": {"revenue": number + 0.5}}
                for number, moment in enumerate(days)
            ]  # fmt: skip

        with time_machine.travel(NOON, tick=False):
            ingest.accept(source=shop, events=orders("ana"), at=now())
            fold.drain(at=now())
            sent = orders("bruno") * 3
            dice.shuffle(sent)
            while sent:
                size = dice.randint(1, 4)
                ingest.accept(source=shop, events=sent[:size], at=now())
                del sent[:size]
                if dice.random() < 0.5:
                    fold.fold(at=now())
            fold.drain(at=now())

        ana, bruno = (people.profile_of(kind="user", value=name) for name in ("ana", "bruno"))
        assert Event.objects.filter(name="Order Completed", profile=bruno).count() == 5
        assert counted(ana) == counted(bruno) != []
        for who in (ana, bruno):
            assert segment.members_of(who.pk) == {five.pk}
        assert not six.members.exists()
        assert segment.reconcile(at=NOON) == 0

    def test_pitfall_13_copies_within_one_batch_are_one(self, shop):
        order = {"type": "track", "event": "Order Completed", "userId": "ana", "messageId": "m"}

        ingest.accept(source=shop, events=[order] * 10, at=now())
        fold.drain(at=now())

        assert Event.objects.count() == 1

    def test_pitfall_13_an_older_trait_that_comes_later_does_not_win(self, shop):
        for plan, hours in (("pro", 1), ("free", 5)):
            told = {"type": "identify", "userId": "ana", "traits": {"plan": plan},
                    "timestamp": (now() - timedelta(hours=hours)).isoformat()}  # fmt: skip
            ingest.accept(source=shop, events=[told], at=now())
            fold.drain(at=now())

        assert people.profile_of(kind="user", value="ana").traits == {"plan": "pro"}


def counted(profile):
    """Return what is counted of a profile, whoever it is."""
    about = {"profile", "pk"}
    fields = [field.attname for field in EventDay._meta.fields if field.name not in about]
    return sorted(EventDay.objects.filter(profile=profile).values_list(*fields))


class TestPitfall22:
    """A client's own ip, user agent and timestamp count only from a server's key."""

    def test_pitfall_22_a_browser_is_what_the_connection_says(self, told):
        event = told("browser")

        assert event.context["ip"] == "203.0.113.0"
        assert event.context["userAgent"] == AGENT
        assert event.context["locale"] == "ro-RO"

    def test_pitfall_22_a_server_is_believed(self, told):
        event = told("server", timestamp="2019-01-02T03:04:05+00:00")

        assert {key: event.context[key] for key in CLAIMS} == CLAIMS
        assert event.at.isoformat() == "2019-01-02T03:04:05+00:00"

    def test_pitfall_22_a_browsers_time_of_long_ago_is_not_believed_but_kept(self, told):
        event = told("browser", timestamp="2019-01-02T03:04:05+00:00")

        assert event.at == NOON
        assert event.context["originalTimestamp"] == "2019-01-02T03:04:05+00:00"

    def test_pitfall_22_what_a_browser_could_not_send_for_days_keeps_its_time(self, told):
        then = NOON - timedelta(days=3)

        assert told("browser", timestamp=then.isoformat()).at == then

    @pytest.mark.parametrize(
        ("proxies", "forwarded", "kept"),
        [
            (0, "198.51.100.9", "203.0.113.0"),
            (1, "6.6.6.6, 198.51.100.9", "198.51.100.0"),
            (2, "6.6.6.6, 198.51.100.9, 10.0.0.1", "198.51.100.0"),
            (2, "198.51.100.9", "203.0.113.0"),
            (1, "nonsense", ""),
            (1, "2001:db8:1234:5678::9", "2001:db8:1234::"),
            (1, "::ffff:198.51.100.9", "198.51.100.0"),
        ],
    )
    def test_pitfall_22_only_our_own_proxies_are_believed(
        self, told, settings, proxies, forwarded, kept
    ):
        settings.PROXIES = proxies

        assert told("browser", HTTP_X_FORWARDED_FOR=forwarded).context["ip"] == kept

    def test_pitfall_22_a_source_that_is_new_says_where_its_key_stands(self, client):
        client.force_login(people.marketer())

        client.post(
            "/admin/customers/sources/new/", {"name": "Shop", "kind": "browser", "is_active": "on"}
        )

        assert Source.objects.get(name="Shop").kind == "browser"

    def test_pitfall_22_the_sites_own_key_stands_in_its_pages(self, client):
        from content.templatetags.site_tags import write_key

        assert Source.objects.get(write_key=write_key()).kind == "browser"
