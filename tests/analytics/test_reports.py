"""Reports: the marketer sees them, each number is in the page, nobody else gets in."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from analytics import collect, query
from customers.models import Profile
from dxp.lib import clock
from dxp.users.models import User
from tests.analytics import world
from tests.analytics.world import happen

ADDRESSES = [
    reverse("analytics_traffic"),
    reverse("analytics_traffic_file", args=["days"]),
    reverse("analytics_traffic_file", args=["pages"]),
    reverse("analytics_traffic_file", args=["sources"]),
    reverse("analytics_funnel") + "?step=Viewed&step=Bought",
    reverse("analytics_funnel_file") + "?step=Viewed&step=Bought",
    reverse("analytics_funnel_people") + "?step=Viewed&step=Bought&of=1",
    reverse("analytics_funnel_people_file") + "?step=Viewed&step=Bought&of=1",
]
RIGHTS = ["access_admin", "view_reports", "view_profile"]


def staff(name, *rights):
    """Return a signed-in member of staff with these rights, committed."""
    user = User.objects.create(username=name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def house(lake):
    """Yield today's moment, with a world in which two people looked and one bought."""
    now = clock.now()
    world.make_room(now, now - timedelta(days=40))
    for number, name in [(1, "Ana"), (2, "=Bruno")]:
        Profile.objects.create(
            pk=number, bucket=1, traits={"name": name}, created_at=now, last_seen_at=now
        )
    ago = now - timedelta(minutes=1)
    told = {"received_at": now, "path": "/funds/", "title": "Funds"}
    happen(1, ago, **told)
    collect.seal(lake=lake, at=now)
    happen(2, ago, **told, campaign_source="newsletter")
    for number in (1, 2):
        happen(number, ago, "Viewed", "track", received_at=now)
    happen(1, now, "Bought", "track", received_at=now)
    yield now
    User.objects.filter(username__in=["mara", "omar", "nina"]).delete()


@pytest.fixture
def mara(house):
    return staff("mara", *RIGHTS)


def rows_of(response):
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


class TestWhoMaySee:
    @pytest.mark.parametrize("address", ADDRESSES)
    def test_mara_may_and_omar_may_not(self, mara, address):
        omar = staff("omar", "access_admin")

        assert mara.get(address).status_code == 200
        refused = omar.get(address)
        assert (refused.status_code, refused.url) == (302, reverse("wagtailadmin_home"))
        assert Client().get(address).url.startswith(reverse("wagtailadmin_login"))

    def test_lists_of_people_need_the_right_to_see_people(self, mara):
        nina = staff("nina", "access_admin", "view_reports")

        funnel = nina.get(ADDRESSES[4])
        assert funnel.status_code == 200
        assert "/people/" in mara.get(ADDRESSES[4]).content.decode()
        assert "/people/" not in funnel.content.decode()
        assert [nina.get(address).status_code for address in ADDRESSES[6:]] == [302, 302]

    def test_the_menu_and_the_panel_follow_the_right(self, mara):
        omar = staff("omar", "access_admin")
        home = reverse("wagtailadmin_home")

        for_mara, for_omar = mara.get(home).content.decode(), omar.get(home).content.decode()

        assert reverse("analytics_traffic") in for_mara
        assert "The last seven days" in for_mara
        assert reverse("analytics_traffic") not in for_omar
        assert "The last seven days" not in for_omar


class TestTraffic:
    def test_shows_visitors_pages_and_sources_of_files_and_tail(self, mara):
        page = mara.get(reverse("analytics_traffic"))

        assert [tile.value for tile in page.context["tiles"]] == ["2", "2", "2", "100.0 %"]
        assert page.context["pages"] == [
            {"path": "/funds/", "title": "Funds", "views": 2, "visitors": 2}
        ]
        assert {row["source"] for row in page.context["sources"]} == {
            "Direct, or unknown", "newsletter",
        }  # fmt: skip
        assert page.context["days"][-1]["cells"] == (2, 2, 2)
        assert len(page.context["days"]) == 30

    def test_an_event_is_in_the_report_within_a_second(self, mara, house):
        before = mara.get(reverse("analytics_traffic")).context["tiles"][0].value
        happen(3, house, received_at=house)
        after = mara.get(reverse("analytics_traffic")).context["tiles"][0].value

        assert (before, after) == ("2", "3")

    def test_compares_with_the_days_before(self, mara, house):
        happen(3, house - timedelta(days=35), received_at=house)

        tile = mara.get(reverse("analytics_traffic")).context["tiles"][0]

        assert (tile.change, tile.trend) == ("up 100.0 %", "up")

    def test_says_so_when_nobody_came(self, mara):
        page = mara.get(reverse("analytics_traffic") + "?first=2020-01-01&last=2020-01-05")

        assert "Nobody was here" in page.content.decode()

    @pytest.mark.parametrize(
        "odd",
        ["first=2020-02-01&last=2020-01-01", "first=x&last=y", "days=8", "first=2020-01-01",
         "first=0001-01-01&last=0001-01-02"],
    )  # fmt: skip
    def test_odd_days_become_the_last_thirty_with_a_word(self, mara, odd):
        page = mara.get(f"{reverse('analytics_traffic')}?{odd}&basis=nonsense")

        assert page.status_code == 200
        assert page.context["period"].days == 30
        assert "could not be understood" in page.content.decode()

    def test_the_file_holds_every_day(self, mara):
        rows = rows_of(mara.get(reverse("analytics_traffic_file", args=["days"]) + "?days=7"))

        assert (len(rows), rows[-1][1:]) == (8, ["2", "2", "2"])
        assert mara.get(reverse("analytics_traffic_file", args=["other"])).status_code == 404

    def test_a_busy_machine_is_said_in_words(self, mara, monkeypatch):
        def refuse(*args, **kwargs):
            raise query.Busy

        monkeypatch.setattr(query, "ask", refuse)

        page = mara.get(reverse("analytics_traffic"))
        assert (page.status_code, "could not be computed" in page.content.decode()) == (503, True)
        assert mara.get(reverse("wagtailadmin_home")).status_code == 200


