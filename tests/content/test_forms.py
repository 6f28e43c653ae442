"""Forms that editors build: answers become rows, events, traits and consents; or faults."""

from __future__ import annotations

import csv
import json

import pytest
from django.test import Client
from wagtail.models import PageViewRestriction

from content import answer, bulk
from content.admin.forms import FormViewSet
from content.models import Form, StandardPage, Submission
from customers import consent, fold, rights
from customers.models import ConsentEntry, ContactPoint, Event, Inbox, Profile
from dxp import roles
from dxp.lib.clock import now
from dxp.users.models import User

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}
JSON = {**OURS, "Accept": "application/json"}
COMMON = {"help": "", "required": False, "trait": False, "waits": False}


def question(of, label, key, **more):
    extra = {"text": {"kind": "text", "most": 200}, "long_text": {"most": 2000}}.get(of, {})
    return (of, {**COMMON, **extra, "label": label, "key": key, **more})


@pytest.fixture
def advice(pages):
    """A form on the letter's page: a name, an address, three questions that may wait, consent."""
    form = Form.objects.create(
        name="Advice",
        slug="advice",
        heading="Talk to us",
        button="Ask",
        thanks="We will call.",
        most_new=1,
        fields=[
            question("text", "First name", "first", kind="name", trait=True, required=True),
            question("email", "E-mail", "mail", required=True),
            question(
                "choice", "What for?", "goal", trait=True, waits=True,
                choices=["A house", "Old age"], several=False,
            ),
            question(
                "number", "How much a month?", "monthly", trait=True, waits=True, least=0,
                greatest=None,
            ),
            question("long_text", "Anything else?", "note", waits=True),
            ("consent", {"words": "Yes, write to me.", "required": False, "confirm": False}),
        ],
    )  # fmt: skip
    page = StandardPage.objects.get(pk=pages.letter.pk)
    page.body = [("form", form)]
    page.save()
    form.page = page
    form.block = StandardPage.objects.get(pk=page.pk).body[0].id
    return form


GOOD = {"first": "Ana", "mail": "Ana@Example.org", "goal": "Old age", "asked": "goal"}


@pytest.fixture
def send(advice):
    def post(visitor, headers=None, **changes):
        fields = {"page": advice.page.pk, "block": advice.block, "website": "", **GOOD, **changes}
        return visitor.post("/_x/form", fields, headers=headers or OURS)

    return post


def asks(form, visitor):
    told = {"page": form.page.pk, "block": form.block}
    return visitor.get("/_x/form", told, headers=OURS).json()


class TestPage:
    def test_is_the_same_for_everyone_and_kept_by_caches(self, advice, ana, chen):
        hers, theirs = ana.get("/letter/"), chen.get("/letter/")

        assert hers.content == theirs.content
        assert "public" in hers["Cache-Control"]
        assert not hers.cookies

    def test_shows_as_many_waiting_questions_as_the_editor_wants(self, advice, chen):
        page = chen.get("/letter/").content.decode()

        assert page.count('data-question="') == 5
        assert '<div class="dxp-field" data-question="monthly" hidden>' in page
        assert 'name="asked" value="goal"' in page


