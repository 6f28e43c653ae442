"""The whole outbox against bare SMTP, with as many processes, to the same server in the same run.

The outbox claims (consent, suppression, caps and quiet hours in use), fills, builds, marks twice,
hands over and settles; the baseline hands over one prepared mail of the same size again and again,
by our own pipelining client on a kept connection. Then both, and smtplib, over a line with 20 ms
of round trip. Then four senders and a cap.
"""

from __future__ import annotations

import multiprocessing
import smtplib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import time as clock_time
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.urls import reverse

from benchmarks import Result
from benchmarks._mail import Sink, delayed
from customers import partitions
from dxp.lib import clock, hints
from journeys import dispatch, publish
from journeys.channels.base import Adapter, Outcome, Parcel, Receipt
from journeys.channels.email.channel import Server, Smtp
from journeys.compose import House, compose
from journeys.models import Cap, Delivery, Edition, Message, QuietHours, Sender
from journeys.wording import Values

PROCESSES = 2
ROUND_TRIP = 0.02
PEOPLE = """
WITH born AS (
  INSERT INTO customers_profile (public_id, bucket, state, is_known, traits, created_at,
    last_seen_at)
  SELECT gen_random_uuid(), 0, 'ACTIVE', true, jsonb_build_object('firstName', 'Ana' || n), now(),
    now()
  FROM generate_series(1, %(people)s) n RETURNING id
), named AS (
  INSERT INTO customers_alias (kind, value, home_profile_id, profile_id, first_seen_at)
  SELECT 'user', 'b' || id, id, id, now() FROM born
)
INSERT INTO customers_contactpoint (channel, value, shown, profile_id, first_seen_at, contacted_at)
SELECT 'email', 'p' || id || '@bench.example', 'p' || id || '@bench.example', id, now(), '[]'
FROM born"""
CONSENTS = """
INSERT INTO customers_consententry (contact_point_id, purpose, channel, topic, state, basis, method,
  evidence, actor, at)
SELECT id, 'marketing', 'email', '', 'GRANTED', 'consent', 'form', '{}', 'person', now()
FROM customers_contactpoint"""
QUEUE = """
INSERT INTO journeys_delivery (enrollment_id, seq, node, profile_id, message_id, sender_id, channel,
  lane, state, reason, detail, attempts, queued_at, due_at, expires_at, mark_epoch, provider_id)
SELECT p.id * 100 + s, s, 's1', p.id, %(message)s, %(sender)s, 'email', 1, 'QUEUED', '', '', 0,
  now(), now(), now() + interval '7 days', '', ''
FROM generate_series(1, %(each)s) s, customers_profile p ORDER BY s, p.id"""
GREETING = 'Dear {{ first_name|default:"friend" }},'
WORDS = (
    "the weeks before the holidays are busy ones, and we have gathered what our readers liked most "
    "this month, so that you find it in one place: three stories, a calendar, and an offer. "
)


def run(quick: bool) -> Result:
    """Return messages a second of the outbox beside bare SMTP with the same processes."""
    house, message = prepare(2000 if quick else 8000)
    with Sink() as sink:
        house = _to(house, sink.port)
        content = sample(message, house)
        ours, bare = [], []
        for _turn in range(1 if quick else 3):
            queue(message, each=1)
            bare.append(rate(PROCESSES, lambda: hand_over(sink.port, content, 2000)))
            ours.append(drain(house, PROCESSES))
        mine, theirs = sorted(ours)[len(ours) // 2], sorted(bare)[len(bare) // 2]
        one = rate(1, lambda: hand_over(sink.port, content, 2000))
        queue(message, each=1)
        alone = drain(house, 1)
        far = far_away(house, message, sink.port, content, 30 if quick else 100)
    people = 500 if quick else 8000
    over, claims = capped(message, people)
    return Result(
        "send", round(mine), round(theirs), round(mine / theirs, 3), "messages/s",
        [
            (f"whole outbox, {PROCESSES} processes", f"{mine:,.0f}/s"),
            (f"bare pipelined SMTP, {PROCESSES} processes", f"{theirs:,.0f}/s"),
            ("whole outbox, 1 process", f"{alone:,.0f}/s"),
            ("bare pipelined SMTP, 1 process", f"{one:,.0f}/s"),
            ("  their ratio", f"{alone / one:.3f}"),
            ("size of a mail", f"{len(content):,} bytes"),
            *far,
            (f"people over the cap of 2, of {people:,} with 4 senders", f"{over:,}"),
            ("claimed and settled a second meanwhile", f"{claims:,.0f}"),
        ],
    )  # fmt: skip


def prepare(people: int) -> tuple[House, Message]:
    """Make people who allowed mail, a message, a cap and quiet hours that hold nobody."""
    partitions.ensure(moments=[clock.now()])
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"people": people})
        cursor.execute(CONSENTS)
        cursor.execute("ANALYZE")
    at = clock.now()
    Cap.objects.create(most=100, hours=24)
    hour = (at + timedelta(hours=12)).hour
    QuietHours.objects.create(begins=clock_time(hour), ends=clock_time(hour, 30))
    house = House(site="https://bench.example", sender="Bench <b@bench.example>", rate=1_000_000)
    body: list[tuple[str, Any]] = [("heading", "News of the month")]
    body += [("text", GREETING), *[("text", WORDS * 2)] * 4]
    body += [("link", {"text": "Read more", "url": "/news", "look": "button"})] * 3
    message = Message.objects.create(name="News", subject="News for you", body=body)
    publish.publish_message(message=message, house=house, at=at)
    # Each process has loaded the addresses of the site, as a worker has.
    reverse("journeys:click", args=["x", 1])
    return house, message


