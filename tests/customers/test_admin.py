"""What staff see and do on this floor's screens, and what omar, who has no rights, does not."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from wagtail import hooks

from customers import consent, segment
from customers.models import Profile, Quarantine, Segment, Source
from tests.customers import people

pytestmark = pytest.mark.django_db
PROFILES = "/admin/customers/profiles/"
SEGMENTS = "/admin/customers/segments/"
SOURCES = "/admin/customers/sources/"
SIZE = "/admin/customers/segment-size/"


@pytest.fixture
def mara(client):
    client.force_login(people.marketer())
    return client


@pytest.fixture
def omar(client):
    client.force_login(people.nobody())
    return client


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def page_of(profile):
    return f"{PROFILES}inspect/{profile.pk}/"


class TestProfiles:
    def test_are_listed_with_address_state_and_segments(self, mara):
        people.ana()
        people.chen()
        segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        shown = text(mara.get(PROFILES))

        assert "Ana Marić" in shown
        assert "Ana@Example.org" in shown
        assert "Anonymous" in shown
        assert 'data-label="Segments"' in shown

    @pytest.mark.parametrize("words", ["ana mar", "MARIĆ", "ana@ex", "cookie-ana", "ana"])
    def test_are_found_by_name_address_and_ids(self, mara, words):
        people.ana()
        chen = people.chen()

        shown = text(mara.get(PROFILES, {"q": words}))

        assert "Ana Marić" in shown
        assert chen.display_name not in shown

    @pytest.mark.parametrize("words", ["%", "_", "x' --", "bruno", "ana bruno"])
    def test_say_when_nobody_is_found(self, mara, words):
        people.ana()

        assert "No profiles match your query" in text(mara.get(PROFILES, {"q": words}))

    def test_say_what_to_do_while_nobody_has_come(self, mara):
        assert "Nobody has come yet." in text(mara.get(PROFILES))

    def test_are_filtered_by_state_and_segment(self, mara):
        people.ana()
        chen = people.chen()
        made = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        anonymous = text(mara.get(PROFILES, {"is_known": "False"}))
        inside = text(mara.get(PROFILES, {"segment": made.pk}))

        assert (chen.display_name in anonymous, "Ana Marić" in anonymous) == (True, False)
        assert (chen.display_name in inside, "Ana Marić" in inside) == (False, True)

    def test_are_exported_without_formulas(self, mara):
        people.happened({
            "type": "identify",
            "userId": "eve",
            "messageId": "e",
            "traits": {"name": "=1+1"},
        })

        answer = mara.get(PROFILES, {"export": "csv"})

        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert len(lines) == 2
        assert ",'=1+1," in lines[1]

    def test_cost_the_same_queries_for_many_as_for_few(self, mara, django_assert_max_num_queries):
        people.happened(*[people.track(f"u-{n}", "Clicked", f"k-{n}") for n in range(40)])
        mara.get(PROFILES)

        with django_assert_max_num_queries(14):
            mara.get(PROFILES)

    def test_are_sorted_by_what_was_asked(self, mara):
        people.happened(people.track("first", "Clicked", "k-1", timestamp="2026-11-01T00:00:00Z"))
        people.happened(people.track("second", "Clicked", "k-2", timestamp="2026-11-10T00:00:00Z"))
        first, second = (Profile.objects.get(aliases__value=name) for name in ("first", "second"))

        shown = text(mara.get(PROFILES, {"ordering": "created_at"}))

        assert shown.index(page_of(first)) < shown.index(page_of(second))


class TestProfilePage:
    def test_shows_who_it_is_what_was_allowed_and_what_happened(self, mara):
        ana = people.ana()
        consent.record(
            purpose="marketing", state="GRANTED", method="sign-up form", at=people.NOON,
            contact_point=ana.contact_points.get(), channel="email",
        )  # fmt: skip
        segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        shown = text(mara.get(page_of(ana)))

        assert "Ana Marić" in shown
        assert ">AM<" in shown
        assert "Read the article “Saving early”" in shown
        assert "sign-up form" in shown
        assert "Croatia" in shown
        assert "cookie-ana" in shown

    def test_tells_why_two_names_are_not_one_person(self, mara):
        ana = people.ana()
        people.happened({"type": "identify", "userId": "bruno", "anonymousId": "cookie-ana"})

        assert "Refused:" in text(mara.get(page_of(ana)))

    def test_pages_back_through_everything_once(self, mara):
        same = "2026-11-20T09:00:00Z"
        clicks = [people.track("ana", "Clicked", f"k-{n:02}", timestamp=same) for n in range(70)]
        people.happened(*clicks)
        ana = Profile.objects.get(aliases__value="ana")
        found, address = [], page_of(ana)
        while address:
            timeline = mara.get(address).context["timeline"]
            found += [told.event.message_id for told in timeline["events"]]
            address = timeline["earlier"] and page_of(ana) + timeline["earlier"]

        assert found == [f"k-{n:02}" for n in reversed(range(70))]

    def test_shows_one_kind_of_event(self, mara):
        ana = people.ana()

        timeline = mara.get(page_of(ana), {"event": "Article Viewed"}).context["timeline"]

        assert [told.event.message_id for told in timeline["events"]] == ["ana-2", "ana-1"]
        assert "Identified" in timeline["names"]

    def test_refuses_a_made_up_cursor(self, mara):
        assert mara.get(page_of(people.ana()), {"before": "guess"}).status_code == 400

    def test_hangs_the_panels_of_the_floors_above(self, mara):
        ana = people.ana()

        def panel(profile):
            return f"panel of {profile.display_name}"

        with hooks.register_temporarily("customers_profile_panels", panel):
            assert "panel of Ana Marić" in text(mara.get(page_of(ana)))

    def test_escapes_what_people_call_themselves(self, mara):
        people.happened({
            "type": "identify",
            "userId": "eve",
            "traits": {"name": "<script>alert(1)</script>"},
        })
        eve = Profile.objects.get(aliases__value="eve")

        for address in (PROFILES, page_of(eve)):
            assert "<script>alert" not in text(mara.get(address))


class TestSegments:
    def filled(self, **changes):
        told = {"name": "Buyers", "description": "", "rule": json.dumps(people.bought())}
        return {**told, **changes}

    def test_are_made_and_filled(self, mara):
        people.happened(people.track("ana", "purchase", "p-1"))

        answer = mara.post(f"{SEGMENTS}new/", self.filled())

        made = Segment.objects.get()
        assert answer.status_code == 302
        assert answer["Location"] == f"{SEGMENTS}members/{made.pk}/"
        assert made.rule == people.bought()
        assert made.members.filter(left_at=None).count() == 1

    def test_are_changed_and_people_move(self, mara):
        people.happened(people.track("ana", "purchase", "p-1"))
        made = segment.create(name="Buyers", rule=people.bought(), at=people.NOON)

        mara.post(
            f"{SEGMENTS}edit/{made.pk}/",
            self.filled(name="Regulars", rule=json.dumps(people.bought(times=2))),
        )

        made.refresh_from_db()
        assert made.name == "Regulars"
        assert made.rule == people.bought(times=2)
        assert list(made.members.values_list("left_cause", flat=True)) == ["edit"]

    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ("", "Add at least one condition."),
            ("{", "This is not a rule."),
            ("[" * 5000, "This is not a rule."),
            ('{"v": 1, "root": {"op": "and", "of": []}}', "A group needs at least one condition."),
            ('{"v": 1, "root": {"op": "segment", "id": 999}}', "does not exist any more"),
        ],
    )
    def test_tell_what_is_wrong_and_lose_nothing(self, mara, rule, words):
        answer = mara.post(f"{SEGMENTS}new/", self.filled(rule=rule, description="for autumn"))

        shown = text(answer)
        assert words in shown
        assert "for autumn" in shown
        assert answer.context["form"]["rule"].value() == rule
        assert not Segment.objects.exists()

    def test_may_not_ask_themselves(self, mara):
        made = segment.create(name="Buyers", rule=people.bought(), at=people.NOON)
        itself = {"v": 1, "root": {"op": "segment", "id": made.pk}}

        answer = mara.post(f"{SEGMENTS}edit/{made.pk}/", self.filled(rule=json.dumps(itself)))

        assert "This segment would ask itself." in text(answer)
        assert Segment.objects.get().rule == people.bought()

    def test_suggest_what_really_exists(self, mara):
        people.ana()
        people.happened({
            "type": "identify",
            "userId": "bruno",
            "traits": {"country": "HR", "age": 30, "vip": True},
        })
        segment.create(name="Buyers", rule=people.bought(), at=people.NOON)

        told = mara.get(f"{SEGMENTS}new/").context["vocabulary"]

        fields = {one["name"]: one for one in told["fields"]}
        assert fields["country"] == {"name": "country", "kind": "text", "values": ["HR"]}
        assert (fields["age"]["kind"], fields["vip"]["kind"]) == ("number", "boolean")
        assert fields["email"]["values"] == []
        assert told["events"] == ["Article Viewed", "Identified"]
        assert [one["name"] for one in told["segments"]] == ["Buyers"]

    def test_list_their_members(self, mara):
        people.ana()
        made = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        shown = text(mara.get(f"{SEGMENTS}members/{made.pk}/"))
        export = b"".join(mara.get(f"{SEGMENTS}members/{made.pk}/?export=csv").streaming_content)

        assert "Ana Marić" in shown
        assert "first fill" in shown
        assert "country is “HR”" in shown
        assert "Ana Marić" in export.decode()

    def test_are_listed_with_size_and_rule(self, mara):
        people.ana()
        segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        shown = text(mara.get(SEGMENTS))

        assert "country is “HR”" in shown
        assert "Live" in shown

    def test_are_deleted_after_a_warning(self, mara):
        people.ana()
        made = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        assert "“Croatia” holds 1 person." in text(mara.get(f"{SEGMENTS}delete/{made.pk}/"))
        mara.post(f"{SEGMENTS}delete/{made.pk}/")

        assert not Segment.objects.exists()
        assert Profile.objects.filter(state="ACTIVE").count() == 1

    def test_stay_while_another_stands_on_them(self, mara):
        made = segment.create(name="Buyers", rule=people.bought(), at=people.NOON)
        segment.create(
            name="Same", rule={"v": 1, "root": {"op": "segment", "id": made.pk}}, at=people.NOON
        )

        assert "can&#x27;t be deleted" in text(mara.get(f"{SEGMENTS}delete/{made.pk}/")).replace(
            "can't", "can&#x27;t"
        )
        mara.post(f"{SEGMENTS}delete/{made.pk}/")

        assert Segment.objects.filter(pk=made.pk).exists()


class TestLiveSize:
    def test_counts_and_reads_the_rule_back(self, mara):
        people.ana()

        told = mara.post(SIZE, {"rule": json.dumps(people.from_country("HR"))}).json()

        assert told["text"] == "1 person"
        assert told["exact"] is True
        assert told["sentence"] == "country is “HR”"

    def test_points_to_the_condition_that_is_wrong(self, mara):
        rule = people.from_country("HR")
        rule["root"]["of"].append({"op": "event", "name": ""})

        told = mara.post(SIZE, {"rule": json.dumps(rule)}).json()

        assert told["error"] == {"path": "root.of.1.name", "words": "Choose an event."}

    @pytest.mark.parametrize(
        "rule",
        [
            "",
            "null",
            "{}",
            "[[",
            '{"v":1,"root":{"op":"trait","field":"\\u0000","cmp":"eq","value":1}}',
        ],
    )
    def test_survives_nonsense(self, mara, rule):
        assert "error" in mara.post(SIZE, {"rule": rule}).json()


class TestSources:
    def test_are_made_and_show_their_key_and_how_to_send(self, mara):
        answer = mara.post(f"{SOURCES}new/", {"name": "Shop", "is_active": "on"}, follow=True)

        made = Source.objects.get(name="Shop")
        shown = text(answer)
        assert shown.count(made.write_key) >= 4
        assert "Nothing has come yet" in shown

    def test_show_what_came_last(self, mara):
        people.ana()
        source = people.website()

        shown = text(mara.get(f"{SOURCES}inspect/{source.pk}/"))
        piece = text(mara.get(f"{SOURCES}latest/{source.pk}/"))

        assert "Read the article “Funds”" in shown
        assert "Read the article “Funds”" in piece
        assert "<html" not in piece

    def test_are_listed(self, mara):
        people.ana()

        assert "Website" in text(mara.get(SOURCES))

    def test_rejected_events_tell_the_reason(self, mara):
        Quarantine.objects.create(
            source=people.website(), received_at=people.NOON, reason="No name", body={"a": "<b>"}
        )

        shown = text(mara.get("/admin/customers/rejected/"))

        assert "No name" in shown
        assert "&lt;b&gt;" in shown
        assert b"No name" in b"".join(
            mara.get("/admin/customers/rejected/?export=csv").streaming_content
        )


class TestRights:
    def addresses(self):
        ana = people.ana()
        made = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)
        source = people.website()
        return [
            PROFILES, f"{PROFILES}results/", page_of(ana), f"{PROFILES}?export=csv",
            SEGMENTS, f"{SEGMENTS}results/", f"{SEGMENTS}new/", f"{SEGMENTS}edit/{made.pk}/",
            f"{SEGMENTS}delete/{made.pk}/", f"{SEGMENTS}members/{made.pk}/",
            f"{SEGMENTS}members/{made.pk}/results/", f"{SEGMENTS}members/{made.pk}/?export=csv",
            SOURCES, f"{SOURCES}results/", f"{SOURCES}new/", f"{SOURCES}edit/{source.pk}/",
            f"{SOURCES}inspect/{source.pk}/", f"{SOURCES}latest/{source.pk}/",
            "/admin/customers/rejected/", "/admin/customers/rejected/results/",
        ]  # fmt: skip

    def test_let_mara_everywhere_and_omar_nowhere(self, client):
        mara, omar = people.marketer(), people.nobody()
        for address in self.addresses():
            client.force_login(mara)
            assert client.get(address).status_code == 200, address
            client.force_login(omar)
            # Wagtail leads away with a message instead of 403.
            answer = client.get(address)
            assert answer.status_code in {302, 403}, address
            assert answer.status_code == 403 or answer["Location"] == "/admin/", address

    def test_keep_omar_from_writing(self, omar):
        made = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)
        rule = json.dumps(people.bought())

        omar.post(f"{SEGMENTS}new/", {"name": "Buyers", "rule": rule})
        omar.post(f"{SEGMENTS}edit/{made.pk}/", {"name": "Mine", "rule": rule})
        omar.post(f"{SEGMENTS}delete/{made.pk}/")
        omar.post(f"{SOURCES}new/", {"name": "Mine", "is_active": "on"})
        size = omar.post(SIZE, {"rule": rule})

        assert list(Segment.objects.values_list("name", flat=True)) == ["Croatia"]
        assert not Source.objects.filter(name="Mine").exists()
        assert size.status_code in {302, 403}

    def test_let_those_write_rules_who_may_not_see_people(self, client):
        client.force_login(people.staff("rita", "view_segment", "add_segment", "change_segment"))
        made = segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON)

        listed = text(client.get(SEGMENTS))
        answer = client.post(
            f"{SEGMENTS}new/", {"name": "Buyers", "rule": json.dumps(people.bought())}
        )

        assert f"{SEGMENTS}edit/{made.pk}/" in listed
        assert f"{SEGMENTS}members/{made.pk}/" not in listed
        assert answer["Location"] == SEGMENTS

    def test_show_omar_no_menu(self, omar):
        assert "/admin/customers/" not in text(omar.get(reverse("wagtailadmin_home")))

    def test_let_nobody_in_who_is_not_signed_in(self, client):
        assert client.get(PROFILES)["Location"].startswith("/admin/login/")