class TestAnswer:
    def test_of_a_known_visitor_becomes_a_row_an_event_and_traits(self, advice, send, ana, at):
        response = send(ana)
        fold.drain(at=at)

        profile = Profile.objects.get(aliases__value=ana.aid)
        event = Event.objects.get(name="Form Submitted")
        kept = Submission.objects.get()
        assert response.status_code == 200
        assert "We will call." in response.content.decode()
        assert response["Cache-Control"] == "private, no-store"
        assert (event.profile_id, kept.profile_id) == (profile.pk, profile.pk)
        assert event.properties == {"form": "advice", "answer_goal": "Old age"}
        assert kept.answers[2] == ["goal", "What for?", "Old age"]
        assert profile.traits["goal"] == "Old age"
        assert profile.traits["firstName"] == "Ana"
        assert not ConsentEntry.objects.filter(purpose="marketing").exists()

    def test_ticked_allows_us_to_write(self, advice, send, ana, at):
        send(ana, consent="on")
        fold.drain(at=at)

        point = ContactPoint.objects.get()
        entry = ConsentEntry.objects.get(purpose="marketing")
        assert consent.may(
            contact_points=[point.pk], purpose="marketing", channel="email", at=now()
        ) == {point.pk}
        assert (entry.notice.text, entry.evidence["form"]) == ("Yes, write to me.", "advice")
        assert Event.objects.filter(name="Signed Up").count() == 1

    def test_under_somebody_elses_address_changes_nothing_about_them(
        self, advice, send, ana, known, at
    ):
        send(ana)
        fold.drain(at=at)
        stranger = known()
        send(stranger, first="Mallory", goal="A house")
        fold.drain(at=at)

        owner = Profile.objects.get(aliases__value=ana.aid)
        assert owner.traits["firstName"] == "Ana"
        assert owner.traits["goal"] == "Old age"
        assert Event.objects.filter(name="Form Submitted", profile_id=owner.pk).count() == 2
        assert "email" not in Profile.objects.get(aliases__value=stranger.aid).traits

    def test_of_a_browser_without_cookies_is_of_its_address(self, advice, send, bruno, at):
        send(bruno)
        fold.drain(at=at)

        kept = Submission.objects.get()
        assert kept.profile.traits["email"] == "ana@example.org"

    def test_without_an_address_and_cookies_is_of_nobody(self, advice, pages, bruno):
        advice.fields = [question("long_text", "How was it?", "how")]
        advice.save()
        told = {"page": advice.page.pk, "block": advice.block, "how": "Fine."}
        bruno.post("/_x/form", told, headers=OURS)

        kept = Submission.objects.get()
        assert (kept.alias, kept.profile) == (None, None)
        assert not Inbox.objects.exists()

    def test_sent_twice_counts_once(self, advice, send, ana, at):
        send(ana)
        send(ana)
        fold.drain(at=at)

        assert Submission.objects.count() == 1
        assert Event.objects.filter(name="Form Submitted").count() == 1

    @pytest.mark.parametrize(
        ("field", "value", "fault"),
        [
            ("first", "", "Please answer this question."),
            ("mail", "ana@", "This does not look like an e-mail address"),
            ("goal", "A yacht", "Select a valid choice"),
            ("first", "x" * 201, "200"),
            ("note", "http://a http://b http://c http://d http://e http://f", "fewer links"),
            ("monthly", "much", "Please write a number."),
        ],
    )
    def test_with_a_fault_says_so_at_the_field_and_keeps_what_was_typed(
        self, advice, send, chen, field, value, fault
    ):
        asked = {"asked": "goal,monthly,note"}
        page = send(chen, **{field: value, **asked})
        told = send(chen, headers=JSON, **{field: value, **asked})

        assert (page.status_code, told.status_code) == (422, 422)
        assert fault in page.content.decode()
        assert 'value="Ana@Example.org"' in page.content.decode() or field == "mail"
        assert list(told.json()["errors"]) == [field]
        assert not Submission.objects.exists()

    def test_may_be_several(self, advice, send, ana, at):
        advice.fields[2].value["several"] = True
        advice.save()
        send(ana, goal=["A house", "Old age"])
        fold.drain(at=at)

        event = Event.objects.get(name="Form Submitted")
        assert event.properties["answer_goal"] == ["A house", "Old age"]
        assert Submission.objects.get().answers[2][2] == ["A house", "Old age"]

    def test_a_tick_that_was_not_asked_stays_as_it_was(self, advice, send, ana, at):
        advice.fields = [
            question("email", "E-mail", "mail"),
            question("tick", "Do you own a house?", "owner", trait=True, waits=True),
            question("tick", "Do you drive?", "driver", trait=True, waits=True),
        ]
        advice.save()
        send(ana, owner="on", asked="owner")
        send(ana, asked="driver")
        fold.drain(at=at)

        traits = Profile.objects.get(aliases__value=ana.aid).traits
        assert (traits["owner"], traits["driver"]) == (True, False)

    def test_may_leave_out_what_was_not_asked(self, advice, send, chen):
        fields = advice.fields
        fields[2].value["required"] = True
        advice.save()

        assert send(chen, goal="", asked="goal").status_code == 422
        assert send(chen, goal="", asked="").status_code == 200

    def test_thanks_machines_and_forgets_them(self, advice, send, chen):
        assert send(chen, headers=JSON, website="spam").json() == {"thanks": "We will call."}
        assert not Submission.objects.exists()

    def test_is_refused_from_elsewhere_and_without_a_form(self, advice, send, chen):
        assert send(chen, headers={"Origin": "https://evil.example"}).status_code == 403
        assert send(chen, block="x").status_code == 404
        advice.unpublish()
        assert send(chen).status_code == 404

    def test_on_a_closed_page_is_taken_from_whom_it_lets_in(self, advice, send, chen):
        PageViewRestriction.objects.create(page=advice.page, restriction_type="login")
        assert send(chen).status_code == 404

        chen.force_login(User.objects.create_user("omar", "omar@alder.example", "secret"))

        assert send(chen).status_code == 200
        assert Submission.objects.count() == 1

    def test_leads_to_the_thank_you_page(self, advice, send, pages, chen):
        Form.objects.filter(pk=advice.pk).update(thanks_page=pages.thanks)

        assert send(chen)["Location"] == "/letter/thanks/"
        assert send(chen, headers=JSON).json() == {"location": "/letter/thanks/"}


