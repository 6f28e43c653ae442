"""Asking, keeping and tracing questions: by address, without a script."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from analytics.draw import DASH
from analytics.models import Annotation, Question
from customers.models import Profile, ProfileList, Segment
from dxp.lib import clock
from dxp.users.models import User
from tests.analytics import world
from tests.analytics.asking import doing
from tests.analytics.world import happen

__all__ = ["doing"]

pytestmark = pytest.mark.django_db
RIGHTS = [
    "access_admin", "view_reports", "view_profile", "view_question", "add_question",
    "change_question", "delete_question", "add_annotation", "delete_annotation", "view_segment",
    "add_segment", "view_profilelist", "add_profilelist", "see_name", "see_contact",
]  # fmt: skip
NEW = reverse("analytics_question_new")
ASKED = "kind=doing&acts=Viewed&acts=Bought&acts.where=&acts.where="


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

    @pytest.mark.parametrize(
        ("act", "acts"),
        [("add", ["A", "B", "C", ""]), ("up-3", ["A", "C", "B"]), ("down-1", ["B", "A", "C"]),
         ("drop-2", ["A", "C"]), ("up-1", ["A", "B", "C"]), ("drop-99", ["A", "B", "C"]),
         ("nonsense", ["A", "B", "C"])],
    )  # fmt: skip
    def test_rows_are_edited_without_a_script(self, mara, act, acts):
        asked = f"?kind=doing&acts=A&acts=B&acts=C&acts.where=1&most=7&do=acts:{act}"

        target = urlsplit(mara.get(NEW + asked).url)

        told = parse_qs(target.query, keep_blank_values=True)
        assert (told["acts"], told["most"], "do" in told) == (acts, ["7"], False)
        assert mara.get(f"{NEW}?{target.query}").status_code == 200

    @pytest.mark.parametrize(
        "odd",
        ["kind=nothing", "kind=doing&acts=%00x", "q={", "q=[]", 'q={"kind":"doing","acts":5}',
         "kind=doing&acts=V&period=own&period.from=x", "kind=doing&acts=V&period=last-0-days",
         "kind=doing&acts=Viewed&period=last&period.count=1e99", "kind=doing&acts=V&compare=x",
         "kind=doing&acts=V&who={}", 'kind=doing&acts=V&who={"v":1}', "q=" + "[" * 5000,
         'q={"kind":"doing","acts":[{"event":"\\ud800"}]}', "kind=doing&acts=V&acts.where=[{}]",
         "kind=doing&acts=V&within=nan&most=inf"],
    )  # fmt: skip
    def test_odd_addresses_are_answered_in_words(self, mara, odd):
        assert mara.get(f"{NEW}?{odd}").status_code == 200

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


class TestKeeping:
    def test_a_question_is_kept_found_and_asked_again(self, mara):
        kept = keep(mara, description="How often", on_home="on")

        question = Question.objects.get()
        assert (question.name, question.on_home, question.created_by.username) == (
            "Acts", True, "mara",
        )  # fmt: skip
        assert kept.url == reverse("analytics_question", args=[question.pk])
        assert numbers(mara.get(kept.url)) == [["2", DASH]]
        listed = mara.get(reverse("analytics_questions") + "?q=how").content.decode()
        assert "Acts" in listed
        others = mara.get(reverse("analytics_questions") + "?on_home=false").content.decode()
        assert kept.url not in others

    def test_a_name_is_given_once(self, mara):
        keep(mara)
        again = keep(mara)

        assert again.status_code == 200
        assert "Another question has this name." in again.content.decode()

    def test_who_was_slower_loses_nothing(self, mara):
        page = keep(mara).url
        mine = {"kind": "doing", "acts": [{"event": "Bought"}]}
        keep(mara, "Theirs", at=page, keep="over", revision=1)

        refused = keep(mara, "Mine", at=page, raw=mine, keep="over", revision=1)

        assert "Somebody else changed this question" in refused.content.decode()
        assert json.loads(refused.context["question"])["acts"] == [{"event": "Bought"}]
        assert Question.objects.get().name == "Theirs"
        again = {"revision": refused.context["kept"].revision, "keep": "over"}
        keep(mara, "Mine", at=page, raw=mine, **again)
        assert Question.objects.get().name == "Mine"

    def test_a_question_is_copied_put_on_the_home_page_and_deleted(self, mara):
        page = keep(mara).url
        number = Question.objects.get().pk

        mara.post(reverse("analytics_question_copy", args=[number]))
        mara.post(reverse("analytics_question_home", args=[number]), {"on_home": "1"})
        assert list(Question.objects.values_list("name", "on_home")) == [
            ("Acts", True), ("Copy of Acts", False),
        ]  # fmt: skip
        mara.post(reverse("analytics_question_delete", args=[number]))
        assert Question.objects.get().name == "Copy of Acts"
        assert mara.get(page).status_code == 404

    def test_a_question_that_can_not_be_asked_is_not_kept(self, mara):
        refused = keep(mara, raw={"kind": "doing", "acts": [{"event": "Impossible"}]})

        assert (refused.status_code, Question.objects.count()) == (200, 0)
        assert "This can&#x27;t be." in refused.content.decode()

    def test_remarks_stand_beside_their_days(self, mara, now):
        page = keep(mara).url
        today = now.date().isoformat()
        told = {"happened_on": today, "text": "Campaign began", "back": page}

        assert mara.post(reverse("analytics_remark_add"), told).url == page
        assert "Campaign began" in mara.get(f"{NEW}?{ASKED}").content.decode()
        remark = Annotation.objects.get()
        mara.post(reverse("analytics_remark_delete", args=[remark.pk]), {"back": "//evil.example"})
        assert not Annotation.objects.exists()

    def test_an_odd_remark_is_refused_in_words(self, mara):
        gone = mara.post(
            reverse("analytics_remark_add"), {"happened_on": "x", "back": "//evil.example/"}
        )

        assert (gone.url, Annotation.objects.count()) == (reverse("analytics_questions"), 0)


class TestPeople:
    def people_url(self, client, act="Viewed"):
        page = client.get(f"{NEW}?kind=doing&acts={act}")
        return page.context["sheets"][0]["drawn"].lines[0].cells[0].url

    def test_a_number_opens_its_people(self, mara):
        page = mara.get(self.people_url(mara))

        assert [row["name"] for row in page.context["rows"]] == ["Ana", "=Bruno"]
        assert "Doing: Viewed, Events" in page.content.decode()
        assert page.context["count"] == 2
        assert reverse("customers_profiles:inspect", args=[2]) in page.content.decode()

    def test_they_are_searched_by_name(self, mara):
        page = mara.get(self.people_url(mara) + "&words=ana")

        assert [row["name"] for row in page.context["rows"]] == ["Ana"]
        assert page.context["count"] == 2

    def test_they_are_a_file_without_formulas(self, mara):
        place = urlsplit(self.people_url(mara)).query
        rows = rows_of(mara.get(f"{reverse('analytics_people_file')}?{place}"))

        assert {row[1] for row in rows[1:]} == {"Ana", "'=Bruno"}

    def test_names_are_hidden_from_who_may_not_see_them(self, now):
        nina = staff("nina", "access_admin", "view_reports", "view_profile")

        page = nina.get(self.people_url(nina)).content.decode()

        assert "Ana" not in page

    def test_they_are_kept_as_a_list(self, mara):
        told = parse_qs(urlsplit(self.people_url(mara)).query)
        told = {key: value[0] for key, value in told.items()}

        mara.post(reverse("analytics_people"), {**told, "name": "Lookers", "keep": "list"})
        again = mara.post(reverse("analytics_people"), {**told, "name": "Lookers", "keep": "list"})

        made = ProfileList.objects.get()
        assert set(made.entries.values_list("profile_id", flat=True)) == {1, 2}
        assert made.created_by.username == "mara"
        assert made.origin.startswith("Doing: Viewed, Events: ")
        assert "This name is taken." in again.content.decode()

    def test_they_are_a_segment_by_rule_where_one_can_say_it(self, mara):
        told = parse_qs(urlsplit(self.people_url(mara, "Bought")).query)
        told = {key: value[0] for key, value in told.items()}

        mara.post(reverse("analytics_people"), {**told, "name": "Buyers", "keep": "segment"})

        assert Segment.objects.get().rule["root"]["op"] == "event"
        assert not ProfileList.objects.exists()

    def test_they_are_a_segment_over_a_list_where_none_can(self, mara):
        told = parse_qs(urlsplit(self.people_url(mara)).query)
        told = {key: value[0] for key, value in told.items()}

        mara.post(reverse("analytics_people"), {**told, "name": "Lookers", "keep": "segment"})

        assert Segment.objects.get().rule["root"] == {
            "op": "list", "id": ProfileList.objects.get().pk,
        }  # fmt: skip

    @pytest.mark.parametrize("odd", ["", "?q={}", '?q={"kind":"doing","acts":[{"event":"A"}]}'])
    def test_a_number_that_is_none_is_not_found(self, mara, odd):
        assert mara.get(reverse("analytics_people") + odd).status_code == 404


class TestWhoMay:
    def test_seeing_asks_for_the_right_to_see_reports(self, mara):
        omar = staff("omar", "access_admin")
        kept = keep(mara).url
        people = TestPeople().people_url(mara)

        for address in (f"{NEW}?{ASKED}", kept, reverse("analytics_questions"), people):
            assert mara.get(address).status_code == 200
            assert omar.get(address).url == reverse("wagtailadmin_home")
            assert Client().get(address).url.startswith(reverse("wagtailadmin_login"))

    def test_keeping_asks_for_rights_of_its_own(self, mara, now):
        nina = staff("nina", "access_admin", "view_reports")
        keep(mara)
        number = Question.objects.get().pk

        keep(nina, "Hers")
        for act in ("copy", "home", "delete"):
            nina.post(reverse(f"analytics_question_{act}", args=[number]), {"on_home": "1"})
        nina.post(reverse("analytics_remark_add"), {"happened_on": now.date(), "text": "x"})

        assert Question.objects.get().on_home is False
        assert not Annotation.objects.exists()
        page = nina.get(f"{NEW}?{ASKED}").content.decode()
        assert "keep-title" not in page
        assert reverse("analytics_people") not in page
