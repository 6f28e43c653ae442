"""Reports: the marketer sees them, each number is in the page, nobody else gets in."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from analytics import collect
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

    def test_the_menu_and_the_panel_follow_the_right(self, mara):
        omar = staff("omar", "access_admin")
        home = reverse("wagtailadmin_home")

        for_mara, for_omar = mara.get(home).content.decode(), omar.get(home).content.decode()

        assert reverse("analytics_traffic") in for_mara
        assert "The last seven days" in for_mara
        assert reverse("analytics_traffic") not in for_omar
        assert "The last seven days" not in for_omar