class TestAsking:
    def test_a_stranger_asks_the_first_waiting_questions(self, advice, chen, bruno):
        assert asks(advice, chen) == {"values": {}, "ask": None}
        assert asks(advice, bruno) == {"values": {}, "ask": None}

    def test_a_known_person_fills_in_and_asks_the_next(self, advice, send, ana, at):
        assert asks(advice, ana) == {"values": {}, "ask": ["goal"]}
        send(ana)
        fold.drain(at=at)

        found = asks(advice, ana)
        assert found["values"] == {"first": "Ana", "mail": "ana@example.org"}
        assert found["ask"] == ["monthly"]

    def test_shows_nothing_once_personalization_is_withdrawn(self, advice, send, ana, at):
        send(ana)
        fold.drain(at=at)
        alias = Profile.objects.get(aliases__value=ana.aid).aliases.get(value=ana.aid)
        consent.record(
            purpose="personalization", state="WITHDRAWN", method="banner", alias=alias, at=now()
        )

        assert asks(advice, ana) == {"values": {}, "ask": ["goal"]}


class TestPersonalData:
    def test_is_exported_and_erased(self, advice, send, ana, at):
        send(ana)
        fold.drain(at=at)
        profile = Profile.objects.get(aliases__value=ana.aid)
        keeper = next(one for one in rights.KEEPERS if one.name == "submissions")
        person = rights.Person.of(profile.pk)

        assert "Old age" in json.dumps(list(keeper.export(person)), default=str)
        assert keeper.erase(person, at) == 1
        assert not Submission.objects.exists()

    def test_goes_when_its_time_is_over(self, advice, send, ana, at):
        send(ana)
        Form.objects.filter(pk=advice.pk).update(keep_days=30)
        sent = Submission.objects.get().at

        assert answer.forget(at=sent.replace(year=sent.year + 1)) == 1


