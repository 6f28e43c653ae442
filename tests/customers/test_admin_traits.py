"""The screens about traits: what they mean, where a value came from, what is counted."""

from __future__ import annotations

import pytest
from django.urls import reverse

from customers import tasks
from customers.models import ComputedTrait, TraitDef
from tests.customers import people
from tests.customers.people import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client):
    """Sign the marketer in."""
    user = people.marketer()
    client.force_login(user)
    return user


def page(client, name, *args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def ana_tells(minute=0, **traits):
    people.happened({
        "type": "identify", "userId": "ana", "traits": traits, "messageId": f"told-{minute}",
        "timestamp": NOON.replace(hour=10, minute=minute).isoformat(),
    })  # fmt: skip
    return people.profile_of(kind="user", value="ana")


class TestList:
    def test_shows_and_finds_what_was_told(self, client, mara):
        ana_tells(country="HR", plan="pro")

        assert "country" in page(client, "customers_traits:index")
        found = client.get(reverse("customers_traits:index"), {"q": "plan"}).content.decode()
        assert 'title="Edit' in found or "plan" in found
        assert "country" not in found

    def test_is_closed_to_who_may_not_see_it(self, client):
        client.force_login(people.nobody())

        assert client.get(reverse("customers_traits:index")).status_code == 302
        assert client.get(reverse("customers_computed:index")).status_code == 302


class TestForm:
    def form(self, **changes):
        return {"label": "Country", "description": "", "type": "text", "pii": "none",
                "survivorship": "most_recent", "trusted": ""} | changes  # fmt: skip

    def test_another_choice_changes_everybodys_values(self, client, mara):
        ana = ana_tells(country="HR")
        ana_tells(5, country="DE")
        trait = TraitDef.objects.get(key="country")

        address = reverse("customers_traits:edit", args=[trait.pk])
        answer = client.post(address, self.form(survivorship="oldest"), follow=True)
        tasks.compute()

        assert "follow within a moment" in answer.content.decode()
        ana.refresh_from_db()
        assert ana.traits == {"country": "HR"}

    def test_sources_are_named_in_their_order(self, client, mara):
        ana_tells(country="HR")
        trait = TraitDef.objects.get(key="country")
        address = reverse("customers_traits:edit", args=[trait.pk])

        refused = client.post(address, self.form(survivorship="source_rank", trusted="Nobody"))
        client.post(address, self.form(survivorship="source_rank", trusted="staff\nWebsite"))

        assert "no source called" in refused.content.decode()
        trait.refresh_from_db()
        assert trait.ranks == ["staff", f"source:{people.website().pk}"]
        assert "staff\nWebsite" in page(client, "customers_traits:edit", trait.pk)

    def test_a_sum_of_texts_is_refused(self, client, mara):
        ana_tells(country="HR")
        trait = TraitDef.objects.get(key="country")
        address = reverse("customers_traits:edit", args=[trait.pk])

        answer = client.post(address, self.form(survivorship="sum"))

        assert "Only numbers have a sum." in answer.content.decode()


class TestProfilePage:
    def test_says_where_a_value_came_from_and_what_was_told_before(self, client, mara):
        ana_tells(country="HR", age=41)
        ana = ana_tells(5, country="DE", age="old")

        shown = page(client, "customers_profiles:inspect", ana.pk)

        traits = shown.partition('id="traits-title"')[2].partition("</section>")[0]
        assert traits.count("Website") == 4
        assert "DE" in traits
        assert "HR" in traits
        assert "does not fit the type" in traits

    def test_who_lacks_the_right_reads_dots(self, client):
        ana = ana_tells(email="ana@example.org", firstName="Ana", plan="pro")
        client.force_login(people.staff("ada", "view_profile"))

        shown = page(client, "customers_profiles:inspect", ana.pk)

        assert "ana@example.org" not in shown
        assert "Ana" not in shown
        assert "•••••" in shown
        assert "pro" in shown
        listed = page(client, "customers_profiles:index")
        assert "ana@example.org" not in listed
        assert ">Ana<" not in listed

    def test_staff_set_a_trait_by_hand(self, client, mara):
        ana = ana_tells(country="HR")

        client.post(reverse("customers_tell_trait", args=[ana.pk]), {"key": "country",
                                                                      "value": "DE"})  # fmt: skip

        ana.refresh_from_db()
        assert ana.traits == {"country": "DE"}
        assert "mara" in page(client, "customers_profiles:inspect", ana.pk)

    def test_who_may_not_change_people_sets_nothing(self, client):
        ana = ana_tells(country="HR")
        client.force_login(people.staff("ada", "view_profile"))

        answer = client.post(reverse("customers_tell_trait", args=[ana.pk]), {"key": "country"})

        assert answer.status_code in (302, 403)
        ana.refresh_from_db()
        assert ana.traits == {"country": "HR"}


class TestComputed:
    def test_a_marketer_makes_changes_and_deletes_one(self, client, mara):
        people.happened(people.track("ana", "Bought", "b1", properties={"total": 9}))
        form = {"key": "orders", "label": "Orders", "description": "", "event": "Bought",
                "metric": "count", "prop": "", "days": ""}  # fmt: skip

        client.post(reverse("customers_computed:add"), form)
        tasks.compute()

        ana = people.profile_of(kind="user", value="ana")
        assert ana.traits == {"orders": 1}
        made = ComputedTrait.objects.get()
        assert "Live" in page(client, "customers_computed:index")
        client.post(
            reverse("customers_computed:edit", args=[made.pk]),
            form | {"metric": "sum", "prop": "total"},
        )
        tasks.compute()
        ana.refresh_from_db()
        assert ana.traits == {"orders": 9}
        assert "counted from events" in page(client, "customers_profiles:inspect", ana.pk)
        assert "1 person loses" in page(client, "customers_computed:delete", made.pk)
        client.post(reverse("customers_computed:delete", args=[made.pk]))
        ana.refresh_from_db()
        assert ana.traits == {}

    def test_a_measure_without_its_property_is_refused_in_words(self, client, mara):
        people.happened(people.track("ana", "Bought", "b1"))

        answer = client.post(
            reverse("customers_computed:add"),
            {"key": "spent", "event": "Bought", "metric": "sum", "prop": "", "days": ""},
        )

        assert "needs the property" in answer.content.decode()
        assert not ComputedTrait.objects.exists()
