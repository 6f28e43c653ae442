"""What changed between two plans is named step by step, and nothing else is."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from journeys.diff import diff
from journeys.graph import Plan


def delay(name, amount=1):
    return {"id": name, "type": "delay", "mode": "for", "amount": amount, "unit": "days"}


def wait(name, arm, *steps, timeout=()):
    return {"id": name, "type": "wait", "amount": 1, "unit": "hours", "timeout": list(timeout),
            "for": [{"id": arm, "event": "Ordered", "steps": list(steps)}]}  # fmt: skip


def changes(old, new, **plan):
    return [
        (one.kind, one.id, one.fields)
        for one in diff(Plan(old), Plan(new, **plan))
    ]  # fmt: skip


class TestSteps:
    def test_nothing_changed(self):
        assert changes([delay("a"), wait("w", "x")], [delay("a"), wait("w", "x")]) == []

    def test_another_length(self):
        assert changes([delay("a")], [delay("a", 2)]) == [("changed", "a", ("amount",))]

    def test_a_step_in_between_moves_nobody(self):
        found = changes([delay("a"), delay("b")], [delay("a"), delay("n"), delay("b")])
        assert found == [("added", "n", ())]

    def test_the_other_way_round(self):
        assert changes([delay("a"), delay("b")], [delay("b"), delay("a")]) in (
            [("moved", "a", ())], [("moved", "b", ())],
        )  # fmt: skip

    def test_into_an_arm(self):
        found = changes([wait("w", "x"), delay("a")], [wait("w", "x", delay("a"))])
        assert found == [("moved", "a", ())]

    def test_a_wait_goes_with_all_that_stands_in_it(self):
        found = changes([wait("w", "x", delay("a"))], [])
        assert found == [("removed", name, ()) for name in ("w", "x", "a")]

    def test_an_arm_listens_to_something_else(self):
        new = wait("w", "x")
        new["for"][0]["event"] = "Paid"
        assert changes([wait("w", "x")], [new]) == [("changed", "x", ("event",))]


class TestAround:
    def test_entry_goals_and_exits(self):
        found = changes([], [], entry={"type": "api"}, goals=[{"event": "Ordered"}])
        assert [kind for kind, _id, _fields in found] == ["entry", "goals"]

    def test_the_first_version_adds_everything(self):
        found = diff(None, Plan([delay("a")], {"type": "api"}))
        assert [(one.kind, one.id) for one in found] == [("added", "a")]


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
)
def test_who_is_named_added_or_removed_is_just_that(old, new):
    found = diff(Plan([delay(n) for n in old]), Plan([delay(n) for n in new]))
    assert {one.id for one in found if one.kind == "added"} == set(new) - set(old)
    assert {one.id for one in found if one.kind == "removed"} == set(old) - set(new)
    moved = {one.id for one in found if one.kind == "moved"}
    stays = [n for n in new if n in old and n not in moved]
    assert stays == [n for n in old if n in new and n not in moved]
    again = copy.deepcopy([delay(n) for n in new])
    assert diff(Plan(again), Plan([delay(n) for n in new])) == []
