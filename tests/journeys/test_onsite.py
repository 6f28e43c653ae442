"""Messages on our own pages: for who allowed it, seen, clicked and closed once."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from customers import consent, identify
from customers.models import Event, Profile
from dxp.lib import clock
from journeys import show
from journeys.channels.base import Parcel
from journeys.channels.onsite.shelf import Shelf
from journeys.models import Delivery, Message, OnsiteMessage, Sender, Touch

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture
def at():
    return clock.now()


@pytest.fixture
def visitor(client, at):
    """Return a browser of somebody who allowed personal pages, or who refused them."""

    def come(allows=True):
        known = str(uuid.uuid4())
        alias = identify.ensure_alias(kind="anonymous", value=known, at=at)
        consent.record(
            purpose="personalization", state="GRANTED" if allows else "DENIED", method="banner",
            alias=alias, at=at,
        )  # fmt: skip
        client.cookies["dxp_aid"] = known
        client.defaults["HTTP_USER_AGENT"] = BROWSER
        client.defaults["HTTP_SEC_FETCH_SITE"] = "same-origin"
        client.profile = alias.profile
        return client

    return come


@pytest.fixture
def lay_down(db, at):
    """Lay a message down as a sender does."""
    message = Message.objects.create(name="Note", channel="onsite", subject="Hello")
    sender = Sender.objects.create(name="Pages", channel="onsite", adapter="site")

    def laid(profile, title="Hello", *, hours=24, seq=1):
        delivery = Delivery.objects.create(
            profile=profile, message=message, sender=sender, channel="onsite", seq=seq,
            enrollment_id=profile.pk, node="s1", queued_at=at + timedelta(seconds=seq), due_at=at,
            sent_at=at, expires_at=at + timedelta(hours=hours),
        )  # fmt: skip
        content = {"title": title, "text": "<b>News</b>", "url": "/news", "at": at.isoformat()}
        receipts = Shelf({}).send([Parcel(delivery.pk, "", str(profile.pk), content)] * 2)
        assert {one.outcome.value for one in receipts} == {"ok"}
        return delivery

    return laid


class TestTheSlot:
    def test_shows_what_waits_and_nothing_twice(self, visitor, lay_down):
        ana = visitor()
        delivery = lay_down(ana.profile)

        told = ana.get("/_x/onsite").json()["message"]

        assert (told["title"], told["text"], told["url"]) == ("Hello", "<b>News</b>", "/news")
        for _twice in range(2):
            assert ana.post(f"/_x/onsite/{told['token']}/seen").status_code == 204
        assert Touch.objects.get(delivery=delivery).kind == "open"
        assert Event.objects.filter(name="Message Opened").count() <= 1
        assert ana.post(f"/_x/onsite/{told['token']}/close").status_code == 204
        assert ana.get("/_x/onsite").json() == {"message": None}

    def test_is_empty_for_who_refused_and_for_strangers(self, visitor, lay_down, client):
        bruno = visitor(allows=False)
        lay_down(bruno.profile)

        assert bruno.get("/_x/onsite").json() == {"message": None}
        client.cookies.clear()
        assert client.get("/_x/onsite").json() == {"message": None}

    def test_shows_the_oldest_first_and_none_that_is_too_old(self, visitor, lay_down):
        ana = visitor()
        lay_down(ana.profile, "Old", hours=-1, seq=1)
        lay_down(ana.profile, "First", seq=2)
        lay_down(ana.profile, "Second", seq=3)

        assert ana.get("/_x/onsite").json()["message"]["title"] == "First"

    def test_nobody_closes_what_is_somebody_elses(self, visitor, lay_down):
        ana = visitor()
        lay_down(ana.profile)
        token = ana.get("/_x/onsite").json()["message"]["token"]
        other = visitor()

        other.post(f"/_x/onsite/{token}/close")

        assert not OnsiteMessage.objects.exclude(closed_at=None).exists()
        for made_up in ("d1.abc", "tampered", "d0", "é"):
            assert other.post(f"/_x/onsite/{made_up}/close").status_code == 404

    def test_is_kept_by_nobody_and_takes_no_posts_from_elsewhere(self, visitor, lay_down):
        ana = visitor()
        lay_down(ana.profile)
        answer = ana.get("/_x/onsite")

        assert answer["Cache-Control"] == "private, no-store"
        token = answer.json()["message"]["token"]
        elsewhere = {"HTTP_SEC_FETCH_SITE": "cross-site"}
        assert ana.post(f"/_x/onsite/{token}/close", **elsewhere).status_code == 403

    def test_waits_for_the_person_whatever_they_are_called(self, visitor, lay_down, at):
        ana = visitor()
        before = Profile.objects.create(bucket=1, created_at=at, last_seen_at=at)
        lay_down(before)

        show.merge(kept=ana.profile.pk, absorbed=before.pk)

        assert ana.get("/_x/onsite").json()["message"]["title"] == "Hello"

    def test_stands_on_every_page_and_the_same_for_everyone(self, client):
        assert "data-onsite=" in client.get("/cookies/").content.decode()
