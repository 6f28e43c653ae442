"""A journey rests, and goes on without everybody moving at once."""

from datetime import timedelta

import pytest

from customers.models import SegmentMember
from journeys import advance, enroll, fill, pause, publish, retire, tally
from journeys.models import Delivery, Enrollment, Journey, Notice, Step, Tally
from journeys.models.enrollments import Lane
from tests.journeys.conftest import DAY, NOON, delay, draw, end, happened, person, send, wait
from tests.journeys.test_advance import walk_all

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def people(db):
    return [person(f"p{number}") for number in range(6)]


@pytest.fixture
def journey(fans, people):
    """Return a journey in which three are due a day later, and three half an hour after them."""
    found = draw(fans, delay(1), delay(1), end())
    for one in people[:3]:
        happened(one, "Liked")
    walk_all(NOON)
    for one in people[3:]:
        happened(one, "Liked", at=NOON + HOUR / 2)
    walk_all(NOON + HOUR / 2)
    return found


def dues():
    return [run.due_at for run in Enrollment.objects.order_by("pk")]


def nodes():
    return [run.node for run in Enrollment.objects.order_by("pk")]


def rest(journey, *, until):
    pause.pause(journey=journey, at=NOON + HOUR)
    walk_all(until)


class TestResume:
    def test_says_first_who_is_overdue_and_where(self, journey):
        rest(journey, until=NOON + DAY)

        assert pause.overdue(journey=journey, at=NOON + DAY) == {"s1": 3}
        assert nodes() == ["s1"] * 6

    def test_now_moves_them_at_once_behind_everybody_else(self, journey):
        rest(journey, until=NOON + DAY)

        assert pause.resume(journey=journey, at=NOON + DAY)

        assert set(Enrollment.objects.values_list("lane", flat=True)) == {Lane.NORMAL, Lane.BULK}
        walk_all(NOON + DAY)
        assert nodes() == ["s2"] * 3 + ["s1"] * 3

    def test_spread_lets_them_go_over_some_hours(self, journey):
        rest(journey, until=NOON + DAY)
        before = dues()

        pause.resume(journey=journey, at=NOON + DAY, policy="spread", hours=10)

        spread = dues()[:3]
        assert len(set(spread)) == 3
        assert all(NOON + DAY <= due < NOON + DAY + 10 * HOUR for due in spread)
        assert dues()[3:] == before[3:]

    def test_shift_moves_everybodys_clock_by_the_pause(self, journey):
        rest(journey, until=NOON + DAY)
        before = dues()

        pause.resume(journey=journey, at=NOON + DAY + HOUR, policy="shift")

        assert dues() == [due + DAY for due in before]
        walk_all(NOON + DAY + HOUR)
        assert nodes() == ["s1"] * 6

    def test_drop_ends_the_runs_of_those_who_are_overdue(self, journey):
        rest(journey, until=NOON + DAY)

        pause.resume(journey=journey, at=NOON + DAY, policy="drop")

        assert [run.outcome for run in Enrollment.objects.order_by("pk")] == ["dropped"] * 3 + [
            ""
        ] * 3
        assert Notice.objects.filter(name="Journey Exited").count() == 3

    def test_who_was_woken_meanwhile_goes_on_whatever_the_policy(self, ana, fans):
        journey = draw(fans, wait("Ordered", happened=[end("bought")]), end("lost"))
        happened(ana, "Liked")
        walk_all(NOON)
        pause.pause(journey=journey, at=NOON)
        happened(ana, "Ordered", at=NOON + DAY)

        pause.resume(journey=journey, at=NOON + DAY, policy="drop")
        walk_all(NOON + DAY)

        assert Enrollment.objects.get().outcome == "bought"

    @pytest.mark.parametrize(("policy", "hours"), [("later", 0), ("spread", 0), ("spread", 9999)])
    def test_what_is_no_policy_is_refused(self, journey, policy, hours):
        rest(journey, until=NOON + DAY)

        with pytest.raises(pause.Unfit):
            pause.resume(journey=journey, at=NOON + DAY, policy=policy, hours=hours)
        journey.refresh_from_db()
        assert journey.state == "PAUSED"

    def test_what_a_caller_does_not_wait_for_goes_on_later(self, journey, monkeypatch):
        monkeypatch.setattr(pause, "BITE", 2)
        rest(journey, until=NOON + DAY)

        pause.resume(journey=journey, at=NOON + DAY, policy="drop", bites=1)
        journey.refresh_from_db()
        between = journey.state, Enrollment.objects.filter(outcome="dropped").count()
        pause.go_on(at=NOON + DAY)

        journey.refresh_from_db()
        assert between == ("PAUSED", 2)
        assert journey.state == "LIVE"
        assert Enrollment.objects.filter(outcome="dropped").count() == 3

    def test_a_worker_that_died_in_the_middle_moves_nobody_twice(self, journey, monkeypatch):
        monkeypatch.setattr(pause, "BITE", 2)
        rest(journey, until=NOON + DAY)
        before = dues()
        bites = pause._bite

        def dies(number):
            if Journey.objects.get(pk=number).resuming["after"]:
                raise SystemExit
            return bites(number)

        monkeypatch.setattr(pause, "_bite", dies)
        with pytest.raises(SystemExit):
            pause.resume(journey=journey, at=NOON + DAY + HOUR, policy="shift")
        monkeypatch.setattr(pause, "_bite", bites)
        journey.refresh_from_db()
        assert journey.state == "PAUSED"

        pause.go_on(at=NOON + DAY + 2 * HOUR)

        assert dues() == [due + DAY for due in before]
        journey.refresh_from_db()
        assert (journey.state, journey.resuming) == ("LIVE", None)

    def test_who_is_parked_just_after_it_goes_on_too(self, journey):
        rest(journey, until=NOON + DAY)
        pause.resume(journey=journey, at=NOON + DAY)
        Enrollment.objects.filter(due_at=NOON + DAY).update(lane=Lane.PARKED)

        assert pause.go_on(at=NOON + DAY) == 3
        assert pause.go_on(at=NOON + DAY + HOUR) == 0
        journey.refresh_from_db()
        assert journey.paused_at is None

    def test_closing_lets_those_under_way_go_on_and_nobody_in(self, journey, ana):
        rest(journey, until=NOON + DAY)

        assert pause.close(journey=journey)
        assert not pause.close(journey=journey)
        pause.go_on(at=NOON + DAY)
        happened(ana, "Liked", at=NOON + DAY)
        walk_all(NOON + DAY)

        assert nodes() == ["s2"] * 3 + ["s1"] * 3


