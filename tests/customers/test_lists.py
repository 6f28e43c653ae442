"""Lists of people: who is on them, what follows them, and what keeps them."""

from __future__ import annotations

import pytest

from customers import erase, gather, merge, segment, split
from customers.conditions.base import RuleError
from customers.models import Event, IdentityLink, Profile, ProfileList, SegmentMember
from customers.rights import KEEPERS, Person
from dxp.lib.clock import now
from tests.customers import people


@pytest.fixture
def known(db):
    """Return a way to make somebody known under a name."""

    def meet(name):
        people.happened(people.track(name, "Signed Up", f"{name}-1"))
        return Profile.objects.get(aliases__value=name)

    return meet


@pytest.fixture
def ana(known):
    return known("ana")


@pytest.fixture
def bruno(known):
    return known("bruno")


def made(*who, name="Guests"):
    return gather.create(name=name, profile_ids=[one.pk for one in who], at=now())


def on(a_list):
    return set(a_list.entries.values_list("profile_id", flat=True))


def inside(group):
    stays = SegmentMember.objects.filter(segment=group, left_at=None)
    return set(stays.values_list("profile_id", flat=True))


def asks_for(a_list):
    return {"v": 1, "root": {"op": "not", "of": {"op": "list", "id": a_list.pk}}}


class TestAList:
    def test_holds_each_person_once_and_nobody_who_is_not_there(self, ana, bruno):
        guests = made(ana, ana)

        assert gather.add(list=guests, profile_ids=[ana.pk, bruno.pk, 987_654], at=now()) == 1
        assert on(guests) == {ana.pk, bruno.pk}
        assert gather.remove(list=guests, profile_ids=[ana.pk, ana.pk, 987_654], at=now()) == 1
        assert on(guests) == {bruno.pk}

    def test_is_filled_in_bites(self, ana, bruno, known, monkeypatch):
        monkeypatch.setattr(gather, "BITE", 2)
        everybody = [ana, bruno, known("chen"), known("dora"), known("emil")]
        guests = made()

        assert gather.add(list=guests, profile_ids=[one.pk for one in everybody], at=now()) == 5
        assert len(on(guests)) == 5

    def test_a_name_is_taken_once_and_then_nobody_is_on_half_a_list(self, ana):
        made(ana)

        with pytest.raises(Exception, match="customers_profilelist"):
            made(ana)

    def test_says_who_made_it_and_where_the_people_come_from(self, ana):
        mara = people.marketer()

        guests = gather.create(
            name="Guests", profile_ids=[ana.pk], at=now(), by=mara, origin="Funnel, step 2"
        )

        assert (guests.created_by, guests.origin) == (mara, "Funnel, step 2")


class TestSegmentsOverAList:
    def test_take_in_and_let_go_at_once_and_say_so(self, ana, bruno):
        guests = made(ana)
        group = gather.segment_of(list=guests, name="Guests now", at=now())
        assert inside(group) == {ana.pk}

        gather.add(list=guests, profile_ids=[bruno.pk], at=now())
        assert inside(group) == {ana.pk, bruno.pk}
        gather.remove(list=guests, profile_ids=[ana.pk], at=now())
        assert inside(group) == {bruno.pk}

        told = Event.objects.filter(properties__segment=group.slug).order_by("id")
        assert list(told.values_list("name", "profile_id")) == [
            ("Segment Entered", ana.pk), ("Segment Entered", bruno.pk), ("Segment Left", ana.pk),
        ]  # fmt: skip

    def test_may_ask_for_the_opposite(self, ana, bruno):
        guests = made(ana)
        others = segment.create(name="Others", rule=asks_for(guests), at=now())
        assert inside(others) == {bruno.pk}

        gather.add(list=guests, profile_ids=[bruno.pk], at=now())
        assert inside(others) == set()
        gather.remove(list=guests, profile_ids=[bruno.pk], at=now())
        assert inside(others) == {bruno.pk}

    def test_those_that_stand_on_them_follow(self, ana, bruno):
        guests = made()
        inner = gather.segment_of(list=guests, name="Guests now", at=now())
        rule = {"v": 1, "root": {"op": "segment", "id": inner.pk}}
        outer = segment.create(name="Outer", rule=rule, at=now())

        gather.add(list=guests, profile_ids=[bruno.pk], at=now())

        assert inside(outer) == {bruno.pk}

    def test_the_night_finds_nothing_to_repair(self, ana, bruno):
        guests = made(ana)
        gather.segment_of(list=guests, name="Guests now", at=now())
        segment.create(name="Others", rule=asks_for(guests), at=now())
        gather.add(list=guests, profile_ids=[bruno.pk], at=now())

        assert segment.reconcile(at=now()) == 0

    def test_explain_since_when(self, ana):
        guests = made(ana)
        group = gather.segment_of(list=guests, name="Guests now", at=now())

        why = segment.why(segment_or_rule=group, profile_id=ana.pk, at=now())

        assert why.root.inside
        assert why.root.sentence == "is on the list “Guests”"
        assert why.root.facts["since"] is not None

    def test_are_refused_over_a_list_that_is_gone(self, db):
        rule = {"v": 1, "root": {"op": "list", "id": 987_654}}

        with pytest.raises(RuleError, match="does not exist any more"):
            segment.create(name="Lost", rule=rule, at=now())


class TestDeleting:
    def test_waits_until_no_segment_asks_for_it(self, ana):
        guests = made(ana)
        group = gather.segment_of(list=guests, name="Guests now", at=now())

        with pytest.raises(gather.InUse, match="Segment Guests now"):
            gather.delete(list=guests)

        segment.remove(segment=group)
        gather.delete(list=guests)
        assert not ProfileList.objects.exists()
        assert Profile.objects.filter(pk=ana.pk).exists()


class TestAMerge:
    def test_moves_the_entry_and_an_unmerge_leaves_it(self, ana, bruno):
        guests = made(bruno)
        group = gather.segment_of(list=guests, name="Guests now", at=now())

        link = merge.join(a=ana.pk, b=bruno.pk, by=None, at=now())
        (kept,) = on(guests)
        assert Profile.objects.get(pk=kept).state == "ACTIVE"
        assert inside(group) == {kept}

        split.revoke(link=IdentityLink.objects.get(pk=link.pk), by=None, at=now())
        assert on(guests) == inside(group) == {kept}

    def test_of_two_who_are_on_it_leaves_one(self, ana, bruno):
        guests = made(ana, bruno)

        merge.join(a=ana.pk, b=bruno.pk, by=None, at=now())

        assert guests.entries.count() == 1

    def test_who_was_merged_away_stands_for_who_stayed(self, ana, bruno):
        link = merge.join(a=ana.pk, b=bruno.pk, by=None, at=now())
        guests = made(ana, bruno)

        assert on(guests) == {link.a.profile_id}


class TestThePerson:
    def test_reads_of_their_lists_and_leaves_them_when_forgotten(self, ana, bruno):
        guests = made(ana, bruno)
        person = Person.of(ana.pk)

        told = list(KEEPERS.get("lists").export(person))
        assert [one["list_id"] for one in told] == [guests.pk]

        erase.run(erase.request(person, by=None, at=now()), at=now())
        assert on(guests) == {bruno.pk}
