"""Whatever people draw, the walk ends at a rest or at an end, and says the same each time."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys import graph
from journeys.graph import BadOutline, compile_outline
from journeys.walk import Lost, read, walk
from tests.journeys.conftest import NOON

MESSAGES = {1, 2}
LENGTH = {"amount": st.integers(1, 300), "unit": st.sampled_from(["minutes", "hours", "days"])}
PLAIN = st.one_of(
    st.fixed_dictionaries({"type": st.just("delay"), **LENGTH}),
    st.fixed_dictionaries({"type": st.just("send"), "message": st.sampled_from([1, 2])}),
)
END = st.fixed_dictionaries({"type": st.just("end"), "outcome": st.sampled_from(["a", "b"])})
OUTLINES = st.recursive(
    st.lists(PLAIN, max_size=3),
    lambda inner: st.lists(
        st.one_of(
            PLAIN,
            st.fixed_dictionaries({
                "type": st.just("wait"), "event": st.sampled_from(["X", "Y"]), **LENGTH,
                "happened": inner, "timeout": st.one_of(inner, END.map(lambda one: [one])),
            }),
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "amount", "unit", "happened", "event", "message"]), inner
        )
    ),
    max_leaves=12,
)


def numbered(outline):
    for number, step in enumerate(graph.steps_of(outline)):
        step["id"] = f"n{number}"
    return outline


def play(nodes, first, choices):
    """Walk to the end; each choice says whether the event came."""
    at, node, seq, resting, woke = NOON, first, 0, False, ""
    steps, sends = [], []
    for came in choices:
        done = walk(nodes, node=node, seq=seq, resting=resting, woke_by=woke, at=at)
        steps, sends = steps + done.steps, sends + done.sends
        if done.due_at is None:
            return steps, sends, done
        assert done.due_at > at
        node, seq, resting = done.node, done.seq, True
        woke = done.listens[0] if came and done.listens else ""
        at = at + timedelta(seconds=1) if woke else done.due_at
    return steps, sends, None


@given(OUTLINES.filter(bool), st.lists(st.booleans(), min_size=60, max_size=60))
def test_every_walk_comes_to_an_end_with_steps_without_gaps(outline, choices):
    compiled = json.loads(json.dumps(compile_outline(numbered(outline), messages=MESSAGES)))
    nodes = read(compiled)

    steps, sends, done = play(nodes, compiled["first"], choices)

    assert done is not None
    assert [step[0] for step in steps] == list(range(1, len(steps) + 1))
    assert len({step[1] for step in steps}) == len(steps)
    assert [(number, node) for number, node, _m in sends] == [
        (number, node) for number, node, _o in steps if compiled["nodes"][node]["type"] == "send"
    ]


@given(OUTLINES.filter(bool), st.lists(st.booleans(), min_size=60, max_size=60))
def test_the_same_walk_says_the_same(outline, choices):
    compiled = compile_outline(numbered(outline), messages=MESSAGES)

    first = play(read(compiled), compiled["first"], choices)[:2]

    assert first == play(read(compiled), compiled["first"], choices)[:2]


@given(OUTLINES.filter(bool))
def test_a_compiled_graph_leads_everywhere_and_nowhere_else(outline):
    compiled = compile_outline(numbered(outline), messages=MESSAGES)
    reached, todo = set(), [compiled["first"]]
    while todo:
        node = todo.pop()
        if node not in reached:
            reached.add(node)
            data = compiled["nodes"][node]
            todo += [data[way] for way in ("next", "happened", "timeout") if way in data]

    assert reached <= set(compiled["nodes"])
    assert set(compiled["nodes"]) - reached <= {graph.FINISH}


@given(JSON)
def test_nonsense_is_refused_and_never_breaks(nonsense):
    for check in (graph.tidy, lambda one: compile_outline(one, messages=MESSAGES)):
        with suppress(BadOutline):
            check(nonsense)


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([], ("", "empty")),
        ([{"id": "a", "type": "end", "outcome": "x"}, {"id": "b", "type": "end", "outcome": "y"}],
         ("b", "unreachable")),
        ([{"id": "a", "type": "send", "message": 9}], ("a", "message")),
        ([{"id": "a", "type": "delay", "amount": 0, "unit": "days"}], ("a", "amount")),
        ([{"id": "a", "type": "delay", "amount": 2, "unit": "years"}], ("a", "unit")),
        ([{"id": "a", "type": "delay", "amount": 400, "unit": "days"}], ("a", "too_long")),
        ([{"id": "a", "type": "teleport"}], ("a", "kind")),
        ([{"id": "a", "type": "end", "outcome": "x"}, {"id": "a", "type": "end", "outcome": "x"}],
         ("a", "twice")),
    ],
)  # fmt: skip
def test_a_fault_names_its_step(steps, fault):
    with pytest.raises(BadOutline) as raised:
        compile_outline(steps, messages=MESSAGES)

    assert fault in {(one.step, one.code) for one in raised.value.faults}


def test_a_graph_that_goes_in_a_circle_is_left():
    nodes = read({"nodes": {"a": {"type": "send", "message": 1, "next": "a"}}})

    with pytest.raises(Lost):
        walk(nodes, node="a", seq=0, resting=False, woke_by="", at=NOON)
