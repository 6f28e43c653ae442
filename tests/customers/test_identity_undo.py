"""Merging and its undoing: in any order, as if it had never been."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from customers import consent, graph, identify, link, merge, segment, split
from customers.link import Evidence
from customers.models import (
    Alias,
    AliasOverride,
    CannotLink,
    ConsentEntry,
    ContactPoint,
    Event,
    IdentityChange,
    IdentityLink,
    MergeReview,
    Profile,
    SegmentMember,
)
from dxp.lib.clock import now
from tests.customers import people, truth
from tests.customers.test_identity import person
from tests.customers.test_segment import inside, lives_in


@dataclass(frozen=True)
class Name:
    id: int
    home: int
    age: tuple[datetime, int]


class TestTheRule:
    def test_36000_random_links_and_revokes_equal_a_rebuild(self):
        """300 worlds of 40 names; the verbs' own pure functions against a rebuild from scratch."""
        dice = random.Random(20)
        for _ in range(300):
            names = [
                Name(n, -n, (datetime(2026, 1, dice.randint(1, 9), tzinfo=UTC), n))
                for n in range(40)
            ]
            owner = {one.id: one.home for one in names}
            links = []

            def mine(number, names=names, owner=owner):
                return [one for one in names if owner[one.id] == owner[number]]

            for _ in range(120):
                if links and dice.random() < 0.4:
                    a, _b = links.pop(dice.randrange(len(links)))
                    gone = graph.leaving(a, mine(a), links)
                    owner |= {one.id: graph.heir(gone) for one in gone}
                else:
                    a, b = dice.sample(range(40), 2)
                    together = {*mine(a), *mine(b)}
                    owner |= dict.fromkeys([n.id for n in together], graph.heir(together))
                    links.append((a, b))
                assert owner == truth.owners([(n.id, n.home, n.age[0]) for n in names], links)
            dice.shuffle(links)
            while links:
                a, _b = links.pop()
                gone = graph.leaving(a, mine(a), links)
                owner |= {one.id: graph.heir(gone) for one in gone}
            assert owner == {one.id: one.home for one in names}


class TestTheVerbs:
    def test_hundreds_of_joins_and_revokes_equal_a_rebuild_and_leave_nothing_behind(self, db):
        dice = random.Random(7)
        # No midnight between the events, whose day is counted.
        for n in range(7):
            who = {"userId": f"u{n}"} if n % 2 else {"anonymousId": f"a{n}"}
            told = {"country": "IT" if n < 3 else "RO", f"k{n}": n, "email": f"u{n}@x.test"}
            people.happened(
                {"type": "identify", "messageId": f"i{n}", "traits": told, **who},
                *({"type": "track", "event": f"E{e}", "messageId": f"t{n}-{e}", **who,
                   "properties": {"revenue": n}} for e in range(n % 3 + 1)),
                at=people.NOON + timedelta(minutes=n),
            )  # fmt: skip
        before = truth.picture()
        ids = sorted(before["owners"])
        at = people.NOON + timedelta(hours=1)

        def held():
            return IdentityLink.objects.filter(refused="", revoked_at=None).order_by("pk")

        for step in range(160):
            at += timedelta(seconds=1)
            if held().count() and dice.random() < 0.45:
                split.revoke(link=dice.choice(held()), by=None, at=at)
            else:
                a, b = (Alias.objects.get(pk=one) for one in dice.sample(ids, 2))
                if a.profile_id != b.profile_id:
                    merge.join(a=a.profile_id, b=b.profile_id, by=None, at=at)
                else:
                    say_again(a, b, at)
            if step % 10 == 0:
                truth.holds()
        truth.holds()
        for one in sorted(held(), key=lambda _: dice.random()):
            split.revoke(link=one, by=None, at=at)

        assert truth.picture() == before
        assert not AliasOverride.objects.exists()


def say_again(a, b, at):
    """Write one more link between names that are one person already."""
    by_id = {one.id: one for one in identify.aliases_of(profile_ids=[a.profile_id])}
    evidence = Evidence(by_id[a.pk], by_id[b.pk], "identify", at)
    link.write(weighed=[(evidence, "")], at=at)


