"""People walk: the engine keeps its promises."""

import pytest
from django.db import DatabaseError

from customers.models import Event
from journeys import advance, enroll, join, pause, publish
from journeys.models import Delivery, Enrollment, Journey, Step
from journeys.models.enrollments import Lane
from tests.journeys.conftest import (
    DAY,
    NOON,
    delay,
    draw,
    end,
    happened,
    person,
    send,
    wait,
    write,
)

pytestmark = pytest.mark.django_db


def walk_all(at):
    """Let everybody go as far as they can at one moment."""
    while any(advance.advance(lane=lane, at=at).runs for lane in (0, 1, 2)) or advance.announce(
        at=at
    ):
        pass


def steps_of(profile):
    return [
        (step.node, step.outcome)
        for step in Step.objects.filter(enrollment__profile=profile).order_by("enrollment", "seq")
    ]


class TestEntry:
    def test_who_enters_the_segment_enters_the_journey(self, ana, fans, welcome):
        draw(fans, send(welcome))

        happened(ana, "Liked")
        walk_all(NOON)

        assert Enrollment.objects.get().profile == ana
        assert Delivery.objects.get().message == welcome

    def test_who_was_inside_before_stays_outside(self, ana, fans, welcome):
        happened(ana, "Liked")

        draw(fans, send(welcome))
        walk_all(NOON)

        assert not Enrollment.objects.exists()

    def test_unless_the_marketer_asks_for_them(self, ana, fans, welcome):
        happened(ana, "Liked")
        journey = draw(fans, send(welcome))

        assert enroll.inside(segment=fans) == 1
        assert enroll.fill(journey=journey, at=NOON) == 1
        assert enroll.fill(journey=journey, at=NOON) == 0

    def test_pitfall_12_a_first_fill_starts_nothing(self, ana, welcome, fans):
        from customers import segment as segments

        happened(ana, "Liked")
        rule = {**fans.rule}
        late = segments.create(name="Late fans", rule=rule, at=NOON)
        draw(late, send(welcome))

        segments.fill(segment=late, cause="fill", at=NOON)

        assert not Enrollment.objects.exists()

    def test_a_draft_takes_nobody(self, ana, fans, welcome):
        Journey.objects.create(name="Draft", segment=fans, outline=[send(welcome) | {"id": "s1"}])

        happened(ana, "Liked")

        assert not Enrollment.objects.exists()

    def test_once_is_once(self, ana, fans, welcome):
        journey = draw(fans, send(welcome))
        enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON)
        walk_all(NOON)

        assert enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON) == []

    def test_again_is_again_after_the_end_and_not_before(self, ana, fans, welcome):
        journey = draw(fans, delay(), send(welcome), again=True)
        enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON)
        walk_all(NOON)

        assert enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON) == []
        walk_all(NOON + DAY)
        assert enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON + DAY) != []

    def test_entered_and_exited_are_told_once(self, ana, fans, welcome):
        journey = draw(fans, send(welcome), end("greeted"))

        happened(ana, "Liked")
        walk_all(NOON)

        told = Event.objects.filter(name__startswith="Journey").order_by("id")
        assert [(event.name, event.properties["outcome"]) for event in told] == [
            ("Journey Entered", ""),
            ("Journey Exited", "greeted"),
        ]
        assert told[1].properties["journey_id"] == journey.pk


class TestTime:
    def test_a_delay_lets_time_pass(self, ana, fans, welcome):
        draw(fans, delay(2), send(welcome))
        happened(ana, "Liked")

        walk_all(NOON + DAY)
        assert not Delivery.objects.exists()
        walk_all(NOON + 2 * DAY)

        # The delay began when the engine came to it, a day late here.
        assert not Delivery.objects.exists()
        walk_all(NOON + 3 * DAY)
        assert Delivery.objects.get().queued_at == NOON + 3 * DAY

    def test_a_timeout_takes_the_other_branch(self, ana, fans, welcome):
        draw(fans, wait("Ordered", timeout=[send(welcome)]), end())
        happened(ana, "Liked")
        walk_all(NOON)

        walk_all(NOON + 3 * DAY)

        assert steps_of(ana) == [("s1", "timeout"), ("s2", ""), ("s3", "done")]


class TestEvents:
    def test_an_event_wakes_whoever_waits_for_it(self, ana, fans, welcome):
        draw(fans, wait("Ordered", happened=[send(welcome), end("bought")]), end("lost"))
        happened(ana, "Liked")
        walk_all(NOON)

        happened(ana, "Ordered", at=NOON + DAY)
        walk_all(NOON + DAY)

        assert steps_of(ana) == [("s1", "s1a"), ("s2", ""), ("s3", "bought")]

    def test_only_that_person_and_that_event(self, ana, bruno, fans):
        draw(fans, wait("Ordered"), end())
        happened(ana, "Liked")
        walk_all(NOON)

        happened(bruno, "Ordered")
        happened(ana, "Looked")

        assert not Enrollment.objects.filter(woke_by__gt="").exists()

    def test_what_came_during_the_delay_before_counts(self, ana, fans):
        draw(fans, delay(), wait("Ordered", happened=[end("bought")]), end("lost"))
        happened(ana, "Liked")
        walk_all(NOON)

        happened(ana, "Ordered")
        walk_all(NOON + DAY)

        assert Enrollment.objects.get().outcome == "bought"

    def test_what_came_before_the_message_is_no_answer_to_it(self, ana, fans, welcome):
        draw(fans, delay(), send(welcome), wait("Ordered", happened=[end("bought")]), end("lost"))
        happened(ana, "Liked")
        walk_all(NOON)

        happened(ana, "Ordered")
        walk_all(NOON + DAY)

        assert Enrollment.objects.get().ended_at is None

    def test_two_waits_in_a_row_need_two_events(self, ana, fans):
        draw(
            fans,
            wait("Ordered", timeout=[end("none")]),
            wait("Ordered", timeout=[end("one")]),
            end("two"),
        )
        happened(ana, "Liked")
        walk_all(NOON)

        happened(ana, "Ordered", key="first")
        walk_all(NOON)
        assert Enrollment.objects.get().node == "s3"
        happened(ana, "Ordered", key="second")
        walk_all(NOON)

        assert Enrollment.objects.get().outcome == "two"


