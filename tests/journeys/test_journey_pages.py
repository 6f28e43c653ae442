"""mara launches, tries out, pauses, moves people and brings versions back; omar sees nothing."""

from __future__ import annotations

import pytest

from dxp.lib.clock import now
from journeys import fill, pause, publish, transfer
from journeys.models import Delivery, Enrollment, Journey, Transfer
from journeys.models.enrollments import Lane
from tests.journeys.conftest import DAY, NOON, delay, draw, end, happened, person, send, wait, write
from tests.journeys.test_admin import LIST, RIGHTS, staff
from tests.journeys.test_advance import walk_all

pytestmark = pytest.mark.django_db
PAGES = (
    "people/", "people/enroll/", "test-run/", "launch/", "versions/", "versions/1/", "transfer/",
    "resume/",
)  # fmt: skip

JUNK = (
    {"at": "tomorrow"}, {"traits": "firstName"}, {"traits": 'email = {"a": NaN}'},
    {"after_0": "-1", "event_0": "x"}, {"after_0": "9999", "unit_0": "weeks"},
    {"event_0": "x" * 300}, {"unit_0": "eons"}, {"person": "9" * 30}, {"what": "<b>"},
    {"traits": "a = " + "[" * 900}, {"entry": "x = \x00"}, {"event_0": "Segment Entered"},
    {"traits": "= 1"}, {"traits": "x" * 250 + " = 1"}, {"traits": "phone = nonsense"},
)  # fmt: skip


@pytest.fixture
def mara(db):
    return staff("mara", RIGHTS)


@pytest.fixture
def onboarding(fans, welcome):
    return draw(fans, delay(1), wait("Ordered", happened=[end("bought")]), send(welcome))


def page(client, journey, name, **data):
    act = client.post if data else client.get
    return act(f"{LIST}{journey.pk}/{name}", data, follow=True).content.decode()


def enter(*people, at=NOON):
    for one in people:
        happened(one, "Liked", at=at)
    walk_all(at)


class TestWhoMay:
    def test_omar_sees_none_of_it(self, mara, onboarding):
        omar = staff("omar", ["access_admin"])

        for name in PAGES:
            assert mara.get(f"{LIST}{onboarding.pk}/{name}").status_code == 200, name
            assert omar.get(f"{LIST}{onboarding.pk}/{name}").status_code in (302, 403), name

    def test_nora_looks_and_does_nothing(self, onboarding, ana):
        nora = staff("nora", [right for right in RIGHTS if right != "publish_journey"])
        enter(ana)
        run = Enrollment.objects.get()

        for name, data in (
            ("people/", {"act": "remove", "run": run.pk}), ("launch/", {"note": "x"}),
            ("people/enroll/", {"person": ana.pk}), ("versions/1/", {"yes": 1}),
            ("transfer/", {"place-s1": "!"}), ("resume/", {"policy": "now"}), ("pause/", {"x": 1}),
            ("close/", {"x": 1}),
        ):  # fmt: skip
            answer = nora.post(f"{LIST}{onboarding.pk}/{name}", data)
            assert answer.status_code in (302, 403), name
        onboarding.refresh_from_db()
        assert (onboarding.state, onboarding.versions.count()) == ("LIVE", 1)
        assert Enrollment.objects.get().ended_at is None

    def test_names_are_hidden_from_who_may_not_see_them(self, onboarding, ana):
        nora = staff("nora", [one for one in RIGHTS if one not in ("see_name", "see_contact")])
        enter(ana)
        from customers import describe

        describe.describe(profile_id=ana.pk, traits={"email": "ana@x.org"}, source="t", at=NOON)
        run = Enrollment.objects.get()

        for name in ("people/", f"people/{run.pk}/"):
            assert "Ana" not in page(nora, onboarding, name)


