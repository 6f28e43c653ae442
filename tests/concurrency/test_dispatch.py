"""Senders die at random moments, and nobody gets a message twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import time
from collections import Counter
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP
from django.db import connections

from dxp.lib.clock import now
from journeys import advance, claim, dispatch, enroll, mark, reap
from journeys.channels.email.channel import Server, Smtp
from journeys.compose import House
from journeys.models import Delivery, Sender
from tests.concurrency.workers import Workers
from tests.journeys.conftest import NOON, draw, person, send, write
from tests.journeys.test_dispatch import by
from tests.journeys.sink import PipeliningKeep, free_port

pytestmark = pytest.mark.django_db(transaction=True)
HOUSE = House(site="https://alder.example", sender="Alder <a@alder.example>", rate=10_000)
MESSAGES = 300


class Recorder(PipeliningKeep):
    """Writes down each message that it accepts before it says so, and takes its time."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    async def handle_DATA(self, server, session, envelope):
        found = re.search(rb"Message-ID: <d([0-9]+)\.", envelope.original_content)
        with self.path.open("ab", buffering=0) as file:
            file.write(found[1] + b"\n")
        await asyncio.sleep(0.004)
        return "250 kept"


def serve(port, path):
    async def run():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Recorder(path)), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(run())


@pytest.fixture
def server(tmp_path):
    """Return the port of a mail server in a process of its own, and the file it writes."""
    port, path = free_port(), tmp_path / "accepted"
    path.touch()
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(
        target=serve, args=(port, path), daemon=True
    )
    process.start()
    yield port, path
    process.kill()
    process.join()


@pytest.fixture
def queue(db):
    from customers import segment

    Sender.objects.get_or_create(pk=1, defaults={"name": "Default"})
    rule = {"v": 1, "root": {"op": "event", "name": "Liked", "metric": "count", "window": "all",
                             "cmp": "gte", "value": 1}}  # fmt: skip
    journey = draw(segment.create(name="Fans", rule=rule, at=NOON), send(write("Welcome")))
    people = [person(f"p{number}").pk for number in range(MESSAGES)]
    enroll.enter(starts=[enroll.Start(one, journey) for one in people], at=now())
    while advance.advance(lane=0, at=now()).runs:
        pass


def send_and_kill(server, kills=10):
    """Send with two senders that are killed again and again; return what was accepted."""
    port, path = server
    open_channels = []

    def sender():
        if not open_channels:
            open_channels.append(Smtp(Server.parse(f"smtp://127.0.0.1:{port}"), timeout=5))
        dispatch.dispatch(channels=by(open_channels[0]), house=HOUSE, at=now(), limit=25)

    workers = Workers(sender, sender)
    try:
        workers.kill_some(kills, least=0.1, most=0.3)
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            reap.reap(at=now())
            if not Delivery.objects.filter(state__in=["QUEUED", "SENDING"]).exists():
                break
            time.sleep(0.1)
    finally:
        workers.stop()
    return Counter(int(line) for line in path.read_bytes().split())


@pytest.fixture
def short_lease(monkeypatch):
    # A batch of 25 takes a fraction of a second here.
    monkeypatch.setattr(claim, "LEASE", timedelta(seconds=2))
    monkeypatch.setattr(dispatch, "HAND_OVER_SECONDS", 0.5)


def test_nobody_gets_a_message_twice_and_none_is_lost(queue, server, short_lease):
    accepted = send_and_kill(server)

    states = dict(Delivery.objects.values_list("pk", "state"))
    assert Counter(states.values()).keys() <= {"SENT", "UNKNOWN"}
    assert max(accepted.values()) == 1
    sent = {pk for pk, state in states.items() if state == "SENT"}
    unknown = {pk for pk, state in states.items() if state == "UNKNOWN"}
    assert sent <= set(accepted)
    assert set(accepted) - sent <= unknown
    # Only what was in the air when a sender was killed: one each.
    assert len(unknown) <= 10


def test_that_test_bites_without_the_marks(queue, server, short_lease, monkeypatch):
    monkeypatch.setattr(mark, "read", lambda deliveries: {})

    # Now and then no kill hits a sender between its two words with the mail server.
    accepted = send_and_kill(server, kills=25)

    assert max(accepted.values()) > 1
