"""A program's write happens once, however often it is sent at the same moment, and whoever dies."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time

import pytest
from django.db import connections
from django.test import Client

from customers.models import Profile, Segment
from dxp.lib import hints
from dxp.users.models import ApiCall
from tests.customers import people

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"name": "Croatia", "rule": people.from_country("HR")}


@pytest.fixture
def header():
    return people.token(people.marketer(), "all")


def send(header, key="k-1", path="/api/v1/segments/", body=BODY):
    return Client().post(
        path, json.dumps(body), content_type="application/json", HTTP_IDEMPOTENCY_KEY=key, **header
    )


def at_once(times, act):
    """Do the same in as many threads at one moment; return what they answered."""
    found, start = [], threading.Barrier(times)

    def run():
        try:
            start.wait()
            found.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_same_write_from_many_threads_is_done_once(header):
    answers = at_once(6, lambda: send(header))

    statuses = [one.status_code for one in answers]
    assert Segment.objects.count() == 1
    # Who came while the first was at work was told so, who came later got its answer.
    assert set(statuses) <= {201, 409}
    done = [one for one in answers if one.status_code == 201]
    assert len(done) >= 1
    assert len({one.content for one in done}) == 1
    assert sum("Idempotency-Replayed" not in one for one in done) == 1
    assert send(header).json() == done[0].json()


def test_who_comes_while_it_is_being_done_is_told_so(header, monkeypatch):
    from customers import segment

    entered, go_on, real = threading.Event(), threading.Event(), segment.create

    def slow(**told):
        entered.set()
        assert go_on.wait(20)
        return real(**told)

    monkeypatch.setattr("customers.segment.create", slow)
    answers = []

    def first():
        answers.append(send(header))
        connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(20)
    meanwhile = send(header)
    go_on.set()
    thread.join()

    assert meanwhile.status_code == 409
    assert meanwhile["Content-Type"] == "application/problem+json"
    assert answers[0].status_code == 201
    assert send(header)["Idempotency-Replayed"] == "true"


def test_after_a_process_died_in_the_middle_the_write_is_done_by_the_next_try(header):
    """Killed when all is written and nothing is committed: neither effect nor answer stays."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    reached = context.Event()

    def die_inside():
        from dxp.users import once

        hints.client.cache_clear()
        real = once.keep

        def keep_and_hang(**told):
            real(**told)
            reached.set()
            time.sleep(60)

        once.keep = keep_and_hang
        send(header)

    process = context.Process(target=die_inside, daemon=True)
    process.start()
    assert reached.wait(30)
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert not Segment.objects.exists()
    assert not ApiCall.objects.exists()
    answer = _until_free(header)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer
    assert Segment.objects.count() == 1


def _until_free(header):
    """Try until the server noticed that the dead process is gone, as programs do on 409."""
    for _ in range(100):
        answer = send(header)
        if answer.status_code != 409:
            return answer
        time.sleep(0.1)
    return answer


def test_two_that_tell_about_the_same_new_person_make_one_profile(header):
    body = {"user_id": "ana", "traits": {"country": "HR"}}

    answers = at_once(
        4, lambda: Client().post(
            "/api/v1/profiles/", json.dumps(body), content_type="application/json", **header
        )
    )  # fmt: skip

    assert {one.status_code for one in answers} <= {200, 201}
    assert Profile.objects.filter(state="ACTIVE").count() == 1
    assert len({one.json()["id"] for one in answers}) == 1


def test_of_two_changes_of_what_was_read_one_is_refused(header):
    seen = send(header)["ETag"]

    def rename():
        return Client().patch(
            "/api/v1/segments/croatia/", json.dumps({"name": threading.current_thread().name}),
            content_type="application/json", HTTP_IF_MATCH=seen, **header,
        )  # fmt: skip

    answers = at_once(3, rename)

    assert sorted(one.status_code for one in answers) == [200, 412, 412]
