"""Messages say fragments: as they were published, until somebody takes the newer words over."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.images import ImageFile
from PIL import Image as Picture
from wagtail.models import Locale

from content import reuse
from content.models import Fragment, Image
from dxp.lib import clock
from dxp.users.models import User
from journeys import compose, publish, quote, wording
from journeys.models import Message
from tests.journeys.conftest import HOUSE, NOON, draw, send
from tests.journeys.test_admin import RIGHTS, staff
from tests.journeys.test_messages import ADD, about, blocks, page

pytestmark = pytest.mark.django_db
LINK = {"text": "Read", "page": None, "url": "https://alder.example/read?a=1&b=2"}


@pytest.fixture
def mara(db):
    return staff("mara", [*RIGHTS, "view_segment", "view_fragment"])


@pytest.fixture
def omar(db):
    return staff("omar", ["access_admin", "view_message", "change_message"])


def fragment(name="Hours", html="<p>We open at nine.</p>", more=(), at=None, **told):
    made = Fragment(name=name, body=[("text", html), *more], locale=Locale.get_default(), **told)
    made.save()
    made.save_revision().publish()
    return made


def says(*body, channel="email", at=NOON, **told):
    message = Message.objects.create(name="News", channel=channel, body=list(body), **told)
    message.save_revision()
    publish.publish_message(message=message, house=HOUSE, at=at)
    Message.objects.filter(pk=message.pk).update(live=True)
    message.refresh_from_db()
    return message


def change(one, html, **told):
    one.body = [("text", html)]
    for name, value in told.items():
        setattr(one, name, value)
    one.save_revision().publish()


def shown(message, profile=None):
    return compose.sample_fill(
        message, profile, house=HOUSE, at=NOON, edition=message.current
    )  # fmt: skip


class TestMails:
    def test_say_a_fragment_in_both_forms(self, db):
        hours = fragment(more=[("call_to_action", {"heading": "Come", "text": "", "link": LINK})])

        told = shown(says(("heading", "News"), ("fragment", hours)))

        assert "<p>We open at nine.</p>" in told.html
        assert "We open at nine.\n\nCome\n\nRead: https://alder.example/read" in told.text

    def test_count_the_clicks_on_its_links_once(self, db):
        hours = fragment(
            html='<p>See <a href="/visit">us</a>.</p>',
            more=[("call_to_action", {"heading": "Come", "text": "", "link": LINK})],
        )

        edition = says(("fragment", hours)).current

        assert edition.links == ["", "https://alder.example/visit", LINK["url"]]
        for form in (edition.html, edition.text):
            assert wording.link(1) in form
            assert wording.link(2) in form

    def test_greet_whom_a_fragment_greets(self, ana, chen):
        hello = fragment(html="<p>Dear {{ customer.first_name|friend }}, {% if x %} {{ y }}</p>")

        message = says(("fragment", hello))

        assert "Dear Ana, { % if x %} { { y }}" in shown(message, ana).html
        assert "Dear friend," in shown(message, chen).html

    def test_say_every_kind_of_block(self, db):
        every = fragment(more=[
            ("cards", {"heading": "Two", "text": "", "cards": [
                {"title": "One & all", "text": "First.", "art": "", "link": LINK}]}),
            ("quote", {"text": "Good <3", "who": "Ana", "role": ""}),
            ("figures", {"heading": "Now", "source": "Us", "figures": [
                {"label": "Growth", "value": "4 %", "note": ""}]}),
            ("table", {"caption": "Fees", "first": "Fund", "columns": ["Fee"], "rows": [
                {"name": "Canopy", "cells": ["1 %"]}]}),
            ("faq", {"heading": "", "questions": [
                {"question": "Why?", "answer": "<p>Because.</p>"}]}),
            ("illustration", {"art": "finch", "alt": "", "caption": "A finch"}),
        ])  # fmt: skip

        html = shown(says(("fragment", every))).html

        for told in (
            "One &amp; all", "Good &lt;3", "4 %", ">Canopy</th>", ">1 %</td>", "Because.",
            "A finch",
        ):  # fmt: skip
            assert told in html, told

    def test_show_pictures_from_anywhere(self, db):
        file = io.BytesIO()
        Picture.new("RGB", (1600, 900), "#1d4b3d").save(file, "PNG")
        river = Image.objects.create(title="River", file=ImageFile(file, name="river.png"))
        river.contextual_alt_text, river.decorative = "A river in spring", False
        spring = fragment(more=[("picture", {"image": river, "caption": "In spring"})])

        told = shown(says(("fragment", spring)))

        assert f'src="{HOUSE.site}/media/images/river' in told.html
        assert 'alt="A river in spring"' in told.html
        assert "In spring" in told.text

    def test_say_it_inside_a_question_too(self, ana, chen):
        hours = fragment()
        inside = {"question": 'first_name == "Ana"', "blocks": [("fragment", hours)]}

        message = says(("text", "News."), ("only", inside))

        assert "We open at nine." in shown(message, ana).html
        assert "We open at nine." not in shown(message, chen).html

    def test_take_its_title_as_their_subject(self, db):
        fragment(push_title="Open earlier")

        message = says(("text", "x"), subject="News: {{ fragment:Hours }}")

        assert shown(message).subject == "News: Open earlier"


class TestOtherChannels:
    @pytest.mark.parametrize(
        ("channel", "said"),
        [("sms", "Nine o'clock."), ("push", "Doors at nine"), ("onsite", "Doors at nine")],
    )
    def test_say_what_the_fragment_says_there(self, db, channel, said):
        fragment(sms="Nine o'clock.", push_text="Doors at nine")

        message = says(channel=channel, subject="Hi", text="{{ fragment:Hours }}", url="/")

        assert shown(message).text == said

    def test_a_programs_data_stays_data(self, db):
        fragment(html='<p>"Nine"</p>')

        message = says(
            channel="webhook", text='{"say": "{{ fragment:Hours }}"}', url="https://x.y/z"
        )

        assert message.current.parts or message.current.text
        assert '\\"Nine\\"' in (message.current.text + str(message.current.parts))

    def test_the_length_of_a_text_counts_its_words(self, db, mara):
        fragment(sms="a" * 100)
        told = {"channel": "sms", "text": "Hi {{ fragment:Hours }}"}

        answer = mara.post("/admin/journeys/messages/advise/", told)

        assert answer.json()["advice"][0]["text"].startswith("103 characters")

    def test_fragments_are_offered_once_to_whom_may_see_them(self, db, mara, omar):
        hours = fragment()
        spanish = Locale.objects.create(language_code="es")
        translated = hours.copy_for_translation(spanish)
        translated.save()
        translated.save_revision().publish()
        message = Message.objects.create(name="Text", channel="sms", text="Hi")
        address = f"/admin/journeys/messages/edit/{message.pk}/"

        assert page(mara.get(address)).count("{{ fragment:Hours }}") == 1
        assert "Hours" not in page(omar.get(address))

    def test_a_fragment_that_nobody_published_is_refused(self, db, mara):
        fragment().unpublish()

        refused = mara.post(ADD, about("sms", text="{{ fragment:Hours }}"))

        assert "There is no published fragment “Hours”" in page(refused)
        assert not Message.objects.exists()

    def test_a_block_of_one_is_refused(self, db, mara):
        hours = fragment()
        hours.unpublish()

        refused = mara.post(ADD, about("email", subject="x", **blocks(("fragment", str(hours.pk)))))

        assert "is not published" in page(refused)

    def test_nothing_that_is_typed_breaks_it(self, db, mara):
        for name in ("\x00", "\ud800", "x" * 300, "{{", "a|b", ""):
            text = f"{{{{ fragment:{name} }}}}".encode("utf-8", "surrogatepass").decode("latin-1")

            assert mara.post(
                "/admin/journeys/messages/advise/", {"channel": "sms", "text": text}
            ).status_code == 200  # fmt: skip


class TestNewerWords:
    def test_what_is_sent_stays_until_somebody_takes_them_over(self, mara):
        hours = fragment()
        message = says(("fragment", hours), at=clock.now())
        assert quote.newer(message) == []

        change(hours, "<p>We open at eight.</p>")

        assert [one.name for one in quote.newer(message)] == ["Hours"]
        assert "nine" in message.current.html
        told = page(mara.get(f"/admin/journeys/messages/edit/{message.pk}/"))
        assert "has newer words" in told
        assert mara.post(f"/admin/journeys/messages/take/{message.pk}/").status_code == 200
        message.refresh_from_db()
        assert "eight" in message.current.html
        assert quote.newer(message) == []
        assert "has newer words" not in page(
            mara.get(f"/admin/journeys/messages/edit/{message.pk}/")
        )

    def test_a_draft_stays_a_draft(self, mara):
        hours = fragment()
        message = says(("fragment", hours), at=clock.now(), subject="Sent")
        message.subject = "Drafted"
        message.save_revision()
        change(hours, "<p>We open at eight.</p>")

        mara.post(f"/admin/journeys/messages/take/{message.pk}/")

        message.refresh_from_db()
        assert (message.current.subject, message.has_unpublished_changes) == ("Sent", True)
        assert message.get_latest_revision_as_object().subject == "Drafted"

    def test_nothing_is_taken_over_that_would_lose_a_part(self, mara):
        hours, other = fragment(), fragment("Other", "<p>And more.</p>")
        message = says(("fragment", hours), ("fragment", other), at=clock.now())
        change(hours, "<p>We open at eight.</p>")
        other.unpublish()

        refused = mara.post(f"/admin/journeys/messages/take/{message.pk}/")

        assert refused.status_code == 409
        message.refresh_from_db()
        assert "And more." in message.current.html

    def test_omar_publishes_nothing(self, omar):
        hours = fragment()
        message = says(("fragment", hours), at=clock.now())
        change(hours, "<p>We open at eight.</p>")

        assert omar.post(f"/admin/journeys/messages/take/{message.pk}/").status_code in (302, 403)
        message.refresh_from_db()
        assert "nine" in message.current.html


class TestUses:
    def test_messages_and_journeys_are_told(self, fans):
        hours = fragment()
        message = says(("fragment", hours), at=clock.now() + timedelta(minutes=1))
        draw(fans, send(message))

        told = [(one.kind, one.name) for one in reuse.uses(hours)]

        assert told == [("Message", "News"), ("Journey", "Onboarding")]

    def test_so_are_drafts_and_texts_that_call_it(self, db):
        hours = fragment()
        draft = Message.objects.create(name="Draft", channel="sms", text="x")
        draft.text = "Hi {{ fragment:Hours }}"
        draft.save_revision()
        Message.objects.create(name="Text", channel="sms", text="{{ fragment: Hours }}")
        Message.objects.create(name="Another", channel="sms", text="{{ fragment:Hours 2 }}")

        assert [one.name for one in reuse.uses(hours)] == ["Draft", "Text"]
        assert reuse.called(name="Hours") == ["Draft", "Text"]

    def test_words_of_before_are_told_as_such(self, db):
        hours = fragment()
        says(("fragment", hours), at=clock.now())
        change(hours, "<p>We open at eight.</p>")

        assert reuse.uses(hours)[0].kind == "Message, with the words of before"

    def test_who_may_not_see_messages_gets_no_names(self, db):
        hours = fragment()
        says(("fragment", hours), at=clock.now())
        chen = User.objects.create_user("chen")

        (told,) = reuse.uses(hours, user=chen)

        assert (told.name, told.url) == ("One that you may not see", "")

    def test_a_name_that_texts_call_stays(self, db):
        from content.admin.fragment_form import handler

        hours = fragment()
        Message.objects.create(name="Text", channel="sms", text="{{ fragment:Hours }}")
        form = (
            handler()
            .bind_to_model(Fragment)
            .get_form_class()({"name": "Opening", "body-count": "0"}, instance=hours)
        )

        assert "It is called “Hours” in the texts of: Text." in str(form.errors["name"])
