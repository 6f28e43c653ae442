"""Every URL by every role, as a table; and how many SQL statements each screen costs.

The tables are `doors.json` and `query_counts.json`. A new URL without a row fails, so does a
changed answer or count. After reading the difference, write them anew: `DXP_WRITE_TABLES=1`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dxp import roles
from dxp.lib import hints
from dxp.lib.clock import now
from dxp.users import grant, scopes
from dxp.users.models import User
from tests.house.doors import doors
from tests.house.samples import furnish

HERE = Path(__file__).parent
ANSWERS = HERE / "doors.json"
COUNTS = HERE / "query_counts.json"
WRITE = bool(os.environ.get("DXP_WRITE_TABLES"))
ROLES = ["anonymous", "omar", "mara", "editor", "analyst", "steward", "admin", "token"]
GROUPS = {
    "mara": "Marketer",
    "editor": "Editor",
    "analyst": "Analyst",
    "steward": "Data steward",
}


def kept(file):
    return json.loads(file.read_text()) if file.exists() else {}


def browsers():
    """Return one signed-in browser per role; omar may enter the admin and nothing more."""
    roles.seed()
    clients = {"anonymous": Client()}
    for name in ROLES[1:-1]:
        user = User.objects.create_user(name, f"{name}@alderandfinch.example", "a long password")
        if name == "admin":
            user.is_superuser = True
            user.save()
        elif name == "omar":
            user.user_permissions.add(Permission.objects.get(codename="access_admin"))
        else:
            user.groups.add(Group.objects.get(name=GROUPS[name]))
        clients[name] = Client()
        clients[name].force_login(user)
    every = scopes.chosen([scopes.ALL], user)
    token = grant.issue(user=user, scopes=every, name="Doors", at=now())
    clients["token"] = Client(headers={"Authorization": f"Bearer {token}"})
    return clients


def address(door, samples):
    arguments = {name: samples(door, name) for name in door.parameters}
    return reverse(door.name, kwargs=arguments)


def answer(client, path):
    """Return how a client is answered; a redirect says where to.

    Where nothing can be read, something is posted: rights on acts count too.
    """
    response = client.get(path, HTTP_SEC_FETCH_SITE="same-origin")
    if response.status_code == 405:
        response = client.post(path, {}, HTTP_SEC_FETCH_SITE="same-origin")
    if response.status_code in {301, 302, 303}:
        where = re.sub(r"\?.*|\d+", "", response["Location"])
        return {"/admin/login/": "sign in", "/admin/": "refused"}.get(where, f"to {where}")
    return response.status_code


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker):
    """Visit everything as everybody, once."""
    hints.client().flushdb()
    with django_db_blocker.unblock(), transaction.atomic():
        people, samples = browsers(), furnish(at=now())
        found = {
            door.name: {role: answer(people[role], address(door, samples)) for role in ROLES}
            for door in doors()
        }
        transaction.set_rollback(True)
    return found


def test_every_url_answers_every_role_as_the_table_says(answers):
    if WRITE:
        lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in answers.items()]
        ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    assert answers == kept(ANSWERS)


def test_no_url_answers_with_a_fault(answers):
    faults = [
        (name, role)
        for name, row in answers.items()
        for role, told in row.items()
        if isinstance(told, int) and told >= 500
    ]

    assert faults == []


@pytest.mark.django_db
def test_a_screen_costs_as_many_statements_as_the_table_says():
    people, samples = browsers(), furnish(at=now())
    found = {}
    for door in doors():
        path = address(door, samples)
        role = "token" if door.route.startswith("api/v1/") else "admin"
        people[role].get(path)  # the first visit fills caches of content types and sites
        with CaptureQueriesContext(connection) as statements:
            people[role].get(path)
        found[door.name] = len(statements)

    if WRITE:
        COUNTS.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    assert found == kept(COUNTS)
