"""One write key may send so much; losing Redis lets everything through."""

from __future__ import annotations

import time

import pytest

from customers.api.limit import limit
from customers.models import Inbox, Source
from tests.customers.conftest import TRACK

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Forget what this process was granted before."""
    limit.shares.clear()
    limit.blind_until = 0.0
    yield
    limit.shares.clear()
    limit.blind_until = 0.0


def many(number):
    return {"batch": [TRACK] * number}


def test_more_than_the_rate_is_told_when_to_come_again(post, settings):
    settings.EVENT_RATE = 10

    # Ten seconds' worth may come at once.
    assert post(body=many(60)).status_code == 200
    assert post(body=many(40)).status_code == 200
    answer = post(body=many(20), HTTP_ORIGIN="https://shop.example")

    assert answer.status_code == 429
    assert answer["Retry-After"] in {"1", "2"}
    assert set(answer.json()) == {"code", "message"}
    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    assert answer["Access-Control-Expose-Headers"] == "Retry-After"
    assert Inbox.objects.count() == 2


def test_what_was_refused_passes_when_its_sender_waits_as_told(post, settings):
    settings.EVENT_RATE = 10
    assert post(body=many(100)).status_code == 200
    refused = post(body=many(20))
    assert refused.status_code == 429

    time.sleep(int(refused["Retry-After"]))

    assert post(body=many(20)).status_code == 200


def test_one_key_does_not_use_up_anothers(post, client, settings):
    settings.EVENT_RATE = 1
    other = Source.objects.create(name="Other")
    assert post(body=many(10)).status_code == 200
    assert post(body=many(1)).status_code == 429

    answer = client.post(
        "/v1/batch", {**many(1), "writeKey": other.write_key}, content_type="application/json"
    )

    assert answer.status_code == 200


def test_a_batch_larger_than_the_bucket_passes_when_it_is_full(post, settings):
    settings.EVENT_RATE = 1

    assert post(body=many(50)).status_code == 200
    assert post(body=many(1)).status_code == 429


def test_zero_is_no_limit(post, settings):
    settings.EVENT_RATE = 0

    assert {post(body=many(100)).status_code for _ in range(3)} == {200}


def test_redis_is_asked_some_times_a_second_and_not_at_each_request(post, settings, monkeypatch):
    asked = []
    ask = limit._ask
    monkeypatch.setattr(limit, "_ask", lambda *told: asked.append(told) or ask(*told))
    settings.EVENT_RATE = 20_000

    for _ in range(50):
        post()

    assert len(asked) <= 10


@pytest.mark.django_db(transaction=True)
def test_without_redis_everything_passes_at_once(redis, post, settings):
    settings.EVENT_RATE = 1
    assert post(body=many(10)).status_code == 200
    assert post(body=many(1)).status_code == 429

    redis.cut()
    began = time.monotonic()
    answers = [post(body=many(10)).status_code for _ in range(10)]

    assert set(answers) == {200}
    assert time.monotonic() - began < 10
