"""A steward says how long events are kept, and sees what goes before it goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers.models import Event, RetentionRule
from dxp.lib.clock import now
from tests.customers.people import happened, nobody, staff, track

pytestmark = pytest.mark.django_db
LIST = "/admin/customers/retention/"
RIGHTS = [f"{act}_retentionrule" for act in ("view", "add", "change", "delete")]


@pytest.fixture
def steward(client):
    client.force_login(staff("stella", *RIGHTS))
    return client


def test_she_sees_what_goes_next_and_nothing_went(steward, settings):
    happened(*(track("ana", "Opened", f"m{n}") for n in range(3)), at=now() - timedelta(days=100))
    page = steward.get(LIST).content.decode()
    assert "No event is too old at this moment." in page
    told = {"kind": "name", "value": "Opened", "keep_days": 90}
    saved = steward.post(f"{LIST}new/", told, follow=True).content.decode()
    assert "Too old at this moment: 3 events." in saved
    assert "3 events go next:" in saved
    assert Event.objects.count() == 3
    rule = RetentionRule.objects.get()
    steward.post(f"{LIST}edit/{rule.pk}/", {**told, "keep_days": 200})
    assert "No event is too old" in steward.get(LIST).content.decode()
    assert steward.get(f"{LIST}edit/{rule.pk}/").status_code == 200
    assert steward.get(f"{LIST}delete/{rule.pk}/").status_code == 200
    settings.EVENT_KEEP_DAYS = 30
    assert "Events without a rule are kept for 30 days." in steward.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"kind": "type", "value": "click", "keep_days": 9}, "This is no type of call."),
        ({"kind": "name", "value": "Opened", "keep_days": 0}, "greater than or equal to 1"),
        ({"kind": "name", "value": "purchase", "keep_days": 9}, "already exists"),
    ],
)
def test_what_can_not_be_a_rule_is_refused_with_words(steward, told, words):
    RetentionRule.objects.create(kind="name", value="purchase", keep_days=1)
    assert words in steward.post(f"{LIST}new/", told).content.decode()
    assert RetentionRule.objects.count() == 1


def test_who_has_no_right_sees_no_rules(client):
    client.force_login(nobody())
    assert client.get(LIST).status_code == 302
    assert LIST not in client.get("/admin/").content.decode()
