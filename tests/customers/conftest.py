"""The cast of the customers' floor, and an SDK's way in."""

from __future__ import annotations

from types import SimpleNamespace

import orjson
import pytest

from customers import fold
from customers.models import Event, Source
from dxp.lib.clock import now


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
