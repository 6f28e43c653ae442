"""Who is who: evidence, refusals, and what moves when two profiles become one."""

from __future__ import annotations

import pytest

from customers import identify, segment
from customers.models import (
    Alias,
    AliasOverride,
    ContactPoint,
    Event,
    EventDay,
    IdentityLink,
    Profile,
    SegmentMember,
)
from dxp.lib.clock import now
from tests.customers import people
from tests.customers.test_segment import inside, lives_in, read


def person(kind, value):
    return people.profile_of(kind=kind, value=value)


def counted(profile):
    return dict(EventDay.objects.filter(profile=profile).values_list("matcher__event", "n"))


class TestIdentifyCalls:
    def test_a_visitor_who_signs_up_stays_the_same_person(self, send, viewed, signs_up, heard):
        send(viewed(), viewed())
        visitor = person("anonymous", "chen-phone")

        send(signs_up("chen", email="Chen@Example.test", firstName="Chen"))

        chen = person("user", "chen")
        assert chen == visitor
        assert (chen.is_known, chen.display_name) == (True, "Chen")
        assert counted(chen) == {"Article Viewed": 2, "Identified": 1}
        # Her user id was born in that moment: nothing was merged, nothing overridden.
        assert heard.merges == []
        assert not AliasOverride.objects.exists()
        assert set(Event.objects.values_list("profile_id", flat=True)) == {chen.pk}

    def test_two_browsers_of_one_user_become_one_person(self, send, viewed, signs_up, heard):
        send(viewed(), signs_up("chen", browser="chen-phone"))
        send(viewed(of="laptop"), viewed(of="laptop"))
        chen, other = person("user", "chen"), person("anonymous", "laptop-phone")

        send(signs_up("chen", browser="laptop-phone"))

        assert heard.merges == [(chen.pk, other.pk)]
        assert person("anonymous", "laptop-phone") == chen
        assert counted(chen) == {"Article Viewed": 3, "Identified": 2}
        assert counted(other) == {}
        other.refresh_from_db()
        assert other.state == Profile.State.ABSORBED
        # Events are never rewritten; readers overlay.
        override = AliasOverride.objects.get()
        assert (override.alias.value, override.profile_id) == ("laptop-phone", chen.pk)
        assert Event.objects.filter(profile=other).count() == 2

    def test_the_oldest_name_gives_the_profile(self, send, viewed, signs_up, heard):
        send(viewed(of="laptop"))
        oldest = person("anonymous", "laptop-phone")
        send({"type": "identify", "userId": "chen", "traits": {"country": "CN"}})
        young = person("user", "chen")

        send(signs_up("chen", browser="laptop-phone"))

        assert person("user", "chen") == oldest
        assert heard.merges == [(oldest.pk, young.pk)]
        assert person("user", "chen").traits == {"country": "CN"}

    def test_two_known_users_on_one_browser_stay_two(self, send, signs_up, viewed, heard):
        send(signs_up("ana", browser="kitchen-tablet", country="IT"))
        send(signs_up("bruno", browser="kitchen-tablet", country="RO"))

        ana, bruno = person("user", "ana"), person("user", "bruno")
        assert ana != bruno
        assert (ana.traits["country"], bruno.traits["country"]) == ("IT", "RO")
        assert heard.merges == []
        refused = IdentityLink.objects.exclude(refused="").get()
        assert refused.refused == "two known users"

    def test_a_name_for_nobody_makes_nobody(self, send, signs_up):
        send(*(signs_up(who, browser="kiosk") for who in ("null", '"undefined"', "0000-00", "NaN")))

        assert list(Alias.objects.values_list("kind", "value")) == [("anonymous", "kiosk")]
        assert not IdentityLink.objects.exists()

    def test_a_shared_address_keeps_its_first_owner(self, send, signs_up):
        send(signs_up("ana", email="family@example.test"))
        send(signs_up("bruno", email="Family@example.test "))

        assert person("user", "ana") != person("user", "bruno")
        assert ContactPoint.objects.get().profile == person("user", "ana")

    def test_what_is_told_of_a_track_call_changes_no_trait(self, send, viewed):
        send(viewed(context={"traits": {"country": "IT"}}))

        assert person("anonymous", "chen-phone").traits == {}

    def test_null_takes_a_trait_away_and_silence_keeps_it(self, send, signs_up):
        send(signs_up("ana", country="IT", plan="pro"))
        send(signs_up("ana", plan=None))

        assert person("user", "ana").traits == {"country": "IT"}

    def test_traits_may_stand_in_the_context_alone(self, send):
        told = {"type": "identify", "userId": "ana", "context": {"traits": {"plan": "pro"}}}

        send(told)

        assert person("user", "ana").traits == {"plan": "pro"}

    def test_a_server_that_speaks_for_somebody_is_no_visit(self, send):
        send({"type": "identify", "userId": "ana", "timestamp": "2026-01-01T00:00:00Z"})
        seen = person("user", "ana").last_seen_at

        send({
            "type": "identify",
            "userId": "ana",
            "traits": {"a": 1},
            "context": {"active": False},
        })

        ana = person("user", "ana")
        assert (ana.last_seen_at, ana.traits) == (seen, {"a": 1})


