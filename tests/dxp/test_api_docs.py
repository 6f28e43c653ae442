"""The examples of docs/api.md, run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission

from customers import fold
from customers.models import Event
from dxp.lib.clock import now
from dxp.users import scopes
from journeys import publish
from journeys.models import Journey
from tests.customers import people

PAGE = (Path(__file__).parent.parent.parent / "docs/api.md").read_text()
REST = "…"


def examples():
    """Return each command with the answer that stands below it."""
    return re.findall(r"```sh\n(curl .*?)```\n```json\n(.*?)```", PAGE, re.DOTALL)


def run(client, command, known):
    """Do what a curl command does."""
    for name, value in known.items():
        command = command.replace(f"${name}", value)
    words = shlex.split(command.replace("\\\n", " "))[1:]
    method, headers, body, path = None, {}, None, None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            path = word
    return client.generic(
        method or ("POST" if body else "GET"), path, body or "",
        content_type=headers.pop("Content-Type", ""), headers=headers,
    )  # fmt: skip


def fits(told, shown):
    """Return whether an answer is as shown; … stands for what does not matter."""
    if shown == REST:
        return True
    if isinstance(shown, dict):
        rest = REST in shown
        named = {key: one for key, one in shown.items() if key != REST}
        return (rest or set(named) == set(told)) and all(
            key in told and fits(told[key], one) for key, one in named.items()
        )
    if isinstance(shown, list):
        rest = REST in shown
        named = [one for one in shown if one != REST]
        return (rest or len(named) == len(told)) and all(map(fits, told, named))
    return told == shown


@pytest.mark.django_db
def test_every_example_gives_the_answer_that_stands_below_it(client):
    mara = people.marketer()
    rights = ("view_journey", "publish_journey", "view_reports")
    mara.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    secret = people.token(mara, "all")["HTTP_AUTHORIZATION"].split()[1]
    rest = {"id": "rest", "type": "delay", "mode": "for", "amount": 1, "unit": "days"}
    journey = Journey.objects.create(
        name="Quotes", entry={"type": "api"}, reentry="KEYED", outline=[rest]
    )
    publish.publish(journey=journey, at=now())
    known = {"DXP": "", "TOKEN": secret, "JOURNEY": str(journey.pk)}

    for command, shown in examples():
        answer = run(client, command, known)
        assert fits(answer.json(), json.loads(shown)), (command, answer.content.decode())
        known.setdefault("ANA", str(answer.json().get("id", "")))
        fold.drain(at=now())

    assert len(examples()) >= 9
    assert Event.objects.filter(name="Order Completed").count() == 1


def test_the_page_names_every_scope_and_every_address():
    from tests.house.doors import doors

    for one in scopes.SCOPES.values():
        assert re.search(rf"\| `{one.name}` .*`(customers|content|journeys|analytics)\.", PAGE), (
            one.name
        )
    for door in doors():
        if door.route.startswith("api/v1/"):
            path = re.sub(r"<slug:\w+>", "SLUG", re.sub(r"<(uuid|int):\w+>", "ID", door.route))
            path = re.sub(r"<str:(\w+)>", lambda named: named[1].upper(), path)
            assert f"/{path}`" in PAGE, path
