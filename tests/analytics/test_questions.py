"""Asking, keeping and tracing questions: by address, without a script."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from analytics.admin.ask_rows import edited
from analytics.draw import DASH
from customers.models import Profile
from dxp.lib import clock
from dxp.users.models import User
from tests.analytics import world
from tests.analytics.asking import doing
from tests.analytics.world import happen

__all__ = ["doing"]

RIGHTS = [
    "access_admin", "view_reports", "view_profile", "view_question", "add_question",
    "change_question", "delete_question", "add_annotation", "delete_annotation", "view_segment",
    "add_segment", "view_profilelist", "add_profilelist", "see_name", "see_contact",
]  # fmt: skip
NEW = reverse("analytics_question_new")
ASKED = "kind=doing&acts=Viewed&acts=Bought&acts.where=&acts.where="

ODD = [
    "kind=nothing", "kind=doing&acts=%00x", "q={", "q=[]", 'q={"kind":"doing","acts":5}',
    "kind=doing&acts=V&period=own&period.from=x", "kind=doing&acts=V&period=last-0-days",
    "kind=doing&acts=Viewed&period=last&period.count=1e99", "kind=doing&acts=V&compare=x",
    "kind=doing&acts=V&who={}", 'kind=doing&acts=V&who={"v":1}', "q=" + "[" * 5000,
    'q={"kind":"doing","acts":[{"event":"\\ud800"}]}', "kind=doing&acts=V&acts.where=[{}]",
    "kind=doing&acts=V&within=nan&most=inf",
]  # fmt: skip


def staff(name, *rights):
    """Return a signed-in member of staff with these rights."""
    user = User.objects.create(username=name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def now(db, doing):
    """Return the moment of a world in which two people looked and one bought."""
    at = clock.now()
    world.make_room(at, at - timedelta(days=60))
    for number, name in [(1, "Ana"), (2, "=Bruno")]:
        Profile.objects.create(
            pk=number, bucket=1, traits={"name": name}, created_at=at, last_seen_at=at
        )
    for number in (1, 2):
        happen(number, at - timedelta(minutes=number), "Viewed", "track", received_at=at)
    happen(1, at, "Bought", "track", received_at=at)
    return at


@pytest.fixture
def mara(now):
    return staff("mara", *RIGHTS)


def rows_of(response):
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def numbers(page):
    (sheet,) = page.context["sheets"]
    return [[cell.text for cell in line.cells] for line in sheet["drawn"].lines]


def keep(client, name="Acts", at=NEW, raw=None, **told):
    told = {"q": json.dumps(raw or {"kind": "doing", "acts": [{"event": "Viewed"}]}), **told}
    return client.post(at, {"name": name, "keep": "new", **told})


def people_url(client, act="Viewed"):
    page = client.get(f"{NEW}?kind=doing&acts={act}")
    return page.context["sheets"][0]["drawn"].lines[0].cells[0].url


class TestRows:
    @pytest.mark.parametrize(
        ("act", "acts"),
        [("add", ["A", "B", "C", ""]), ("up-3", ["A", "C", "B"]), ("down-1", ["B", "A", "C"]),
         ("drop-2", ["A", "C"]), ("up-1", ["A", "B", "C"]), ("drop-99", ["A", "B", "C"]),
         ("nonsense", ["A", "B", "C"])],
    )  # fmt: skip
    def test_are_moved_with_their_filters(self, act, acts):
        told = QueryDict(f"acts=A&acts=B&acts=C&acts.where=1&acts.where=2&do=acts:{act}")

        found = parse_qs(urlsplit(f"?{edited(told)}").query, keep_blank_values=True)

        filters = {"A": "1", "B": "2", "C": "", "": ""}
        assert (found["acts"], found["acts.where"]) == (acts, [filters[one] for one in acts])


class TestAsking:
    def test_an_address_asks_and_the_page_answers(self, mara):
        page = mara.get(f"{NEW}?{ASKED}")

        assert page.status_code == 200
        assert numbers(page) == [["2", DASH], ["1", DASH]]
        assert "3 acts." in page.content.decode()

    def test_a_new_page_offers_kinds_and_finds_nothing_wrong_yet(self, mara):
        first, blank = mara.get(NEW), mara.get(f"{NEW}?kind=doing")

        assert "?kind=doing" in first.content.decode()
        assert "How often some acts were done." in blank.content.decode()
        assert "Choose an act." not in blank.content.decode()

    def test_what_is_wrong_stands_at_its_control(self, mara):
        empty = mara.get(f"{NEW}?kind=doing&most=3").content.decode()
        second = mara.get(f"{NEW}?kind=doing&acts=&acts=Viewed&acts=Impossible").content.decode()
        odd = mara.get(f"{NEW}?{ASKED}&most=x").content.decode()

        assert 'id="id_acts-error"' in empty
        assert 'id="id_acts-3-error"' in second
        assert 'id="id_most-error"' in odd

    def test_every_control_comes_back_as_it_was_told(self, mara):
        told = (
            f"{ASKED}&end=*&end.where=&unit=sum&of=a&most=3&within=7&within.unit=hours"
            "&by=property:&by.name=plan&once=0&once=1&period=last-12-months&compare=year"
        )
        page = mara.get(f"{NEW}?{told}")

        asked = json.loads(page.context["question"])
        assert asked == {
            "kind": "doing", "acts": [{"event": "Viewed"}, {"event": "Bought"}],
            "end": {"event": ""}, "unit": "sum", "of": "a", "most": 3, "within": [7, "hours"],
            "by": "property:plan", "once": True, "period": {"last": [12, "months"]},
            "compare": "year",
        }  # fmt: skip
        again = mara.get(page.context["address"])
        assert json.loads(again.context["question"]) == asked

    def test_what_is_out_of_view_is_not_asked(self, mara):
        page = mara.get(f"{NEW}?{ASKED}&unit=events&of=a")

        assert "of" not in json.loads(page.context["question"])

    def test_filters_travel_in_the_address_and_are_told_in_words(self, mara):
        where = json.dumps([{"prop": "plan", "cmp": "eq", "value": "gold"}])
        told = urlencode({"kind": "doing", "acts": "Viewed", "acts.where": where})
        page = mara.get(f"{NEW}?{told}")

        (line,) = page.context["controls"][0].lines
        assert line.words == "plan is “gold”"

    def test_rows_are_edited_without_a_script(self, mara):
        asked = f"?{ASKED}&most=7&do=acts:add"

        target = urlsplit(mara.get(NEW + asked).url)

        told = parse_qs(target.query, keep_blank_values=True)
        assert (told["acts"], told["most"], "do" in told) == (
            ["Viewed", "Bought", ""],
            ["7"],
            False,
        )
        assert target.fragment == "id_acts-3"
        assert numbers(mara.get(f"{NEW}?{target.query}")) == [["2", DASH], ["1", DASH]]

    def test_odd_addresses_are_answered_in_words(self, mara):
        for odd in ODD:
            assert mara.get(f"{NEW}?{odd}").status_code == 200, odd

    def test_days_move_with_today_or_stand_still(self, mara, now):
        happen(1, now - timedelta(days=35), "Viewed", "track", received_at=now)

        def viewed(told):
            return numbers(mara.get(f"{NEW}?kind=doing&acts=Viewed&{told}"))[0]

        assert viewed("period=last-7-days&compare=before") == ["2", DASH]
        assert viewed("period=last-30-days&compare=before") == ["2", "1"]
        assert viewed("period=last&period.count=60&period.unit=days")[0] == "3"
        day = (now - timedelta(days=35)).date()
        assert viewed(f"period=own&period.from={day}&period.to={day}")[0] == "1"

    def test_only_the_people_that_conditions_pick_count(self, mara):
        who = {"v": 1, "root": {"op": "trait", "field": "name", "cmp": "eq", "value": "Ana"}}
        told = urlencode({"kind": "doing", "acts": "Viewed", "who": json.dumps(who)})
        page = mara.get(f"{NEW}?{told}")

        assert numbers(page) == [["1", DASH]]
        assert "Only people who" in page.content.decode()

    def test_a_table_is_a_file_without_formulas(self, mara):
        page = mara.get(f"{NEW}?{ASKED}")
        (sheet,) = page.context["sheets"]

        assert rows_of(mara.get(sheet["file_url"])) == [
            ["act", "n", "before"], ["Viewed", "2", ""], ["Bought", "1", ""]
        ]  # fmt: skip
        assert mara.get(sheet["file_url"].replace("acts.csv", "other.csv")).status_code == 404
