"""Staff merge and undo while events stream in: names, counts and events stay true."""

from __future__ import annotations

import random

import pytest

from customers import fold, ingest, merge, segment, split
from customers.models import Event, IdentityLink, Inbox, Profile, Source
from dxp.lib.clock import now
from tests.concurrency.test_fold import READERS, in_threads
from tests.customers import truth

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 8


def store(shop, batches):
    """Store batches in which people read, say who they are, and pass a tablet around."""
    dice = random.Random(3)
    for batch in range(batches):
        who = dice.randrange(PEOPLE)
        told = [
            {"type": "track", "event": "Article Viewed", "anonymousId": f"a{dice.randrange(12)}",
             "messageId": f"{batch}-{number}", "properties": {"revenue": number}}
            for number in range(6)
        ]  # fmt: skip
        browser = "tablet" if batch % 4 == 0 else f"a{dice.randrange(12)}"
        told.append({"type": "identify", "userId": f"u{who}", "anonymousId": browser,
                     "messageId": f"i-{batch}", "traits": {f"k{who}": batch}})  # fmt: skip
        told.append({"type": "track", "event": "Tapped", "anonymousId": "tablet",
                     "messageId": f"t-{batch}"})  # fmt: skip
        ingest.accept(source=shop, events=told, at=now())


def test_merging_and_undoing_while_the_fold_runs_keeps_everything_true():
    shop = Source.objects.create(name="Shop")
    segment.create(name="Readers", rule=READERS, at=now())
    store(shop, 10)
    fold.drain(at=now())
    # The first ten come again: SDKs repeat what was not acknowledged.
    store(shop, 60)
    done = []

    def staff(seed):
        dice = random.Random(seed)
        for _ in range(25):
            people = list(Profile.objects.filter(state="ACTIVE").values_list("pk", flat=True))
            held = list(IdentityLink.objects.filter(refused="", revoked_at=None))
            try:
                if held and dice.random() < 0.5:
                    split.revoke(link=dice.choice(held), by=None, at=now())
                else:
                    merge.join(a=dice.choice(people), b=dice.choice(people), by=None, at=now())
                done.append(seed)
            except merge.Refused:
                # Somebody else was faster.
                continue

    in_threads(
        lambda: [fold.fold(limit=1, at=now()) for _ in range(90)],
        lambda: staff(1),
        lambda: staff(2),
        lambda: [segment.sweep(at=now()) for _ in range(10)],
    )
    fold.drain(at=now())

    assert Inbox.objects.count() == 0
    assert len(done) > 20
    assert Event.objects.exclude(name__startswith="Segment").count() == 60 * 8
    truth.holds()
    assert segment.reconcile(at=now()) == 0
