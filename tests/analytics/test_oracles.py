"""Each measure on DuckDB equals PostgreSQL equals its plain Python oracle, over random worlds.

ORACLE_WORLDS=50 asks about more of them.
"""

from __future__ import annotations

import math
import os
from decimal import Decimal
from typing import Any

import pytest

from analytics import measures, query
from customers import rules
from customers.models import Segment
from tests.analytics import worlds
from tests.analytics.conftest import committed, empty

# Some people, by what is known of them and by a segment.
WHO = {
    "v": 1,
    "root": {"op": "or", "of": [
        {"op": "trait", "field": "plan", "cmp": "eq", "value": "free"}, {"op": "segment", "id": 1},
    ]},
}  # fmt: skip
SEEDS = range(int(os.environ.get("ORACLE_WORLDS", "4")))
# Each parameter set is asked in so many of the worlds, a different choice each.
EACH = max(2, len(SEEDS) // 2)
TRIES = [
    pytest.param(measure, place, id=f"{name}-{place}")
    for name, measure in sorted(measures.MEASURES.items())
    for place in range(len(measure.tries))
]


@pytest.fixture(scope="module")
def known(django_db_setup, django_db_blocker):
    """Yield the worlds, written and sealed once, and their lake."""
    with django_db_blocker.unblock(), committed():
        lake, made = empty(), [worlds.make(seed) for seed in SEEDS]
        worlds.settle(made, lake)
        yield made, lake
        Segment.objects.all().delete()


def test_every_measure_has_an_oracle_and_is_tried():
    found = measures.MEASURES.values()

    assert [one.name for one in found if one.oracle is None or not one.tries] == []


@pytest.mark.parametrize(("measure", "place"), TRIES)
def test_both_engines_say_what_the_oracle_says(measure, place, known):
    made, lake = known
    for turn in range(EACH):
        world = made[(place + turn) % len(made)]
        asked = {"start": world.start, "end": world.end, **measure.tries[place]}
        statement = measure.ask(**asked)
        # Every other time about some people only.
        who = rules.parse(WHO) if turn % 2 else None
        told = {"at": world.end, "who": who, **asked}

        ours = query.ask(measure, lake=lake, cached=False, **told)
        theirs = query.on_postgres(measure, **told)
        events = [
            event
            for event in worlds.told(
                made, start=statement.start, end=statement.end, fact=statement.fact
            )
            if who is None or worlds.is_picked(made, event.profile_id)
        ]
        said = measure.oracle(events, asked)

        assert ours.engine == "duckdb"
        hint = f"world {world.seed}, {asked}, {'some people' if who else 'everybody'}"
        if not same(ours.rows, theirs.rows):
            pytest.fail(f"{hint}\nDuckDB: {ours.rows}\nPostgreSQL: {theirs.rows}")
        if not same(ours.rows, said):
            pytest.fail(f"{hint}\nboth engines: {ours.rows}\nthe oracle: {said}")


def same(ours: Any, theirs: Any) -> bool:
    """Return whether rows are equal; sums of the same numbers may come in another order."""
    return len(ours) == len(theirs) and all(
        len(mine) == len(yours) and all(map(_same, mine, yours))
        for mine, yours in zip(ours, theirs, strict=True)
    )


def _same(mine: Any, yours: Any) -> bool:
    if any(isinstance(cell, (float, Decimal)) for cell in (mine, yours)):
        return None not in {mine, yours} and math.isclose(
            float(mine), float(yours), rel_tol=1e-9, abs_tol=1e-9
        )
    return bool(mine == yours)
