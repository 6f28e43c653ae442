"""What people tell about themselves: who said it, which value counts, and who may see it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from customers import define, fold, ingest, redefine, segment, trait
from customers.models import Profile, Source, TraitDef, TraitObservation
from tests.customers import people
from tests.customers.people import NOON

pytestmark = pytest.mark.django_db


def told(key, *, kind="user", value="ana"):
    """Return what one name told of a trait, in the order of time."""
    found = TraitObservation.objects.filter(key=key, alias__kind=kind, alias__value=value)
    return list(found.order_by("observed_at", "id").values_list("value", "is_fit"))


def identify(who="ana", *, minute=0, browser=None, **traits):
    call = {
        "type": "identify",
        "userId": who,
        "traits": traits,
        "timestamp": (NOON - timedelta(hours=2) + timedelta(minutes=minute)).isoformat(),
    }
    return call | ({"anonymousId": browser} if browser else {})  # fmt: skip


def ana():
    return people.profile_of(kind="user", value="ana")


class TestObservations:
    def test_a_new_value_is_written_with_its_source_and_time(self):
        people.happened(identify(country="HR", minute=5))

        one = TraitObservation.objects.get()
        assert (one.key, one.value, one.is_fit) == ("country", "HR", True)
        assert one.source == f"source:{people.website().pk}"
        assert one.observed_at == NOON - timedelta(hours=2) + timedelta(minutes=5)

    def test_the_same_value_is_not_written_again(self):
        people.happened(identify(country="HR"), identify(country="HR", minute=1))
        people.happened(identify(country="HR", minute=9))
        people.happened(identify(country="DE", minute=10), identify(country="HR", minute=11))

        assert told("country") == [("HR", True), ("DE", True), ("HR", True)]

    def test_a_late_call_does_not_replace_what_was_told_after_it(self):
        people.happened(identify(country="DE", minute=30))
        people.happened(identify(country="HR", minute=10))

        assert ana().traits == {"country": "DE"}
        assert told("country") == [("HR", True), ("DE", True)]

    def test_a_value_of_another_type_is_kept_and_overwrites_nothing(self):
        people.happened(identify(age=41))

        people.happened(identify(age="old", minute=5))

        assert ana().traits == {"age": 41}
        assert told("age") == [(41, True), ("old", False)]

    def test_a_number_in_a_text_is_a_number(self):
        people.happened(identify(age=41))

        people.happened(identify(age="42", minute=5))

        assert ana().traits == {"age": 42}

    def test_null_takes_a_trait_back_and_can_be_undone(self):
        people.happened(identify(country="HR"))
        people.happened(identify(country=None, minute=5))
        assert ana().traits == {}

        people.happened(identify(country="HR", minute=10))

        assert ana().traits == {"country": "HR"}
        assert told("country") == [("HR", True), (None, True), ("HR", True)]

    def test_two_browsers_of_one_person_each_keep_what_they_told(self):
        people.happened(identify(country="HR", browser="phone"))
        people.happened({
            "type": "identify",
            "anonymousId": "laptop",
            "messageId": "l1",
            "timestamp": NOON.isoformat(),
            "traits": {"country": "DE", "plan": "x"},
        })
        people.happened(identify(browser="laptop", minute=200))  # fmt: skip

        assert ana().traits == {"country": "DE", "plan": "x"}
        assert told("country") == [("HR", True)]
        assert told("country", kind="anonymous", value="laptop") == [("DE", True)]

    def test_what_only_a_track_call_says_is_no_trait(self):
        people.happened(people.track("ana", "Signed Up", "t1", properties={"country": "HR"}))

        assert not TraitObservation.objects.exists()


class TestDefinitions:
    def test_are_made_when_a_key_is_first_seen(self):
        people.happened(identify(
            email="ana@example.org", firstName="Ana", birthday="1985-04-01", age=41, vip=True,
            interests=["saving"], address={"city": "Split"}, phone=385_911_234_567,
        ))  # fmt: skip

        found = {one.key: (one.type, one.pii) for one in TraitDef.objects.all()}
        assert found == {
            "email": ("text", "contact"),
            "firstName": ("text", "name"),
            "birthday": ("date", "birth"),
            "age": ("number", "none"),
            "vip": ("boolean", "none"),
            "interests": ("list", "none"),
            "address": ("object", "contact"),
            "phone": ("text", "contact"),
        }

    def test_a_flood_of_keys_is_not_defined_and_nothing_is_lost(self, monkeypatch):
        monkeypatch.setattr(define, "MOST_KEYS", 2)

        people.happened(identify(country="HR", age=41))
        people.happened(identify(made_up="yes", minute=1))

        assert TraitDef.objects.count() == 2
        assert ana().traits["made_up"] == "yes"

    def test_another_way_to_choose_moves_everybody_and_starts_no_journey(self):
        group = segment.create(name="Croatia", rule=people.from_country("HR"), at=NOON)
        people.happened(identify(country="HR"), identify(country="DE", minute=5))
        meaning = TraitDef.objects.get(key="country")

        meaning.survivorship = TraitDef.Survivorship.OLDEST
        redefine.save(changed=meaning)
        while redefine.advance(at=NOON):
            pass

        assert ana().traits == {"country": "HR"}
        stay = group.members.get()
        assert (stay.cause, stay.left_at) == ("edit", None)

    def test_another_type_flags_what_fits_no_more(self):
        people.happened(identify(code="12"), identify(code="HR", minute=5))
        meaning = TraitDef.objects.get(key="code")

        meaning.type = TraitDef.Type.NUMBER
        assert redefine.save(changed=meaning)
        while redefine.advance(at=NOON):
            pass

        assert ana().traits == {"code": 12}
        assert told("code") == [("12", True), ("HR", False)]

    def test_another_label_touches_nobody(self):
        people.happened(identify(country="HR"))
        meaning = TraitDef.objects.get(key="country")
        meaning.label = "Country"

        assert not redefine.save(changed=meaning)
        assert not redefine.advance(at=NOON)


class TestStaff:
    def test_tell_a_trait_by_hand_and_the_segments_hear_of_it(self):
        group = segment.create(name="Croatia", rule=people.from_country("HR"), at=NOON)
        people.happened(identify(country="DE"))
        mara = people.marketer()

        trait.tell(profile_id=ana().pk, key="country", value="HR", by=mara.pk, at=NOON)

        assert ana().traits == {"country": "HR"}
        assert group.members.filter(left_at=None).count() == 1
        newest = TraitObservation.objects.latest("id")
        assert newest.source == f"staff:{mara.pk}"

    def test_can_not_tell_what_does_not_fit(self):
        people.happened(identify(age=41))

        with pytest.raises(trait.NoSuchTrait):
            trait.tell(profile_id=ana().pk, key="age", value="old", by=1, at=NOON)
        with pytest.raises(trait.NoSuchTrait):
            trait.tell(profile_id=ana().pk, key="nothing", value="x", by=1, at=NOON)


class TestSight:
    def test_who_lacks_a_right_reads_dots(self):
        people.happened(identify(email="ana@example.org", firstName="Ana", plan="pro"))
        adviser = people.staff("ada", "view_profile", "see_name")

        eyes = define.sight(user=adviser)

        assert eyes.traits(ana().traits) == {
            "email": define.DOTS, "firstName": "Ana", "plan": "pro",
        }  # fmt: skip
        assert eyes.shown("email", None) is None

    def test_all_rights_see_all_with_no_question_asked(self, django_assert_num_queries):
        mara = people.staff("mara", "see_name", "see_contact", "see_birth", "see_sensitive")
        mara.has_perm("customers.see_name")

        with django_assert_num_queries(0):
            eyes = define.sight(user=mara)

        assert eyes.shown("email", "ana@example.org") == "ana@example.org"


class TestTheSameAnswer:
    """Whatever came in whatever order and batches: the fold's answer is the recomputed one."""

    @pytest.mark.parametrize("seed", range(6))
    def test_of_the_fold_and_of_a_recomputation(self, seed):
        dice = random.Random(seed)
        for key, how in zip("abcdef", TraitDef.Survivorship.values, strict=True):
            kind = {"sum": "number", "union": "list"}.get(how, "text")
            TraitDef.objects.create(
                key=key, type=kind, survivorship=how, created_at=NOON,
                ranks=["source:2", "source:1"] if how == "source_rank" else [],
            )  # fmt: skip
        sources = [Source.objects.create(name=f"Source {n}") for n in range(2)]
        for _ in range(12):
            calls = [_call(dice) for _ in range(dice.randint(1, 5))]
            ingest.accept(source=dice.choice(sources), events=calls, at=NOON)
            if dice.random() < 0.6:
                fold.drain(at=NOON)
        fold.drain(at=NOON)
        everybody = dict(Profile.objects.filter(state="ACTIVE").values_list("pk", "traits"))
        assert any(everybody.values())

        changed = trait.recompute(profile_ids=list(everybody))

        assert changed == set()
        assert _recent(everybody) == {}


