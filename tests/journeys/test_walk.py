"""Whatever people draw, the walk ends at a rest or at an end, and says the same each time."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys import graph
from journeys.graph import BadOutline, Known, Plan
from journeys.nodes import Facts, Here, Need, Sent
from journeys.walk import Lost, Walked, read, walk
from tests.journeys.conftest import NOON

KNOWN = Known(messages={1, 2}, segments={7})
ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York")
UNITS = st.sampled_from(["minutes", "hours", "days"])
LENGTH = {"amount": st.integers(1, 300), "unit": UNITS}
TIME = st.sampled_from(["00:00", "02:30", "09:30", "23:59"])
WHERE = [{"prop": "total", "cmp": "gt", "value": 100}]
GOALS = [{"event": "Goal"}]
EXITS = [{"event": "Exit", "where": WHERE}]


def kind(name, **fields):
    return st.fixed_dictionaries({"type": st.just(name), **fields})


def plan_is(value):
    return {"v": 1, "root": {"op": "trait", "field": "plan", "cmp": "eq", "value": value}}


PLAIN = st.one_of(
    kind("delay", mode=st.just("for"), **LENGTH),
    kind("delay", mode=st.just("time"), time=TIME, after=st.integers(0, 3)),
    kind("delay", mode=st.just("weekday"), time=TIME,
         weekdays=st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True)),
    kind("delay", mode=st.just("date"), trait=st.sampled_from(["renews", "born", "nothing"]),
         amount=st.integers(0, 9), unit=st.just("days"), side=st.sampled_from(["before", "after"]),
         time=TIME),
    kind("send", message=st.sampled_from([1, 2])),
    kind("update", trait=st.just("stage"), value=st.sampled_from(["new", 3, None, True])),
)  # fmt: skip
END = kind("end", outcome=st.sampled_from(["a", "b"]))


def arms(inner):
    steps = st.one_of(inner, END.map(lambda one: [one]))
    event = st.sampled_from(["X", "Y", "Z"])
    on = st.one_of(
        st.fixed_dictionaries({"event": event, "steps": steps}),
        st.fixed_dictionaries({"event": event, "where": st.just(WHERE), "steps": steps}),
        st.fixed_dictionaries({"event": event, "same": st.just("cart"), "steps": steps}),
    )
    when = st.fixed_dictionaries({"rule": st.sampled_from("abc").map(plan_is), "steps": steps})
    key = lambda arm: (arm.get("event"), "where" in arm, "same" in arm)  # noqa: E731
    waits = st.lists(on, min_size=1, max_size=3, unique_by=key)
    shares = st.sampled_from([[100, 0], [50, 50], [33.33, 33.33, 33.34]])
    return st.one_of(
        kind("wait", **LENGTH, timeout=inner,
             **{"for": st.one_of(waits, st.lists(when, min_size=1, max_size=2),
                                 st.tuples(waits, when).map(lambda two: [*two[0], two[1]]))}),
        kind("branch", arms=st.lists(when, min_size=1, max_size=3), **{"else": inner}),
        st.tuples(shares, st.lists(inner, min_size=3, max_size=3)).map(
            lambda two: {"type": "split", "arms": [
                {"percent": percent, "steps": some}
                for percent, some in zip(two[0], two[1], strict=False)]}),
    )  # fmt: skip


OUTLINES = st.recursive(
    st.lists(PLAIN, max_size=3),
    lambda inner: st.lists(st.one_of(PLAIN, arms(inner)), min_size=1, max_size=3),
    max_leaves=6,
).filter(bool)


def numbered(outline, prefix="n"):
    """Give every step and arm an id of its own."""
    for number, step in enumerate(graph.steps_of(outline)):
        step["id"] = f"{prefix}{number}"
        for name in ("for", "arms"):
            for place, arm in enumerate(step.get(name, ())):
                arm["id"] = f"{prefix}{number}x{place}"
    return outline


@st.composite
def graphs(draw):
    """Return a graph that people could draw; some lead back to where they were."""
    outline = numbered(json.loads(json.dumps(draw(OUTLINES))))
    told = Plan(outline, goals=GOALS, exits=EXITS)
    back = draw(st.sampled_from([None, *(step["id"] for step in graph.steps_of(outline))]))
    if back and not graph.ends(outline[-1]):
        try:
            jump = {"id": "back", "type": "jump", "to": back}
            return graph.compile_plan(Plan([*outline, jump], goals=GOALS, exits=EXITS), known=KNOWN)
        except BadOutline:
            pass
    return json.loads(json.dumps(graph.compile_plan(told, known=KNOWN)))


@st.composite
def worlds(draw):
    """Return what happens to one person: what is true of them, and what they do at each rest."""
    return {
        "person": draw(st.integers(1, 10**9)),
        "zone": ZoneInfo(draw(st.sampled_from(ZONES))),
        "traits": {"renews": draw(st.dates(datetime(2026, 1, 1).date(),  # noqa: DTZ001
                                           datetime(2028, 1, 1).date())).isoformat(),  # noqa: DTZ001
                   "born": "2000-02-29"},
        "rules": draw(st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=5)),
        "events": draw(st.lists(st.integers(0, 3), min_size=1, max_size=12)),
    }  # fmt: skip


RESTS = 60


def facts(world, moment, chart_rules):
    """Return all that can be known at one moment."""
    held = world["rules"][moment % len(world["rules"])]
    return Facts(
        traits=world["traits"], zone=world["zone"], told=True, sent=Sent(waiting=False),
        rules={key: place in held for place, key in enumerate(sorted(chart_rules))},
    )  # fmt: skip


def bring(done, here, known):
    """Answer what a walk asks for, as the engine does."""
    if done.need.kind == "rule":
        here.facts.rules[done.need.key] = known.rules[done.need.key]
    elif done.need.kind == "person":
        here.facts.traits = known.traits
    else:
        setattr(here.facts, done.need.kind, getattr(known, done.need.kind))


def play(compiled, world, *, at=NOON, in_rounds=True):
    """Walk on until the end, or for so many rests; return each rest with what was passed."""
    chart = read(compiled)
    done, woke, until, told = Walked(compiled["first"], 0, False), "", None, []
    for moment in range(RESTS):
        known = facts(world, moment, compiled["rules"])
        here = Here(at, world["person"], woke, until, Facts() if in_rounds else known)
        rounds = 0
        done = walk(chart, done, here)
        while done.need:
            bring(done, here, known)
            done = walk(chart, done, here)
            rounds += 1
            assert rounds < 100
        told.append((at, woke, done))
        if done.due_at is None:
            return told
        assert done.due_at > at, "a rest that lets no time pass"
        choice = world["events"][moment % len(world["events"])]
        # Most of the time nothing happens.
        woke = done.listens[choice % len(done.listens)] if choice > 1 and done.listens else ""
        at = at + timedelta(seconds=1) if woke else done.due_at
        until = done.until
        done = Walked(done.node, done.seq, True)
    return told


def walked(told):
    return [step for _at, _woke, done in told for step in done.steps]


MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(graphs(), worlds())
def test_every_step_follows_the_one_before_on_an_edge_of_the_graph(compiled, world):
    told = play(compiled, world)

    steps = walked(told)
    assert [step.seq for step in steps] == list(range(1, len(steps) + 1))
    here = compiled["first"]
    for step in steps:
        assert step.node == here or step.node in graph.nexts_of(compiled["nodes"][here])
        here = step.node
    over = told[-1][2]
    if over.due_at is None:
        assert compiled["nodes"][here]["type"] == "end" or over.outcome in ("goal", "exit")
    sends = [(send.seq, send.node) for _at, _woke, done in told for send in done.sends]
    kinds = {name: node["type"] for name, node in compiled["nodes"].items()}
    ended = steps[-1:] if over.due_at is None else []
    assert sends == [
        (step.seq, step.node) for step in steps if kinds[step.node] == "send" and step not in ended
    ]


@MANY
@given(graphs(), worlds())
def test_a_walk_says_the_same_again_and_however_its_facts_are_brought(compiled, world):
    first = play(compiled, world)

    assert play(compiled, world) == first
    assert [vars_of(one) for one in play(compiled, world, in_rounds=False)] == [
        vars_of(one) for one in first
    ]


def vars_of(rest):
    at, woke, done = rest
    return at, woke, done.node, done.due_at, done.listens, done.outcome, done.steps, done.traits


@MANY
@given(graphs(), worlds())
def test_every_fork_has_its_reason(compiled, world):
    for moment, (_at, woke, done) in enumerate(play(compiled, world)):
        known = facts(world, moment, compiled["rules"]).rules
        for step in done.steps:
            node = compiled["nodes"][step.node]
            if step.outcome in ("goal", "exit") and step.why == woke:
                continue
            if node["type"] == "branch":
                held = [arm for arm in node["arms"] if known[arm[0]]]
                expected = (held[0][1], held[0][0]) if held else ("else", "")
                assert (step.outcome, step.why) == expected
            if node["type"] == "split":
                assert step.outcome in {arm[1] for arm in node["arms"]}
            if node["type"] == "wait" and step.outcome != "timeout":
                by_event = {arm[1]: arm[0] for arm in node["events"]}
                by_rule = {arm[1]: arm[0] for arm in node["rules"]}
                assert step.why == {**by_event, **by_rule}[step.outcome]
                assert step.outcome in by_rule or step.why == woke


@MANY
@given(graphs(), worlds(), st.sampled_from(["goal", "exit"]))
def test_goals_and_exits_are_heard_at_every_rest_and_end_the_run(compiled, world, name):
    key = compiled["goals" if name == "goal" else "exits"][0]
    for at, _woke, done in play(compiled, world):
        if done.due_at is None:
            continue
        assert key in done.listens
        rested = Walked(done.node, done.seq, True)
        over = walk(read(compiled), rested, Here(at, world["person"], key, done.until))
        assert (over.due_at, over.outcome) == (None, name)
        assert over.steps == [(done.seq + 1, done.node, name, key)]


class TestRest:
    def rests(self, *steps, at=NOON, traits=None, zone="UTC", **fields):
        """Return how one walk of these steps ends, everything known."""
        outline = numbered(list(steps))
        compiled = graph.compile_plan(Plan(outline), known=KNOWN)
        known = Facts(traits or {}, ZoneInfo(zone), **fields)
        return walk(read(compiled), Walked(compiled["first"], 0, False), Here(at, 1, facts=known))

    def delay(self, mode, **fields):
        return {"type": "delay", "mode": mode, **fields}

    @pytest.mark.parametrize(
        ("night", "clock", "woken"),
        [
            # At two o'clock it becomes three: who asked for half past two is woken at three.
            (datetime(2026, 3, 28, 12, tzinfo=UTC), "02:30", "2026-03-29T01:00:00+00:00"),
            (datetime(2026, 3, 28, 12, tzinfo=UTC), "03:30", "2026-03-29T01:30:00+00:00"),
            # Half past two comes twice; the first counts.
            (datetime(2026, 10, 24, 12, tzinfo=UTC), "02:30", "2026-10-25T00:30:00+00:00"),
            (datetime(2026, 10, 24, 12, tzinfo=UTC), "03:30", "2026-10-25T02:30:00+00:00"),
        ],
    )
    def test_in_nights_in_which_the_clocks_change(self, night, clock, woken):
        done = self.rests(self.delay("time", time=clock, after=0), at=night, zone="Europe/Berlin")

        assert done.due_at.isoformat() == woken

    def test_a_date_that_is_past_or_missing_keeps_nobody(self):
        three_before = self.delay("date", trait="renews", amount=3, unit="days", side="before",
                                  time="09:00")  # fmt: skip

        def outcome(traits):
            steps = self.rests(three_before, self.delay("for", amount=1, unit="days"),
                               traits=traits).steps  # fmt: skip
            return steps[0].outcome if steps else None

        assert outcome({"renews": "2027-01-01"}) is None
        assert outcome({"renews": "2026-11-20"}) == "past"
        assert outcome({"renews": "soon"}) == "no_date"
        assert outcome({}) == "no_date"

    def test_a_delay_behind_a_message_counts_from_its_real_sending(self):
        outline = numbered([
            {"type": "send", "message": 1},
            self.delay("for", amount=1, unit="days"),
        ])
        compiled = graph.compile_plan(Plan(outline), known=KNOWN)
        due = NOON + timedelta(days=1)

        def leaves(sent):
            here = Here(due, 1, facts=Facts(sent=sent))
            return walk(read(compiled), Walked("n1", 1, True), here).due_at

        assert leaves(Sent(waiting=True)) == due + timedelta(minutes=15)
        late = NOON + timedelta(hours=3)
        assert leaves(Sent(waiting=False, at=late)) == late + timedelta(days=1)
        assert leaves(Sent(waiting=False, at=NOON)) is None
        assert leaves(Sent(waiting=False)) is None

    def test_a_trait_is_written_before_the_next_step(self):
        outline = numbered([{"type": "update", "trait": "plan", "value": "gold"},
                            {"type": "end", "outcome": "done"}])  # fmt: skip
        compiled = graph.compile_plan(Plan(outline), known=KNOWN)

        first = walk(read(compiled), Walked("n0", 0, False), Here(NOON, 1))
        assert (first.traits, first.steps) == ({"plan": "gold"}, [])
        asked = walk(read(compiled), Walked("n0", 0, True), Here(NOON, 1))
        assert asked.need == Need("told")
        for told, outcome in ((False, ""), (True, "done")):
            here = Here(NOON, 1, facts=Facts(told=told))
            assert walk(read(compiled), Walked("n0", 0, True), here).outcome == outcome

    def test_a_wait_for_a_condition_looks_again_and_gives_up_in_time(self):
        arm = {"rule": plan_is("gold"), "steps": [{"type": "end", "outcome": "gold"}]}
        outline = numbered([{"type": "wait", "for": [arm], "amount": 20, "unit": "minutes",
                             "timeout": [{"type": "end", "outcome": "late"}]}])  # fmt: skip
        compiled = graph.compile_plan(Plan(outline), known=KNOWN)
        (rule,) = compiled["rules"]

        def at(minutes, holds, resting=True):
            here = Here(NOON + timedelta(minutes=minutes), 1, "", NOON + timedelta(minutes=20),
                        Facts(rules={rule: holds}))  # fmt: skip
            return walk(read(compiled), Walked("n0", 0, resting), here)

        first = at(0, holds=False, resting=False)
        assert (first.due_at - NOON, first.until - NOON) == (
            timedelta(minutes=15), timedelta(minutes=20),
        )  # fmt: skip
        assert at(15, holds=False).due_at - NOON == timedelta(minutes=20)
        assert at(20, holds=False).outcome == "late"
        assert at(15, holds=True).outcome == "gold"
        assert at(20, holds=True).outcome == "gold"

    def test_goals_come_before_arms_where_one_event_is_both(self):
        outline = numbered([{"type": "wait", "for": [{"event": "Ordered", "steps": []}],
                             "amount": 1, "unit": "days", "timeout": []}])  # fmt: skip
        compiled = graph.compile_plan(
            Plan(outline, goals=[{"event": "Ordered", "where": WHERE}]), known=KNOWN
        )

        done = walk(read(compiled), Walked("n0", 0, False), Here(NOON, 1))

        assert done.listens == (compiled["goals"][0], "Ordered")


class TestSplit:
    def test_shares_are_kept_and_everybody_stays_in_theirs(self):
        outline = numbered([{"type": "split", "arms": [
            {"percent": 10, "steps": [{"type": "end", "outcome": "ten"}]},
            {"percent": 90, "steps": [{"type": "end", "outcome": "ninety"}]},
        ]}])  # fmt: skip
        chart = read(graph.compile_plan(Plan(outline), known=KNOWN))

        def ends():
            return [
                walk(chart, Walked("n0", 0, False), Here(NOON, person)).outcome
                for person in range(20_000)
            ]

        found = ends()
        assert 1_850 < found.count("ten") < 2_150
        assert ends() == found


def test_years_of_waiting_take_no_time():
    outline = numbered([{"type": "delay", "mode": "for", "amount": 365, "unit": "days"}] * 1)
    years = [dict(outline[0], id=f"y{number}") for number in range(100)]
    compiled = graph.compile_plan(Plan(years), known=KNOWN)
    world = {"person": 1, "zone": ZoneInfo("UTC"), "traits": {}, "rules": [set()], "events": [0]}

    began = time.perf_counter()
    told = play(compiled, world)

    assert time.perf_counter() - began < 5
    assert told[-1][0] - NOON == timedelta(days=365 * (RESTS - 1))


def test_a_graph_that_goes_in_a_circle_is_left():
    chart = read({"nodes": {"a": {"type": "send", "message": 1, "next": "a"}}})

    with pytest.raises(Lost):
        walk(chart, Walked("a", 0, False), Here(NOON, 1))


def test_a_step_that_is_gone_is_told():
    with pytest.raises(Lost, match="nowhere"):
        walk(read({"nodes": {}}), Walked("nowhere", 0, False), Here(NOON, 1))
