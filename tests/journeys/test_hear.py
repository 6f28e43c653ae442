"""What happens lets people in, wakes them, and ends their journeys."""

from datetime import timedelta

import pytest

from customers import describe
from journeys import enroll, hear, lookback, publish
from journeys.models import Delivery, Enrollment, Journey, Step
from tests.journeys.conftest import DAY, NOON, delay, draw, end, happened, person, send, wait
from tests.journeys.test_advance import steps_of, walk_all

pytestmark = pytest.mark.django_db
BIG = [{"prop": "total", "cmp": "gte", "value": 10}]
GOLD = {"v": 1, "root": {"op": "trait", "field": "plan", "cmp": "eq", "value": "gold"}}


def drawn(*steps, at=NOON, name="Cart", **fields):
    """Return a live journey that carts let people into."""
    for place, step in enumerate(steps):
        step.setdefault("id", f"s{place + 1}")
        for number, arm in enumerate((*step.get("for", ()), *step.get("arms", ()))):
            arm.setdefault("id", f"a{number + 1}")
    entry = {"type": "event", "event": "Cart Updated", "where": [], "key": "cart"}
    told = {"entry": entry, "reentry": "KEYED", **fields}
    journey = Journey.objects.create(name=name, outline=list(steps), **told)
    publish.publish(journey=journey, at=at)
    return journey


def bought(**fields):
    """Return a wait for an order."""
    arm = {"event": "Ordered", "steps": [end("bought") | {"id": "b1"}], **fields}
    return {"type": "wait", "for": [arm], "amount": 3, "unit": "days", "timeout": []}


def runs():
    return list(Enrollment.objects.order_by("pk").values_list("profile", "entry_key"))


class TestEntry:
    def test_each_cart_is_a_run_of_its_own_and_the_same_cart_none(self, ana, bruno):
        drawn(delay())

        happened(ana, "Cart Updated", cart="a")
        happened(ana, "Cart Updated", cart="b", at=NOON + DAY)
        happened(ana, "Cart Updated", cart="a", at=NOON + 2 * DAY)
        happened(bruno, "Cart Updated", cart="a")

        assert runs() == [(ana.pk, "a"), (ana.pk, "b"), (bruno.pk, "a")]

    def test_what_let_somebody_in_is_kept_for_messages(self, ana):
        drawn(delay())

        happened(ana, "Cart Updated", cart="a", items=[{"name": "Pen"}])

        entry = Enrollment.objects.get().entry
        assert entry == {"by": "event", "event": {"cart": "a", "items": [{"name": "Pen"}]}}

    def test_a_number_is_a_key_and_a_list_or_nothing_is_none(self, ana):
        drawn(delay())

        happened(ana, "Cart Updated", cart=42)
        happened(ana, "Cart Updated", cart=["a"], key="second")
        happened(ana, "Cart Updated", key="third")

        assert runs() == [(ana.pk, "42")]

    def test_a_long_key_is_kept_as_its_hash(self, ana):
        drawn(delay())
        long = "c" * 80

        happened(ana, "Cart Updated", cart=long)
        happened(ana, "Cart Updated", cart=long, at=NOON + DAY)
        happened(ana, "Cart Updated", cart=long + "d", at=NOON + DAY, key="other")

        keys = [key for _profile, key in runs()]
        assert keys == [enroll.key_of(long), enroll.key_of(long + "d")]
        assert all(len(key) == 64 for key in keys)

    def test_filters_keep_small_carts_out(self, ana, bruno):
        drawn(delay(), entry={"type": "event", "event": "Cart Updated", "where": BIG, "key": ""},
              reentry="ONCE")  # fmt: skip

        happened(ana, "Cart Updated", total=9)
        happened(bruno, "Cart Updated", total=10)
        happened(bruno, "Cart Opened", total=10)

        assert runs() == [(bruno.pk, "")]

    def test_always_is_every_time_side_by_side(self, ana):
        drawn(delay(), reentry="ALWAYS")

        happened(ana, "Cart Updated", cart="a")
        happened(ana, "Cart Updated", cart="a", at=NOON + DAY)

        assert Enrollment.objects.filter(ended_at=None).count() == 2

    def test_again_only_so_many_days_later(self, ana, fans, welcome):
        journey = draw(fans, send(welcome), again=True)
        journey.again_after_days = 7
        journey.save()

        def enters(at):
            began = enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=at)
            walk_all(at)
            return bool(began)

        assert [enters(NOON + days * DAY) for days in (0, 6, 7, 8, 14)] == [
            True, False, True, False, True,
        ]  # fmt: skip

    def test_who_went_through_once_may_come_again_when_the_policy_changes(self, ana, fans, welcome):
        journey = draw(fans, send(welcome))
        enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON)
        walk_all(NOON)
        journey.reentry = "AGAIN"
        journey.save()

        assert enroll.enter(starts=[enroll.Start(ana.pk, journey)], at=NOON + DAY)

    def test_who_leaves_the_segment_may_enter_too(self, ana, fans, welcome):
        from customers import segment as segments

        week = {"last": [7, "days"]}
        seen = {"v": 1, "root": {"op": "event", "name": "Liked", "metric": "count",
                                 "window": week, "cmp": "gte", "value": 1}}  # fmt: skip
        recent = segments.create(name="Recent", rule=seen, at=NOON)
        journey = drawn(
            delay(), reentry="ONCE",
            entry={"type": "segment", "segment": recent.pk, "change": "left"},
        )  # fmt: skip
        happened(ana, "Liked")
        assert not Enrollment.objects.exists()

        segments.sweep(at=NOON + 9 * DAY)

        assert Enrollment.objects.get().journey == journey

    def test_a_closed_journey_lets_nobody_in(self, ana):
        journey = drawn(delay())
        Journey.objects.filter(pk=journey.pk).update(state="CLOSED")

        happened(ana, "Cart Updated", cart="a")

        assert runs() == []

    def test_by_hand_and_why_not(self, ana):
        journey = drawn(delay(), entry={"type": "hand"}, reentry="ONCE")

        run = enroll.by_hand(journey=journey, profile_id=ana.pk, at=NOON, by="mara")

        assert (run.profile, run.entry) == (ana, {"by": "hand", "who": "mara"})
        with pytest.raises(enroll.Refused, match="may not enter again"):
            enroll.by_hand(journey=journey, profile_id=ana.pk, at=NOON, by="mara")
        with pytest.raises(enroll.Refused, match="no such person"):
            enroll.by_hand(journey=journey, profile_id=10**9, at=NOON, by="mara")
        Journey.objects.filter(pk=journey.pk).update(state="CLOSED")
        journey.refresh_from_db()
        with pytest.raises(enroll.Refused, match="not open"):
            enroll.by_hand(journey=journey, profile_id=ana.pk, at=NOON, by="mara")


