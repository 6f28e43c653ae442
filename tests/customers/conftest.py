"""The cast of the customers' floor, and an SDK's way in."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from urllib.parse import urlsplit

import orjson
import pytest
from django.db import connections

from customers import fold
from customers.models import Event, Source
from dxp.lib import hints
from dxp.lib.clock import now
from tests.customers.outage import Line

TRACK = {"type": "track", "event": "Article Viewed", "userId": "ana"}


@pytest.fixture(autouse=True)
def _no_source_remembered():
    """Forget the write keys of earlier tests, whose rows were rolled back."""
    from customers.api import ingest

    ingest._sources.clear()


@pytest.fixture
def shop(db):
    """Return a source."""
    return Source.objects.create(name="Shop")


@pytest.fixture
def send(client, shop):
    """Return a function that posts events as an SDK does and folds them; it returns the answer."""

    def post(*events, at=None, **batch):
        body = orjson.dumps({"batch": list(events), "writeKey": shop.write_key, **batch})
        answer = client.post("/v1/batch", body, content_type="application/json")
        fold.drain(at=at or now())
        return answer

    return post


def basic(key):
    return {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


@pytest.fixture
def post(client, shop):
    """Return a function that posts a body with the source's key and returns the answer."""

    def send(path="/v1/batch", body=None, *, kind="application/json", key=True, **headers):
        body = {"batch": [TRACK]} if body is None else body
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        keyed = basic(shop.write_key) if key else {}
        return client.post(path, raw, content_type=kind, **keyed, **headers)

    return send


@pytest.fixture
def recorded(dataset):
    """Return a function that yields the requests of a recording."""

    def read(name):
        told = json.loads((dataset("segment-payloads") / name).read_text())
        return told.get("requests") or [told]

    return read


@pytest.fixture
def postgres():
    """Lead every connection to PostgreSQL through a line that can be cut."""
    settings = connections["default"].settings_dict
    before = settings["HOST"], settings["PORT"]
    connections.close_all()
    line = Line(before[0], int(before[1]))
    settings["HOST"], settings["PORT"] = "127.0.0.1", line.port
    yield line
    line.cut()
    connections.close_all()
    settings["HOST"], settings["PORT"] = before


@pytest.fixture
def redis(settings):
    """Lead every connection to Redis through a line that can be cut."""
    from celery import current_app

    before = settings.REDIS_URL
    url = urlsplit(before)
    line = Line(url.hostname, url.port)
    settings.REDIS_URL = f"redis://127.0.0.1:{line.port}{url.path}"
    broker = current_app.conf.broker_url
    current_app.conf.broker_url = settings.REDIS_URL
    current_app.set_current()
    hints.client.cache_clear()
    yield line
    line.cut()
    current_app.conf.broker_url = broker
    hints.client.cache_clear()


@pytest.fixture
def viewed():
    """Return a function that makes a track call."""

    def call(name="Article Viewed", *, of="chen", **more):
        return {"type": "track", "event": name, "anonymousId": f"{of}-phone", **more}

    return call


@pytest.fixture
def signs_up():
    """Return a function that makes an identify call: a browser's visitor says who they are."""

    def call(who="chen", *, browser=None, **traits):
        return {
            "type": "identify",
            "userId": who,
            "anonymousId": browser or f"{who}-phone",
            "traits": traits,
        }

    return call


@pytest.fixture
def heard(monkeypatch):
    """Return what the floors above are told: events, merges and their undoing, in order."""
    from wagtail import hooks

    told = SimpleNamespace(events=[], merges=[], splits=[])

    def recorded(events):
        told.events += events

    def merged(kept, absorbed):
        told.merges.append((kept, absorbed))

    def parted(kept, restored):
        told.splits.append((kept, restored))

    with (
        hooks.register_temporarily("customers_events_recorded", recorded),
        hooks.register_temporarily("customers_profiles_merged", merged),
        hooks.register_temporarily("customers_profiles_split", parted),
    ):
        yield told


def names():
    """Return the names of all events, in the order of folding."""
    return list(Event.objects.order_by("id").values_list("name", flat=True))
