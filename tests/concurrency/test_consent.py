"""Many writers of one person's consents: the chain never forks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from customers import consent, identify, prove
from customers.models import ConsentEntry
from dxp.lib.clock import now

WRITERS, EACH = 6, 15


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain():
    ana = identify.ensure_alias(kind="user", value="ana", at=now())
    points = [
        identify.ensure_contact_point(
            profile_id=ana.profile_id, channel="email", address=f"ana{n}@x.test", at=now()
        )
        for n in range(2)
    ]

    def write(number):
        for turn in range(EACH):
            state = "GRANTED" if (number + turn) % 2 else "WITHDRAWN"
            consent.record(
                purpose="marketing", state=state, method="form", at=now(),
                contact_point=points[turn % 2], evidence={"writer": number},
            )  # fmt: skip
        connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    chains = {}
    for chain, seq in ConsentEntry.objects.order_by("seq").values_list("chain", "seq"):
        chains.setdefault(chain, []).append(seq)
    assert sorted(len(chain) for chain in chains.values()) == [
        WRITERS * (EACH // 2), WRITERS * (EACH - EACH // 2),
    ]  # fmt: skip
    assert all(chain == list(range(1, len(chain) + 1)) for chain in chains.values())
    assert prove.verify(at=now()).broken_id is None
