"""A running server that real SDKs send to, and one customer's story that each of them tells."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from customers import fold, segment
from customers.models import Event, Inbox, Quarantine, Source
from dxp.lib.clock import now
from tests.customers import people
from tests.sdk.bad_network import BadNetwork

READERS = {"v": 1, "root": {"op": "event", "matcher": {"event": "Article Viewed"},
                            "metric": "count", "window": {"last": [7, "days"]}, "cmp": "gte",
                            "value": 2}}  # fmt: skip


HERE = Path(__file__).resolve().parent


def cannot(why):
    """Skip on a beginner's machine; fail where it has to run."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def node():
    """Return Node's path, with the SDKs installed beside the tests, once."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        cannot("Node is not installed.")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    with (HERE / "package.json").open() as lock:
        # Parallel test processes come here at the same moment.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((HERE / "node_modules" / name).exists() for name in wanted):
            done = subprocess.run(
                [npm, "ci"], cwd=HERE, capture_output=True, text=True, timeout=240, check=False
            )
            if done.returncode:
                cannot(f"The Node SDKs could not be installed: {done.stderr[-500:]}")
    return found


@pytest.fixture
def server(transactional_db, live_server):
    """Return a server with a source and a segment."""
    shop = Source.objects.create(name="Shop")
    readers = segment.create(name="Readers", rule=READERS, at=now())
    return SimpleNamespace(
        url=live_server.url,
        key=shop.write_key,
        readers=readers,
        thread=live_server.thread,
        shop=shop,
    )


@pytest.fixture(params=["good network", "bad network"])
def network(request, server):
    """Return the address that an SDK sends to: the server's own, or one behind a bad network."""
    if request.param == "good network":
        yield server.url
        return
    bad = BadNetwork(server.url)
    yield bad.url
    bad.stop()
    # No SDK may get through without having met what this is about.
    assert bad.met["lose"] >= 1
    assert bad.met["repeat"] >= 1


@pytest.fixture
def check_the_story(server):
    """Return what checks that the story arrived: once, in order of each call, as one person."""

    def check():
        assert Inbox.objects.exists(), "nothing arrived"
        fold.drain(at=now())
        assert not Quarantine.objects.exists()
        sent = Event.objects.exclude(name__startswith="Segment")
        assert sorted(sent.values_list("name", flat=True)) == [
            "Aliased", "Article Viewed", "Article Viewed", "Identified", "Joined Group",
            "Order Completed", "Page Viewed", "Screen Viewed",
        ]  # fmt: skip
        chen = people.profile_of(kind="user", value="chen")
        assert chen == people.profile_of(kind="anonymous", value="chen-phone")
        assert chen.traits == {"email": "chen@example.test", "name": "陈"}
        assert segment.members_of(chen.pk) == {server.readers.pk}
        order = sent.get(name="Order Completed")
        assert order.properties == {"revenue": 12.5, "currency": "EUR"}
        assert order.at.isoformat() == "2026-01-02T03:04:05+00:00"
        page = sent.get(name="Page Viewed")
        assert page.properties["path"] == "/funds/"
        return sent

    return check
