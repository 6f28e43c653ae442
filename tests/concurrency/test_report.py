"""Providers repeat themselves, at the same moment, while everybody else is at work."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from django.db import connections

from customers.models import ConsentEntry, ContactPoint, Event
from journeys import announce, dispatch, track
from journeys.models import Delivery, Report, Suppression
from journeys.report import Told, report
from tests.journeys.conftest import HOUSE, NOON, person, write
from tests.journeys.test_dispatch import Answering, by
from tests.journeys.test_report import deliver

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=5)
PEOPLE = 8


def at_once(*jobs):
    """Run jobs in threads of their own that begin together; return what went wrong."""
    start, wrong = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            start.wait()
            job()
        except Exception as error:  # noqa: BLE001 - the test says what it was
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return wrong


def test_each_piece_of_news_counts_once_and_nobody_waits_in_a_circle(db):
    message = write("Welcome")
    people = [person(f"p{n}") for n in range(PEOPLE)]
    sent = [deliver(one, message, edition=message.current) for one in people]
    queued = [deliver(one, message, state="QUEUED") for one in people]
    news = [
        Told(f"{kind}:{one.pk}", kind, "postmark", LATER, delivery_id=one.pk, hard=True)
        for one in sent + queued
        for kind in ("delivered", "bounced", "complained")
    ]

    def telling(seed):
        mine = random.Random(seed).sample(news, len(news))

        def job():
            for n in range(0, len(mine), 11):
                report(told=mine[n : n + 11], at=LATER)

        return job

    def touching():
        for one in sent:
            track.touch(delivery=one.pk, kind="click", number=1, agent="curl/8", at=LATER)
            track.touch(delivery=one.pk, kind="open", agent="Thunderbird/140", at=LATER)

    def working():
        for _ in range(8):
            dispatch.dispatch(channels=by(Answering()), house=HOUSE, at=LATER, limit=5)
            announce.announce(at=LATER)

    wrong = at_once(telling(1), telling(2), telling(3), touching, working)

    announce.announce(at=LATER)
    assert wrong == []
    assert Report.objects.count() == len(news)
    assert Suppression.objects.count() == PEOPLE
    withdrawn = ConsentEntry.objects.filter(state="WITHDRAWN", method="complaint")
    assert withdrawn.count() == PEOPLE
    assert Event.objects.filter(name="Message Complained").count() == len(sent + queued)
    assert Delivery.objects.filter(bounced_at=None).count() == 0
    assert ContactPoint.objects.count() == PEOPLE