class TestFunnel:
    STEPS = "?step=Viewed&step=Bought"

    def test_shows_steps_conversion_and_where_people_stopped(self, mara):
        page = mara.get(reverse("analytics_funnel") + self.STEPS)

        lines = page.context["funnel"]
        assert [(line["reached"], line["of_first"], line["stopped"]) for line in lines] == [
            (2, "100.0 %", 1), (1, "50.0 %", None),
        ]  # fmt: skip
        assert lines[1]["median"] == "1 min"

    def test_asks_for_two_steps_of_what_really_happened(self, mara):
        page = mara.get(reverse("analytics_funnel"))

        assert "Choose two or more steps" in page.content.decode()
        assert [row["name"] for row in page.context["names"]] == [
            "Page Viewed", "Viewed", "Bought",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("act", "steps"),
        [("add", ["A", "B", "C", ""]), ("up-3", ["A", "C", "B"]), ("down-1", ["B", "A", "C"]),
         ("drop-2", ["A", "C"]), ("up-1", ["A", "B", "C"]), ("drop-99", ["A", "B", "C"]),
         ("nonsense", ["A", "B", "C"])],
    )  # fmt: skip
    def test_steps_are_edited_without_a_script(self, mara, act, steps):
        asked = f"?step=A&step=B&step=C&within=7&do={act}"

        target = urlsplit(mara.get(reverse("analytics_funnel") + asked).url)

        told = parse_qs(target.query, keep_blank_values=True)
        assert (told["step"], told["within"], "do" in told) == (steps, ["7"], False)

    def test_counts_visits_by_silence_or_by_a_property(self, mara, house):
        for minute, visit in [(0, "a"), (1, "b")]:
            happen(
                1, house - timedelta(hours=3, minutes=minute), "Viewed", "track",
                received_at=house, visit=visit,
            )  # fmt: skip

        def reached(asked):
            page = mara.get(reverse("analytics_funnel") + self.STEPS + asked)
            return [line["reached"] for line in page.context["funnel"]], page

        assert reached("&by=people")[0] == [2, 1]
        assert reached("&by=visits")[0] == [3, 1]
        by_property, page = reached("&by=visits&key=visit")
        assert by_property == [2, 0]
        assert "3 events without this property were left out" in page.content.decode()

    def test_a_step_nobody_ever_took_is_zero(self, mara):
        page = mara.get(reverse("analytics_funnel") + "?step=%00odd&step=Bought")

        assert (page.status_code, page.context["entered"]) == (200, 0)

    @pytest.mark.parametrize("odd", ["&within=-1", "&within=x", "&by=x", "&by=visits&key='"])
    def test_odd_answers_are_left_out_with_a_word(self, mara, odd):
        page = mara.get(reverse("analytics_funnel") + self.STEPS + odd)

        assert page.status_code == 200
        assert "could not be understood" in page.content.decode()

    def test_lists_who_stopped_with_a_way_to_them(self, mara):
        page = mara.get(reverse("analytics_funnel") + self.STEPS)
        stopped = mara.get(page.context["funnel"][0]["stopped_people"])

        assert [row["profile"].pk for row in stopped.context["people"]] == [2]
        assert reverse("customers_profiles:inspect", args=[2]) in stopped.content.decode()

    def test_a_file_holds_no_formula(self, mara):
        rows = rows_of(mara.get(ADDRESSES[7]))

        assert {row[1] for row in rows[1:]} == {"Ana", "'=Bruno"}

    @pytest.mark.parametrize("odd", ["?of=1", STEPS, STEPS + "&of=3", STEPS + "&of=x"])
    def test_a_step_that_is_none_is_not_found(self, mara, odd):
        assert mara.get(reverse("analytics_funnel_people") + odd).status_code == 404
