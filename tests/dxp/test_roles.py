"""An upgrade gives roles what is new, and nothing back that somebody took away."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from dxp import roles
from dxp.users.models import OfferedRight

pytestmark = pytest.mark.django_db


def rights(name: str) -> set[str]:
    found = Group.objects.get(name=name).permissions.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}" for one in found}


def test_every_role_begins_with_its_rights():
    roles.seed()

    assert {name: rights(name) for name in roles.ROLES} == {
        name: set(listed) for name, listed in roles.ROLES.items()
    }


def test_a_right_that_was_taken_away_stays_away(monkeypatch):
    roles.seed()
    Group.objects.get(name="Analyst").permissions.clear()
    monkeypatch.setitem(roles.ROLES, "Analyst", [*roles.ROLES["Analyst"], "users.view_user"])

    roles.seed()

    assert rights("Analyst") == {"users.view_user"}


def test_roles_from_before_get_what_no_role_has_yet():
    roles.seed()
    OfferedRight.objects.all().delete()
    for group in Group.objects.all():
        group.permissions.remove(*group.permissions.filter(codename="add_question"))
    Group.objects.get(name="Analyst").permissions.clear()

    roles.seed()

    assert rights("Analyst") == {"analytics.add_question"}
    assert "analytics.add_question" in rights("Marketer")