class TestLaunch:
    def test_what_is_missing_keeps_it_from_being_launched(self, mara, fans):
        journey = Journey.objects.create(
            name="Half", entry={"type": "segment", "segment": fans.pk, "change": "entered"},
            outline=[{"id": "a", "type": "send"}],
        )  # fmt: skip

        shown = page(mara, journey, "launch/")

        assert "1. Send “…”: Choose a message." in shown
        assert 'name="note"' not in shown
        page(mara, journey, "launch/", note="x")
        journey.refresh_from_db()
        assert journey.state == "DRAFT"

    def test_whom_it_reaches_and_what_it_sends(self, mara, fans, ana, bruno):
        for one in (ana, bruno):
            happened(one, "Liked", at=now() - DAY)
        journey = Journey.objects.create(
            name="New", entry={"type": "segment", "segment": fans.pk, "change": "entered"},
            outline=[{"id": "a", "type": "send", "message": write("News").pk}],
        )  # fmt: skip

        shown = page(mara, journey, "launch/")
        page(mara, journey, "launch/", note="First try", enroll_now="on")
        while fill.step():
            pass

        assert "enters the segment “Fans”" in shown
        assert "Also enroll the 2 people" in shown
        assert "“News” reaches 50 % of the people in the segment. (no consent" in shown
        journey.refresh_from_db()
        assert (journey.state, journey.current.note) == ("LIVE", "First try")
        assert journey.current.published_by.username == "mara"
        assert Enrollment.objects.count() == 2

    def test_a_new_version_leads_to_those_who_are_under_way(self, mara, onboarding, ana):
        enter(ana)
        onboarding.outline = [*onboarding.outline, {"id": "z", "type": "end", "outcome": "over"}]
        onboarding.save()

        shown = page(mara, onboarding, "launch/", note="")

        assert "1 person waits in “Wait 1 day”" in shown


class TestVersions:
    def test_what_changed_and_who_is_on_each(self, mara, onboarding, ana):
        enter(ana)
        onboarding.outline = [{**onboarding.outline[0], "amount": 2}, *onboarding.outline[1:]]
        publish.publish(journey=onboarding, at=NOON, note="Slower")
        onboarding.outline = onboarding.outline[:1]
        onboarding.save()

        shown = page(mara, onboarding, "versions/")

        assert "Changed: Wait 1 day → Wait 2 days" in shown
        assert "Slower" in shown
        assert "Removed: Send “Welcome”" in shown
        assert "Move 1 person of other versions here" in shown

    def test_an_older_one_comes_back_and_the_draft_stays(self, mara, onboarding):
        first = onboarding.outline
        onboarding.outline = first[:1]
        publish.publish(journey=onboarding, at=NOON)
        onboarding.outline = [{**first[0], "amount": 9}]
        onboarding.save()

        asked = page(mara, onboarding, "versions/1/")
        page(mara, onboarding, "versions/1/", yes="1")

        onboarding.refresh_from_db()
        assert "New: Send “Welcome”" in asked
        assert (onboarding.current.number, onboarding.current.outline) == (3, first)
        assert onboarding.outline[0]["amount"] == 9

    def test_people_move_as_the_map_says(self, mara, onboarding, ana):
        bea = person("bea")
        enter(ana)
        walk_all(NOON + DAY)
        enter(bea, at=NOON + DAY)
        onboarding.outline = [
            {**onboarding.outline[0]}, {"id": "new", "type": "delay", "mode": "for", "amount": 3,
                                        "unit": "days"},
        ]  # fmt: skip
        version = publish.publish(journey=onboarding, at=NOON + DAY)

        asked = page(mara, onboarding, "transfer/")
        shown = page(mara, onboarding, "transfer/", **{"place-s1": "s1", "place-s2": "new"})
        while transfer.step(at=NOON + DAY):
            pass
        walk_all(NOON + DAY)

        assert "wait in “Wait 1 day”" in asked.replace("waits", "wait")
        assert "0 of 2 people moved to version 2." in shown
        assert "2 of 2 people moved" in page(mara, onboarding, "transfer/?progress=1")
        runs = {run.profile_id: run for run in Enrollment.objects.all()}
        assert {run.version_id for run in runs.values()} == {version.pk}
        assert (runs[ana.pk].node, runs[bea.pk].node) == ("new", "s1")

    def test_a_step_that_is_gone_is_no_place_to_go_to(self, mara, onboarding, ana):
        enter(ana)
        onboarding.outline = onboarding.outline[:1]
        publish.publish(journey=onboarding, at=NOON)

        shown = page(mara, onboarding, "transfer/", **{"place-s1": "nowhere"})

        assert "Please look again" in shown
        assert not Transfer.objects.exists()


class TestPause:
    def test_what_shall_become_of_those_whose_time_came(self, mara, onboarding, ana):
        moment = now() - 2 * DAY
        enter(ana, at=moment)
        page(mara, onboarding, "pause/", x="1")

        shown = page(mara, onboarding, "resume/")
        refused = page(mara, onboarding, "resume/", policy="spread", hours="")
        page(mara, onboarding, "resume/", policy="drop")

        assert "For 1 person the time came during the pause" in shown
        assert "Write over how many hours" in refused
        onboarding.refresh_from_db()
        assert onboarding.state == "LIVE"
        assert Enrollment.objects.get().outcome == "dropped"

    def test_a_closed_journey_lets_nobody_in(self, mara, onboarding, ana, bruno):
        enter(ana)

        page(mara, onboarding, "close/", x="1")
        happened(bruno, "Liked")

        onboarding.refresh_from_db()
        assert onboarding.state == "CLOSED"
        assert Enrollment.objects.get().profile == ana
        assert pause.overdue(journey=onboarding, at=NOON) == {}