@pytest.fixture
def family(send, viewed, signs_up):
    """Three people who are found out to be one; return the links, the first undone first."""
    send(viewed(of="old"), viewed("Order Completed", of="old", properties={"revenue": 5}))
    send(signs_up("ana", email="ana@example.test", country="IT"))
    send(signs_up("bruno", email="bruno@example.test", country="RO"), viewed(of="bruno"))
    ids = [
        person("anonymous", "old-phone").pk,
        person("user", "ana").pk,
        person("user", "bruno").pk,
    ]
    return ids


class TestUndoing:
    def test_pitfall_03_undoing_the_first_of_three_merges_keeps_the_third(
        self, family, viewed, send
    ):
        old, ana, bruno = family
        chen = identify.ensure_alias(kind="user", value="chen", at=now()).profile_id
        first, second, third = (
            merge.join(a=a, b=b, by=None, at=now())
            for a, b in ((old, ana), (ana, bruno), (bruno, chen))
        )
        assert Alias.objects.exclude(profile_id=old).count() == 0

        split.revoke(link=first, by=None, at=now())

        # Joined through the old one's oldest name: without that link, each of the others is alone
        # with what still holds to it.
        truth.holds()
        assert not IdentityLink.objects.get(pk=third.pk).revoked_at
        assert not IdentityLink.objects.get(pk=second.pk).revoked_at
        assert person("user", "chen") == person("user", "bruno")
        assert person("user", "ana").pk == ana

    def test_brings_back_traits_counts_and_addresses(self, family):
        _, ana, bruno = family
        before = truth.picture()

        made = merge.join(a=ana, b=bruno, by=None, at=now())
        assert set(ContactPoint.objects.values_list("profile_id", flat=True)) == {ana}
        split.revoke(link=made, by=None, at=now())

        assert truth.picture() == before
        truth.holds()

    def test_what_happened_meanwhile_goes_with_the_name_it_happened_under(
        self, family, viewed, send
    ):
        _, ana, bruno = family
        made = merge.join(a=ana, b=bruno, by=None, at=now())
        send(
            {"type": "identify", "userId": "bruno",
             "traits": {"plan": "pro", "email": "b2@example.test"}},
            {"type": "track", "event": "Bought", "userId": "bruno"},
        )  # fmt: skip
        assert Profile.objects.get(pk=ana).traits["plan"] == "pro"
        truth.holds()

        split.revoke(link=made, by=None, at=now())

        assert Profile.objects.get(pk=bruno).traits["plan"] == "pro"
        assert "plan" not in Profile.objects.get(pk=ana).traits
        assert ContactPoint.objects.get(value="b2@example.test").profile_id == bruno
        bought = Event.objects.get(name="Bought")
        # Its stamp is what it was; readers see the truth.
        assert bought.profile_id == ana
        assert Event.objects.of(Profile.objects.get(pk=bruno)).filter(name="Bought").exists()
        assert not Event.objects.of(Profile.objects.get(pk=ana)).filter(name="Bought").exists()
        truth.holds()

    def test_segments_are_judged_anew_and_say_why(self, family, heard):
        _, ana, bruno = family
        italians = segment.create(name="Italy", rule=lives_in("IT"), at=now())
        romanians = segment.create(name="Romania", rule=lives_in("RO"), at=now())
        made = merge.join(a=ana, b=bruno, by=None, at=now())
        heard.events.clear()

        split.revoke(link=made, by=None, at=now())

        assert (inside(italians), inside(romanians)) == ({ana}, {bruno})
        causes = {one.properties["cause"] for one in heard.events}
        assert causes == {"unmerge"}
        assert SegmentMember.objects.filter(left_at=None).count() == 2
        assert segment.reconcile(at=now()) == 0

    def test_tells_the_floors_above(self, family, heard):
        _, ana, bruno = family
        made = merge.join(a=ana, b=bruno, by=None, at=now())
        split.revoke(link=made, by=None, at=now())

        assert heard.merges == [(ana, bruno)]
        assert heard.splits == [(ana, bruno)]

    def test_consent_stays_with_the_address_it_was_given_for(self, family):
        _, ana, bruno = family
        point = ContactPoint.objects.get(value="ana@example.test")
        consent.record(
            contact_point=point, purpose="marketing", channel="email",
            state=ConsentEntry.State.GRANTED, method="form", at=now(),
        )  # fmt: skip
        made = merge.join(a=ana, b=bruno, by=None, at=now())
        split.revoke(link=made, by=None, at=now())

        allowed = consent.may(
            contact_points=list(ContactPoint.objects.values_list("pk", flat=True)),
            purpose="marketing", channel="email", at=now(),
        )  # fmt: skip
        assert allowed == {point.pk}
        assert ContactPoint.objects.get(pk=point.pk).profile_id == ana

    def test_writes_who_did_what_and_what_was_known_before(self, family):
        _, ana, bruno = family
        mara = people.staff("mara")
        made = merge.join(a=ana, b=bruno, by=mara.pk, at=now(), reason="the same voice")
        split.revoke(link=made, by=mara.pk, at=now(), reason="a twin")

        merged, parted = IdentityChange.objects.order_by("pk")
        assert (merged.cause, merged.by, merged.reason) == ("merge", mara, "the same voice")
        assert merged.traits_before[str(bruno)]["country"] == "RO"
        assert (parted.cause, parted.link, parted.reason) == ("unmerge", made, "a twin")
        alias = Alias.objects.get(value="bruno")
        assert [alias.pk, ana, bruno] in parted.moved

    def test_a_link_is_undone_once(self, family):
        _, ana, bruno = family
        made = merge.join(a=ana, b=bruno, by=None, at=now())
        split.revoke(link=made, by=None, at=now())

        with pytest.raises(merge.Refused):
            split.revoke(link=made, by=None, at=now())

    def test_old_evidence_does_not_bring_it_back_and_new_evidence_does(self, send, signs_up):
        then = now() - timedelta(hours=1)
        send(signs_up("ana", browser="desk", timestamp=then.isoformat()))
        send(signs_up("ana", browser="desk"))
        split.revoke(link=IdentityLink.objects.get(), by=None, at=now())

        send({**signs_up("ana", browser="desk"), "timestamp": then.isoformat()})
        assert person("user", "ana") != person("anonymous", "desk")
        assert IdentityLink.objects.get(revoked_at=None).refused == "undone by staff"

        send(signs_up("ana", browser="desk"))
        assert person("user", "ana") == person("anonymous", "desk")

    def test_never_again_holds_against_all_evidence(self, send, signs_up):
        send(signs_up("ana", browser="desk"))
        split.revoke(link=IdentityLink.objects.get(), by=None, at=now(), never=True)

        send(signs_up("ana", browser="desk"))
        assert person("user", "ana") != person("anonymous", "desk")
        assert CannotLink.objects.count() == 1
        with pytest.raises(merge.Refused):
            merge.join(
                a=person("user", "ana").pk, b=person("anonymous", "desk").pk, by=None, at=now()
            )


