"""Beside the editor: who saw a slot, who saw its default only, and what a variant changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from analytics import tasks
from analytics.admin.slots import difference
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
        happen(number, at - timedelta(hours=1), "Signed Up", "track", received_at=at)


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
        assert slot.arms[0].lift[0] == 25
        page = answer.content.decode()
        assert "20 % saw the default only" in page
        assert "may be chance" in page

    def test_of_nobody_say_so(self, home, mara, at):
        page = mara.get(reverse("analytics_slots", args=[home.pk])).content.decode()

        assert "Nobody who allowed counting has seen it yet." in page

    def test_are_for_those_who_may_see_reports_and_edit_the_page(self, home, client, at):
        omar = User.objects.create_user("omar", "omar@example.com", "x" * 12)
        rights = Permission.objects.filter(codename__in=["access_admin", "view_reports"])
        omar.user_permissions.set(rights)
        client.force_login(omar)

        assert client.get(reverse("analytics_slots", args=[home.pk])).status_code in {302, 403}

    def test_difference_has_the_interval_of_the_textbook(self):
        # Newcombe 1998, example (a): 56/70 against 48/80.
        found = difference(56, 70, 48, 80)

        assert [round(one, 2) for one in found] == [20.0, 5.24, 33.39]


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
