"""A live journey changes: who is under way stays, moves, or ends as somebody decided."""

from __future__ import annotations

import pytest

from journeys import advance, publish, transfer
from journeys.hear import hear
from journeys.models import Enrollment, Transfer, Version
from tests.journeys.conftest import DAY, NOON, _number, delay, draw, end, happened, wait

pytestmark = pytest.mark.django_db


def walk(at=NOON):
    for lane in (0, 1, 2):
        while advance.advance(lane=lane, at=at).runs:
            pass


def again(journey, *steps, **fields):
    """Publish these steps as the next version."""
    _number(steps, [0])
    journey.outline = list(steps)
    for name, value in fields.items():
        setattr(journey, name, value)
    journey.save()
    return publish.publish(journey=journey, at=NOON)


def move(journey, target, at=NOON, **places):
    transfer.begin(journey=journey, target=target, places=places, at=at)
    while transfer.step(at=at):
        pass


@pytest.fixture
def waiting(ana, fans):
    """Ana waits for three days at step s1."""
    journey = draw(fans, {**delay(3), "id": "s1"}, {**end("late"), "id": "s2"})
    happened(ana, "Liked")
    walk()
    return journey


def run_of(profile):
    return Enrollment.objects.get(profile=profile)


class TestMoving:
    def test_without_it_people_finish_as_they_began(self, ana, waiting):
        again(waiting, {**delay(9), "id": "s1"}, {**end("new"), "id": "s2"})
        walk(NOON + 3 * DAY)
        assert run_of(ana).outcome == "late"

    def test_who_stays_at_a_step_keeps_the_clock_running(self, ana, waiting):
        target = again(waiting, {**delay(9), "id": "s1"}, {**end("new"), "id": "s2"})
        move(waiting, target, at=NOON + DAY, s1="s1")

        walk(NOON + 3 * DAY)

        assert run_of(ana).outcome == "new"

    def test_another_step_is_entered_as_if_they_came_to_it_now(self, ana, waiting):
        target = again(waiting, {**delay(5), "id": "n1"}, {**end("new"), "id": "s2"})
        move(waiting, target, at=NOON + DAY, s1="n1")
        walk(NOON + DAY)

        assert run_of(ana).due_at == NOON + 6 * DAY

    def test_a_step_of_the_same_name_but_another_kind_is_entered_anew(self, ana, waiting):
        target = again(waiting, {**wait("Paid"), "id": "s1"})
        move(waiting, target, at=NOON + DAY, s1="s1")
        walk(NOON + DAY)

        assert run_of(ana).listens == ["Paid"]
        assert run_of(ana).due_at == NOON + 4 * DAY

    def test_whom_there_is_no_place_for_ends(self, ana, waiting):
        target = again(waiting, {**end("new"), "id": "s2"})
        move(waiting, target, s1="!")

        assert run_of(ana).outcome == transfer.OUTCOME
        assert run_of(ana).ended_at == NOON

    def test_they_hear_the_goals_of_the_new_version(self, ana, waiting):
        target = again(waiting, {**delay(3), "id": "s1"}, goals=[{"event": "Bought"}])
        move(waiting, target, s1="s1")

        happened(ana, "Bought", at=NOON + DAY)
        walk(NOON + DAY)

        assert run_of(ana).outcome == "goal"

    def test_and_what_the_old_one_listened_to_is_no_matter_any_more(self, ana, fans):
        journey = draw(fans, {**wait("Paid"), "id": "s1"})
        happened(ana, "Liked")
        walk()
        target = again(journey, {**wait("Called"), "id": "s1"})
        move(journey, target, s1="s1")

        happened(ana, "Paid", at=NOON + DAY)
        walk(NOON + DAY)

        assert run_of(ana).ended_at is None
        assert run_of(ana).listens == ["Called"]

    def test_nobody_goes_to_a_step_that_is_not_there(self, waiting):
        target = again(waiting, {**end("new"), "id": "s2"})
        with pytest.raises(transfer.BadPlaces):
            transfer.begin(journey=waiting, target=target, places={"s1": "s9"}, at=NOON)

    def test_one_move_at_a_time(self, waiting):
        target = again(waiting, {**delay(9), "id": "s1"})
        transfer.begin(journey=waiting, target=target, places={"s1": "s1"}, at=NOON)
        with pytest.raises(transfer.Busy):
            transfer.begin(journey=waiting, target=target, places={"s1": "s1"}, at=NOON)

    def test_it_says_how_far_it_is(self, waiting):
        target = again(waiting, {**delay(9), "id": "s1"})
        [stands] = transfer.standing(journey=waiting, target=target)
        assert (stands.number, stands.node, stands.people) == (1, "s1", 1)
        move(waiting, target, s1="s1")
        done = Transfer.objects.get()
        assert (done.state, done.total, done.moved) == ("DONE", 1, 1)


class TestRollback:
    def test_the_older_plan_is_a_new_version(self, ana, waiting):
        first = waiting.current
        again(waiting, {**end("new"), "id": "s2"})

        third = publish.rollback(journey=waiting, version=first, at=NOON)

        waiting.refresh_from_db()
        assert (third.number, third.graph) == (3, first.graph)
        assert waiting.current == third
        assert waiting.outline == first.outline

    def test_a_draft_that_nobody_published_is_kept(self, waiting):
        first = waiting.current
        again(waiting, {**end("new"), "id": "s2"})
        waiting.outline = [{**end("idea"), "id": "s2"}]
        waiting.save()

        publish.rollback(journey=waiting, version=first, at=NOON)

        waiting.refresh_from_db()
        assert waiting.outline[0]["outcome"] == "idea"

    def test_people_come_back_with_it(self, ana, waiting):
        first = waiting.current
        second = again(waiting, {**delay(9), "id": "n1"}, {**end("new"), "id": "s2"})
        move(waiting, second, s1="n1")
        third = publish.rollback(journey=waiting, version=first, at=NOON)
        move(waiting, third, n1="s1")
        walk()

        assert run_of(ana).due_at == NOON + 3 * DAY


def test_a_published_version_never_changes(waiting, django_assert_num_queries):
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Version.objects.filter(pk=waiting.current_id).update(note="forged")
    assert Version.objects.filter(pk=waiting.current_id).update(retired_at=NOON) == 1


def test_events_are_heard_on_older_versions_too(ana, fans):
    journey = draw(fans, {**wait("Paid"), "id": "s1"}, {**end("x"), "id": "s2"})
    happened(ana, "Liked")
    walk()
    again(journey, {**end("new"), "id": "s2"})
    events = happened(ana, "Paid", at=NOON + DAY)
    assert hear(events=[], at=NOON) == 0
    assert events
    walk(NOON + DAY)
    assert run_of(ana).ended_at is not None
