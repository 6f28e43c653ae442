"""Which evidence is believed: blocked names, limits, two known users, shared devices."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from customers import block, fold, identify, ingest, link, merge, split
from customers.models import (
    Alias,
    AliasOwnership,
    BlockedValue,
    CannotLink,
    ContactPoint,
    Event,
    IdentityLink,
    LinkLimit,
    MergeReview,
    Profile,
    Quarantine,
)
from dxp.lib.clock import now
from tests.customers import people, truth
from tests.customers.test_identity import person

HOUR = timedelta(hours=1)


def limit(about, most, days):
    LinkLimit.objects.filter(about=about).update(most=most, days=days)


def reasons():
    return sorted(IdentityLink.objects.exclude(refused="").values_list("refused", flat=True))


class TestBlockedNames:
    @pytest.mark.parametrize("name", ["null", "[object Object]", "0000-0000", "undefined"])
    def test_pitfall_01_a_name_of_nobody_merges_nobody(self, send, signs_up, name):
        send(*(signs_up(name, browser=f"desk-{n}") for n in range(3)))

        assert not IdentityLink.objects.exists()
        assert Profile.objects.filter(state="ACTIVE").count() == 3

    def test_pitfall_01_one_id_on_many_people_is_quarantined_and_what_it_joined_comes_apart(
        self, send, signs_up, viewed
    ):
        limit("partners", 4, 1)
        for n in range(4):
            send(signs_up("test-user", browser=f"desk-{n}"))
        assert len({person("anonymous", f"desk-{n}").pk for n in range(4)}) == 1

        send(signs_up("test-user", browser="desk-4"))

        blocked = BlockedValue.objects.get()
        assert (blocked.kind, blocked.value, blocked.origin, blocked.people) == (
            "user", "test-user", "quarantine", 5,
        )  # fmt: skip
        assert split.cut_blocked(at=now()) == 4
        desks = {person("anonymous", f"desk-{n}").pk for n in range(5)}
        assert len(desks) == 5
        assert split.cut_blocked(at=now()) == 0
        truth.holds()
        # From now on the browser stands for itself.
        send(signs_up("test-user", browser="desk-5"), viewed("Bought", anonymousId="desk-5"))
        event = Event.objects.get(name="Bought")
        assert event.alias.value == "desk-5"
        assert Event.objects.filter(alias__value="test-user", anonymous_id="desk-5").count() == 0
        assert not IdentityLink.objects.filter(revoked_at=None, refused="").exists()

    def test_a_browser_id_of_everybody_joins_nobody(self, send, signs_up):
        """A server that sends one anonymous id for all its users."""
        limit("partners", 3, 1)
        send(*(signs_up(f"u{n}", browser="server") for n in range(6)))

        assert BlockedValue.objects.get().value == "server"
        split.cut_blocked(at=now())
        assert len({person("user", f"u{n}").pk for n in range(6)}) == 6

    def test_yesterdays_people_do_not_count(self, send, signs_up):
        limit("partners", 2, 1)
        for n in range(5):
            then = now() - timedelta(days=10 - n)
            send({**signs_up("ana", browser=f"desk-{n}"), "timestamp": then.isoformat()})

        assert not BlockedValue.objects.exists()
        assert person("anonymous", "desk-0") == person("anonymous", "desk-4")

    def test_that_staff_add_is_undone_and_its_lonely_events_are_set_aside(
        self, send, signs_up, viewed
    ):
        send(signs_up("ana", browser="kiosk"))
        made = block.block(kind="anonymous", value="kiosk", by=None, at=now())
        split.cut(blocked=made, at=now())
        assert person("user", "ana") != person("anonymous", "kiosk")

        send(viewed("Lost", anonymousId="kiosk", messageId="k1"))
        rejected = Quarantine.objects.get()
        assert (rejected.reason, Event.objects.filter(name="Lost").exists()) == (
            block.REASON, False,
        )  # fmt: skip

        # Unblocked, the same event counts when it is tried again.
        made.delete()
        send(viewed("Lost", anonymousId="kiosk", messageId="k1"))
        assert Event.objects.get(name="Lost").alias.value == "kiosk"

    def test_nobody_can_be_blocked_twice_or_for_nothing(self, db):
        first = block.block(kind="user", value=" test ", by=None, at=now())
        assert block.block(kind="user", value="test", by=None, at=now()) == first
        for kind, value in (("user", "null"), ("user", "x" * 256), ("phone", "1")):
            with pytest.raises(identify.BadAlias):
                block.block(kind=kind, value=value, by=None, at=now())


class TestLimits:
    def test_too_many_browsers_in_a_while_are_refused_and_reviewed(self, send, signs_up):
        limit("anonymous", 3, 7)
        for n in range(4):
            send(signs_up("ana", browser=f"desk-{n}"))

        assert person("anonymous", "desk-2") == person("user", "ana")
        assert person("anonymous", "desk-3") != person("user", "ana")
        assert reasons() == ["too many names in a while"]
        assert MergeReview.objects.get().reason == "too many names in a while"

    def test_in_one_batch_or_in_many_is_the_same(self, send, signs_up):
        limit("anonymous", 3, 7)
        send(*(signs_up("ana", browser=f"desk-{n}") for n in range(6)))

        assert Alias.objects.filter(profile=person("user", "ana")).count() == 4
        assert len(reasons()) == 3

    def test_the_window_goes_by_the_events_own_time(self, send, signs_up):
        limit("anonymous", 2, 7)
        for n in range(5):
            then = (now() - timedelta(days=8 * (5 - n))).isoformat()
            send({**signs_up("ana", browser=f"desk-{n}"), "timestamp": then})

        assert reasons() == []

    def test_proof_is_not_held_back(self, send, signs_up, viewed):
        limit("anonymous", 1, 7)
        send(signs_up("ana", browser="desk-0"), viewed(of="x"))
        a, b = person("user", "ana").pk, person("anonymous", "x-phone").pk

        with pytest.raises(merge.Refused, match="short time"):
            merge.join(a=a, b=b, by=None, at=now(), kind="form")
        merge.join(a=a, b=b, by=None, at=now(), kind="double_opt_in")

        assert person("anonymous", "x-phone").pk == a

    def test_a_person_has_so_many_addresses(self, send, signs_up):
        limit("email", 2, 365)
        for n in range(4):
            send(signs_up("ana", email=f"a{n}@example.test"))

        assert ContactPoint.objects.count() == 2
        assert person("user", "ana").traits["email"] == "a3@example.test"
        # What she typed in a form of ours is kept all the same.
        identify.ensure_contact_point(
            profile_id=person("user", "ana").pk, channel="email", address="b@x.test", at=now()
        )
        assert ContactPoint.objects.count() == 3

    def test_one_person_has_so_many_names(self, send, signs_up, monkeypatch):
        monkeypatch.setattr(link, "MOST_NAMES", 3)
        for n in range(4):
            send(signs_up("ana", browser=f"desk-{n}"))

        assert reasons() == ["too many names for one person"] * 2
        assert MergeReview.objects.count() == 2

    def test_one_person_is_made_of_so_many(self, send, signs_up, viewed, monkeypatch):
        monkeypatch.setattr(link, "MOST_MERGES", 2)
        send(signs_up("ana", browser="fresh"), *(viewed(of=f"b{n}") for n in range(4)))
        for n in range(4):
            send(signs_up("ana", browser=f"b{n}-phone"))

        assert reasons() == ["too many merges of one person"] * 2


class TestTwoUsers:
    def test_pitfall_02_two_known_users_on_one_browser_never_merge(self, send, signs_up):
        send(signs_up("ana", browser="tablet"))
        send(signs_up("bruno", browser="tablet"))
        send({"type": "alias", "userId": "ana", "previousId": "bruno"})
        send(signs_up("ana", browser="other"), signs_up("bruno", browser="other"))

        assert person("user", "ana") != person("user", "bruno")
        assert set(reasons()) == {"two known users"}
        review = MergeReview.objects.filter(reason="two known users").first()
        assert review.state == "OPEN"
        truth.holds()

    def test_what_staff_call_never_one_is_not_joined_through_others(self, send, signs_up, viewed):
        send(viewed(of="a"), viewed(of="b"))
        one, two = (Alias.objects.get(value=f"{x}-phone") for x in "ab")
        CannotLink.objects.create(a=one, b=two, at=now())
        send(signs_up("ana", browser="a-phone"))

        send(signs_up("ana", browser="b-phone"))

        assert person("anonymous", "b-phone") != person("user", "ana")
        assert reasons() == ["never the same person"]


class TestSharedDevices:
    """One tablet, two people; events under its cookie alone are whose hands it was in."""

    def at(self, hour, event):
        return {**event, "timestamp": (people.NOON + hour * HOUR).isoformat()}

    def story(self, send, signs_up, viewed, *, batches):
        looked = [
            viewed(f"Looked {hour}", anonymousId="tablet", messageId=f"l{hour}")
            for hour in range(6)
        ]
        events = [
            self.at(0.5, signs_up("ana", browser="tablet")),
            self.at(1.5, signs_up("bruno", browser="tablet")),
            self.at(3.5, signs_up("ana", browser="tablet")),
            self.at(4.5, signs_up("bruno", browser="tablet")),
            *(self.at(hour, event) for hour, event in enumerate(looked)),
        ]
        events = [{"messageId": f"m{n}", **event} for n, event in enumerate(events)]
        if batches == "one":
            send(*events)
        elif batches == "in order":
            for event in sorted(events, key=lambda event: event["timestamp"]):
                send(event)
        else:
            # All that was looked at came before anybody said who it was.
            send(*events[4:])
            for event in events[:4]:
                send(event)
                truth.holds()

    @pytest.mark.parametrize("batches", ["one", "in order", "late"])
    def test_an_event_belongs_to_who_had_it_then(self, send, signs_up, viewed, batches):
        self.story(send, signs_up, viewed, batches=batches)

        def saw(who):
            names = Event.objects.of(person("user", who)).values_list("name", flat=True)
            return sorted(name for name in names if name.startswith("Looked"))

        assert saw("ana") == ["Looked 0", "Looked 1", "Looked 4"]
        assert saw("bruno") == ["Looked 2", "Looked 3", "Looked 5"]
        assert AliasOwnership.objects.count() == 2
        truth.holds()

    def test_whoever_it_is_stays_so_when_they_become_one_with_others_and_come_apart(
        self, send, signs_up, viewed
    ):
        send(viewed(of="laptop", timestamp=(people.NOON - HOUR).isoformat()))
        self.story(send, signs_up, viewed, batches="in order")
        before = truth.picture()

        made = merge.join(
            a=person("user", "bruno").pk, b=person("anonymous", "laptop-phone").pk,
            by=None, at=now(),
        )  # fmt: skip
        bruno = person("user", "bruno")
        assert Event.objects.of(bruno).filter(name="Looked 5").exists()
        truth.holds()
        split.revoke(link=made, by=None, at=now())

        assert truth.picture() == before
        truth.holds()

    def test_what_is_told_under_the_cookie_is_of_who_has_it(self, send, signs_up):
        send(signs_up("ana", browser="tablet"), signs_up("bruno", browser="tablet"))
        send({"type": "identify", "anonymousId": "tablet", "traits": {"plan": "pro"}})

        assert person("user", "bruno").traits == {"plan": "pro"}
        assert person("user", "ana").traits == {}

    def test_a_device_of_one_person_has_no_row(self, send, signs_up, viewed):
        for _ in range(3):
            send(signs_up("ana", browser="desk"), viewed(anonymousId="desk"))

        assert not AliasOwnership.objects.exists()
        assert not Alias.objects.filter(is_shared=True).exists()

    def test_signing_out_gives_a_new_id_that_is_nobodys_yet(self, send, signs_up, viewed):
        """What SDKs do on reset: the old id stays with its person, the new one is a stranger."""
        send(signs_up("ana", browser="before-reset"))
        send(viewed(anonymousId="after-reset"))

        assert person("anonymous", "after-reset") != person("user", "ana")
        send(signs_up("bruno", browser="after-reset"))
        assert person("anonymous", "after-reset") == person("user", "bruno")
        assert reasons() == []


TABLES = (
    "identitylink", "cannotlink", "linklimit", "aliasownership", "mergereview", "identitychange",
    "aliasoverride",
)  # fmt: skip


class TestCost:
    """Identity runs in the fold: what a batch does not ask of it costs no statement."""

    @pytest.fixture
    def asked(self, shop, monkeypatch):
        said = []
        execute = psycopg.Cursor.execute

        def note(cursor, query, *args, **more):
            said.append(str(query))
            return execute(cursor, query, *args, **more)

        def fold_these(*events):
            ingest.accept(source=shop, events=list(events), at=now())
            said.clear()
            monkeypatch.setattr(psycopg.Cursor, "execute", note)
            fold.drain(at=now())
            monkeypatch.undo()
            return [one for one in said if any(f"customers_{table}" in one for table in TABLES)]

        return fold_these

    def test_nothing_without_evidence_and_one_look_for_what_is_known(self, asked, viewed, signs_up):
        asked(signs_up("ana"), signs_up("bruno"))

        assert asked(viewed(of="ana"), viewed(of="new"), viewed(userId="ana")) == []
        assert len(asked(signs_up("ana"), signs_up("bruno"), viewed(of="ana"))) == 1

    def test_the_same_for_few_and_for_many(self, asked, viewed, signs_up):
        def newcomers(first, last):
            return [signs_up(f"u{n}", browser=f"desk-{n}") for n in range(first, last)]

        def merges(first, last):
            asked(*(viewed(anonymousId=f"m{n}") for n in range(first, last)))
            asked(*({"type": "identify", "userId": f"w{n}"} for n in range(first, last)))
            return asked(*(signs_up(f"w{n}", browser=f"m{n}") for n in range(first, last)))

        assert len(asked(*newcomers(0, 2))) == len(asked(*newcomers(2, 22)))
        assert len(merges(0, 2)) == len(merges(2, 22))