class TestWaits:
    def test_the_order_of_another_cart_is_no_answer(self, ana):
        drawn(bought(same="cart"))
        for cart in "ab":
            happened(ana, "Cart Updated", cart=cart, key=cart)
        walk_all(NOON)

        happened(ana, "Ordered", cart="b")
        walk_all(NOON)

        ended = Enrollment.objects.exclude(ended_at=None)
        assert [(run.entry_key, run.outcome) for run in ended] == [("b", "bought")]

    def test_the_cart_is_known_where_every_time_counts_too(self, ana):
        drawn(bought(same="cart"), reentry="ALWAYS")
        for cart in "ab":
            happened(ana, "Cart Updated", cart=cart, key=cart)
        walk_all(NOON)

        happened(ana, "Ordered", cart="b")
        walk_all(NOON)

        assert [run.entry["key"] for run in Enrollment.objects.exclude(ended_at=None)] == ["b"]

    def test_filters_are_asked_of_what_came_and_of_what_had_come(self, ana):
        drawn(delay(), bought(where=BIG))
        happened(ana, "Cart Updated", cart="a")
        walk_all(NOON)
        happened(ana, "Ordered", total=9)
        walk_all(NOON + DAY)
        assert Enrollment.objects.get().node == "s2"

        happened(ana, "Ordered", total=9, key="again")
        assert Enrollment.objects.get().woke_by == ""
        happened(ana, "Ordered", total=10, key="big")
        walk_all(NOON + DAY)

        assert Enrollment.objects.get().outcome == "bought"

    @pytest.mark.parametrize("looks_back", [True, False])
    def test_what_came_before_the_rest_is_found_by_looking_back_alone(
        self, ana, monkeypatch, looks_back
    ):
        if not looks_back:
            monkeypatch.setattr(lookback, "look_back", lambda *args: {})
        drawn(delay(), bought(where=BIG, same="cart"))
        happened(ana, "Cart Updated", cart="a")
        walk_all(NOON)

        happened(ana, "Ordered", cart="a", total=10)
        walk_all(NOON + DAY)

        assert (Enrollment.objects.get().outcome == "bought") is looks_back

    def test_of_several_answers_the_first_one_counts(self, ana):
        drawn({
            "type": "wait", "amount": 3, "unit": "days", "timeout": [],
            "for": [{"event": "Ordered", "where": BIG, "steps": [end("big") | {"id": "x"}]},
                    {"event": "Ordered", "steps": [end("small") | {"id": "y"}]},
                    {"event": "Called", "steps": [end("called") | {"id": "z"}]}],
        })  # fmt: skip
        for cart in ("big", "small", "called"):
            happened(ana, "Cart Updated", cart=cart, key=cart)
            walk_all(NOON)
            if cart == "called":
                happened(ana, "Called")
            happened(ana, "Ordered", total=10 if cart == "big" else 9, key=f"{cart}!")
            walk_all(NOON)

        assert [(run.entry_key, run.outcome) for run in Enrollment.objects.order_by("pk")] == [
            ("big", "big"), ("small", "small"), ("called", "called"),
        ]  # fmt: skip

    def test_a_condition_is_seen_when_an_event_makes_it_true(self, ana):
        twice = {"v": 1, "root": {"op": "event", "name": "Looked", "metric": "count",
                                  "window": "all", "cmp": "gte", "value": 2}}  # fmt: skip
        drawn({"type": "wait", "amount": 3, "unit": "days", "timeout": [],
               "for": [{"rule": twice, "steps": [end("keen") | {"id": "k"}]}]})  # fmt: skip
        happened(ana, "Cart Updated", cart="a")
        walk_all(NOON)

        happened(ana, "Looked")
        walk_all(NOON)
        assert Enrollment.objects.get().ended_at is None
        happened(ana, "Looked", key="twice")
        walk_all(NOON)

        assert Enrollment.objects.get().outcome == "keen"