class TestPeople:
    def test_found_by_name_and_taken_out(self, mara, onboarding, ana, bruno):
        enter(ana, bruno)
        run = Enrollment.objects.get(profile=ana)

        shown = page(mara, onboarding, "people/?step=s1&q=an")
        page(mara, onboarding, "people/?step=s1", act="remove", run=str(run.pk))

        assert "Ana" in shown
        assert "Bruno" not in shown
        run.refresh_from_db()
        assert run.outcome == "removed"
        assert "Ana" in page(mara, onboarding, "people/?step=s1&show=left")
        assert Enrollment.objects.running().get().profile == bruno

    def test_failed_ones_try_again_one_or_all(self, mara, onboarding, ana, bruno):
        enter(ana, bruno)
        Enrollment.objects.update(lane=Lane.FAILED, error="Message 7 is gone.", errors=5)
        run = Enrollment.objects.get(profile=ana)

        assert "Message 7 is gone." in page(mara, onboarding, "people/?show=failed")
        page(mara, onboarding, "people/?show=failed", act="retry", run=str(run.pk))
        assert Enrollment.objects.get(lane=Lane.FAILED).profile == bruno
        page(mara, onboarding, "people/?show=failed", act="retry-all")

        assert not Enrollment.objects.filter(lane=Lane.FAILED).exists()

    def test_each_way_out_has_its_people(self, mara, onboarding, ana, bruno):
        enter(ana, bruno)
        walk_all(NOON + DAY)
        happened(ana, "Ordered", at=NOON + DAY)
        walk_all(NOON + DAY)

        counts = mara.get(f"{LIST}{onboarding.pk}/counts/").json()["counts"]

        assert (counts["s2"]["waiting"], counts["s2"]["passed"]) == (1, 1)
        arm = counts["s2a"]
        assert arm["passed"] == 1
        shown = mara.get(f"{arm['url']}&show=passed").content.decode()
        assert "Ana" in shown
        assert "Bruno" not in shown

    def test_the_trace_of_one(self, mara, onboarding, ana):
        enter(ana)
        walk_all(NOON + DAY)
        happened(ana, "Ordered", at=NOON + DAY)
        walk_all(NOON + DAY)

        shown = page(mara, onboarding, f"people/{Enrollment.objects.get().pk}/")

        assert "2. Wait up to 3 days for “Ordered”" in shown
        assert "came: “Ordered”" in shown
        assert "bought" in shown

    def test_somebody_is_let_in_by_hand_and_not_twice(self, mara, onboarding, ana):
        found = page(mara, onboarding, "people/enroll/?q=ana")
        shown = page(mara, onboarding, "people/enroll/", person=str(ana.pk))
        again = page(mara, onboarding, "people/enroll/", person=str(ana.pk))

        assert "Let Ana in" in found
        assert "let in by hand (mara)" in shown
        assert "may not enter again" in again
        assert Enrollment.objects.get().profile == ana


class TestTheTestRun:
    def run(self, mara, journey, **data):
        told = {"at": "2026-11-21T12:00", "email": "on", "consents": "on", **data}
        return page(mara, journey, "test-run/", **told)

    def test_it_tells_each_step_and_keeps_nothing(self, mara, onboarding):
        shown = self.run(
            mara, onboarding, traits="firstName = Zoe\ntimezone = Europe/Berlin",
            after_0="2", unit_0="days", event_0="Ordered", says_0="total = 12.5\nname = Hat",
        )  # fmt: skip

        assert "This would happen" in shown
        assert "came: “Ordered”" in shown
        assert not Enrollment.objects.exists()

    def test_somebody_we_know_and_why_they_get_nothing(self, mara, onboarding, bruno):
        shown = self.run(mara, onboarding, person=str(bruno.pk))

        assert "“Welcome” would not be sent: no consent to marketing" in shown
        assert not Delivery.objects.exists()

    def test_a_draft_that_is_not_complete_says_so(self, mara, onboarding):
        onboarding.outline = [{"id": "a", "type": "send"}]
        onboarding.save()

        assert "Choose a message." in self.run(mara, onboarding)
        assert "This would happen" in self.run(mara, onboarding, what="live")

    def test_whatever_a_browser_sends_is_answered(self, mara, onboarding):
        for junk in JUNK:
            told = {"at": "2026-11-21T12:00", "email": "on", **junk}
            answer = mara.post(f"{LIST}{onboarding.pk}/test-run/", told)

            assert answer.status_code == 200, junk
        assert not Enrollment.objects.exists()
