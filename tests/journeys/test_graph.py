"""The grammar: what is drawn becomes what is walked, and nonsense is named where it stands."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys import graph
from journeys.graph import BadOutline, Known, Plan

KNOWN = Known(messages={1, 2}, segments={7})
GOLD = {"v": 1, "root": {"op": "trait", "field": "plan", "cmp": "eq", "value": "gold"}}


def delay(name="d", **fields):
    return {"id": name, "type": "delay", "mode": "for", "amount": 1, "unit": "days", **fields}


def send(name="m", message=1):
    return {"id": name, "type": "send", "message": message}


def end(name="e", outcome="done"):
    return {"id": name, "type": "end", "outcome": outcome}


def wait(*arms, name="w", timeout=(), **fields):
    return {"id": name, "type": "wait", "for": list(arms), "amount": 1, "unit": "hours",
            "timeout": list(timeout), **fields}  # fmt: skip


def on(event, *steps, name="wa", **fields):
    return {"id": name, "event": event, "steps": list(steps), **fields}


def branch(*arms, name="b", otherwise=()):
    return {"id": name, "type": "branch", "arms": list(arms), "else": list(otherwise)}


def split(*percents, name="s"):
    arms = [{"id": f"{name}{n}", "percent": one, "steps": []} for n, one in enumerate(percents)]
    return {"id": name, "type": "split", "arms": arms}


def jump(to, name="j"):
    return {"id": name, "type": "jump", "to": to}


def compiled(*steps, **plan):
    return graph.compile_plan(Plan(list(steps), **plan), known=KNOWN)


def faults(*steps, **plan):
    with pytest.raises(BadOutline) as caught:
        compiled(*steps, **plan)
    return {(one.step, one.code, one.field) for one in caught.value.faults}


class TestWays:
    def test_steps_lead_to_the_next_and_the_last_to_the_end(self):
        nodes = compiled(send(), delay())["nodes"]
        assert nodes["m"]["next"] == "d"
        assert nodes["d"]["next"] == graph.FINISH

    def test_an_arm_that_does_not_end_joins_the_step_below(self):
        found = compiled(wait(on("Ordered", send("x"), end()), timeout=[send("y")]), delay())
        assert found["nodes"]["w"]["events"] == [["Ordered", "wa", "x"]]
        assert found["nodes"]["y"]["next"] == "d"
        assert found["nodes"]["x"]["next"] == "e"

    def test_an_empty_arm_goes_on_below(self):
        assert compiled(wait(on("Ordered")), end())["nodes"]["w"]["timeout"] == "e"

    def test_a_jump_is_an_edge_and_no_node(self):
        found = compiled(delay(), branch({"id": "b1", "rule": GOLD, "steps": [jump("d")]}), end())
        assert found["nodes"]["b"]["arms"][0][2] == "d"
        assert "j" not in found["nodes"]

    def test_a_delay_behind_a_message_counts_from_its_sending(self):
        nodes = compiled(send(), delay(), delay("d2"))["nodes"]
        assert nodes["d"]["after_send"]
        assert "after_send" not in nodes["d2"]

    def test_shares_add_up_to_ten_thousand(self):
        arms = compiled(split(33.3, 66.7))["nodes"]["s"]["arms"]
        assert [upto for upto, _arm, _next in arms] == [3330, 10_000]

    def test_what_is_listened_to_has_a_key_of_its_own_where_it_says_more(self):
        where = [{"prop": "total", "cmp": "gte", "value": 50}]
        found = compiled(wait(on("Ordered", where=where, same="cart_id"), on("Left", name="wb")))
        filtered, plain = (key for key, _arm, _next in found["nodes"]["w"]["events"])
        assert plain == "Left"
        assert filtered.startswith("Ordered#")
        assert found["listens"][filtered] == {"event": "Ordered", "where": where, "same": "cart_id"}
        assert graph.heard_names(found) == {"Ordered", "Left"}

    def test_a_wait_for_a_condition_hears_what_may_make_it_true(self):
        bought = {"v": 1, "root": {"op": "event", "matcher": {"event": "Ordered"},
                  "metric": "count", "window": "all", "cmp": "gte", "value": 1}}  # fmt: skip
        node = compiled(wait({"id": "wa", "rule": bought, "steps": []}))["nodes"]["w"]
        assert set(node["listens"]) == {"Ordered", "Identified"}

    def test_segments_are_named_wherever_they_are_asked_for(self):
        inside = {"v": 1, "root": {"op": "segment", "id": 7}}
        found = compiled(branch({"id": "b1", "rule": inside, "steps": []}))
        assert graph.segments_of(found) == {7}
        by_entry = compiled(delay(), entry={"type": "segment", "segment": 7, "change": "left"})
        assert graph.segments_of(by_entry) == {7}


class TestFaults:
    @pytest.mark.parametrize(
        ("step", "fault"),
        [
            (delay(amount=0), ("d", "amount", "amount")),
            (delay(amount=True), ("d", "amount", "amount")),
            (delay(unit="moons"), ("d", "unit", "unit")),
            (delay(amount=60, unit="weeks"), ("d", "too_long", "amount")),
            (delay(mode="never"), ("d", "mode", "mode")),
            (delay(mode="time", time="25:00"), ("d", "time", "time")),
            (delay(mode="time", time="09:00", after=-1), ("d", "amount", "after")),
            (delay(mode="weekday", time="09:00", weekdays=[7]), ("d", "weekdays", "weekdays")),
            (delay(mode="date", time="09:00", side="after"), ("d", "no_trait", "trait")),
            (delay(mode="date", time="09:00", trait="x"), ("d", "side", "side")),
            (send(message=None), ("m", "no_message", "message")),
            (send(message=9), ("m", "message", "message")),
            (wait(), ("w", "no_arm", "for")),
            (wait(on("")), ("wa", "no_event", "event")),
            (wait(on("A"), on("A", name="wb")), ("wb", "same_event", "event")),
            (
                wait(on("A", where=[{"prop": "", "cmp": "eq", "value": 1}])),
                ("wa", "where", "where"),
            ),
            (wait({"id": "wa", "rule": {}, "steps": []}), ("wa", "rule", "rule")),
            (branch(), ("b", "no_arm", "arms")),
            (
                branch({"id": "b1", "rule": {"v": 1, "root": {"op": "segment", "id": 8}},
                        "steps": []}),
                ("b1", "segment", "rule"),
            ),
            (split(100), ("s", "few_arms", "arms")),
            (split(50, 49), ("s", "sum", "arms")),
            (split(float("nan"), 50), ("s0", "percent", "percent")),
            ({"id": "u", "type": "update", "value": 1}, ("u", "no_trait", "trait")),
            ({"id": "u", "type": "update", "trait": "x", "value": []}, ("u", "value", "value")),
            (jump("nowhere"), ("j", "no_target", "to")),
            (jump("j"), ("j", "no_target", "to")),
            (end(outcome=""), ("e", "no_outcome", "outcome")),
            ({"id": "k", "type": "teleport"}, ("k", "kind", "")),
        ],
    )  # fmt: skip
    def test_each_is_named_at_its_step_and_field(self, step, fault):
        assert fault in faults(step)

    def test_nobody_comes_behind_an_end(self):
        assert faults(end(), delay()) == {("d", "unreachable", "")}

    def test_a_circle_needs_a_rest(self):
        assert faults(send(), jump("m")) == {("m", "circle", "")}
        assert compiled(send(), delay(), jump("m"))

    def test_a_date_is_no_rest_as_it_may_be_past(self):
        birthday = delay(mode="date", trait="born", side="before", time="09:00")
        assert faults(send(), birthday, jump("m"))

    def test_nobody_jumps_to_a_jump(self):
        arm = {"id": "b1", "rule": GOLD, "steps": [jump("j2")]}
        assert ("j", "no_target", "to") in faults(delay(), branch(arm), jump("d", "j2"))

    def test_nothing_drawn_is_no_journey(self):
        assert faults() == {("", "empty", "")}

    def test_twice_the_same_id(self):
        assert ("d", "twice", "") in faults(delay(), delay())

    @pytest.mark.parametrize("entry", [
        {}, {"type": "magic"}, {"type": "segment", "segment": 8}, {"type": "event"},
        {"type": "segment", "segment": 7, "change": "bored"}, {"type": "event", "event": "A",
        "where": "x"}, {"type": "date", "trait": "born", "time": "9"},
        {"type": "schedule", "segment": 7, "every": "year", "on": "2026-12-01", "time": "09:00"},
        {"type": "schedule", "segment": 7, "every": "week", "on": "2026-12-01", "time": "09:00"},
    ])  # fmt: skip
    def test_entries_are_checked(self, entry):
        assert {field for _step, _code, field in faults(delay(), entry=entry)} == {"entry"}

    def test_goals_and_exits_too(self):
        assert ("", "no_event", "goals") in faults(delay(), goals=[{}])
        assert ("", "shape", "exits") in faults(delay(), exits="x")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip
FIELDS = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c", "d", ""]), "type": st.sampled_from([*graph.KINDS, "x"])},
    optional=dict.fromkeys(
        (
            "amount", "unit", "mode", "time", "for", "arms", "timeout", "else", "message", "to",
            "outcome", "trait", "value", "where", "weekdays",
        ),
        ANYTHING,
    ),
)  # fmt: skip


class TestUntrusted:
    @given(outline=st.lists(FIELDS, max_size=4) | ANYTHING, entry=ANYTHING, goals=ANYTHING)
    @settings(max_examples=300)
    def test_whatever_comes_is_compiled_or_refused(self, outline, entry, goals):
        for tell in (
            lambda: graph.compile_plan(Plan(outline, entry, goals, goals), known=KNOWN),
            lambda: graph.tidy(outline),
            lambda: graph.tidy_entry(entry),
            lambda: graph.tidy_endings(goals),
        ):
            with suppress(BadOutline):
                json.dumps(tell())

    def test_very_deep_nesting_is_refused(self):
        steps = [end()]
        for n in range(2000):
            steps = [wait(on("A", name=f"x{n}"), name=f"w{n}", timeout=steps)]
        for tell in (lambda: compiled(*steps), lambda: graph.tidy(steps)):
            with pytest.raises(BadOutline):
                tell()

    @given(outline=st.lists(FIELDS, max_size=4))
    def test_tidying_twice_is_tidying_once(self, outline):
        try:
            once = graph.tidy(outline)
        except BadOutline:
            return
        assert graph.tidy(once) == once
