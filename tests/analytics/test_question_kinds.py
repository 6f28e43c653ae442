"""The kinds of questions in the builder: each is offered, asked by address, and leads to people."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse
from wagtail.admin.icons import get_icons

from analytics.admin.ask_address import read, write
from analytics.admin.ask_starts import starts
from analytics.measures import dimensions
from analytics.questions import KINDS
from analytics.questions import asked as whole
from tests.analytics.asking import doing
from tests.analytics.test_questions import NEW, mara, now, staff
from tests.analytics.world import happen

__all__ = ["doing", "mara", "now"]

FUNNEL = reverse("analytics_funnel") + "?step=Viewed&step=Bought"
EVENTS = ["Product Viewed", "Order Completed"]


def reached(page):
    (sheet,) = [one["drawn"] for one in page.context["sheets"] if one["drawn"].id == "steps"]
    return [line.cells[0].text for line in sheet.lines]


class TestEveryKind:
    def test_is_offered_with_its_words(self, mara):
        page = mara.get(NEW).content.decode()

        for kind in KINDS:
            assert f"kind={kind.name}&amp;" in page
            assert kind.label
            assert kind.help
            assert f'id="icon-{kind.icon}"' in get_icons()

    @pytest.mark.parametrize("start", starts(EVENTS), ids=lambda start: start.url.split("&")[0])
    def test_is_asked_from_its_start_and_answered(self, mara, now, start):
        for minute, name in enumerate(EVENTS):
            happen(
                1, now - timedelta(minutes=9 - minute), name, "track", received_at=now, revenue=9
            )

        page = mara.get(start.url)

        assert page.status_code == 200
        # Nobody was written to.
        assert page.context["sheets"] or "kind=deliveries" in start.url
        for sheet in page.context["sheets"]:
            assert mara.get(sheet["file_url"]).status_code == 200

    @pytest.mark.parametrize("start", starts(EVENTS), ids=lambda start: start.url.split("&")[0])
    def test_comes_back_from_its_address_as_it_was_kept(self, start):
        kept = whole.parse(read(QueryDict(urlsplit(start.url).query))).plain()

        assert whole.parse(read(QueryDict(write(kept)))).plain() == kept

    @pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
    def test_of_which_nothing_was_chosen_yet_is_no_fault(self, mara, kind):
        page = mara.get(f"{NEW}?kind={kind}")

        assert page.status_code == 200
        assert "error-message" not in page.content.decode()

    def test_has_a_start(self):
        begun = {parse_qs(urlsplit(start.url).query)["kind"][0] for start in starts(EVENTS)}

        assert begun == {kind.name for kind in KINDS}

    def test_knows_every_dimension_by_words(self, mara):
        page = mara.get(f"{NEW}?kind=trend")
        (control,) = [one for one in page.context["controls"] if one.key == "by"]

        assert set(dimensions.FIXED) <= set(dict(control.options))


class TestOldFunnels:
    def test_lead_to_the_builder_with_their_steps(self, mara):
        page = mara.get(f"{FUNNEL}&within=2&by=visits&key=visit&days=7", follow=True)

        asked = parse_qs(page.redirect_chain[0][0])
        assert asked["steps"] == ["Viewed", "Bought"]
        assert (asked["within"], asked["unit"], asked["prop"]) == (["2"], ["property"], ["visit"])
        assert asked["period"] == ["last-7-days"]
        assert page.status_code == 200

    def test_show_steps_and_where_people_stopped(self, mara):
        page = mara.get(FUNNEL, follow=True)

        assert reached(page) == ["2", "1"]

    def test_count_visits_by_silence_or_by_a_property(self, mara, now):
        for minute, visit in [(0, "a"), (1, "b")]:
            happen(
                1, now - timedelta(hours=3, minutes=minute), "Viewed", "track", received_at=now,
                visit=visit,
            )  # fmt: skip

        assert reached(mara.get(f"{FUNNEL}&by=visits", follow=True)) == ["3", "1"]
        assert reached(mara.get(f"{FUNNEL}&by=visits&key=visit", follow=True)) == ["2", "0"]

    def test_say_that_nobody_took_a_step_nobody_ever_took(self, mara):
        page = mara.get(reverse("analytics_funnel") + "?step=%00odd&step=Bought", follow=True)

        assert "Nobody took the first step" in page.content.decode()

    @pytest.mark.parametrize(
        "odd", ["", "&within=-1", "&within=x", "&within=inf", "&by=x", "&first=x&last=y"]
    )
    def test_with_odd_answers_are_still_answered(self, mara, odd):
        assert mara.get(FUNNEL + odd, follow=True).status_code == 200

    def test_list_who_stopped(self, mara):
        page = mara.get(FUNNEL, follow=True)
        (sheet,) = [one["drawn"] for one in page.context["sheets"] if one["drawn"].id == "steps"]
        stopped = [cell for cell in sheet.lines[0].cells if cell.url and "stopped" in cell.url]

        people = mara.get(stopped[0].url)

        assert [row["profile"].pk for row in people.context["rows"]] == [2]

    def test_are_for_those_who_may_see_reports(self, now):
        omar = staff("omar", "access_admin")

        assert omar.get(FUNNEL).url == reverse("wagtailadmin_home")