class TestGoals:
    @pytest.mark.parametrize(("ends", "outcome"), [("goals", "goal"), ("exits", "exit")])
    def test_in_the_middle_of_a_delay(self, ana, ends, outcome, welcome):
        drawn(delay(7), send(welcome), **{ends: [{"event": "Ordered", "same": "cart"}]})
        happened(ana, "Cart Updated", cart="a")
        walk_all(NOON)

        happened(ana, "Ordered", cart="b")
        walk_all(NOON)
        assert Enrollment.objects.get().ended_at is None
        happened(ana, "Ordered", cart="a", key="mine")
        walk_all(NOON)

        assert (Enrollment.objects.get().outcome, steps_of(ana)) == (outcome, [("s1", outcome)])
        assert not Delivery.objects.exists()

    def test_reached_before_the_first_step_is_reached(self, ana, welcome):
        drawn(delay(7), goals=[{"event": "Ordered"}])
        happened(ana, "Cart Updated", cart="a")

        happened(ana, "Ordered")
        walk_all(NOON)

        assert Enrollment.objects.get().outcome == "goal"

    def test_a_goal_reached_before_a_message_counts_although_it_is_no_answer(self, ana, welcome):
        drawn(send(welcome), bought(), goals=[{"event": "Paid"}])
        happened(ana, "Cart Updated", cart="a")

        happened(ana, "Ordered")
        happened(ana, "Paid")
        walk_all(NOON)

        assert Enrollment.objects.get().outcome == "goal"

    def test_what_came_before_entering_is_none(self, ana):
        happened(ana, "Ordered", at=NOON - DAY)
        journey = drawn(delay(7), goals=[{"event": "Ordered"}], entry={"type": "hand"},
                        reentry="ONCE")  # fmt: skip

        enroll.by_hand(journey=journey, profile_id=ana.pk, at=NOON, by="mara")
        walk_all(NOON)

        assert Enrollment.objects.get().ended_at is None


