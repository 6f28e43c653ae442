"""mara draws a journey; omar may not; nothing that was written is lost."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.core import mail  # noqa: F401 - proves that Django's own mail is not what sends
from django.test import Client

from dxp.users.models import User
from journeys import publish
from journeys.admin.panels import profile_panel
from journeys.models import Delivery, Journey, Message
from journeys.models.messages import first_sender
from tests.journeys.conftest import (
    NOON,
    delay,
    draw,
    end,
    happened,
    person,
    send,
    write,
)
from tests.journeys.test_advance import walk_all

pytestmark = pytest.mark.django_db
LIST = "/admin/journeys/journeys/"
RIGHTS = [
    "access_admin", "view_journey", "add_journey", "change_journey", "delete_journey",
    "publish_journey", "view_message", "add_message", "change_message", "publish_message",
    "view_delivery", "view_profile", "see_name", "see_contact",
]  # fmt: skip


def staff(name, rights):
    user = User.objects.create_user(name, f"{name}@alder.example", "secret")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mara(db):
    return staff("mara", RIGHTS)


@pytest.fixture
def omar(db):
    return staff("omar", ["access_admin"])


def form(segment, steps, **changes):
    entry = {"type": "segment", "segment": segment.pk, "change": "entered"}
    return {
        "name": "Onboarding", "reentry": "ONCE", "entry": json.dumps(entry), "goals": "[]",
        "exits": "[]", "outline": json.dumps(steps), **changes,
    }  # fmt: skip


def numbered(*steps):
    return [{"id": f"a{number}", **step} for number, step in enumerate(steps)]


class TestWhoMay:
    def test_omar_sees_nothing(self, omar, mara, fans, welcome):
        journey = draw(fans, send(welcome))
        pages = [
            LIST, f"{LIST}new/", f"{LIST}edit/{journey.pk}/", f"{LIST}{journey.pk}/people/",
            f"{LIST}size/?segment={fans.pk}", "/admin/journeys/messages/",
            f"/admin/journeys/messages/test/{welcome.pk}/", "/admin/journeys/deliveries/",
        ]  # fmt: skip

        for page in pages:
            assert mara.get(page).status_code == 200, page
            assert omar.get(page).status_code in (302, 403), page

    def test_omar_cannot_pause(self, omar, fans, welcome):
        journey = draw(fans, send(welcome))

        assert omar.post(f"{LIST}{journey.pk}/pause/").status_code in (302, 403)
        assert Journey.objects.get().state == "LIVE"

    def test_drawing_is_not_publishing(self, fans, welcome):
        nora = staff("nora", [right for right in RIGHTS if right != "publish_journey"])
        data = form(fans, numbered(send(welcome)))

        assert nora.post(f"{LIST}new/", data | {"action-publish": "1"}).status_code in (302, 403)
        assert not Journey.objects.exists()
        nora.post(f"{LIST}new/", data)
        assert Journey.objects.get().state == "DRAFT"

    def test_nobody_changes_a_delivery(self, mara):
        assert mara.get("/admin/journeys/deliveries/new/").status_code == 404


class TestCounts:
    def test_each_step_says_who_waits_and_who_passed(self, mara, fans, welcome, ana):
        journey = draw(fans, send(welcome), delay(1), end())
        happened(ana, "Liked")
        walk_all(NOON)

        counts = mara.get(f"{LIST}edit/{journey.pk}/").context["editor"]["counts"]

        assert (counts["s1"]["waiting"], counts["s1"]["passed"]) == (0, 1)
        assert (counts["s2"]["waiting"], counts["s2"]["passed"]) == (1, 0)

    def test_and_opens_the_list_of_them(self, mara, fans, welcome, ana, bruno):
        journey = draw(fans, send(welcome), delay(1), end())
        happened(ana, "Liked")
        walk_all(NOON)
        people = f"{LIST}{journey.pk}/people/"

        assert "Ana" in mara.get(f"{people}?step=s2").content.decode()
        assert "Ana" in mara.get(f"{people}?step=s1&show=passed").content.decode()
        assert "Ana" not in mara.get(f"{people}?step=s1").content.decode()
        assert "Bruno" not in mara.get(f"{people}?show=passed").content.decode()

    def test_the_profile_shows_it(self, fans, welcome, ana):
        draw(fans, send(welcome), delay(1))
        happened(ana, "Liked")
        walk_all(NOON)

        panel = profile_panel(ana)

        assert "Onboarding" in panel
        assert "Welcome" in panel
        assert "Queued" in panel

    def test_deliveries_say_why_not(self, mara, fans, welcome, bruno, house):
        from journeys import dispatch
        from tests.journeys.test_dispatch import Answering, by

        draw(fans, send(welcome))
        happened(bruno, "Liked")
        walk_all(NOON)
        dispatch.dispatch(channels=by(Answering()), house=house, at=NOON)

        page = mara.get("/admin/journeys/deliveries/?state=SKIPPED").content.decode()
        assert "no consent to marketing" in page
        assert "Bruno" not in mara.get("/admin/journeys/deliveries/?state=SENT").content.decode()


class TestMessages:
    def test_publishing_renders_it(self, mara):
        data = {
            "channel": "email", "purpose": "marketing", "valid_hours": "24",
            "sender": str(first_sender()), "name": "News",
            "subject": 'Hi {{ first_name|default:"you" }}', "preheader": "",
            "body-count": "1", "body-0-deleted": "", "body-0-order": "0", "body-0-type": "text",
            "body-0-id": "", "body-0-value": "Good day", "action-publish": "1",
        }  # fmt: skip

        mara.post("/admin/journeys/messages/add/", data)

        message = Message.objects.get()
        assert message.live
        assert "Good day" in message.current.text

    def test_a_variable_that_nobody_fills_is_refused(self, mara):
        data = {
            "name": "News", "subject": "Hi {{ password }}", "body-count": "1", "body-0-deleted": "",
            "body-0-order": "0", "body-0-type": "text", "body-0-id": "",
            "body-0-value": "{% load x %}", "action-publish": "1",
        }  # fmt: skip

        response = mara.post("/admin/journeys/messages/add/", data)

        assert not Message.objects.exists()
        assert response.content.decode().count("is no variable") >= 2

    @pytest.mark.parametrize(
        ("mode", "expected"), [("light", "<h1"), ("dark", "<h1"), ("text", "<pre")]
    )
    def test_the_preview_shows_a_sample_person(self, mara, welcome, mode, expected):
        from django.test import RequestFactory

        response = welcome.make_preview_request(RequestFactory().get("/"), mode)

        page = response.content.decode() if hasattr(response, "content") else ""
        assert expected in page
        assert "Dear Ana," in page

    def test_a_test_goes_out_and_counts_nothing(self, mara, welcome, settings, tmp_path):
        settings.MAIL_DIR = tmp_path
        settings.SMTP_URL = ""
        from journeys import ways

        ways.close_all()

        mara.post(f"/admin/journeys/messages/test/{welcome.pk}/", {"address": "mara@alder.example"})

        (letter,) = tmp_path.glob("*.eml")
        assert b"[Test] Hello Ana" in letter.read_bytes()
        assert not Delivery.objects.exists()
        ways.close_all()


def test_an_unpublished_message_cannot_be_sent(fans, welcome):
    draft = Message.objects.create(name="Draft", subject="x", body=[("text", "y")])

    assert publish.known().messages == {welcome.pk}
    assert draft.pk not in publish.known().messages
    assert write("Another").pk in publish.known().messages


def test_the_cast_is_told_apart(db):
    assert person("dora").display_name != person("emil").display_name
