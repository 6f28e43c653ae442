"""A test run: the real engine, a clock of its own, and nothing left behind."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from customers import describe
from customers.models import Event, Profile
from journeys import phrase, publish, rehearse
from journeys.models import Cap, Delivery, Enrollment, Journey, QuietHours, Version
from tests.journeys.conftest import HOUSE, NOON, delay, end, send, wait, write
from tests.journeys.time_machine import TimeMachine

pytestmark = pytest.mark.django_db
DOC = Path(__file__).resolve().parents[2] / "docs" / "developer" / "test-runs.md"
CART = {
    "type": "event", "event": "Cart Abandoned", "key": "cart_id",
    "where": [{"prop": "total", "cmp": "gte", "value": 20}],
}  # fmt: skip


def rich(field="plan", value="gold"):
    return {"v": 1, "root": {"op": "trait", "field": field, "cmp": "eq", "value": value}}


def branch(*yes, rule=None, otherwise=()):
    arms = [{"name": "Gold", "rule": rule or rich(), "steps": list(yes)}]
    return {"type": "branch", "arms": arms, "else": list(otherwise)}


class TestTheFixture:
    def test_a_welcome(self, journey, welcome):
        journey.draw(delay(2), send(welcome)).enter("ana")

        journey.after(days=1).sent().waits_at("Wait 2 days")
        journey.after(days=1).sent("Welcome").ended("completed")

    def test_an_answer_takes_its_arm(self, journey, welcome):
        steps = wait("Ordered", happened=[end("bought")], timeout=[send(welcome), end("lost")])

        journey.draw(steps).enter("ana").after(hours=3).happened("Ordered").ended("bought")
        journey.enter("bea").after(days=3).sent("Welcome").ended("lost")

    def test_a_cart_that_is_bought_in_time(self, journey, welcome):
        mine = wait("Ordered", amount=1, unit="hours", happened=[end("bought")])
        mine["for"][0]["same"] = "cart_id"
        journey.draw(mine, send(welcome), entry=CART, reentry="KEYED")

        journey.enter("ana", cart_id="7", total=50)
        journey.after(minutes=30).happened("Ordered", cart_id="8").waits_at("s1")
        journey.happened("Ordered", cart_id="7").sent().ended("bought")

    def test_an_event_that_lets_nobody_in(self, journey, welcome):
        journey.draw(send(welcome), entry=CART, reentry="KEYED")

        with pytest.raises(rehearse.NotLetIn):
            journey.enter("ana", cart_id="7", total=5)

    def test_a_trait_is_seen_by_the_next_step(self, journey):
        plan = {"type": "update", "trait": "plan", "value": "gold"}

        journey.draw(plan, branch(end("rich"), otherwise=[end("poor")])).enter("ana").ended("rich")

    def test_a_wait_for_a_condition_costs_no_look_each_quarter_of_an_hour(self, journey):
        steps = wait("Never", amount=300)
        steps["for"][0] = {"rule": rich(), "steps": [end("rich")]}

        journey.draw(steps, end("poor")).enter("ana").after(days=299).waits_at("s1")
        assert len(journey.run.lines) < 5
        journey.after(days=1).ended("poor")

    def test_what_keeps_a_message_back(self, journey, welcome, bruno):
        journey.draw(send(welcome)).enter(bruno)

        journey.sent().skipped("Welcome", "no consent")

    def test_quiet_hours_hold_it_and_the_delay_counts_from_the_real_sending(self, journey, welcome):
        QuietHours.objects.create(begins=time(11), ends=time(15))
        journey.draw(send(welcome), delay(1), end("done")).enter("ana")

        journey.after(hours=2).sent()
        journey.after(hours=1).sent("Welcome").after(hours=22).waits_at("s2")
        journey.after(hours=2).ended("done")

    def test_a_cap_holds_the_second(self, journey, welcome):
        Cap.objects.create(most=1, hours=24)
        journey.draw(send(welcome), send(write("Second")), end()).enter("ana").sent("Welcome")

        journey.after(hours=25).sent("Second")

    def test_what_is_wrong_is_said_with_everything_that_happened(self, journey, welcome):
        journey.draw(delay(2), send(welcome)).enter("ana")

        with pytest.raises(AssertionError, match="Wait 2 days"):
            journey.ended("completed")


def test_the_example_of_the_document(journey, welcome):
    text = DOC.read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)

    exec(
        compile(code, str(DOC), "exec", dont_inherit=True), {"journey": journey, "welcome": welcome}
    )

    sentences = set(re.findall(r"^\| `(\w+)\(", text, re.MULTILINE)) | {"until"}
    assert sentences == {name for name in vars(TimeMachine) if not name.startswith("_")} - {"told"}


def run(journey, *, who=None, script=(), at=NOON, **entry):
    return rehearse.rehearse(
        journey=journey, plan=publish.plan(journey), at=at, house=HOUSE, script=script, entry=entry,
        who=who or rehearse.Somebody({"firstName": "Zoe"}, {"email": "zoe@example.com"}),
        names=phrase.Names(messages={}),
    )  # fmt: skip


def draft(*steps, **drawn):
    for number, step in enumerate(steps, 1):
        step.setdefault("id", f"s{number}")
        for place, arm in enumerate(step.get("for", step.get("arms", ()))):
            arm.setdefault("id", f"{step['id']}{place}a")
    entry = drawn.pop("entry", {"type": "hand"})
    return Journey.objects.create(name="Draft", outline=list(steps), entry=entry, **drawn)


def lines(done, *kinds):
    return [(line.kind, line.title, line.text) for line in done.lines if line.kind in kinds]


class TestNothingIsLeft:
    def test_neither_rows_nor_people_nor_events_nor_parts_of_tables(self, welcome):
        from django.db import connection

        journey = draft(delay(200), send(welcome), wait("Ordered"))
        before = counts(), set(connection.introspection.table_names())

        done = run(journey, script=[rehearse.Scripted(timedelta(days=201), "Ordered")])

        assert [line.kind for line in done.lines].count("sent") == 1
        assert (counts(), set(connection.introspection.table_names())) == before
        journey.refresh_from_db()
        assert (journey.state, journey.current) == ("DRAFT", None)

    def test_somebody_we_know_stays_as_they_are(self, welcome, ana):
        describe.describe(profile_id=ana.pk, traits={"firstName": "Ana"}, source="crm", at=NOON)
        journey = draft({"type": "update", "trait": "plan", "value": "gold"}, send(welcome))

        done = run(journey, who=ana.pk)

        ana.refresh_from_db()
        assert "plan" not in ana.traits
        (sent,) = [line for line in done.lines if line.kind == "sent"]
        assert "Dear Ana," in sent.shown.text
        assert not Event.objects.filter(profile_id=ana.pk).exists()

    def test_who_is_on_the_journey_already_may_be_tried_again(self, journey, welcome, ana):
        journey.draw(delay(5), send(welcome)).enter(ana)

        done = run(journey.journey, who=ana.pk)

        assert done.outcome == "completed"
        assert Enrollment.objects.get().ended_at is None


class TestWhatItTells:
    def test_each_step_with_its_reason(self, welcome):
        shares = {"type": "split", "arms": [
            {"percent": 100, "name": "All", "steps": []}, {"percent": 0, "steps": []},
        ]}  # fmt: skip
        journey = draft(branch(otherwise=[]), shares, wait("Ordered"), end("done"))

        done = run(journey, script=[rehearse.Scripted(timedelta(hours=2), "Ordered")])

        said = lines(done, "step", "event", "ended")
        assert said[0] == (
            "step",
            "1. Branch: Gold, everybody else",
            "none of the conditions holds",
        )
        assert said[1][2].startswith("All (drawn: ")
        assert said[2:] == [
            ("event", "Ordered", ""),
            ("step", "3. Wait up to 3 days for “Ordered”", "came: “Ordered”"),
            ("step", "4. End: done", "done"),
            ("ended", "done", ""),
        ]
        assert done.lines[-1].at == NOON + timedelta(hours=2)

    def test_the_message_as_the_person_would_see_it(self, welcome):
        done = run(draft(send(welcome)))

        (sent,) = [line for line in done.lines if line.kind == "sent"]
        assert "Dear Zoe," in sent.shown.text
        assert sent.shown.subject == "Hello Zoe"

    def test_local_time_is_the_persons(self, welcome):
        clock = {"type": "delay", "mode": "time", "time": "09:30", "after": 1}
        zoe = rehearse.Somebody({"timezone": "Europe/Berlin"}, {"email": "zoe@example.com"})

        done = run(draft(clock, send(welcome)), who=zoe)

        assert done.lines[-1].at == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)

    def test_a_goal_ends_it_wherever_one_is(self, welcome):
        journey = draft(delay(9), send(welcome), goals=[{"event": "Ordered"}])

        done = run(journey, script=[rehearse.Scripted(timedelta(days=1), "Ordered")])

        assert done.outcome == "goal"
        assert lines(done, "sent") == []

    def test_a_circle_with_a_rest_is_walked_for_a_year_and_no_longer(self):
        again = {"type": "jump", "to": "s1"}

        done = run(draft(delay(30), again))

        assert done.node == "s1"
        assert len(done.lines) < 60


def counts():
    models = (Journey, Version, Enrollment, Delivery, Event, Profile)
    return [model.objects.count() for model in models]
