"""Programs that are nobody: seen, kept, and counted nowhere."""

from __future__ import annotations

import orjson
import pytest

from analytics import query
from analytics.collect import Lake
from analytics.measures import names
from customers import agents, fold, segment
from customers.models import Alias, BotEvent, Event, Profile, SegmentMember, Source
from dxp.lib.clock import now
from tests.customers import people
from tests.customers.people import NOON

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/140.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


def viewed(agent=None, **more):
    context = {} if agent is None else {"context": {"userAgent": agent}}
    return {"type": "page", "anonymousId": "somebody", **context, **more}


@pytest.fixture
def site(db):
    """Return a source whose key stands in a web page."""
    return Source.objects.create(name="Site", kind=Source.Kind.BROWSER)


@pytest.fixture
def server(db):
    """Return a source whose key a server keeps."""
    return Source.objects.create(name="Backend", kind=Source.Kind.SERVER)


@pytest.fixture
def send(client):
    """Return a function that posts events with a key, by a program, and folds them."""

    def post(source, *events, by=""):
        body = orjson.dumps({"batch": list(events), "writeKey": source.write_key})
        headers = {"User-Agent": by} if by else {}
        answer = client.post("/v1/batch", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200
        fold.drain(at=now())

    return post


class TestPitfall24:
    @pytest.mark.parametrize("agent", [CRAWLER, HEADLESS, ""])
    def test_pitfall_24_a_bot_on_the_site_makes_nobody(self, send, site, agent):
        bought = {"op": "event", "name": "Page Viewed", "metric": "count", "window": "all",
                  "cmp": "gte", "value": 1}  # fmt: skip
        segment.create(name="Visitors", rule={"v": 1, "root": bought}, at=NOON)

        send(site, viewed(messageId="m1"), by=agent)

        kept = BotEvent.objects.get()
        assert (kept.name, kept.user_agent, kept.source) == ("Page Viewed", agent, site)
        assert not Profile.objects.exists()
        assert not Alias.objects.exists()
        assert not Event.objects.exists()
        assert not SegmentMember.objects.exists()

    def test_pitfall_24_a_bot_counts_in_no_metric(self, send, site, tmp_path):
        send(site, viewed(messageId="m1"), by=HEADLESS)
        send(site, viewed(messageId="m2"), by=PHONE)

        seen = query.ask(names.seen, lake=Lake(tmp_path), at=now(),
                         start=NOON.replace(year=2000), end=NOON.replace(year=2100))  # fmt: skip

        assert [(name, n) for name, n, _people in seen.rows] == [("Page Viewed", 1)]

    def test_pitfall_24_a_bot_that_a_server_speaks_of_is_one_too(self, send, server):
        send(server, viewed(CRAWLER, messageId="m1"), by="analytics-node/2.3.0")

        assert BotEvent.objects.count() == 1
        assert not Profile.objects.exists()

    @pytest.mark.parametrize(
        "library", ["analytics-python/2.3.1", "python-requests/2.32", "", None]
    )
    def test_pitfall_24_a_server_that_speaks_for_a_person_is_none(self, send, server, library):
        send(server, viewed(messageId="m1"), viewed(PHONE, messageId="m2"), by=library or "")

        assert not BotEvent.objects.exists()
        assert Event.objects.count() == 2

    def test_pitfall_24_people_in_the_same_batch_are_counted(self, send, server):
        send(server, viewed(CRAWLER, messageId="m1"), viewed(PHONE, messageId="m2"))

        assert Event.objects.get().message_id == "m2"
        assert BotEvent.objects.get().message_id == "m1"

    def test_pitfall_24_a_repeated_bot_event_is_kept_once(self, send, site):
        for _ in range(2):
            send(site, viewed(messageId="m1"), by=CRAWLER)

        assert BotEvent.objects.count() == 1

    def test_pitfall_24_an_app_on_a_phone_is_no_bot(self, send, site):
        send(site, viewed(messageId="m1"), by="okhttp/4.12.0")

        assert not BotEvent.objects.exists()
        assert Profile.objects.count() == 1

    def test_pitfall_24_automated_tests_may_count_as_people(self, send, site):
        site.takes_bots = True
        site.save()

        send(site, viewed(messageId="m1"), by=HEADLESS)

        assert Profile.objects.count() == 1

    def test_pitfall_24_a_visit_makes_nobody_before_consent(self, client, site):
        # Pages are the same for everyone: the tracker runs after consent, and a page itself sends
        # nothing (the tracker's own promise is held in tests/content/test_scripts.py).
        answer = client.get("/", headers={"User-Agent": PHONE})
        fold.drain(at=now())

        assert answer.status_code == 200
        assert "sessionid" not in answer.cookies
        assert not Profile.objects.exists()


class TestAgents:
    @pytest.mark.parametrize("agent", [CRAWLER, HEADLESS, "", "  ", "Mozilla/5.0 Cypress/13.0"])
    def test_programs_are_known(self, agent):
        assert agents.is_bot(agent)

    def test_people_are_not_taken_for_programs(self):
        assert not agents.is_bot(PHONE)

    def test_families_are_read(self):
        assert agents.read(PHONE) == agents.Agent("Mobile Safari", "iOS", "iPhone")
        assert agents.read("nothing at all") == agents.Agent("Other", "Other", "Other")


def test_staff_see_how_many_bots_came(client, send, site):
    send(site, viewed(messageId="m1"), viewed(messageId="m2"), by=CRAWLER)
    client.force_login(people.marketer())

    page = client.get(f"/admin/customers/sources/inspect/{site.pk}/").content.decode()

    assert "Bots" in page
    assert "<dd>2</dd>" in page
