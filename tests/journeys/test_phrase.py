"""Steps in words: whole ones, half ones, and what changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys import diff, phrase
from journeys.graph import Plan

NAMES = phrase.Names(messages={7: "Welcome"}, segments={3: "Fans"})
GOLD = {"v": 1, "root": {"op": "trait", "field": "plan", "cmp": "eq", "value": "gold"}}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"type": "delay", "amount": 1, "unit": "days"}, "Wait 1 day"),
        ({"type": "delay", "mode": "time", "time": "09:30"}, "Wait until 09:30"),
        (
            {"type": "delay", "mode": "time", "time": "09:30", "after": 1},
            "Wait until 09:30, 1 day later",
        ),
        (
            {"type": "delay", "mode": "weekday", "weekdays": [0, 4], "time": "09:30"},
            "Wait until Monday or Friday, 09:30",
        ),
        (
            {"type": "delay", "mode": "date", "trait": "birthday", "amount": 3, "unit": "days",
             "side": "before", "time": "08:00"},
            "Wait until 3 days before “birthday”, 08:00",
        ),
        (
            {"type": "wait", "amount": 2, "unit": "hours", "for": [
                {"id": "a", "event": "Order Completed", "same": "cart_id"},
                {"id": "b", "rule": GOLD},
            ]},
            "Wait up to 2 hours for “Order Completed” with the same “cart_id” or plan is “gold”",
        ),
        ({"type": "branch", "arms": [{"rule": GOLD}]}, "Branch: plan is “gold”?"),
        (
            {"type": "split", "arms": [{"percent": 20}, {"percent": 80}]},
            "Split at random: 20 % / 80 %",
        ),
        ({"type": "send", "message": 7}, "Send “Welcome”"),
        ({"type": "update", "trait": "plan", "value": True}, "Set “plan” to yes"),
        ({"type": "update", "trait": "plan", "value": None}, "Empty “plan”"),
        ({"type": "end", "outcome": "bought"}, "End: bought"),
    ],
)  # fmt: skip
def test_a_step(step, said):
    assert phrase.step(step, NAMES) == said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"type": "segment", "segment": 3, "change": "left"}, "leaves the segment “Fans”"),
        (
            {"type": "event", "event": "Cart Abandoned", "key": "cart_id",
             "where": [{"prop": "total", "cmp": "gte", "value": 20}]},
            "“Cart Abandoned” where total is at least 20 happens, for each “cart_id”",
        ),
        (
            {"type": "date", "trait": "birthday", "time": "09:00", "yearly": True},
            "the day of “birthday”, 09:00, every year",
        ),
        (
            {"type": "schedule", "every": "week", "weekdays": [1], "time": "09:30",
             "on": "2026-12-01", "segment": 3},
            "every Tuesday at 09:30 from 2026-12-01, everybody in “Fans”",
        ),
        ({"type": "api"}, "a program lets somebody in"),
        ({"type": "hand"}, "somebody here lets people in by hand"),
    ],
)  # fmt: skip
def test_an_entry(entry, said):
    assert phrase.entry(entry, NAMES) == said


def test_a_name_stands_for_the_words_and_a_jump_names_where_it_leads():
    outline = [
        {"id": "a", "type": "delay", "amount": 1, "unit": "days", "name": "Let them breathe"},
        {"id": "b", "type": "jump", "to": "a"},
    ]

    assert phrase.called(outline, NAMES) == {
        "a": "1. Let them breathe", "b": "2. Go on at: Let them breathe",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("way", "why", "said"),
    [
        ("a", "Ordered", "came: “Ordered”"),
        ("b", "k1", "holds: plan is “gold”"),
        ("timeout", "", "none of it within 3 days"),
        ("goal", "Paid#1f", "goal reached: “Paid” came"),
        ("removed", "", "taken out by hand"),
    ],
)
def test_why_a_wait_was_left(way, why, said):
    step = {
        "type": "wait", "amount": 3, "unit": "days",
        "for": [{"id": "a", "event": "Ordered"}, {"id": "b", "rule": GOLD}],
    }  # fmt: skip

    assert phrase.reason(step, way, why, NAMES) == said


def test_what_changed():
    old = Plan(
        [
            {"id": "a", "type": "delay", "amount": 1, "unit": "days"},
            {"id": "b", "type": "send", "message": 7},
            {"id": "c", "type": "end", "outcome": "done"},
        ],
        {"type": "hand"},
    )
    new = Plan(
        [
            {"id": "b", "type": "send", "message": 7},
            {"id": "a", "type": "delay", "amount": 2, "unit": "days", "name": "Rest"},
            {"id": "d", "type": "update", "trait": "plan", "value": "gold"},
        ],
        {"type": "segment", "segment": 3},
        [{"event": "Paid"}],
    )

    said = phrase.changes(diff.diff(old, new), old, new, NAMES)

    assert said == [
        "People enter when: enters the segment “Fans”. "
        "Before: somebody here lets people in by hand.",
        "Goals: “Paid”. Before: none.",
        "Moved: Send “Welcome”",
        "Changed: Wait 1 day → “Rest” (Wait 2 days)",
        "New: Set “plan” to “gold”",
        "Removed: End: done",
    ]


PLAIN = st.sampled_from([None, True, False, 0, 1, -7, 2.5, float("nan"), "", "a", "days", "“%(n)s"])
OBJECT = st.dictionaries(st.sampled_from(["id", "event", "rule", "v", "root", "percent"]), PLAIN,
                         max_size=3)  # fmt: skip
JUNK = PLAIN | OBJECT | st.lists(PLAIN | OBJECT, max_size=2)
FIELDS = ("id", "amount", "unit", "mode", "time", "after", "weekdays", "for", "arms", "event",
          "where", "rule", "percent", "message", "trait", "value", "to", "name", "segment", "key",
          "every", "on", "outcome", "side", "same")  # fmt: skip
KINDS = ("delay", "wait", "branch", "split", "send", "update", "jump", "end", "segment", "event",
         "date", "schedule", "strange")  # fmt: skip


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=6))
def test_a_draft_from_a_browser_may_hold_anything_and_never_breaks(kind, drawn):
    step = {**drawn, "type": kind}

    assert phrase.step(step, NAMES)
    assert phrase.title(step, NAMES)
    assert phrase.entry(step, NAMES)
    assert isinstance(phrase.reason(step, "a", "b", NAMES), str)
