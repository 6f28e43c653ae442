"""The people behind a number: listed, searched, filed, kept as a list or as a segment."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from customers.models import ProfileList, Segment
from tests.analytics.asking import doing
from tests.analytics.test_questions import mara, now, people_url, rows_of, staff

__all__ = ["doing", "mara", "now"]


class TestPeople:
    def test_a_number_opens_its_people(self, mara):
        page = mara.get(people_url(mara))

        assert [row["name"] for row in page.context["rows"]] == ["Ana", "=Bruno"]
        assert "Doing: Viewed, Events" in page.content.decode()
        assert page.context["count"] == 2
        assert reverse("customers_profiles:inspect", args=[2]) in page.content.decode()

    def test_they_are_searched_by_name(self, mara):
        page = mara.get(people_url(mara) + "&words=ana")

        assert [row["name"] for row in page.context["rows"]] == ["Ana"]
        assert page.context["count"] == 2

    def test_they_are_a_file_without_formulas(self, mara):
        place = urlsplit(people_url(mara)).query
        rows = rows_of(mara.get(f"{reverse('analytics_people_file')}?{place}"))

        assert {row[1] for row in rows[1:]} == {"Ana", "'=Bruno"}

    def test_names_are_hidden_from_who_may_not_see_them(self, now):
        nina = staff("nina", "access_admin", "view_reports", "view_profile")

        page = nina.get(people_url(nina)).content.decode()

        assert "Ana" not in page

    def test_they_are_kept_as_a_list(self, mara):
        told = parse_qs(urlsplit(people_url(mara)).query)
        told = {key: value[0] for key, value in told.items()}

        mara.post(reverse("analytics_people"), {**told, "name": "Lookers", "keep": "list"})
        again = mara.post(reverse("analytics_people"), {**told, "name": "Lookers", "keep": "list"})

        made = ProfileList.objects.get()
        assert set(made.entries.values_list("profile_id", flat=True)) == {1, 2}
        assert made.created_by.username == "mara"
        assert made.origin.startswith("Doing: Viewed, Events: ")
        assert "This name is taken." in again.content.decode()

    def test_they_are_a_segment_by_rule_where_one_can_say_it(self, mara):
        told = parse_qs(urlsplit(people_url(mara, "Bought")).query)
        told = {key: value[0] for key, value in told.items()}

        mara.post(reverse("analytics_people"), {**told, "name": "Buyers", "keep": "segment"})

        assert Segment.objects.get().rule["root"]["op"] == "event"
        assert not ProfileList.objects.exists()

    def test_they_are_a_segment_over_a_list_where_none_can(self, mara):
        told = parse_qs(urlsplit(people_url(mara)).query)
        told = {key: value[0] for key, value in told.items()}

        mara.post(reverse("analytics_people"), {**told, "name": "Lookers", "keep": "segment"})

        assert Segment.objects.get().rule["root"] == {
            "op": "list", "id": ProfileList.objects.get().pk,
        }  # fmt: skip

    @pytest.mark.parametrize("odd", ["", "?q={}", '?q={"kind":"doing","acts":[{"event":"A"}]}'])
    def test_a_number_that_is_none_is_not_found(self, mara, odd):
        assert mara.get(reverse("analytics_people") + odd).status_code == 404
