"""A journey that begins on a segment's page, and journeys that ask for a list of people."""

from __future__ import annotations

import pytest
from django.urls import reverse

from customers import gather, segment
from journeys import graph
from journeys.models import Journey
from tests.customers import people
from tests.journeys.conftest import NOON, draw, end

pytestmark = pytest.mark.django_db
OFFER = "Start a journey with this segment"


@pytest.fixture
def group():
    return segment.create(name="Croatia", rule=people.from_country("HR"), at=NOON)


@pytest.fixture
def mara(client):
    rights = ("view_segment", "view_journey", "add_journey", "change_journey")
    client.force_login(people.staff("mara", *rights))
    return client


def page_of(group):
    return reverse("customers_segments:inspect", args=[group.pk])


def begin(group):
    return reverse("journeys_journeys:begin", args=[group.pk])


class TestASegmentsPage:
    def test_offers_a_journey_and_leads_to_where_it_is_drawn(self, mara, group):
        page = mara.get(page_of(group)).content.decode()
        assert OFFER in page
        assert f'action="{begin(group)}"' in page

        answer = mara.post(begin(group), follow=True)

        made = Journey.objects.get()
        assert made.state == "DRAFT"
        assert made.entry == {"type": "segment", "segment": group.pk, "change": "entered"}
        assert answer.redirect_chain[-1][0] == reverse("journeys_journeys:edit", args=[made.pk])
        assert "lets in whoever enters “Croatia”" in answer.content.decode()
        # The segment is in use from now on.
        assert made.name in mara.get(page_of(group)).content.decode()

    def test_gives_each_draft_a_name_of_its_own(self, mara, group):
        for _ in range(2):
            mara.post(begin(group))

        assert set(Journey.objects.values_list("name", flat=True)) == {
            "Journey with Croatia", "Journey with Croatia (2)",
        }  # fmt: skip

    def test_offers_nothing_to_those_who_may_not_draw(self, client, group):
        client.force_login(people.staff("nora", "view_segment", "view_journey"))

        assert OFFER not in client.get(page_of(group)).content.decode()
        assert client.post(begin(group)).status_code in (302, 403)
        assert not Journey.objects.exists()

    def test_begins_nothing_by_a_look(self, mara, group):
        assert mara.get(begin(group)).status_code == 405


class TestAList:
    def test_stays_while_a_draft_or_a_version_that_is_walked_asks_for_it(self, group):
        guests = gather.create(name="Guests", profile_ids=[], at=NOON)
        rule = {"v": 1, "root": {"op": "list", "id": guests.pk}}
        arms = [{"id": "guests", "name": "Guests", "rule": rule, "steps": []}]
        branch = {"id": "who", "type": "branch", "arms": arms, "else": []}
        journey = draw(group, branch, end())
        assert [one.name for one in gather.uses(list=guests)] == [journey.name]

        journey.outline = [{**end(), "id": "rest"}]
        journey.save()
        with pytest.raises(gather.InUse, match=journey.name):
            gather.delete(list=guests)

        journey.versions.update(retired_at=NOON)
        gather.delete(list=guests)

    def test_that_is_gone_can_not_be_asked_for(self, group):
        rule = {"v": 1, "root": {"op": "list", "id": 987_654}}
        arms = [{"id": "guests", "name": "Guests", "rule": rule, "steps": []}]
        branch = {"id": "who", "type": "branch", "arms": arms, "else": []}

        with pytest.raises(graph.BadOutline) as refused:
            draw(group, branch, end())

        assert [(one.step, one.code) for one in refused.value.faults] == [("guests", "list")]
