"""Programs ask what people ask: by a kept question, or by one of their own."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from analytics import pose, query
from analytics.questions import asked as whole
from dxp.lib import clock
from dxp.users.models import User
from tests.analytics.world import happen, make_room
from tests.customers import people

pytestmark = pytest.mark.django_db
ORDERS = {
    "kind": "trend",
    "series": [{"event": "Order Completed"}],
    "period": {"last": [7, "days"]},
}


@pytest.fixture
def program(client):
    """Return how a program of mara's asks."""
    mara = User.objects.create(username="mara")
    mara.user_permissions.set(Permission.objects.filter(codename="view_reports"))
    header = people.token(mara, "questions:read")

    def ask(method, path, body=None):
        answer = client.generic(
            method, f"/api/v1/{path}", json.dumps(body) if body else "",
            content_type="application/json", **header,
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


@pytest.fixture
def orders():
    """Two orders of ana, today."""
    now = clock.now()
    make_room(now)
    for minutes in (1, 2):
        happen(1, now - timedelta(minutes=minutes), "Order Completed", "track", received_at=now)


def total(answer):
    return sum(row[1] for row in answer["sheets"][0]["rows"])


def test_a_kept_question_is_read_and_answered(program, orders):
    kept = pose.keep(name="Orders", asked=whole.parse(ORDERS), at=clock.now())

    status, page = program("GET", "questions/")
    assert (status, [one["name"] for one in page["results"]]) == (200, ["Orders"])
    assert program("GET", f"questions/{kept.pk}/")[1]["asked"]["kind"] == "trend"

    status, answer = program("GET", f"questions/{kept.pk}/answer/")
    assert (status, total(answer)) == (200, 2)
    assert answer["last"] >= answer["first"]


def test_any_question_is_answered(program, orders):
    status, answer = program("POST", "answers/", {"asked": ORDERS})

    assert (status, total(answer)) == (200, 2)


def test_a_fault_is_told_where_it_was_made(program):
    status, told = program("POST", "answers/", {"asked": {"kind": "trend", "series": []}})

    assert status == 400
    assert told["errors"][0]["pointer"].startswith("#/asked/series")


def test_a_machine_at_its_limit_says_when_to_come_back(program, orders, monkeypatch):
    def busy(*_args, **_kwargs):
        raise query.Busy("Too many.")

    monkeypatch.setattr(query, "ask", busy)

    status, told = program("POST", "answers/", {"asked": ORDERS})

    assert (status, told["status"]) == (503, 503)