class TestFill:
    @pytest.fixture
    def door(self, fans, people, monkeypatch):
        monkeypatch.setattr(fill, "BITE", 2)
        SegmentMember.objects.bulk_create([
            SegmentMember(segment=fans, profile=one, entered_at=NOON, cause="fill")
            for one in people
        ])
        return draw(fans, delay(1), end())

    def test_everybody_enters_once_and_is_told_of(self, door, people):
        assert enroll.fill(journey=door, at=NOON) == 6
        assert enroll.fill(journey=door, at=NOON) == 0

        assert Notice.objects.filter(name="Journey Entered").count() == 6
        assert Enrollment.objects.filter(lane=Lane.BULK).count() == 6

    def test_what_a_killed_worker_left_is_finished(self, door, monkeypatch):
        bites, taken = fill._bite, []

        def dies(number):
            if len(taken) == 2:
                raise SystemExit
            taken.append(number)
            return bites(number)

        monkeypatch.setattr(fill, "_bite", dies)
        with pytest.raises(SystemExit):
            fill.fill(journey=door, at=NOON)
        monkeypatch.setattr(fill, "_bite", bites)
        assert Enrollment.objects.count() == 4

        # One bite, one to see that nobody is left, and then there is nothing to do.
        assert [fill.step() for _ in range(3)] == [1, 0, 0]
        assert Enrollment.objects.count() == 6

    def test_again_lets_those_in_again_who_are_through(self, door, people):
        Journey.objects.update(reentry="AGAIN")
        door.refresh_from_db()
        fill.fill(journey=door, at=NOON)
        walk_all(NOON)
        walk_all(NOON + DAY)

        assert fill.fill(journey=door, at=NOON + DAY) == 6
        assert fill.fill(journey=door, at=NOON + DAY) == 0


class TestCounts:
    def test_what_batches_count_adds_up(self, fans, people, welcome):
        journey = draw(fans, send(welcome), end("done"))
        for one in people:
            happened(one, "Liked")
        for _batch in people:
            advance.advance(lane=0, at=NOON, limit=1)
        assert Tally.objects.filter(node="s1").count() == 6

        tally.sum_up()

        passed = tally.passed(versions=[journey.current_id])
        assert passed == {(journey.current_id, "s1", ""): 6, (journey.current_id, "s2", "done"): 6}
        assert Tally.objects.count() == 2
        assert Step.objects.count() == 12


class TestVersions:
    def test_one_with_nobody_on_it_is_put_aside(self, ana, fans, welcome):
        journey = draw(fans, delay(1), send(welcome))
        happened(ana, "Liked")
        walk_all(NOON)
        first = journey.current
        journey.outline = [end("changed") | {"id": "s9"}]
        publish.publish(journey=journey, at=NOON)
        Journey.objects.update(changed_at=NOON - DAY)
        assert retire.retire(at=NOON) == 0

        walk_all(NOON + DAY)
        assert retire.retire(at=NOON + DAY) == 1

        first.refresh_from_db()
        assert first.retired_at == NOON + DAY
        assert Delivery.objects.count() == 1