class TestAdmin:
    @pytest.fixture
    def staff(self, db):
        roles.seed()

        def sign_in(role):
            from django.contrib.auth.models import Group

            user = User.objects.create_user(role, f"{role}@alder.example", "a long password")
            user.groups.add(Group.objects.get(name=role))
            client = Client()
            client.force_login(user)
            return client

        return sign_in

    def test_marketers_read_and_download_answers(self, advice, send, ana, staff):
        send(ana, first="=cmd()")
        mara = staff("Marketer")
        page = mara.get(f"/admin/form-builder/{advice.pk}/answers/")
        file = mara.get(f"/admin/form-builder/{advice.pk}/answers/?export=csv")

        lines = [*csv.reader(b"".join(file.streaming_content).decode("utf-8-sig").splitlines())]
        assert "Old age" in page.content.decode()
        assert lines[0] == ["sent", "page", "person", "first", "mail", "goal", "monthly", "note"]
        assert lines[1][3:6] == ["'=cmd()", "Ana@Example.org", "Old age"]
        assert lines[1][1:3] == ["/letter/", str(Submission.objects.get().profile.public_id)]

    def test_a_question_that_is_gone_stays_in_what_is_downloaded(self, advice, send, ana, staff):
        send(ana)
        advice.fields = [question("number", "How much?", "much")]
        advice.save()
        Submission.objects.create(
            form=advice, answers=[["much", "How much?", -5.0]], key="2", at=now()
        )

        file = staff("Marketer").get(f"/admin/form-builder/{advice.pk}/answers/?export=csv")

        lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
        assert lines[0] == "sent,page,person,much,first,goal,mail"
        assert lines[1].endswith(",,,-5.0,,,")

    def test_one_look_shows_everything_that_somebody_wrote(self, advice, send, ana, staff):
        send(ana, note="x" * 200, asked="goal,note")
        one = Submission.objects.get()
        mara, elena = staff("Marketer"), staff("Editor")
        where = f"/admin/form-builder/{advice.pk}/answers/"

        assert f'href="{where}{one.pk}/"' in mara.get(where).content.decode()
        assert "x" * 200 in mara.get(f"{where}{one.pk}/").content.decode()
        assert elena.get(f"{where}{one.pk}/").status_code == 302
        assert mara.get(f"/admin/form-builder/{advice.pk + 1}/answers/{one.pk}/").status_code == 404

    def test_are_searched_by_what_was_answered(self, advice, send, ana, chen, staff):
        send(ana)
        send(chen, goal="A house", mail="chen@example.org", first='Chen "Li"')
        mara = staff("Marketer")

        def found(words):
            page = mara.get(f"/admin/form-builder/{advice.pk}/answers/", {"q": words})
            return ["Old age" in page.content.decode(), "A house" in page.content.decode()]

        assert found("house") == [False, True]
        assert found('"li"') == [False, True]
        # Of the question, and its short name.
        assert found("What for") == [False, False]
        assert found("goal") == [False, False]

    def test_editors_build_forms_and_do_not_read_answers(self, advice, staff):
        elena = staff("Editor")

        assert elena.get(f"/admin/form-builder/edit/{advice.pk}/").status_code == 200
        assert elena.get(f"/admin/form-builder/{advice.pk}/answers/").status_code == 302

    def test_stewards_delete(self, advice, send, ana, staff):
        send(ana)
        one = Submission.objects.get().pk
        mara, steward = staff("Marketer"), staff("Data steward")

        where = f"/admin/form-builder/{advice.pk}/answers/"
        mara.post(where, {"id": one, "sure": "1"})
        asked = steward.post(where, {"id": one})
        assert "One submission is deleted for good" in asked.content.decode()
        assert Submission.objects.exists()
        steward.post(where, {"id": one, "sure": "1"})
        assert not Submission.objects.exists()

    def test_a_form_with_answers_stays_when_many_are_deleted(self, advice, send, ana):
        send(ana)
        empty = Form.objects.create(name="Empty", slug="empty", fields=[])
        boss = User.objects.create_superuser("boss", "boss@alder.example", "secret")

        run = bulk.start(
            act="delete", model=Form, filter="", ids=[advice.pk, empty.pk], by=boss, at=now()
        )
        bulk.step(at=now())

        run.refresh_from_db()
        assert (run.done, run.refused) == (1, 1)
        assert list(Form.objects.all()) == [advice]

    def test_a_form_with_answers_stays_and_keeps_its_short_name(self, advice, send, ana, staff):
        send(ana)
        elena = staff("Editor")

        told = elena.post(f"/admin/form-builder/delete/{advice.pk}/").content.decode()
        form = FormViewSet().get_edit_handler().get_form_class()
        renamed = form({"name": "Advice", "slug": "other", "fields-count": 0}, instance=advice)

        assert "Sent once" in told
        assert "Letter" in told
        assert Form.objects.exists()
        assert "it keeps that name" in renamed.errors["slug"][0]