def _to(house: House, port: int) -> House:
    return replace(house, smtp_url=f"smtp://127.0.0.1:{port}", connections=8)


def queue(message: Message, each: int) -> None:
    """Queue so many messages for each person, and forget those of before."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE journeys_delivery CASCADE")
        told = {"message": message.pk, "sender": Sender.objects.get().pk, "each": each}
        cursor.execute(QUEUE, told)
        cursor.execute("VACUUM ANALYZE journeys_delivery")


def sample(message: Message, house: House) -> bytes:
    """Return a mail as the outbox hands it over."""
    edition = Edition.objects.select_related("message").get(message=message)
    made: bytes = compose(
        edition=edition, values=Values({"firstName": "Ana", "email": "p1@bench.example"}),
        recipient="p1@bench.example", sender=house.sender, delivery=1, contact_point=1,
        house=house, at=clock.now(),
    )  # fmt: skip
    return made


def rate(processes: int, work: Callable[[], int]) -> float:
    """Return how many a second as many processes do together."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    counts, ready = context.Queue(), context.Barrier(processes + 1)

    def one() -> None:
        hints.client.cache_clear()
        ready.wait()
        counts.put(work())

    running = [context.Process(target=one, daemon=True) for _ in range(processes)]
    for process in running:
        process.start()
    ready.wait()
    began = time.perf_counter()
    done = sum(int(counts.get()) for _ in running)
    passed = time.perf_counter() - began
    for process in running:
        process.join()
    return done / passed


def hand_over(port: int, content: bytes, number: int) -> int:
    """Hand one mail over so many times, by the client that the outbox uses too."""
    parcels = (Parcel(n, "b@bench.example", f"p{n}@bench.example", content) for n in range(number))
    done = list(Smtp(Server.parse(f"smtp://127.0.0.1:{port}")).send(parcels))
    return sum(one.outcome is Outcome.OK for one in done)


def drain(house: House, processes: int, limit: int = dispatch.BATCH) -> float:
    """Return how many messages a second the outbox sends until none is left."""

    def work() -> int:
        sent, idle = 0, 0
        while idle < 3:
            done = dispatch.dispatch(house=house, at=clock.now(), limit=limit)
            sent += done.sent
            idle = 0 if done.claimed else idle + 1
        return sent

    return rate(processes, work)


def far_away(
    house: House, message: Message, port: int, content: bytes, number: int
) -> list[tuple[str, str]]:
    """Return what is sent a second over a line with a long round trip, by one process each."""
    with delayed(port, ROUND_TRIP / 2) as slow:

        def plain() -> int:
            with smtplib.SMTP("127.0.0.1", slow) as line:
                for n in range(number // 3):
                    line.sendmail("b@bench.example", [f"p{n}@bench.example"], content)
            return number // 3

        kept = rate(1, plain)
        raw = rate(1, lambda: hand_over(slow, content, number))
        queue(message, each=1)
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM journeys_delivery WHERE id NOT IN "
                "(SELECT id FROM journeys_delivery ORDER BY id LIMIT %s)", [number * 20],
            )  # fmt: skip
        ours = drain(_to(house, slow), 1)
    return [
        ("at 20 ms: smtplib, one kept connection", f"{kept:,.1f}/s"),
        ("at 20 ms: our client, one kept connection", f"{raw:,.1f}/s"),
        ("at 20 ms: whole outbox, 1 process", f"{ours:,.1f}/s"),
        ("  beside smtplib", f"{ours / kept:,.1f}"),
    ]


class Taken(Adapter):
    """Takes everything at once."""

    def __init__(self) -> None:
        super().__init__({})

    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield a yes for each."""
        for parcel in batch:
            yield Receipt(parcel.key, Outcome.OK)


def capped(message: Message, people: int) -> tuple[int, float]:
    """Return how many people four senders gave more than two messages, and their pace."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE journeys_delivery CASCADE")
    Cap.objects.update(most=2)
    queue(message, each=5)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM journeys_delivery WHERE profile_id NOT IN "
            "(SELECT id FROM customers_profile ORDER BY id LIMIT %s)", [people],
        )  # fmt: skip
    house = House(site="https://b.example", sender="b@b.example", rate=1_000_000)

    def work() -> int:
        looked, idle = 0, 0
        while idle < 20:
            done = dispatch.dispatch(
                house=house, at=clock.now(), limit=200, channels=lambda _sender, _house: Taken()
            )
            looked += done.claimed
            idle = 0 if done.claimed else idle + 1
            if not done.claimed:
                time.sleep(0.02)
        return looked

    pace = rate(4, work)
    sent = Counter(Delivery.objects.filter(state="SENT").values_list("profile_id", flat=True))
    assert len(sent) == people, f"{people - len(sent)} people got nothing"
    return sum(times > 2 for times in sent.values()), pace
