"""Every measure states unit, window, source, and its example is true on both engines."""

from __future__ import annotations

import dataclasses

import pytest

from analytics import collect, measures, query
from tests.analytics import world
from tests.analytics.conftest import lake, other  # noqa: F401 - fixtures

by_name = pytest.mark.parametrize("measure", measures.MEASURES.values(), ids=lambda m: m.name)


@by_name
def test_a_measure_says_what_it_is(measure):
    assert all([measure.name, measure.columns, measure.unit, measure.window, measure.source])


def test_a_name_is_taken_once():
    one = measures.MEASURES["funnel"]

    with pytest.raises(ValueError, match="funnel"):
        measures.register(dataclasses.replace(one, unit="another"))


@by_name
def test_the_example_is_true_on_both_engines(measure, lake):  # noqa: F811
    world.tell(measure.example.events)
    asked = {"start": world.DAY, "end": world.END, **measure.example.parameters}

    before = query.ask(measure, lake=lake, at=world.END, **asked)
    collect.seal(lake=lake, at=world.END)
    after = query.ask(measure, lake=lake, at=world.END, **asked)

    assert (before.engine, before.rows) == ("postgresql", list(measure.example.answer))
    assert (after.engine, after.rows) == ("duckdb", list(measure.example.answer))
    assert all(len(row) == len(measure.columns) for row in after.rows)