class TestBranches:
    def branch(self):
        return {"type": "branch", "arms": [{"rule": GOLD, "steps": [end("gold") | {"id": "g"}]}],
                "else": [end("other") | {"id": "o"}]}  # fmt: skip

    def test_each_goes_the_way_of_their_traits_and_the_reason_is_kept(self, ana, bruno):
        drawn(self.branch())
        describe.describe(profile_id=ana.pk, traits={"plan": "gold"}, source="test", at=NOON)
        for one in (ana, bruno):
            happened(one, "Cart Updated", cart="a")

        walk_all(NOON)

        assert (steps_of(ana), steps_of(bruno)) == (
            [("s1", "a1"), ("g", "gold")], [("s1", "else"), ("o", "other")],
        )  # fmt: skip
        assert Step.objects.get(outcome="a1").why != ""

    def test_a_whole_batch_asks_once(self, django_assert_max_num_queries):
        drawn(self.branch())
        for number in range(30):
            happened(person(f"p{number}"), "Cart Updated", cart="a")

        from journeys import advance

        # The engine's own statements go past Django; what is counted are the conditions.
        with django_assert_max_num_queries(4):
            assert advance.advance(lane=0, at=NOON).runs == 30

    def test_a_trait_that_is_set_is_seen_by_the_next_step(self, ana):
        drawn({"type": "update", "trait": "plan", "value": "gold"}, self.branch())
        happened(ana, "Cart Updated", cart="a")

        walk_all(NOON)

        assert Enrollment.objects.get().outcome == "gold"
        ana.refresh_from_db()
        assert ana.traits["plan"] == "gold"

    def test_a_trait_that_does_not_fit_sets_the_run_aside(self, ana):
        from customers.models import TraitDef

        TraitDef.objects.update_or_create(
            key="age", defaults={"type": "number", "created_at": NOON}
        )
        drawn({"type": "update", "trait": "age", "value": "many"}, delay())
        happened(ana, "Cart Updated", cart="a")

        walk_all(NOON)
        run = Enrollment.objects.get()
        assert (run.lane, run.resting) == (-2, False)
        assert "age" in run.error

        TraitDef.objects.filter(key="age").update(type="text")
        assert enroll.retry(journey=run.journey, at=NOON) == 1
        walk_all(NOON)
        assert Enrollment.objects.get().node == "s2"


class TestLeaving:
    def test_who_is_taken_out_is_told_and_counted(self, ana, bruno):
        from customers.models import Event
        from journeys.models import Tally

        drawn(delay(7))
        for one in (ana, bruno):
            happened(one, "Cart Updated", cart="a")
        walk_all(NOON)
        run = Enrollment.objects.get(profile=ana)

        assert enroll.leave(enrollment_ids=[run.pk], at=NOON) == 1
        assert enroll.leave(enrollment_ids=[run.pk], at=NOON) == 0
        walk_all(NOON)

        run.refresh_from_db()
        assert (run.outcome, run.ended_at, steps_of(ana)) == ("removed", NOON, [("s1", "removed")])
        exited = Event.objects.get(name="Journey Exited")
        assert (exited.profile_id, exited.properties["outcome"]) == (ana.pk, "removed")
        assert Tally.objects.get().passed == 1
        assert Enrollment.objects.get(profile=bruno).ended_at is None


def test_hearing_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert hear.hear(events=[], at=NOON) == 0


def test_a_delay_counts_from_the_real_sending(ana, fans, welcome):
    draw(fans, send(welcome), delay(1), end())
    happened(ana, "Liked")
    walk_all(NOON)
    late = NOON + timedelta(hours=23)

    walk_all(NOON + DAY)
    assert Enrollment.objects.get().ended_at is None
    Delivery.objects.update(state="SENT", sent_at=late)
    walk_all(NOON + DAY + timedelta(minutes=15))
    assert Enrollment.objects.get().due_at == late + DAY
    walk_all(late + DAY)

    assert Enrollment.objects.get().outcome == "done"


def test_a_wait_behind_another_needs_an_answer_of_its_own(ana, fans):
    draw(fans, wait("Ordered"), wait("Ordered", happened=[end("two")]), end("one"))
    happened(ana, "Liked")
    walk_all(NOON)

    happened(ana, "Ordered")
    walk_all(NOON)

    assert Enrollment.objects.get().node != "s1"
    assert Enrollment.objects.get().ended_at is None


def test_a_time_of_day_is_that_of_the_persons_clock(ana, bruno):
    describe.describe(
        profile_id=ana.pk, traits={"timezone": "Asia/Tokyo"}, source="test", at=NOON
    )  # fmt: skip
    drawn({"type": "delay", "mode": "time", "time": "09:30", "after": 1})
    for one in (ana, bruno):
        happened(one, "Cart Updated", cart="a")

    walk_all(NOON)

    # Half past nine in Tokyo is half past midnight in Greenwich; Bruno tells no zone.
    due = dict(Enrollment.objects.values_list("profile", "due_at"))
    assert due[ana.pk].isoformat() == "2026-11-22T00:30:00+00:00"
    assert due[bruno.pk] != due[ana.pk]
