"""Rejected events are visible with their reason, found, exported, and tried again; none is lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from customers import fold, ingest, retry
from customers.models import Event, Inbox, Quarantine, Replay, Source
from customers.tasks import retry as retry_task
from dxp.lib.clock import now
from tests.customers import people

pytestmark = pytest.mark.django_db
LIST = "/admin/customers/rejected/"
NAMELESS = {"type": "track", "userId": "ana", "messageId": "m1", "properties": {"price": 7}}


@pytest.fixture
def mara(client):
    client.force_login(people.marketer())
    return client


@pytest.fixture
def named(monkeypatch):
    """Let an event without a name pass, as if we had mended a fault of ours."""

    def mend():
        monkeypatch.setattr("customers.clean._name", lambda kind, event: event or "Nameless")

    return mend


def arrived(shop, *events, **batch):
    ingest.accept(source=shop, events=list(events), at=now(), **batch)
    return list(Quarantine.objects.order_by("id"))


def text(answer):
    return answer.content.decode()


class TestAPlaceApart:
    def test_keeps_an_event_whole_with_what_its_batch_said(self, shop):
        (kept,) = arrived(
            shop,
            {**NAMELESS, "context": {"a": 1}},
            context={"b": 2},
            sent_at="2026-11-20T10:00:00Z",
        )

        assert (kept.code, kept.is_whole) == ("name", True)
        assert kept.body == {
            **NAMELESS, "context": {"a": 1, "b": 2}, "sentAt": "2026-11-20T10:00:00Z",
        }  # fmt: skip

    def test_keeps_of_giants_only_the_beginning(self, shop):
        (kept,) = arrived(shop, {**NAMELESS, "properties": {"text": "x" * 2_000_000}})

        assert (kept.code, kept.is_whole) == ("size", False)
        assert len(kept.body["beginning"]) == ingest.SHOWN_OF_GIANTS

    def test_gives_each_kind_of_fault_its_code(self, shop):
        faults = [
            7, {"type": "dance", "userId": "a"}, {"type": "track", "event": "E"},
            {"type": "alias", "userId": "a"}, {"type": "track", "userId": "a"},
            {"type": "group", "userId": "a"}, {"type": "page", "userId": "x" * 256},
            {"type": "page", "userId": "a", "properties": [1]},
            {"type": "page", "userId": "a", "properties": {"text": "x" * 200_000}},
        ]  # fmt: skip

        codes = [kept.code for kept in arrived(shop, *faults)]

        assert codes == [
            "shape", "type", "nobody", "alias", "name", "group", "id", "fields", "size",
        ]  # fmt: skip

    def test_takes_a_single_event_that_cannot_be_folded_and_not_its_batch(self, shop, monkeypatch):
        from customers import append

        events = [{"type": "track", "event": name, "userId": "ana", "messageId": name}
                  for name in ("Good", "Cursed", "Fine")]  # fmt: skip
        ingest.accept(source=shop, events=events, at=now())
        real = append.append

        def cursed(*, new):
            if any(row.name == "Cursed" for row in new):
                raise ValueError("a fault of ours")
            return real(new=new)

        with monkeypatch.context() as patch:
            patch.setattr("customers.append.append", cursed)
            fold.drain(at=now())

        assert set(Event.objects.values_list("name", flat=True)) == {"Good", "Fine"}
        kept = Quarantine.objects.get()
        assert (kept.code, kept.is_whole, kept.body["event"]) == ("fold", True, "Cursed")
        # The fault is mended: it comes in after all, once, at its own time.
        assert retry.one(pk=kept.pk, at=now()) is None
        fold.drain(at=now())
        assert Event.objects.get(name="Cursed").at == Event.objects.get(name="Good").at


class TestTryingAgain:
    def test_accepts_what_is_fit_now_once_and_at_the_time_it_had(self, shop, named):
        then = now() - timedelta(days=3)
        ingest.accept(source=shop, events=[NAMELESS], at=then)
        named()
        retry.begin(at=now())
        assert retry.step(at=now())
        fold.drain(at=now())

        # The SDK sends it again meanwhile: it is the same event.
        ingest.accept(source=shop, events=[{**NAMELESS, "event": "Nameless"}], at=now())
        fold.drain(at=now())

        event = Event.objects.get()
        assert (event.at, event.properties) == (then, {"price": 7})
        assert not Quarantine.objects.exists()

    def test_keeps_what_is_still_unfit_with_its_new_reason(self, shop, monkeypatch):
        (kept,) = arrived(shop, NAMELESS)
        monkeypatch.setattr("customers.clean.BIGGEST_EVENT", 10)

        still = retry.one(pk=kept.pk, at=now())

        kept.refresh_from_db()
        assert still == kept
        assert (kept.code, kept.body) == ("size", NAMELESS)
        assert not Inbox.objects.exists()

    def test_works_off_many_in_bites_and_takes_only_those_chosen(self, shop, named):
        other = Source.objects.create(name="App")
        for number in range(7):
            arrived(shop, {**NAMELESS, "messageId": f"m{number}"})
        arrived(other, NAMELESS)
        arrived(shop, 7)
        named()
        replay = retry.begin(source=shop, code="name", at=now())
        # What comes in later is not meant.
        late = Quarantine.objects.create(
            source=shop, received_at=now(), code="name", reason="x", body=NAMELESS
        )

        bites = []
        while bite := retry.step(at=now(), limit=3):
            bites.append(bite)

        replay.refresh_from_db()
        assert bites == [3, 3, 1]
        assert (replay.total, replay.accepted, replay.rejected) == (7, 7, 0)
        assert replay.finished_at
        left = Quarantine.objects.exclude(pk=late.pk).values_list("source__name", "code")
        assert sorted(left) == [("App", "name"), ("Shop", "shape")]
        fold.drain(at=now())
        assert Event.objects.count() == 7

    def test_in_the_middle_of_which_everything_fails_loses_nothing(self, shop, named, monkeypatch):
        arrived(shop, NAMELESS, {**NAMELESS, "messageId": "m2"})
        named()
        retry.begin(at=now())

        def crash(**_):
            raise ConnectionError("the worker died")

        with monkeypatch.context() as patch:
            patch.setattr("customers.ingest.accept", crash)
            with pytest.raises(ConnectionError):
                retry.step(at=now())

        assert Quarantine.objects.count() == 2
        retry_task()
        fold.drain(at=now())
        assert (Quarantine.objects.count(), Event.objects.count()) == (0, 2)

    def test_believes_a_browsers_time_no_more_than_before(self, named):
        site = Source.objects.create(name="Site", kind="browser")
        arrived(site, {**NAMELESS, "timestamp": "2019-01-01T00:00:00Z"}, met={"ip": "192.0.2.0"})
        named()

        retry.begin(at=now())
        retry.step(at=now())
        fold.drain(at=now())

        event = Event.objects.get()
        assert now() - event.at < timedelta(minutes=1)
        assert event.context["originalTimestamp"] == "2019-01-01T00:00:00Z"
        assert event.context["ip"] == "192.0.2.0"


class TestPages:
    def test_filter_by_source_and_reason(self, mara, shop):
        other = Source.objects.create(name="App")
        arrived(shop, NAMELESS, 7)
        arrived(other, {**NAMELESS, "messageId": "of-app"})

        shown = text(mara.get(f"{LIST}?source={shop.pk}&code=name"))

        assert "m1" in shown
        assert "of-app" not in shown
        assert shown.count("Show the event") == 1

    def test_open_one_to_its_fields(self, mara, shop):
        (kept,) = arrived(shop, NAMELESS)

        shown = text(mara.get(f"{LIST}inspect/{kept.pk}/"))

        assert "A track call without the name of its event" in shown
        assert "<dt>properties.price</dt><dd>7</dd>" in shown

    def test_try_one_again(self, mara, shop, named):
        (kept,) = arrived(shop, NAMELESS)
        still = mara.post(f"{LIST}again/{kept.pk}/", follow=True)
        named()
        accepted = mara.post(f"{LIST}again/{kept.pk}/", follow=True)
        gone = mara.post(f"{LIST}again/{kept.pk}/", follow=True)

        assert "needs the name" in text(still)
        assert "was accepted" in text(accepted)
        assert "no longer here" in text(gone)
        assert Inbox.objects.count() == 1

    def test_try_all_that_are_shown_again_and_tell_how_far_it_is(self, mara, shop, named):
        arrived(shop, NAMELESS, {**NAMELESS, "messageId": "m2"}, 7)
        chosen = f"?source={shop.pk}&code=name"
        assert f"again/{chosen}".replace("&", "&amp;") in text(mara.get(LIST + chosen))
        assert "2 events will be tried again" in text(mara.get(f"{LIST}again/{chosen}"))
        named()

        begun = mara.post(f"{LIST}again/{chosen}", follow=True)
        retry_task()
        round_ = Replay.objects.get()
        done = text(mara.get(f"{LIST}rounds/{round_.pk}/piece/"))

        assert "0 of 2 tried" in text(begun)
        assert "2 of 2 tried: 2 accepted, 0 still rejected" in done
        assert "<html" not in done
        assert Quarantine.objects.get().code == "shape"

    def test_refuse_filters_that_nobody_chose(self, mara, shop):
        assert mara.get(f"{LIST}again/?source=x&code=dance").status_code == 400

    def test_export_them_for_spreadsheets_and_programs(self, mara, shop):
        arrived(shop, NAMELESS, 7)

        lines = b"".join(mara.get(f"{LIST}?export=ndjson&code=name").streaming_content).splitlines()
        table = b"".join(mara.get(f"{LIST}?export=csv").streaming_content)

        (one,) = map(json.loads, lines)
        assert (one["source"], one["code"], one["event"]) == ("Shop", "name", NAMELESS)
        assert table.count(b"\n") == 3

    def test_let_nobody_try_who_may_only_look(self, client, shop):
        (kept,) = arrived(shop, NAMELESS)
        client.force_login(people.staff("vera", "view_quarantine"))

        assert "Try" not in text(client.get(f"{LIST}inspect/{kept.pk}/"))
        assert "Try these again" not in text(client.get(LIST))
        for address in (f"{LIST}again/", f"{LIST}again/{kept.pk}/"):
            client.post(address)
        assert not Replay.objects.exists()
        assert Quarantine.objects.count() == 1

    def test_are_a_right_of_the_roles_that_mend_data(self):
        from dxp.roles import ROLES

        may = {role for role, rights in ROLES.items() if "customers.replay_quarantine" in rights}
        assert may == {"Administrator", "Data steward", "Developer"}
