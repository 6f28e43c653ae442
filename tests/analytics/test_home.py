"""The home page: the last seven days, what needs a person, and the questions kept for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics import desk, health, pose, query
from analytics.questions.asked import parse
from customers import explain, gather
from customers.models import Profile, Quarantine, Segment, Source
from dxp.lib import clock
from dxp.users.models import User
from journeys.models import Sender
from tests.analytics import world
from tests.analytics.asking import doing
from tests.analytics.world import happen

__all__ = ["doing"]

pytestmark = pytest.mark.django_db
HOME = reverse("wagtailadmin_home")
PAGE = reverse("analytics_home")
PIECE = f"{PAGE}?piece"
RIGHTS = (
    "access_admin", "view_reports", "view_segment", "view_quarantine", "view_sender",
    "view_delivery", "view_journey", "view_computedtrait",
)  # fmt: skip


def staff(name, *rights):
    user = User.objects.create(username=name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def now(db, doing):
    """Return the moment of a world in which two people looked and one bought."""
    at = clock.now()
    world.make_room(at, at - timedelta(days=40))
    for number in (1, 2):
        Profile.objects.create(pk=number, bucket=1, traits={}, created_at=at, last_seen_at=at)
        happen(number, at - timedelta(minutes=number), path="/", received_at=at)
        happen(number, at - timedelta(minutes=number), "Viewed", "track", received_at=at)
    for name in ("Message Sent", "Message Sent", "Bought"):
        happen(1, at, name, "track", received_at=at)
    return at


@pytest.fixture
def mara(now):
    return staff("mara", *RIGHTS)


def tiles(page):
    return {tile.label: tile.value for tile in page.context["week"].told.tiles}


def words(page):
    return [one.words for one in page.context["troubles"]]


class TestTheHomePage:
    def test_waits_for_no_number(self, mara, monkeypatch):
        monkeypatch.setattr(query, "ask", lambda *_args, **_more: pytest.fail("asked"))

        page = mara.get(HOME).content.decode()

        assert "The last seven days" in page
        assert f'data-dxp-live-url-value="{PIECE}"' in page
        assert "The numbers are being computed." in page

    def test_shows_nothing_to_those_without_the_right(self, now):
        omar = staff("omar", "access_admin")

        assert "The last seven days" not in omar.get(HOME).content.decode()
        assert omar.get(PIECE).status_code == 302


class TestTheWeek:
    def test_counts_what_happened(self, mara, settings):
        settings.CONVERSION_EVENT = "Bought"

        page = mara.get(PIECE)

        assert tiles(page) == {
            "Visitors": "2", "New profiles": "2", "Messages sent": "2", "Conversions": "1",
            "Running journeys": "0",
        }  # fmt: skip
        assert "data-live-end" in page.content.decode()
        assert "As of" in page.content.decode()

    def test_without_a_choice_counts_what_brought_the_most(self, mara):
        from tests.customers import people

        assert "Conversions" not in tiles(mara.get(PIECE))
        people.happened(
            people.track("ana", "Order Completed", "o-1", properties={"revenue": 12}),
            at=clock.now(),
        )
        page = mara.get(PIECE)

        assert tiles(page)["Conversions"] == "1"
        assert [one.hint for one in page.context["week"].told.tiles][3] == "Order Completed"

    def test_is_a_page_of_its_own_without_scripts(self, mara):
        page = mara.get(PAGE)

        assert tiles(page)["Visitors"] == "2"
        assert "Refresh" not in page.headers


class TestWhatTakesLong:
    @pytest.fixture
    def slow(self, monkeypatch):
        """Let every question wait."""

        def ask(self, measure, **asked):
            raise desk.Pending(self.page, self.at, None)

        monkeypatch.setattr(desk.Desk, "ask", ask)

    def test_is_said_and_comes_later(self, mara, slow):
        page = mara.get(PIECE)

        assert "Being computed" in page.content.decode()
        assert "data-live-end" not in page.content.decode()
        assert mara.get(PAGE)["Refresh"] == "2"

    def test_keeps_no_other_part_waiting(self, mara, slow):
        Segment.objects.create(name="Lost", slug="lost", rule={}, state="FAILED")

        assert "1 segment is no longer kept up to date" in mara.get(PIECE).content.decode()

    def test_a_refusal_is_told_in_its_place(self, mara, monkeypatch):
        def ask(self, measure, **asked):
            raise query.Busy("Too much at once.")

        monkeypatch.setattr(desk.Desk, "ask", ask)

        page = mara.get(PIECE).content.decode()
        assert "Too much at once." in page
        assert "data-live-end" in page


class TestWhatNeedsAPerson:
    def test_is_nothing_while_all_goes_well(self, mara):
        assert "Nothing: all goes well." in mara.get(PIECE).content.decode()

    def test_is_named_with_where_it_is_mended(self, mara, now, monkeypatch):
        source = Source.objects.create(name="Shop")
        for _ in range(2):
            Quarantine.objects.create(source=source, received_at=now, reason="no name", body={})
        Quarantine.objects.create(
            source=source, received_at=now - timedelta(days=9), reason="no name", body={}
        )
        Segment.objects.create(name="Lost", slug="lost", rule={}, state="FAILED")
        Sender.objects.create(name="Mail", paused_until=now + timedelta(hours=1))
        Sender.objects.create(name="Rested", paused_until=now - timedelta(hours=1))
        monkeypatch.setattr(
            health, "worries", lambda **_asked: [health.Worry("The lake is held up.")]
        )

        page = mara.get(PIECE)

        assert words(page) == [
            "1 sender is at rest", "1 segment is no longer kept up to date",
            "2 events of the last seven days were rejected", "The lake is held up.",
        ]  # fmt: skip
        for one in page.context["troubles"]:
            assert mara.get(one.url).status_code == 200

    def test_is_not_for_those_who_may_not_mend_it(self, now):
        nina = staff("nina", "access_admin", "view_reports")
        Segment.objects.create(name="Lost", slug="lost", rule={}, state="FAILED")

        assert words(nina.get(PIECE)) == []

    def test_names_the_journey_on_which_people_are_stuck(self, mara, now):
        from journeys.models import Enrollment
        from tests.house import samples

        Profile.objects.all().delete()
        samples.furnish(at=now)
        Enrollment.objects.update(lane=-2, ended_at=None)
        (told,) = [one for one in mara.get(PIECE).context["troubles"] if "stuck" in one.words]

        assert told.words == "1 person is stuck on the journey “Welcome”"
        assert told.url.endswith("?show=failed")


class TestKeptQuestions:
    def test_show_their_first_table_and_lead_to_their_page(self, mara, now):
        raw = {"kind": "doing", "acts": [{"event": "Viewed"}]}
        shown = pose.keep(name="Acts", asked=parse(raw), at=now, on_home=True)
        pose.keep(name="Hidden", asked=parse(raw), at=now)

        page = mara.get(PIECE)
        text = page.content.decode()

        assert [part.title for part in page.context["questions"]] == ["Acts"]
        assert reverse("analytics_question", args=[shown.pk]) in text
        assert "dxp-figures" in text

    def test_one_that_can_not_be_asked_any_more_says_so(self, mara, now):
        raw = {"kind": "doing", "acts": [{"event": "Viewed"}]}
        kept = pose.keep(name="Acts", asked=parse(raw), at=now, on_home=True)
        kept.asked = {"kind": "gone"}
        kept.save()

        assert "Choose a kind of question." in mara.get(PIECE).content.decode()


def test_the_home_page_asks_the_database_little_more_for_it(mara):
    mara.get(HOME)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        mara.get(HOME)
    assert not [one["sql"] for one in seen if "analytics_" in one["sql"] or "_event" in one["sql"]]


class TestWhatStandsOnASegmentOrAList:
    def test_a_kept_question_keeps_them_from_being_deleted(self, mara, now):
        guests = gather.create(name="Guests", profile_ids=[], at=now)
        group = gather.segment_of(list=guests, name="Guests now", at=now)
        acts = {"kind": "doing", "acts": [{"event": "Viewed"}]}
        for name, leaf in (("One", {"op": "list", "id": guests.pk}),
                           ("Two", {"op": "segment", "id": group.pk})):  # fmt: skip
            raw = {**acts, "who": {"v": 1, "root": leaf}}
            pose.keep(name=name, asked=parse(raw), at=now)
        pose.keep(name="Three", asked=parse(acts), at=now)

        assert [one.name for one in gather.uses(list=guests)] == ["Guests now", "One"]
        assert [one.name for one in explain.uses(segment=group)] == ["Two"]
