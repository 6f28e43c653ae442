"""Senders die at random moments, and nobody gets a message twice, or more than they bear."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import time
from collections import Counter
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP
from django.db import DatabaseError, connections
from django.urls import reverse

from customers.models import Event
from dxp.lib import hints
from dxp.lib.clock import now
from journeys import announce, claim, dispatch, mark, reap
from journeys.channels.base import Adapter, Outcome, Receipt
from journeys.channels.email.channel import Server, Smtp
from journeys.compose import House
from journeys.models import Cap, Delivery, Notice, Sender
from tests.concurrency.test_crash import crash_postgres, wait_for_postgres
from tests.concurrency.workers import Workers
from tests.journeys.conftest import person, write
from tests.journeys.sink import PipeliningKeep, free_port
from tests.journeys.test_dispatch import by

pytestmark = pytest.mark.django_db(transaction=True)
HOUSE = House(site="https://alder.example", sender="Alder <a@alder.example>", rate=10_000)
# A night's run asks for more.
KILLS = int(os.environ.get("CRASH_KILLS", "10"))
MOST = 2


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
    """Return a function that queues so many messages for each of so many people, person by person.

    A cap lets each of them have two.
    """
    from customers import partitions

    # Once, and not in each process that takes the place of a dead one.
    reverse("journeys:click", args=["x", 1])
    # Making the month's partition would hold everybody up, and hide what is looked for here.
    partitions.ensure(moments=[now()])
    sender = Sender.objects.get_or_create(pk=1, defaults={"name": "Default"})[0]
    Cap.objects.create(most=MOST, hours=24)

    def fill(people, messages):
        letters = [write(f"Letter {number}") for number in range(messages)]
        at = now()
        crowd = [person(f"p{number}") for number in range(people)]
        Delivery.objects.bulk_create(
            Delivery(
                enrollment_id=one.pk * 100 + seq, seq=seq, node="s1", profile=one, message=letter,
                sender=sender, queued_at=at, due_at=at, expires_at=at + timedelta(days=2),
            )
            for seq, letter in enumerate(letters)
            for one in crowd
        )  # fmt: skip

    return fill


def busy():
    queued = Delivery.objects.filter(state="QUEUED", reason="")
    return queued.exists() or Delivery.objects.filter(state="SENDING").exists()


def send_and_kill(server, kills=KILLS, trouble=()):
    """Send with three senders that are killed again and again; return what was accepted.

    Args:
        server: the mail server's port and file.
        kills: how many.
        trouble: what else happens, one thing after a few kills each.
    """
    port, path = server
    open_channels = []

    def sender():
        if not open_channels:
            open_channels.append(Smtp(Server.parse(f"smtp://127.0.0.1:{port}"), timeout=5))
        dispatch.dispatch(channels=by(open_channels[0]), house=HOUSE, at=now(), limit=25)

    workers = Workers(sender, sender, sender)
    try:
        for happen in [*trouble, lambda: None]:
            workers.kill_some(kills // (len(trouble) + 1), least=0.1, most=0.3, seed=workers.kills)
            happen()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                reap.reap(at=now())
                if not busy():
                    break
            except DatabaseError:
                connections.close_all()
            time.sleep(0.1)
    finally:
        workers.stop()
    while Notice.objects.exists():
        announce.announce(at=now())
    return Counter(int(line) for line in path.read_bytes().split())


def check_everything(accepted, *, doubtful):
    """Each message went once at most, is marked as it went, and was told; nobody got too many."""
    states = dict(Delivery.objects.values_list("pk", "state"))
    by_state = {name: {pk for pk, state in states.items() if state == name} for name in
                ("SENT", "UNKNOWN", "QUEUED")}  # fmt: skip
    assert max(accepted.values()) == 1
    assert sum(map(len, by_state.values())) == len(states)
    assert by_state["SENT"] <= set(accepted), "marked as sent, but nobody accepted it"
    assert set(accepted) - by_state["SENT"] <= by_state["UNKNOWN"]
    assert len(by_state["UNKNOWN"]) <= doubtful
    # Whatever was left in the queue is held by the cap, and nobody was forgotten.
    assert set(Delivery.objects.filter(state="QUEUED").values_list("reason", flat=True)) <= {
        "capped"
    }
    went = Counter(
        Delivery.objects
        .filter(state__in=["SENT", "UNKNOWN"])
        .values_list("profile_id", flat=True)
    )  # fmt: skip
    people = set(Delivery.objects.values_list("profile_id", flat=True))
    assert set(went) == people
    assert set(went.values()) == {MOST}
    told = Event.objects.filter(name="Message Sent").values_list("message_id", flat=True)
    assert Counter(told) == Counter(f"message-sent:{pk}" for pk in by_state["SENT"])


@pytest.fixture
def short_lease(monkeypatch):
    # A batch of 25 takes a fraction of a second here.
    monkeypatch.setattr(claim, "LEASE", timedelta(seconds=2))
    monkeypatch.setattr(dispatch, "HAND_OVER_SECONDS", 0.5)


def test_kill_dash_9_of_senders_doubles_and_loses_nothing(queue, server, short_lease):
    queue(people=10 * KILLS, messages=3)

    accepted = send_and_kill(server)

    # Only what was in the air when a sender was killed: one each.
    check_everything(accepted, doubtful=KILLS)


def test_a_sender_with_a_lease_alone_fails_that_test(queue, server, short_lease, monkeypatch):
    queue(people=150, messages=2)
    monkeypatch.setattr(mark, "seize", lambda leases: {})

    # Now and then no kill hits a sender between its two words with the mail server.
    accepted = send_and_kill(server, kills=15)

    assert max(accepted.values()) > 1


def test_redis_flushed_and_postgres_restarted_double_nothing(queue, server, short_lease):
    queue(people=80, messages=3)

    def restart():
        connections.close_all()
        crash_postgres()
        wait_for_postgres()

    accepted = send_and_kill(server, kills=6, trouble=(hints.client().flushdb, restart))

    # A Redis that forgot leaves in doubt what was leased at that moment.
    check_everything(accepted, doubtful=6 + 3 * 25)


class Kept(Adapter):
    """Takes everything at once."""

    def __init__(self):
        pass

    def send(self, batch):
        for parcel in batch:
            yield Receipt(parcel.key, Outcome.OK)


def send_beside_each_other(senders=4):
    workers = Workers(*[
        lambda: dispatch.dispatch(channels=by(Kept()), house=HOUSE, at=now(), limit=20)
    ] * senders)  # fmt: skip
    deadline = time.monotonic() + 40
    while busy() and time.monotonic() < deadline:
        time.sleep(0.05)
    workers.stop()
    sent = Delivery.objects.filter(state="SENT").values_list("profile_id", flat=True)
    return Counter(Counter(sent).values())


def test_four_senders_give_nobody_more_than_the_cap(queue):
    queue(people=30, messages=8)

    assert send_beside_each_other() == {MOST: 30}


def test_senders_that_do_not_hold_people_fail_that_test(queue, monkeypatch):
    queue(people=30, messages=8)
    monkeypatch.setattr(claim, "_busy", lambda asked: set())
    write = claim._write
    monkeypatch.setattr(claim, "_write", lambda *told: (time.sleep(0.25), write(*told)))

    assert max(send_beside_each_other()) > MOST
