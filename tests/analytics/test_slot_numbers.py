"""Beside the editor: who saw a slot, who saw its default only, and what a variant changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from analytics import tasks
from content.models import HomePage, ProductIndexPage, ProductPage, Recommended
from customers.models import Profile
from dxp.lib import clock
from dxp.users.models import User
from tests.analytics import world
from tests.analytics.world import happen

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(db):
    found = clock.now()
    world.make_room(found, found - timedelta(days=40))
    return found


@pytest.fixture
def home(at):
    words = [("text", "<p>Hello</p>")]
    slot = {"default": words, "variants": [{"content": words}], "control": 50}
    root = Page.get_first_root_node()
    made = root.add_child(instance=HomePage(title="Numbers", slug="numbers",
                                            body=[("personal_slot", slot)]))  # fmt: skip
    return HomePage.objects.get(pk=made.pk)


@pytest.fixture
def mara(db):
    client = Client()
    client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
    return client


def saw(number, page, arm, at, *, converted=False):
    place, slot = next(iter(page.slots().items()))
    variant = "default" if arm == "default" else slot.value["variants"].bound_blocks[0].id
    Profile.objects.create(pk=number, bucket=1, traits={}, created_at=at, last_seen_at=at)
    happen(number, at - timedelta(hours=2), "Slot Shown", "track", received_at=at, slot=place,
           page_id=page.pk, variant=variant, arm=arm)  # fmt: skip
    if converted:
        done(number, at, "Signed Up")


def done(number, at, event):
    happen(number, at - timedelta(hours=1), event, "track", received_at=at)


class TestNumbers:
    def test_tell_coverage_and_the_difference_to_the_control_group(self, home, mara, at):
        for number in range(1, 5):
            saw(number, home, "variant", at, converted=number <= 2)
        for number in range(5, 9):
            saw(number, home, "control", at, converted=number == 5)
        for number in range(9, 11):
            saw(number, home, "default", at)

        answer = mara.get(reverse("analytics_slots", args=[home.pk]))

        slot = answer.context["slots"][0]
        assert (slot.people, slot.only_default) == (10, 2)
        assert (slot.arms[0].rate, slot.arms[0].control_rate) == (50, 25)
        assert slot.arms[0].lift.points == 25
        page = answer.content.decode()
        assert "20 % saw the default only" in page
        assert "may be chance" in page
        assert "instead of 50 %" not in page

    def test_are_of_the_goal_that_is_asked_for(self, home, mara, at):
        for number, arm in ((1, "variant"), (2, "variant"), (3, "control")):
            saw(number, home, arm, at, converted=True)
        done(1, at, "Advice Asked")

        address = reverse("analytics_slots", args=[home.pk])
        answer = mara.get(address, {"goal": "Advice Asked"})

        arm = answer.context["slots"][0].arms[0]
        assert (arm.rate, arm.control_rate) == (50, 0)
        assert answer.context["goals"] == ["Advice Asked", "Signed Up"]
        assert '<option value="Advice Asked" selected>' in answer.content.decode()

    def test_warn_where_the_control_group_is_not_what_it_should_be(self, home, mara, at):
        for number in range(1, 22):
            saw(number, home, "variant" if number < 20 else "control", at)

        page = mara.get(reverse("analytics_slots", args=[home.pk])).content.decode()

        assert "The control group has 10 % of these people instead of 50 %." in page

    def test_count_who_was_in_both_groups_where_they_were_first(self, home, mara, at):
        saw(1, home, "variant", at, converted=True)
        saw(2, home, "control", at)
        place, slot = next(iter(home.slots().items()))
        variant = slot.value["variants"].bound_blocks[0].id
        happen(1, at - timedelta(hours=3), "Slot Shown", "track", received_at=at, slot=place,
               page_id=home.pk, variant=variant, arm="control")  # fmt: skip

        answer = mara.get(reverse("analytics_slots", args=[home.pk]))

        arm = answer.context["slots"][0].arms[0]
        assert (arm.people, arm.control, arm.control_converted) == (0, 2, 1)
        assert "1 person was in both groups" in answer.content.decode()

    def test_are_of_the_slots_as_they_stand_in_the_draft(self, home, mara, at):
        saw(1, home, "variant", at)
        words = [("text", "<p>New</p>")]
        home.body.insert(0, ("personal_slot", {"default": words, "variants": []}))
        home.save_revision()

        answer = mara.get(reverse("analytics_slots", args=[home.pk]))

        assert [one.people for one in answer.context["slots"]] == [0, 1]

    def test_of_nobody_say_so(self, home, mara, at):
        page = mara.get(reverse("analytics_slots", args=[home.pk])).content.decode()

        assert "Nobody who allowed counting has seen it yet." in page

    def test_are_for_those_who_may_see_reports_and_edit_the_page(self, home, client, at):
        omar = User.objects.create_user("omar", "omar@example.com", "x" * 12)
        rights = Permission.objects.filter(codename__in=["access_admin", "view_reports"])
        omar.user_permissions.set(rights)
        client.force_login(omar)

        assert client.get(reverse("analytics_slots", args=[home.pk])).status_code in {302, 403}


class TestPopular:
    def test_is_what_most_people_read_without_front_pages(self, home, at):
        from wagtail.models import Site

        Site.objects.filter(is_default_site=True).update(root_page=home)
        shelf = home.add_child(instance=ProductIndexPage(title="Products", slug="products"))
        fund = shelf.add_child(
            instance=ProductPage(
                title="Fund", slug="fund", code="F", category="FUND", intro="The world.",
                body=[("text", "<p>x</p>")],
            )
        )  # fmt: skip
        for number in (1, 2):
            Profile.objects.create(pk=number, bucket=1, traits={}, created_at=at, last_seen_at=at)
            for path in ("/", "/products/", "/products/fund/", "/gone/"):
                happen(number, at - timedelta(hours=1), received_at=at, path=path)

        tasks.popular()

        found = Recommended.objects.filter(list="popular")
        assert [(one.page_id, one.score) for one in found] == [(fund.pk, 2.0)]