class TestJoining:
    def test_oneself_is_refused(self, family):
        _, ana, _ = family
        with pytest.raises(merge.Refused):
            merge.join(a=ana, b=ana, by=None, at=now())

    def test_a_stranger_is_refused(self, family):
        with pytest.raises(merge.Refused):
            merge.join(a=family[0], b=10**9, by=None, at=now())

    def test_weaker_evidence_than_staff_never_joins_two_known_users(self, family):
        _, ana, bruno = family
        for kind in ("import", "probabilistic", "login"):
            with pytest.raises(merge.Refused):
                merge.join(a=ana, b=bruno, by=None, at=now(), kind=kind)
        assert person("user", "ana") != person("user", "bruno")

    def test_settles_what_waited_for_review(self, send, signs_up):
        send(signs_up("ana", browser="tablet"), signs_up("bruno", browser="tablet"))
        assert MergeReview.objects.get().state == "OPEN"

        merge.join(a=person("user", "ana").pk, b=person("user", "bruno").pk, by=None, at=now())

        assert MergeReview.objects.get().state == "MERGED"
        # The refusal stays written beside the link that staff made.
        assert set(IdentityLink.objects.values_list("kind", "refused")) == {
            ("identify", ""), ("identify", "two known users"), ("manual", ""),
        }  # fmt: skip