def _call(dice):
    value = lambda: dice.choice([None, "", "x", "y", 3, 4, ["x"], {"no": 1}])  # noqa: E731
    who = dice.choice(["ana", "chen", None])
    call = {
        "type": "identify", "traits": {key: value() for key in dice.sample("abcdef", 3)},
        "timestamp": (NOON - timedelta(minutes=dice.randint(0, 8))).isoformat(),
    }  # fmt: skip
    if who:
        call["userId"] = who
    if who is None or dice.random() < 0.3:
        call["anonymousId"] = f"browser-{dice.randint(1, 3)}"
    return call


def _recent(everybody):
    """Return who has another most recent value of `a` than their observations, read naively."""
    wrong = {}
    for profile, traits in everybody.items():
        said = TraitObservation.objects.filter(alias__profile=profile, key="a", is_fit=True)
        last = said.order_by("observed_at", "id").last()
        value = None if last is None else last.value
        if traits.get("a") != (str(value) if isinstance(value, int) else value):
            wrong[profile] = (traits.get("a"), value)
    return wrong


def test_a_batch_that_tells_nothing_asks_nothing_about_traits(send, viewed, monkeypatch):
    def never(**asked):
        raise AssertionError("Nobody told a trait.")

    monkeypatch.setattr(define, "learn", never)
    monkeypatch.setattr(trait, "observe", never)

    send(viewed(), {"type": "identify", "userId": "chen"})

    assert people.profile_of(kind="user", value="chen").traits == {}