class TestPause:
    def test_nobody_moves_until_it_goes_on(self, ana, fans, welcome):
        journey = draw(fans, delay(), send(welcome))
        happened(ana, "Liked")
        walk_all(NOON)

        pause.pause(journey=journey, at=NOON)
        walk_all(NOON + DAY)
        assert not Delivery.objects.exists()
        assert Enrollment.objects.get().lane == Lane.PARKED
        pause.resume(journey=journey, at=NOON + DAY)
        walk_all(NOON + DAY)

        assert Delivery.objects.get().message == welcome

    def test_what_a_parked_person_does_is_not_lost(self, ana, fans):
        journey = draw(fans, wait("Ordered", happened=[end("bought")]), end("lost"))
        happened(ana, "Liked")
        walk_all(NOON)
        pause.pause(journey=journey, at=NOON)
        walk_all(NOON + 3 * DAY)

        happened(ana, "Ordered", at=NOON + 3 * DAY)
        pause.resume(journey=journey, at=NOON + 3 * DAY)
        walk_all(NOON + 3 * DAY)

        assert Enrollment.objects.get().outcome == "bought"


class TestVersions:
    def test_people_finish_on_the_version_they_began_with(self, ana, bruno, fans, welcome):
        journey = draw(fans, delay(), send(welcome))
        happened(ana, "Liked")
        walk_all(NOON)
        journey.outline = [delay(1) | {"id": "s1"}, end("changed") | {"id": "s9"}]

        publish.publish(journey=journey, at=NOON)
        happened(bruno, "Liked")
        walk_all(NOON)
        walk_all(NOON + DAY)

        assert [run.outcome for run in Enrollment.objects.order_by("pk")] == [
            "completed",
            "changed",
        ]

    def test_a_published_version_never_changes(self, fans, welcome):
        journey = draw(fans, send(welcome))

        with pytest.raises(DatabaseError, match="never changes"):
            journey.versions.update(number=7)


class TestTrouble:
    def test_a_run_that_cannot_be_walked_is_set_aside_and_the_others_go(
        self, ana, bruno, fans, welcome
    ):
        draw(fans, send(welcome))
        happened(ana, "Liked")
        happened(bruno, "Liked")
        Enrollment.objects.filter(profile=ana).update(node="nowhere")

        at = NOON
        for _ in range(advance.PATIENCE):
            walk_all(at)
            at += DAY

        lost = Enrollment.objects.get(profile=ana)
        assert (lost.lane, lost.errors) == (Lane.FAILED, advance.PATIENCE)
        assert "nowhere" in lost.error
        assert Enrollment.objects.get(profile=bruno).ended_at == NOON

    def test_a_row_that_the_database_refuses_does_not_stop_its_batch(self, fans, welcome):
        draw(fans, send(welcome))
        people = [person(f"p{number}") for number in range(6)]
        for one in people:
            happened(one, "Liked")
        poisoned = Enrollment.objects.get(profile=people[3])
        Step.objects.create(enrollment=poisoned, seq=1, node="s1", at=NOON)

        walk_all(NOON)

        assert Enrollment.objects.filter(ended_at=NOON).count() == 5
        poisoned.refresh_from_db()
        assert poisoned.errors == 1
        assert "journeys_step_once" in poisoned.error


class TestMerge:
    def test_the_older_run_goes_on(self, ana, chen, fans):
        draw(fans, wait("Ordered"), end())
        happened(chen, "Liked")
        happened(ana, "Liked", at=NOON + DAY)
        walk_all(NOON + DAY)
        Enrollment.objects.filter(profile=chen).update(entered_at=NOON)

        join.merge(kept=ana.pk, absorbed=chen.pk, at=NOON + DAY)

        older, younger = Enrollment.objects.order_by("entered_at")
        assert (older.profile, older.ended_at, older.entry_key) == (ana, None, "")
        assert (younger.outcome, younger.ended_at) == ("merged", NOON + DAY)

    def test_a_queued_message_moves_along(self, ana, chen, fans, welcome):
        draw(fans, send(welcome))
        happened(chen, "Liked")
        walk_all(NOON)

        join.merge(kept=ana.pk, absorbed=chen.pk, at=NOON)

        assert Delivery.objects.get().profile == ana


def test_a_second_message_is_its_own_row(ana, fans, welcome):
    draw(fans, send(welcome), send(write("Second")))

    happened(ana, "Liked")
    walk_all(NOON)

    assert [row.message.name for row in Delivery.objects.order_by("seq")] == ["Welcome", "Second"]
