"""Elena and Mara have the same thing open: whoever saves last learns of it, and nothing is lost."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client
from wagtail import hooks
from wagtail.models import Locale
from wagtail.test.utils.form_data import nested_form_data

from content.models import Fragment, StandardPage
from dxp import roles
from dxp.users.models import User

pytestmark = pytest.mark.django_db
COMMENTS = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": ""}
PAGE = {
    "title": "Visit", "slug": "visit", "intro": "", "body-count": "0", "is_listed": "on",
    "seo_title": "", "search_description": "", "comments": COMMENTS,
}  # fmt: skip
FRAGMENT = {
    "name": "Hours", "description": "", "text": "We open at nine.", "sms": "", "push_title": "",
    "push_text": "", "spoken": "", "body-count": "0",
}  # fmt: skip


class Editor:
    """Somebody at her desk, with a thing open as it stood when she opened it."""

    def __init__(self, name):
        user = User.objects.create_user(name, f"{name}@alder.example", "secret")
        user.groups.add(Group.objects.get(name="Editor"))
        self.client = Client()
        self.client.force_login(user)

    def open(self, address, thing, told):
        """Read it."""
        assert self.client.get(address).status_code == 200
        latest = thing.latest_revision
        self.address = address
        self.told = {
            **nested_form_data(told),
            "loaded_revision_id": str(latest.pk),
            "loaded_revision_created_at": latest.created_at.isoformat(),
        }

    def save(self, **changed):
        """Press the button."""
        return self.client.post(self.address, {**self.told, **changed})

    def type(self, **changed):
        """Write; the editor saves by itself after a moment."""
        told = {**self.told, **changed}
        return self.client.post(self.address, told, headers={"accept": "application/json"})


@pytest.fixture
def elena(db):
    roles.seed()
    return Editor("elena")


@pytest.fixture
def mara(elena):
    return Editor("mara")


@pytest.fixture(params=["page", "fragment"])
def opened(request, pages, elena, mara):
    """The thing that both have open, and the name of its field."""
    if request.param == "page":
        thing = StandardPage(title="Visit", slug="visit", body=[])
        pages.home.add_child(instance=thing)
        address, told, field = f"/admin/pages/{thing.pk}/edit/", PAGE, "title"
    else:
        thing = Fragment.objects.create(name="Hours", body=[], locale=Locale.get_default())
        address, told, field = f"/admin/fragments/edit/{thing.pk}/", FRAGMENT, "name"
    thing.save_revision()
    for somebody in (elena, mara):
        somebody.open(address, thing, told)
    return thing, field


def names(thing, field):
    return [one.content[field] for one in thing.revisions.order_by("created_at")]


class TestTwoEditors:
    def test_both_versions_stay_in_the_history(self, opened, elena, mara):
        thing, field = opened

        assert elena.save(**{field: "Elena's"}).status_code == 302
        assert mara.save(**{field: "Mara's"}).status_code == 302

        assert names(thing, field)[1:] == ["Elena's", "Mara's"]

    def test_what_is_saved_by_itself_never_replaces_what_somebody_else_saved(
        self, opened, elena, mara
    ):
        thing, field = opened
        elena.save(**{field: "Elena's"})

        answer = mara.type(**{field: "Mara's"})

        assert answer.status_code == 400
        assert answer.json()["error_code"] == "invalid_revision"
        assert "newer version" in answer.json()["error_message"]
        assert names(thing, field)[1:] == ["Elena's"]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Elena presses the button while what she wrote a moment ago is still being saved."""

    @pytest.fixture
    def slow(self, opened, monkeypatch):
        """Hold the first that comes back while it is looked through, and a second one comes."""
        kind, first, second = type(opened[0]), threading.Event(), threading.Event()
        clean = kind.clean

        def slowly(thing):
            if not first.is_set():
                first.set()
                second.wait(2)
            return clean(thing)

        monkeypatch.setattr(kind, "clean", slowly)
        return first, second

    def test_what_the_button_saved_is_the_newest_draft(self, opened, elena, slow):
        thing, field = opened
        first, second = slow
        answers = {}

        def typing():
            try:
                answers["typed"] = elena.type(**{field: "Half a wo"})
            finally:
                connections.close_all()

        writer = threading.Thread(target=typing)
        writer.start()
        assert first.wait(20)
        answers["pressed"] = elena.save(**{field: "Half a word"})
        second.set()
        writer.join(20)

        assert answers["pressed"].status_code == 302
        thing.refresh_from_db()
        assert thing.get_latest_revision().content[field] == "Half a word"
        assert names(thing, field)[-1] == "Half a word"

    def test_what_breaks_halfway_leaves_nothing(self, opened, elena):
        thing, field = opened
        before = thing.revisions.count()
        elena.client.raise_request_exception = False

        def breaks(_request, _thing):
            raise RuntimeError("somebody's own code")

        with (
            hooks.register_temporarily("after_edit_page", breaks),
            hooks.register_temporarily("after_edit_snippet", breaks),
        ):
            assert elena.save(**{field: "Half"}).status_code == 500

        assert thing.revisions.count() == before
        assert elena.save(**{field: "Whole"}).status_code == 302
        assert names(thing, field)[-1] == "Whole"
