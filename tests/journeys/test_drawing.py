"""mara draws; what she writes is checked, kept, and never written over."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from journeys.admin.faults import sentence
from journeys.models import Enrollment, Journey
from tests.journeys.conftest import delay, draw, end, happened, send, wait
from tests.journeys.test_admin import LIST, RIGHTS, form, numbered, staff

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mara(db):
    return staff("mara", RIGHTS)


@pytest.fixture
def omar(db):
    return staff("omar", ["access_admin"])


def waiting(event, **told):
    """A wait whose only way has an id, as the editor gives it one."""
    step = wait(event, **told)
    step["for"][0]["id"] = "w1"
    return step


class TestDrawing:
    def test_mara_saves_a_draft_that_is_not_complete(self, mara, fans):
        steps = numbered(waiting(""), {"type": "send"})

        response = mara.post(f"{LIST}new/", form(fans, steps), follow=True)

        journey = Journey.objects.get()
        assert (journey.state, len(journey.outline)) == ("DRAFT", 2)
        assert "Name the event." in response.content.decode()

    def test_and_publishes_it_when_it_is(self, mara, fans, welcome, ana):
        data = form(fans, numbered(delay(1), send(welcome)), **{"action-publish": "1"})

        mara.post(f"{LIST}new/", data)
        happened(ana, "Liked")

        assert Journey.objects.get().state == "LIVE"
        assert Enrollment.objects.get().node == "a0"

    def test_a_fault_publishes_nothing_and_loses_nothing(self, mara, fans):
        steps = numbered(waiting("Ordered", amount=0), end())
        data = form(fans, steps, name="My words", **{"action-publish": "1"})

        response = mara.post(f"{LIST}new/", data)

        page = response.content.decode()
        assert not Journey.objects.exists()
        assert "My words" in page
        assert json.loads(response.context["form"]["outline"].value()) == steps
        (fault,) = response.context["editor"]["faults"]
        assert (fault["step"], fault["field"]) == ("a0", "amount")
        assert fault["text"] == "Write a number of 1 or more."

    @pytest.mark.parametrize(
        "bad", ["{", "7", '[{"id": "x"}]', '[{"id": "<b>", "type": "end"}]', "[" * 5000, '"\x00"']
    )
    def test_nonsense_is_refused_with_words(self, mara, fans, bad):
        response = mara.post(f"{LIST}new/", form(fans, [], outline=bad))

        assert response.status_code == 200
        assert not Journey.objects.exists()
        assert "could not be read" in response.content.decode()

    def test_the_members_of_now_come_along_only_if_asked(self, mara, fans, welcome, ana):
        happened(ana, "Liked")
        data = form(fans, numbered(send(welcome)), **{"action-publish": "1"})

        mara.post(f"{LIST}new/", data)
        assert not Enrollment.objects.exists()
        edit = f"{LIST}edit/{Journey.objects.get().pk}/"
        assert mara.get(f"{LIST}size/?segment={fans.pk}").json() == {"members": 1}
        mara.post(edit, data | {"enroll_now": "on"})

        assert Enrollment.objects.get().profile == ana

    def test_review_saves_the_draft_and_leads_to_the_launch(self, mara, fans):
        data = form(fans, numbered(waiting("")), **{"action-launch": "1"})

        response = mara.post(f"{LIST}new/", data)

        journey = Journey.objects.get()
        assert (journey.state, len(journey.outline)) == ("DRAFT", 1)
        assert response["Location"] == f"{LIST}{journey.pk}/launch/"

    def test_a_new_version_leaves_the_old_one(self, mara, fans, welcome):
        journey = draw(fans, send(welcome))
        data = form(fans, numbered(delay(3), send(welcome)), **{"action-publish": "1"})

        mara.post(f"{LIST}edit/{journey.pk}/", data)

        assert [version.number for version in journey.versions.all()] == [2, 1]
        assert journey.versions.last().outline == [
            {"id": "s1", "type": "send", "message": welcome.pk}
        ]

    def test_pause_and_resume(self, mara, fans, welcome):
        journey = draw(fans, send(welcome))

        mara.post(f"{LIST}{journey.pk}/pause/")
        assert Journey.objects.get().state == "PAUSED"
        mara.post(f"{LIST}{journey.pk}/resume/")
        assert Journey.objects.get().state == "LIVE"


class TestAsking:
    """What the editor asks while somebody draws comes from a browser."""

    def check(self, client, **told):
        draft = {"outline": [], "entry": {"type": "hand"}, "goals": [], "exits": [], **told}
        return client.post(f"{LIST}check/", {"draft": json.dumps(draft)})

    def test_each_fault_is_told_with_its_place(self, mara, fans):
        arm = {"id": "w1", "rule": {"v": 1, "root": {"op": "trait", "field": ""}}, "steps": []}
        bad = {"event": "Ordered", "where": [{"prop": "", "cmp": "eq", "value": 1}]}

        answer = self.check(
            mara,
            outline=numbered({"type": "branch", "arms": [arm], "else": []}, {"type": "send"}),
            entry={"type": "segment", "segment": 0},
            goals=[{"event": "Left"}, bad],
            exits=[{"event": ""}],
        ).json()

        places = {
            (one["step"], one["field"], one["code"], one["where"]) for one in answer["faults"]
        }
        assert places == {
            ("w1", "rule", "rule", "root.field"), ("a1", "message", "no_message", ""),
            ("", "entry", "entry_segment", ""), ("", "goals", "where", "1.where.0.prop"),
            ("", "exits", "no_event", "0"),
        }  # fmt: skip
        assert all(
            one["text"] and "could not be read" not in one["text"] for one in answer["faults"]
        )

    def test_every_fault_has_words_of_its_own(self):
        found = {
            code
            for path in (ROOT / "journeys/graph").glob("*.py")
            for code in re.findall(r'Fault\([^)]*?"([a-z_]+)"', path.read_text())
        }

        assert len(found) > 20
        wordless = {code for code in found if sentence(code) == sentence("shape")}
        # "entry" and "id" name places, not faults.
        assert wordless <= {"shape", "entry", "id"}

    def test_conditions_are_told_in_words(self, mara):
        rule = {"v": 1, "root": {"op": "trait", "field": "plan", "cmp": "eq", "value": "gold"}}
        arm = {"id": "w1", "rule": rule, "steps": []}

        answer = self.check(mara, outline=numbered({"type": "branch", "arms": [arm], "else": []}))

        assert answer.json() == {"faults": [], "sentences": {"w1": "plan is “gold”"}}

    @pytest.mark.parametrize(
        "bad",
        [
            "{", "7", "[]", "null", '{"outline": 7}', "[" * 5000, '"\x00"',
            json.dumps({"outline": [{"id": "a", "type": "end"}] * 300, "entry": {"type": "hand"}}),
            json.dumps({"outline": [], "entry": {"type": "moon"}, "goals": [], "exits": []}),
            json.dumps({"outline": [], "entry": [], "goals": {}, "exits": 1}),
            "x" * 500_000,
        ],
        ids=range(11),
    )  # fmt: skip
    def test_nonsense_is_answered_with_words(self, mara, bad):
        drawn = mara.post(f"{LIST}check/", {"draft": bad})
        pasted = mara.post(f"{LIST}check/", {"paste": bad})

        assert (drawn.status_code, pasted.status_code) == (200, 200)
        assert "could not be read" in drawn.json()["faults"][0]["text"]
        assert not pasted.json().get("steps")

    @pytest.mark.parametrize(
        "odd",
        [
            None, 7, "x", [], ["x"], {}, {"v": 1}, {"v": "1", "root": []}, {"root": {"op": "and"}},
            [{"prop": 7}], [[]], [{"prop": "a", "cmp": [], "value": {}}],
            {"v": 1, "root": {"op": {}}},
        ],
        ids=range(13),
    )  # fmt: skip
    def test_a_condition_or_filter_may_be_anything(self, mara, odd):
        arms = [
            {"id": "w1", "rule": odd, "steps": []},
            {"id": "w2", "event": "Ordered", "where": odd, "steps": []},
        ]
        step = {"type": "wait", "for": arms, "amount": 1, "unit": "days", "timeout": []}

        answer = self.check(mara, outline=numbered(step), goals=[{"event": "Left", "where": odd}])

        assert answer.status_code == 200
        assert "w1" in {fault["step"] for fault in answer.json()["faults"]}

    def test_what_is_pasted_comes_back_with_nothing_else_in_it(self, mara):
        steps = [{"id": "a", "type": "end", "outcome": "x", "evil": "<script>"}]

        answer = mara.post(f"{LIST}check/", {"paste": json.dumps(steps)})

        assert answer.json() == {"steps": [{"id": "a", "type": "end", "outcome": "x"}]}

    def test_only_who_draws_may_ask(self, omar, mara, fans, welcome):
        journey = draw(fans, send(welcome))

        assert self.check(mara).status_code == 200
        assert self.check(omar).status_code in (302, 403)
        assert mara.get(f"{LIST}{journey.pk}/counts/").json()["revision"] == 0
        assert omar.get(f"{LIST}{journey.pk}/counts/").status_code in (302, 403)


class TestTwoPeople:
    def test_a_draft_that_somebody_else_has_changed_is_not_written_over(self, mara, fans, welcome):
        journey = draw(fans, send(welcome))
        edit = f"{LIST}edit/{journey.pk}/"
        mara.post(edit, form(fans, numbered(delay(2), send(welcome)), revision=0))

        response = mara.post(edit, form(fans, numbered(delay(9)), name="Mine", revision=0))

        journey.refresh_from_db()
        assert (journey.name, journey.revision) == ("Onboarding", 1)
        assert response.context["theirs"]["outline"] == journey.outline
        assert "Mine" in response.content.decode()
        mara.post(edit, form(fans, numbered(delay(9)), revision=response.context["revision"]))
        journey.refresh_from_db()
        assert [step["amount"] for step in journey.outline] == [9]

    def test_saving_a_draft_leaves_what_is_live(self, mara, fans, welcome):
        journey = draw(fans, send(welcome))

        mara.post(f"{LIST}edit/{journey.pk}/", form(fans, [], revision=0))

        live = Journey.objects.get()
        assert (live.state, live.current_id, live.outline) == ("LIVE", journey.current_id, [])

    def test_a_key_is_asked_of_an_entry_that_has_one(self, mara, fans):
        response = mara.post(f"{LIST}new/", form(fans, [], reentry="KEYED"))

        assert not Journey.objects.exists()
        assert "Name the key at the event" in response.content.decode()
