"""A difference is called sure only where it is one, however often somebody looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics.estimators import lift

# Each day of four weeks somebody looks; one in ten is in the control group.
DAYS, PEOPLE, CONTROL = 28, 135, 15


def sure(rate, control_rate, judge, *, runs, seed=11):
    """Return the share of runs in which one of the looks calls the difference sure."""
    dice = np.random.default_rng(seed)
    shown = dice.binomial(PEOPLE, rate, (runs, DAYS)).cumsum(axis=1)
    held = dice.binomial(CONTROL, control_rate, (runs, DAYS)).cumsum(axis=1)
    days = range(1, DAYS + 1)
    found = [
        any(
            judge(int(a), PEOPLE * day, int(b), CONTROL * day)
            for day, a, b in zip(days, *both, strict=True)
        )
        for both in zip(shown, held, strict=True)
    ]
    return sum(found) / runs


def always(a, n, b, m):
    return lift.difference(a, n, b, m).is_sure


def once(a, n, b, m):
    """Judge as if nobody looked before: the usual test of two shares."""
    p = (a + b) / (n + m)
    return abs(a / n - b / m) > 1.96 * math.sqrt(p * (1 - p) * (1 / n + 1 / m))


class TestDifference:
    def test_without_one_is_rarely_sure_on_any_of_28_days(self):
        assert sure(0.1, 0.1, always, runs=400) <= 0.05
        # The same world fools who takes each look for the only one.
        assert sure(0.1, 0.1, once, runs=400) > 0.15

    def test_that_is_large_is_found(self):
        assert sure(0.25, 0.10, always, runs=100) > 0.9

    def test_has_the_interval_of_the_formula(self):
        # By hand: 0.1 against 0.08 of a thousand each; deviation 0.012843, factor 3.1238.
        found = lift.difference(100, 1000, 80, 1000)

        assert round(found.points, 2) == 2.0
        assert (round(found.low, 2), round(found.high, 2)) == (-2.01, 6.01)

    def test_of_tiny_groups_says_little(self):
        assert not lift.difference(3, 3, 0, 3).is_sure
        assert not lift.difference(0, 50, 0, 50).is_sure
        assert lift.difference(1, 1, 0, 0) is None
        assert lift.difference(1, 1, 0, 1).high == 100


@pytest.mark.parametrize(
    ("control", "whole", "share", "uneven"),
    [(10, 100, 0.1, False), (19, 100, 0.1, False), (20, 100, 0.1, True), (0, 100, 0.1, True),
     (0, 20, 0.1, False), (1, 100, 0.0, True), (0, 100, 0.0, False), (100, 100, 1.0, False)],
)  # fmt: skip
def test_group_of_another_size_than_its_share_is_noticed(control, whole, share, uneven):
    assert lift.is_uneven(control, whole, share) is uneven