class TestAliasCalls:
    def test_link_a_browser_to_a_user(self, send, viewed):
        send(viewed())
        send({"type": "alias", "userId": "chen", "previousId": "chen-phone"})

        assert person("user", "chen") == person("anonymous", "chen-phone")

    def test_of_oneself_to_oneself_are_nothing(self, send, signs_up):
        send(signs_up("chen"))
        send({"type": "alias", "userId": "chen", "previousId": "chen"})

        assert IdentityLink.objects.count() == 1

    def test_never_merge_two_known_users(self, send, signs_up):
        send(signs_up("ana"), signs_up("bruno"))

        send({"type": "alias", "userId": "ana", "previousId": "bruno"})

        assert person("user", "ana") != person("user", "bruno")
        assert IdentityLink.objects.get(kind="alias").refused == "two known users"


class TestMerging:
    def test_moves_addresses_stays_and_next_looks(self, send, viewed, signs_up, heard):
        italians = segment.create(name="Italy", rule=lives_in("IT"), at=now())
        readers = segment.create(name="Readers", rule=read(2), at=now())
        send(viewed(of="laptop"))
        oldest = person("anonymous", "laptop-phone")
        send({"type": "identify", "userId": "ana",
              "traits": {"country": "IT", "email": "ana@example.test"}})  # fmt: skip
        send({"type": "track", "event": "Article Viewed", "userId": "ana"})
        heard.events.clear()

        send(signs_up("ana", browser="laptop-phone"))

        ana = person("user", "ana")
        assert ana == oldest
        assert inside(italians) == inside(readers) == {ana.pk}
        # She was Italian all along; a reader she became by being one person.
        assert SegmentMember.objects.filter(segment=italians).count() == 1
        changes = [one for one in heard.events if one.name.startswith("Segment")]
        assert [(one.name, one.properties["cause"]) for one in changes] == [
            ("Segment Entered", "merge")
        ]
        assert ContactPoint.objects.get().profile == ana

    def test_what_comes_with_the_evidence_is_a_cause_of_its_own(
        self, send, viewed, signs_up, heard
    ):
        segment.create(name="Readers", rule=read(3), at=now())
        send(viewed(of="laptop"))
        send({"type": "track", "event": "Article Viewed", "userId": "ana"})
        heard.events.clear()

        send(signs_up("ana", browser="laptop-phone"), viewed(of="laptop"))

        entered = next(one for one in heard.events if one.name == "Segment Entered")
        assert entered.properties["cause"] == "event"

    def test_in_one_batch_or_in_many_is_the_same(self, send, viewed, signs_up):
        send(viewed(of="a"), viewed(of="b"), signs_up("ana", browser="a-phone"),
             signs_up("ana", browser="b-phone"), viewed(of="b"))  # fmt: skip

        ana = person("user", "ana")
        assert person("anonymous", "a-phone") == person("anonymous", "b-phone") == ana
        assert counted(ana) == {"Article Viewed": 3, "Identified": 2}
        assert Profile.objects.filter(state="ACTIVE").count() == 1


class TestAddresses:
    def test_a_bad_one_stays_a_trait(self, send, signs_up):
        send(signs_up("ana", email="not an address"))

        assert person("user", "ana").traits == {"email": "not an address"}
        assert not ContactPoint.objects.exists()


class TestEnsuring:
    def test_an_alias_is_made_once(self, db):
        first = identify.ensure_alias(kind="user", value="ana", at=now())

        assert identify.ensure_alias(kind="user", value="ana", at=now()) == first
        assert Profile.objects.get() == first.profile

    def test_nobody_is_refused(self, db):
        with pytest.raises(identify.BadAlias):
            identify.ensure_alias(kind="user", value="null", at=now())

        assert not Profile.objects.exists()

    def test_an_address_is_made_once_and_keeps_its_owner(self, db):
        ana = identify.ensure_alias(kind="user", value="ana", at=now()).profile
        bruno = identify.ensure_alias(kind="user", value="bruno", at=now()).profile
        first = identify.ensure_contact_point(
            profile_id=ana.pk, channel="email", address="A@x.test", at=now()
        )

        again = identify.ensure_contact_point(
            profile_id=bruno.pk, channel="email", address="a@X.test", at=now()
        )

        assert (again, again.profile) == (first, ana)
