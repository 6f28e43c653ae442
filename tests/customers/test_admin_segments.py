"""What mara does with segments on their screens, and what omar, who has no rights, does not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from customers import explain, rules, segment
from customers.models import Profile, Segment, TraitDef
from tests.customers import people

pytestmark = pytest.mark.django_db
SEGMENTS = "/admin/customers/segments/"
SIZE = "/admin/customers/segment-size/"
SUGGEST = "/admin/customers/segment-suggest/"


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


def croatia(**more):
    return segment.create(name="Croatia", rule=people.from_country("HR"), at=people.NOON, **more)


def did(event, times=1):
    return {
        "op": "event", "matcher": {"event": event}, "metric": "count", "window": "all",
        "cmp": "gte", "value": times,
    }  # fmt: skip


def standing_on(made):
    rule = {"v": 1, "root": {"op": "segment", "id": made.pk}}
    return segment.create(name="Same", rule=rule, at=people.NOON)


def filled(**changes):
    told = {"name": "Buyers", "description": "", "rule": json.dumps(people.bought())}
    return {**told, **changes}


def countries(*codes):
    """Bring in people of these countries; the more often one stands here, the more of them."""
    people.happened(*[
        {"type": "identify", "userId": f"u-{n}", "traits": {"country": code, "email": f"{n}@x.org"}}
        for n, code in enumerate(codes)
    ])


class TestWriting:
    def test_makes_and_fills_a_segment(self, mara):
        people.happened(people.track("ana", "purchase", "p-1"))

        answer = mara.post(f"{SEGMENTS}new/", filled())

        made = Segment.objects.get()
        assert answer["Location"] == f"{SEGMENTS}inspect/{made.pk}/"
        assert made.rule == rules.canonical(people.bought())
        assert made.members.filter(left_at=None).count() == 1

    def test_changes_it_and_people_move(self, mara):
        people.happened(people.track("ana", "purchase", "p-1"))
        made = segment.create(name="Buyers", rule=people.bought(), at=people.NOON)

        mara.post(
            f"{SEGMENTS}edit/{made.pk}/",
            filled(name="Regulars", rule=json.dumps(people.bought(times=2))),
        )

        made.refresh_from_db()
        assert made.name == "Regulars"
        assert made.rule == rules.canonical(people.bought(times=2))
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
    def test_tells_what_is_wrong_and_loses_nothing(self, mara, rule, words):
        answer = mara.post(f"{SEGMENTS}new/", filled(rule=rule, description="for autumn"))

        shown = text(answer)
        assert words in shown
        assert "for autumn" in shown
        assert answer.context["form"]["rule"].value() == rule
        assert answer.context["has_unsaved_changes"] is True
        assert not Segment.objects.exists()

    def test_leads_to_the_condition_that_is_wrong(self, mara):
        rule = people.from_country("HR")
        rule["root"]["of"].append({"op": "segment", "id": None})

        answer = mara.post(f"{SEGMENTS}new/", filled(rule=json.dumps(rule)))

        fault = json.loads(answer.context["fault"])
        assert fault == {"path": "root.of.1.id", "words": "Choose a segment."}

    def test_keeps_a_segment_from_asking_itself(self, mara):
        made = segment.create(name="Buyers", rule=people.bought(), at=people.NOON)
        itself = {"v": 1, "root": {"op": "segment", "id": made.pk}}

        answer = mara.post(f"{SEGMENTS}edit/{made.pk}/", filled(rule=json.dumps(itself)))

        assert "This segment would ask itself." in text(answer)
        assert Segment.objects.get().rule == rules.canonical(people.bought())

    def test_begins_a_copy_with_the_same_rule(self, mara):
        made = croatia(description="Coast")

        form = mara.get(f"{SEGMENTS}new/?from={made.pk}").context["form"]

        assert form["name"].value() == "Copy of Croatia"
        assert form["description"].value() == "Coast"
        assert json.loads(form["rule"].value()) == people.from_country("HR")

    @pytest.mark.parametrize("number", ["999", "x", "²", ""])
    def test_begins_empty_where_there_is_nothing_to_copy(self, mara, number):
        form = mara.get(f"{SEGMENTS}new/", {"from": number}).context["form"]

        assert form["rule"].value() is None

    def test_knows_every_kind_of_condition_and_what_really_exists(self, mara):
        people.ana()
        people.happened({"type": "identify", "userId": "bruno", "traits": {"vip": True}})
        segment.create(name="Buyers", rule=people.bought(), at=people.NOON)

        told = mara.get(f"{SEGMENTS}new/").context["vocabulary"]

        assert {"trait", "event", "segment"} <= {form["name"] for form in told["forms"]}
        assert told["traits"]["country"] == "text"
        assert (told["traits"]["age"], told["traits"]["vip"]) == ("number", "boolean")
        assert [one["name"] for one in told["segments"]] == ["Buyers"]

    def test_offers_beginnings_about_events_that_happen_here(self, mara):
        people.ana()

        starts = mara.get(f"{SEGMENTS}new/").context["vocabulary"]["starts"]

        active = starts[0]["rule"]["root"]["of"][0]
        assert active["matcher"] == {"event": "Article Viewed"}
        assert "Active in the last 7 days" in text(mara.get(f"{SEGMENTS}new/"))

    def test_without_scripts_says_so_and_reads_the_rule(self, mara):
        made = croatia()

        shown = text(mara.get(f"{SEGMENTS}edit/{made.pk}/"))

        script_free = shown.split("<noscript>")[1].split("</noscript>")[0]
        assert "needs JavaScript" in script_free
        assert "country is “HR”" in script_free


class TestSuggesting:
    def values(self, client, **asked):
        return [one["value"] for one in client.get(SUGGEST, asked).json()["found"]]

    def test_finds_values_that_several_people_have_the_most_frequent_first(self, mara):
        countries("HR", "RO", "RO", "RO", "HR", "FR")

        assert self.values(mara, what="trait_values", of="country") == ["RO", "HR"]
        assert self.values(mara, what="trait_values", of="country", q="h") == ["HR"]

    def test_tells_no_value_that_only_one_person_has(self, mara):
        people.ana()

        assert self.values(mara, what="trait_values", of="name") == []

    def test_tells_no_values_of_traits_that_mara_may_not_see(self, client):
        countries("HR", "HR")
        TraitDef.objects.update_or_create(
            key="country", defaults={"pii": "sensitive", "created_at": people.NOON}
        )
        user = people.staff("rita", "add_segment")
        client.force_login(user)

        hidden = self.values(client, what="trait_values", of="country")
        user.user_permissions.add(Permission.objects.get(codename="see_sensitive"))
        seen = self.values(client, what="trait_values", of="country")

        assert (hidden, seen) == ([], ["HR"])

    def test_finds_events_and_their_properties_and_values(self, mara):
        people.ana()
        seen = {"topic": "saving", "price": 3}
        people.happened(people.track("bruno", "Article Viewed", "b-1", properties=seen))

        assert self.values(mara, what="events", q="artic") == ["Article Viewed"]
        found = mara.get(SUGGEST, {"what": "properties", "event": "Article Viewed"}).json()["found"]
        assert {one["value"]: one["kind"] for one in found} == {
            "topic": "text", "title": "text", "price": "number",
        }  # fmt: skip
        asked = {"what": "property_values", "event": "Article Viewed", "of": "topic"}
        assert self.values(mara, **asked) == ["saving"]

    @pytest.mark.parametrize("what", ["", "people", "trait_values", "property_values"])
    def test_answers_nothing_to_nonsense(self, mara, what):
        assert self.values(mara, what=what, of="\x00", event="\x00", q="%") == []

    def test_refuses_omar(self, omar):
        assert omar.get(SUGGEST, {"what": "events"}).status_code in {302, 403}


class TestCounting:
    def ask(self, client, rule, **more):
        return client.post(SIZE, {"rule": json.dumps(rule), **more}).json()

    def test_reads_the_rule_back(self, mara):
        people.ana()

        told = self.ask(mara, people.from_country("HR"))

        assert (told["text"], told["exact"]) == ("1 person", True)
        assert told["sentence"] == "country is “HR”"

    def test_tells_the_range_of_an_estimate(self, mara, monkeypatch):
        monkeypatch.setattr(explain, "SMALL", -2)
        monkeypatch.setattr(explain, "FEW_HITS", 0)
        people.ana()

        told = self.ask(mara, people.from_country("HR"), how="sample")
        exact = self.ask(mara, people.from_country("HR"), how="exact")

        assert told["text"].startswith("about ")
        assert told["range"].startswith("between ")
        assert (told["exact"], exact["exact"]) == (False, True)
        assert "range" not in exact

    def test_shows_some_of_the_people(self, mara):
        ana = people.ana()

        told = self.ask(mara, people.from_country("HR"), how="people")

        address = f"/admin/customers/profiles/inspect/{ana.pk}/"
        assert told["people"] == [{"name": "Ana Marić", "url": address}]

    def test_shows_no_people_to_whom_may_not_see_them(self, client):
        people.ana()
        client.force_login(people.staff("rita", "view_segment", "add_segment"))

        assert self.ask(client, people.from_country("HR"), how="people") == {"people": []}

    def test_points_to_the_condition_that_is_wrong(self, mara):
        rule = people.from_country("HR")
        rule["root"]["of"].append({"op": "event", "matcher": {"event": ""}})

        told = self.ask(mara, rule)

        assert told["error"] == {"path": "root.of.1.matcher.event", "words": "Choose an event."}

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


class TestList:
    def test_shows_size_rule_and_state(self, mara):
        people.ana()
        croatia()

        shown = text(mara.get(SEGMENTS))

        assert "country is “HR”" in shown
        assert "Live" in shown

    def test_is_filtered_by_state_and_searched(self, mara):
        croatia()
        Segment.objects.create(name="Broken", slug="b", rule={}, state="FAILED", failure="slow")

        failed = text(mara.get(SEGMENTS, {"state": "FAILED"}))
        found = text(mara.get(SEGMENTS, {"q": "croa"}))

        assert ("Broken" in failed, "Croatia" in failed) == (True, False)
        assert ("Broken" in found, "Croatia" in found) == (False, True)


class TestPage:
    def page(self, made):
        return f"{SEGMENTS}inspect/{made.pk}/"

    def test_tells_rule_size_history_and_use(self, mara):
        people.ana()
        made = croatia()
        standing_on(made)

        answer = mara.get(self.page(made))

        shown = text(answer)
        assert "country is “HR”" in shown
        assert answer.context["size"] == 1
        assert len(answer.context["days"]) == 30
        assert "Same" in shown
        assert f"{SEGMENTS}new/?from={made.pk}" in shown

    def test_tells_why_it_failed_and_what_to_do(self, mara):
        made = croatia()
        Segment.objects.update(state="FAILED", failure="It took longer than a minute.")

        shown = text(mara.get(self.page(made)))

        assert "It took longer than a minute." in shown
        assert "Its people stay as they were." in shown

    def test_lists_its_people_and_finds_them(self, mara):
        people.ana()
        made = croatia()
        address = f"{SEGMENTS}members/{made.pk}/"

        shown = text(mara.get(address))
        export = b"".join(mara.get(f"{address}?export=csv").streaming_content).decode()

        assert "Ana Marić" in shown
        assert "first fill" in shown
        assert "Ana Marić" in export
        assert "Ana Marić" in text(mara.get(address, {"q": "mari"}))
        assert "Ana Marić" not in text(mara.get(address, {"q": "bruno"}))

    def test_tells_no_names_and_addresses_to_whom_may_not_see_them(self, client):
        people.ana()
        made = croatia()
        client.force_login(people.staff("rita", "view_segment", "view_profile"))
        address = f"{SEGMENTS}members/{made.pk}/"

        shown = text(client.get(address))
        export = b"".join(client.get(f"{address}?export=csv").streaming_content).decode()

        for told in (shown, export):
            assert "Marić" not in told
            assert "Ana@Example.org" not in told
        assert str(Profile.objects.get(state="ACTIVE").public_id) in export

    def test_is_deleted_after_a_warning(self, mara):
        people.ana()
        made = croatia()

        assert "“Croatia” holds 1 person." in text(mara.get(f"{SEGMENTS}delete/{made.pk}/"))
        mara.post(f"{SEGMENTS}delete/{made.pk}/")

        assert not Segment.objects.exists()
        assert Profile.objects.filter(state="ACTIVE").count() == 1

    def test_stays_while_another_stands_on_it(self, mara):
        made = croatia()
        standing_on(made)

        shown = text(mara.get(f"{SEGMENTS}delete/{made.pk}/"))
        mara.post(f"{SEGMENTS}delete/{made.pk}/")

        assert "deleted, because it is in use" in shown
        assert Segment.objects.filter(pk=made.pk).exists()


class TestWhy:
    def why(self, made, who):
        return f"{SEGMENTS}why/{made.pk}/{who.pk}/"

    def test_finds_the_person_first(self, mara):
        ana = people.ana()
        made = croatia()

        shown = text(mara.get(f"{SEGMENTS}why/{made.pk}/", {"q": "ana"}))

        assert self.why(made, ana) in shown
        assert "Nobody whose name" in text(mara.get(f"{SEGMENTS}why/{made.pk}/", {"q": "zoe"}))

    def test_is_one_click_away_from_profile_and_list_of_people(self, mara):
        ana = people.ana()
        made = croatia()

        assert self.why(made, ana) in text(mara.get(f"/admin/customers/profiles/inspect/{ana.pk}/"))
        assert self.why(made, ana) in text(mara.get(f"{SEGMENTS}members/{made.pk}/"))

    def test_hides_values_that_the_reader_may_not_see(self, client):
        ana = people.ana()
        rule = {"op": "trait", "field": "email", "cmp": "contains", "value": "example"}
        made = segment.create(name="Mail", rule={"v": 1, "root": rule}, at=people.NOON)
        client.force_login(people.staff("rita", "view_segment", "view_profile"))

        shown = text(client.get(self.why(made, ana)))

        assert "Known is: •••••" in shown
        assert "Ana@Example.org" not in shown
        assert "Marić" not in shown

    def test_tells_what_decided_at_each_condition(self, mara):
        ana = people.ana()
        made = segment.create(
            name="Reads, but does not buy",
            rule={
                "v": 1,
                "root": {
                    "op": "and",
                    "of": [
                        did("Article Viewed", times=3),
                        {"op": "not", "of": people.bought()["root"]},
                    ],
                },
            },
            at=people.NOON,
        )

        shown = text(mara.get(self.why(made, ana)))

        assert "The rule does not pick this person now." in shown
        assert "at least 3" in shown
        assert "Was never in the segment." in shown
        tree = shown.split("dxp-why__tree")[1].split("</section>")[0]
        answers = [
            part.split("</svg>")[1].split("<")[0].strip()
            for part in tree.split("dxp-why__answer--")[1:]
        ]
        assert answers == ["no", "no", "yes", "no"]

    def test_tells_since_when_and_earlier_stays(self, mara):
        people.happened(people.track("ana", "purchase", "p-1"))
        ana = Profile.objects.get(aliases__value="ana")
        made = segment.create(name="Buyers", rule=people.bought(), at=people.NOON)
        segment.edit(segment=made, rule=people.bought(times=2), at=people.NOON + timedelta(hours=1))

        before = text(mara.get(self.why(made, ana)))
        people.happened(people.track("ana", "purchase", "p-2"))
        after = text(mara.get(self.why(made, ana)))

        assert "Left the segment" in before
        assert "(cause: the rule was edited)" in before
        assert "In the segment since" in after
        assert "(cause: an event)" in after
        assert "Earlier stays" in after


class TestRights:
    def addresses(self):
        ana = people.ana()
        made = croatia()
        return [
            SEGMENTS, f"{SEGMENTS}results/", f"{SEGMENTS}new/", f"{SEGMENTS}edit/{made.pk}/",
            f"{SEGMENTS}delete/{made.pk}/", f"{SEGMENTS}inspect/{made.pk}/",
            f"{SEGMENTS}members/{made.pk}/", f"{SEGMENTS}members/{made.pk}/results/",
            f"{SEGMENTS}members/{made.pk}/?export=csv", f"{SEGMENTS}why/{made.pk}/",
            f"{SEGMENTS}why/{made.pk}/{ana.pk}/", f"{SUGGEST}?what=events",
        ]  # fmt: skip

    def test_let_mara_everywhere_and_omar_nowhere(self, client):
        mara, omar = people.marketer(), people.nobody()
        for address in self.addresses():
            client.force_login(mara)
            assert client.get(address).status_code == 200, address
            client.force_login(omar)
            answer = client.get(address)
            assert answer.status_code in {302, 403}, address
            assert answer.status_code == 403 or answer["Location"] == "/admin/", address

    def test_keep_omar_from_writing(self, omar):
        made = croatia()

        omar.post(f"{SEGMENTS}new/", filled())
        omar.post(f"{SEGMENTS}edit/{made.pk}/", filled(name="Mine"))
        omar.post(f"{SEGMENTS}delete/{made.pk}/")
        size = omar.post(SIZE, {"rule": json.dumps(people.bought())})

        assert list(Segment.objects.values_list("name", flat=True)) == ["Croatia"]
        assert size.status_code in {302, 403}

    def test_let_those_write_rules_who_may_not_see_people(self, client):
        client.force_login(people.staff("rita", "view_segment", "add_segment", "change_segment"))
        people.ana()
        made = croatia()

        page = text(client.get(f"{SEGMENTS}inspect/{made.pk}/"))
        answer = client.post(f"{SEGMENTS}new/", filled())

        assert answer["Location"].startswith(f"{SEGMENTS}inspect/")
        assert f"{SEGMENTS}members/{made.pk}/" not in page
        assert client.get(f"{SEGMENTS}why/{made.pk}/").status_code in {302, 403}
