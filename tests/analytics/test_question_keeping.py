"""Kept questions and remarks: nobody loses work, and each act asks for its right."""

from __future__ import annotations

import json

from django.test import Client
from django.urls import reverse

from analytics.draw import DASH
from analytics.models import Annotation, Question
from tests.analytics.asking import doing
from tests.analytics.test_questions import (
    ASKED,
    NEW,
    keep,
    mara,
    now,
    numbers,
    people_url,
    staff,
)

__all__ = ["doing", "mara", "now"]


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


class TestWhoMay:
    def test_seeing_asks_for_the_right_to_see_reports(self, mara):
        omar = staff("omar", "access_admin")
        kept = keep(mara).url
        people = people_url(mara)

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
