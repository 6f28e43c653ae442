"""PostgreSQL or Redis go away: senders hear "later" or notice nothing, and nothing is lost."""

from __future__ import annotations

import time

import orjson
import pytest
from django.db import connection

from customers import fold
from customers.models import Event, Inbox, Source
from dxp.lib import hints
from dxp.lib.clock import now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return Source.objects.create(name="Shop")


@pytest.fixture
def post(client, shop):
    def send(number):
        event = {"type": "track", "event": "E", "userId": "ana", "messageId": f"m{number}"}
        body = orjson.dumps({"batch": [event], "writeKey": shop.write_key})
        return client.post("/v1/batch", body, content_type="text/plain")

    return send


class TestPostgres:
    def test_away_means_later_and_back_means_at_once(self, postgres, post):
        assert post(1).status_code == 200

        postgres.cut()
        answers = [post(2), post(2)]
        postgres.mend()
        back = post(2)

        assert [one.status_code for one in answers] == [503, 503]
        for one in answers:
            assert int(one["Retry-After"]) > 0
            assert set(one.json()) == {"code", "message"}
        # The first request after it is back finds it: no dead connection is kept.
        assert back.status_code == 200
        fold.drain(at=now())
        assert sorted(Event.objects.values_list("message_id", flat=True)) == ["m1", "m2"]

    def test_away_for_a_key_that_nobody_knows_yet_is_no_refusal(self, postgres, client):
        connection.close()
        postgres.cut()

        answer = client.post("/v1/batch", b'{"batch": [], "writeKey": "new"}', "text/plain")
        postgres.mend()

        assert answer.status_code == 503

    def test_away_in_the_middle_of_a_fold_leaves_the_inbox(self, postgres, post, monkeypatch):
        from django.db import OperationalError

        from customers import segment

        post(1)
        judge = segment.touched

        def cut_first(**told):
            postgres.cut()
            return judge(**told)

        with monkeypatch.context() as patch:
            patch.setattr("customers.segment.touched", cut_first)
            with pytest.raises(OperationalError):
                fold.fold(at=now())
        postgres.mend()
        connection.close()

        assert (Inbox.objects.count(), Event.objects.count()) == (1, 0)
        fold.drain(at=now())
        assert Event.objects.count() == 1


class TestRedis:
    def test_away_is_not_noticed_by_senders(self, redis, post):
        assert post(1).status_code == 200

        redis.cut()
        began = time.monotonic()
        answers = [post(number) for number in range(2, 7)]
        took = time.monotonic() - began

        assert {one.status_code for one in answers} == {200}
        assert took < 2
        fold.drain(at=now())
        assert Event.objects.count() == 6

    def test_that_is_there_is_hinted_at(self, redis, post):
        hints.client().flushdb()

        post(1)

        deadline = time.monotonic() + 10
        while not hints.client().llen("default") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert b"customers.tasks.fold" in hints.client().lindex("default", 0)
