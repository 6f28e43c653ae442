"""Every address of the admin by role and by object: who was given one thing sees that one alone.

The table is `objects.json`: for an address of a thing, the answers for Amber and for Birch; for a
list, which of the two it names. A new address without a row fails, so does a changed answer. After
reading the difference, write it anew: `DXP_WRITE_TABLES=1`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from unittest.mock import patch

import pytest
from django.http import HttpResponse
from django.test import Client
from wagtail.admin.menu import Menu

from dxp import roles
from dxp.lib.clock import now
from dxp.users.models import ApiToken
from tests.house.objects import addresses, person
from tests.house.pairs import NAMES, pairs

TABLE = Path(__file__).parent / "objects.json"
WRITE = bool(os.environ.get("DXP_WRITE_TABLES"))
# The menu is the same at every address: `test_doors` has it.
QUIET = patch.object(Menu, "menu_items_for_request", return_value=[])
# Wagtail leads from a page that is not theirs to where their own begin, and from an old address.
CLOSED = {"refused", 401, 403, 404, 405, "to /admin/pages//", "to /admin/pages//history/"}


@pytest.fixture(scope="module")
def table(django_db_setup, django_db_blocker, tmp_path_factory):
    """Visit everything as everybody, once."""
    from django.db import transaction
    from django.test import override_settings

    media = str(tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        with QUIET:
            found = visit()
        transaction.set_rollback(True)
    return found


class Plain(Client):
    """A client that keeps nothing of what was rendered: copying it costs as much as the answer."""

    def request(self, **request):
        """Return what the house answers; its faults as pages."""
        environ = self._base_environ(**request)
        try:
            return self.handler(environ)
        except Exception as error:  # noqa: BLE001 - whatever fails is a row of the table
            return HttpResponse(repr(error), status=500)


def visit():
    """Return what every address answers everybody.

    omar may enter the admin and nothing more; gita was given every right on Amber; rita reviews.
    """
    roles.seed()
    found = pairs()
    people = {"omar": person("omar"), "gita": person("gita"), "rita": person("rita", "Moderators")}
    for pair in found.values():
        pair.grant(people["gita"])
    people["admin"] = person("admin", is_superuser=True)
    clients = {}
    for name, user in people.items():
        key = f"dxp_{name}"
        ApiToken.objects.create(
            user=user, name=name, scopes=["fragments:write", "tags:write"],
            digest=ApiToken.hash(key), created_at=now(),
        )  # fmt: skip
        bearer = {"Authorization": f"Bearer {key}"}
        clients[name] = Plain(headers=bearer)
        clients[name].force_login(user)
    return {one.name: row(one, found, clients) for one in addresses(found)}


def row(address, found, clients):
    """Return what one address answers whom it concerns."""
    if address.kind == "unknown":
        return "unknown"
    if address.kind is None:
        # Who may everything is asked as well: were all lists empty, nothing would be hidden.
        most = [] if address.name.startswith("bulk ") or "results" in address.name else ["admin"]
        roles = ["omar", "gita", *most]
        return {role: looked(clients[role], address.path()) for role in roles}
    amber, birch = (address.path(thing) for thing in found[address.kind].things)
    told = {
        "omar": [looked(clients["omar"], amber)],
        "gita": [looked(clients["gita"], amber), looked(clients["gita"], birch)],
    }
    if "workflow" in address.name or address.name.endswith(":edit"):
        told["rita"] = [looked(clients["rita"], birch)]
    # Whatever is sent to what was not given must be refused as well as what is asked.
    told["gita posts"] = [looked(clients["gita"], birch, posts=True)]
    return told


def looked(client, path, *, posts=False):
    """Return how a client is answered, and which of the two it reads about."""
    from django.db import transaction

    with transaction.atomic():
        response = client.get(path) if not posts else None
        if response is None or response.status_code == 405:
            told = {"content_type": "application/json"} if path.startswith("/api/") else {}
            response = client.post(path, {}, **told)
        transaction.set_rollback(True)
    if response.status_code in {301, 302, 303}:
        where = re.sub(r"\?.*|\d+", "", response["Location"])
        return "refused" if where == "/admin/" else f"to {where}"
    text = b"".join(response) if response.streaming else response.content
    # What was asked for is not told: a search repeats the word.
    text = re.sub(rf'value="({"|".join(NAMES)})"|q=\w+'.encode(), b"", text)
    seen = [
        name
        for name in NAMES
        if re.search(rf"{name} (page|pic|pap|word|form|top|pers|fac|term|shelf)".encode(), text)
    ]
    return " ".join([str(response.status_code), *seen]) if seen else response.status_code


def kept():
    return json.loads(TABLE.read_text()) if TABLE.exists() else {}


@pytest.fixture(scope="module")
def known(table):
    return {name: row for name, row in table.items() if row != "unknown"}


def test_of_every_address_it_is_known_what_it_is_about(table):
    """Say it in objects.py: of which kind of thing, or that it is about none of ours."""
    assert [name for name, row in table.items() if row == "unknown"] == []


def test_every_address_answers_for_every_object_as_the_table_says(table):
    if WRITE:
        lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in table.items()]
        TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    assert table == kept()


# Of what somebody is answered, in the order of Amber and Birch, the answers that must tell nothing.
UNSEEN = {
    "omar": (slice(0, 2), NAMES),
    "gita": (slice(1, 2), NAMES[1:]),
    "gita posts": (slice(0, 1), NAMES),
}


def cells(row, role):
    told = row.get(role, [])
    return told if isinstance(told, list) else [told]


def test_nobody_reads_about_what_they_were_not_given(known):
    told = [
        (name, role, cell)
        for name, row in known.items()
        for role, (_place, names) in UNSEEN.items()
        for cell in cells(row, role)
        if any(word in str(cell) for word in names)
    ]

    assert told == []


def test_nothing_opens_for_an_object_that_was_not_given(known):
    opened = [
        (name, role, cell)
        for name, row in known.items()
        for role, (place, _names) in UNSEEN.items()
        if isinstance(row.get(role), list)
        for cell in row[role][place]
        if cell not in CLOSED
    ]

    assert opened == []


def test_nothing_fails(known):
    assert [name for name, row in known.items() if "500" in json.dumps(row)] == []


def test_who_was_given_a_thing_can_work_on_it_and_who_may_all_sees_both(known):
    """The other half: were everything closed, the tests above would pass as well."""
    # Collections themselves stay with those who manage them: a grant is one on their files.
    edits = [name for name in known if name.endswith(":edit") and "_collections" not in name]
    lists = ["wagtailimages:index", "wagtaildocs:index", "wagtailsnippets_content_topic:list"]

    assert [name for name in edits if known[name]["gita"][0] != "200 Amber"] == []
    assert len(edits) >= 6
    assert known["api_fragment_draft"]["gita"] == ["200 Amber", 404]
    assert {name: known[name]["admin"] for name in lists} == dict.fromkeys(lists, "200 Amber Birch")
    assert {name: known[name]["gita"] for name in lists} == dict.fromkeys(lists, "200 Amber")
