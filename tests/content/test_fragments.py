"""elena writes something once and uses it in pages; what would break elsewhere is told first."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from wagtail.models import Locale, Page

from content import bulk, pagecache, reuse
from content.models import Fragment, StandardPage
from dxp import roles
from dxp.lib import clock
from dxp.users.models import User
from tests.customers import people

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/fragments/", "/admin/fragments/add/"


def text(html):
    return [("text", html)]


def staff(name, *rights):
    user = User.objects.create_user(name, f"{name}@alder.example", "secret")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def elena(db):
    roles.seed()
    client = staff("elena")
    client.user.groups.add(Group.objects.get(name="Editor"))
    return client


@pytest.fixture
def omar(db):
    return staff("omar", "access_admin")


@pytest.fixture
def hours(db):
    return published("Hours", "<p>We open at nine.</p>")


def published(name, html, locale=None, **told):
    made = Fragment(name=name, body=text(html), locale=locale or Locale.get_default(), **told)
    made.save()
    made.save_revision().publish()
    made.refresh_from_db()
    return made


def shows(pages, fragment, slug="visit"):
    page = StandardPage(title="Visit", slug=slug, body=[("fragment", fragment)])
    pages.home.add_child(instance=page)
    return page


def content(*paragraphs):
    state = {"blocks": [{"key": "a", "text": one, "type": "unstyled", "depth": 0,
                         "inlineStyleRanges": [], "entityRanges": []} for one in paragraphs],
             "entityMap": {}}  # fmt: skip
    return json.dumps(state)


def form(name="Hours", said="We open at eight.", **told):
    return {
        "name": name, "description": "", "text": "", "sms": "", "push_title": "", "push_text": "",
        "spoken": "", "body-count": "1", "body-0-deleted": "", "body-0-order": "0",
        "body-0-type": "text", "body-0-id": "", "body-0-value": content(said), **told,
    }  # fmt: skip


def page_of(response):
    return response.content.decode()


def edit(fragment):
    return f"/admin/fragments/edit/{fragment.pk}/"


def seen(client, fragment):
    """The mark of the list of uses, as the editor has it in front of her."""
    return page_of(client.get(edit(fragment))).split('name="uses_seen" value="')[1].split('"')[0]


class TestOnPages:
    def test_a_fragment_stands_where_it_is_used(self, pages, hours, chen):
        shows(pages, hours)

        assert "We open at nine." in page_of(chen.get("/visit/"))

    def test_a_change_is_seen_once_it_is_published(self, pages, hours, elena, chen):
        shows(pages, hours)

        elena.post(edit(hours), form())
        assert "We open at nine." in page_of(chen.get("/visit/"))

        elena.post(edit(hours), form(uses_seen=seen(elena, hours), **{"action-publish": "1"}))
        assert "We open at eight." in page_of(chen.get("/visit/"))

    def test_a_page_speaks_its_own_language(self, pages, hours, rf):
        spanish, _made = Locale.objects.get_or_create(language_code="es")
        translated = hours.copy_for_translation(spanish)
        translated.body, translated.live = text("<p>Abrimos a las nueve.</p>"), False
        translated.save()
        page = shows(pages, hours)
        page.locale = spanish
        block = page.body[0]

        # What is not published in Spanish yet is said in the language it was written in.
        assert "We open at nine." in block.render({"page": page})
        translated.save_revision().publish()
        assert "Abrimos a las nueve." in block.render({"page": page})

    def test_an_editor_translates_it(self, hours, elena, omar):
        spanish, _made = Locale.objects.get_or_create(language_code="es")
        ask = f"/admin/translation/submit/snippet/content/fragment/{hours.pk}/"

        hours.body = text("<p>Nobody read this yet.</p>")
        hours.save_revision()
        assert ask in page_of(elena.get(LIST))
        omar.post(ask, {"locales": spanish.pk})
        assert Fragment.objects.count() == 1
        elena.post(ask, {"locales": spanish.pk})

        translated = Fragment.objects.get(locale=spanish)
        assert translated.translation_key == hours.translation_key
        assert "Spanish" in page_of(elena.get(LIST))
        # It begins with the words of the draft, so it is one.
        assert "Nobody read this yet." in str(translated.body)
        assert not translated.live
        assert hours.said_in(spanish.pk) == hours

    def test_what_is_not_published_is_not_shown(self, pages, hours, chen):
        shows(pages, hours)
        hours.unpublish()

        answer = chen.get("/visit/")

        assert answer.status_code == 200
        assert "nine" not in page_of(answer)


class TestUses:
    def test_pages_and_their_drafts_are_named(self, pages, hours):
        live = shows(pages, hours)
        draft = StandardPage(title="Later", slug="later")
        pages.home.add_child(instance=draft)
        draft.body = [("fragment", hours)]
        draft.save_revision()

        assert [one.name for one in reuse.uses(hours)] == ["Later", "Visit"]
        assert reuse.uses(hours)[1].url == f"/admin/pages/{live.pk}/edit/"

    def test_a_draft_that_let_go_of_it_still_counts_while_it_is_live(self, pages, hours):
        page = shows(pages, hours)
        page.body = []
        page.save_revision()
        assert [one.name for one in reuse.uses(hours)] == ["Visit"]

        page.save_revision().publish()
        assert reuse.uses(hours) == []

    def test_a_page_that_one_may_not_see_has_no_name(self, pages, hours, elena, omar):
        shows(pages, hours)

        (told,) = reuse.uses(hours, user=omar.user)
        assert (told.name, told.url) == ("A page that you may not see", "")
        assert reuse.uses(hours, user=elena.user)[0].name == "Visit"

    def test_are_shown_before_a_change_is_published(self, pages, hours, elena):
        shows(pages, hours)
        before = seen(elena, hours)
        assert "Visit" in page_of(elena.get(edit(hours)))
        shows(pages, hours, slug="visit-too")

        # Meanwhile somebody used it on another page.
        refused = elena.post(edit(hours), form(uses_seen=before, **{"action-publish": "1"}))

        assert "now used in other places too" in page_of(refused)
        hours.refresh_from_db()
        assert "nine" in str(hours.body)

    def test_an_unpublishing_tells_what_would_be_missing(self, pages, hours, elena):
        shows(pages, hours)

        asked = page_of(elena.get(f"/admin/fragments/unpublish/{hours.pk}/"))

        assert "It would be missing here" in asked
        assert "Visit" in asked


class TestPrograms:
    def test_read_what_is_published_said_on_every_channel(self, hours, client, elena):
        published("Draft", "<p>x</p>").unpublish()
        token = people.token(elena.user)

        told = client.get("/api/v1/fragments/", **token).json()["results"]

        assert [(one["name"], one["language"]) for one in told] == [("Hours", "en")]
        assert told[0]["said"]["text"] == "We open at nine."
        assert told[0]["said"]["blocks"][0]["type"] == "text"
        one = client.get(f"/api/v1/fragments/{hours.pk}/", **token)
        assert one.json() == told[0]
        asked = {"name": "Hours", "language": "es"}
        assert client.get("/api/v1/fragments/", asked, **token).json()["results"] == []

    def test_without_the_right_read_nothing(self, hours, client, elena):
        token = people.token(elena.user)
        assert client.get("/api/v1/fragments/").status_code == 401

        elena.user.groups.clear()

        assert client.get("/api/v1/fragments/", **token).status_code == 403


class TestDeleting:
    def test_what_is_used_stays(self, pages, hours, elena):
        shows(pages, hours)

        told = page_of(elena.post(f"/admin/fragments/delete/{hours.pk}/"))

        assert "Visit" in told
        assert Fragment.objects.filter(pk=hours.pk).exists()

    def test_what_is_used_stays_when_many_are_deleted(self, pages, hours, elena):
        shows(pages, hours)
        other = published("Other", "<p>x</p>")

        run = bulk.start(
            act="delete", model=Fragment, filter="", ids=[hours.pk, other.pk], by=elena.user,
            at=clock.now(),
        )  # fmt: skip
        bulk.step(at=clock.now())

        run.refresh_from_db()
        assert (run.done, run.refused) == (1, 1)
        assert list(Fragment.objects.all()) == [hours]

    def test_what_nothing_uses_goes(self, hours, elena):
        elena.post(f"/admin/fragments/delete/{hours.pk}/")

        assert not Fragment.objects.exists()


class TestEditor:
    def test_says_that_a_name_is_taken(self, elena, hours):
        response = elena.post(ADD, {**form(name=hours.name), "action-publish": "1"})

        assert "Another fragment of this language has this name." in page_of(response)
        assert Fragment.objects.count() == 1

    def test_says_that_no_text_could_call_it_by_its_name(self, elena):
        response = elena.post(ADD, form(name="Hours | winter"))

        assert "A name holds no { } or |" in page_of(response)
        assert not Fragment.objects.exists()

    def test_a_fragment_is_written_published_and_found(self, elena):
        elena.post(ADD, form(**{"action-publish": "1"}))

        made = Fragment.objects.get()
        assert (made.name, made.live) == ("Hours", True)
        listed = page_of(elena.get(LIST, {"q": "hour", "live": "true", "used": "false"}))
        assert "Hours" in listed
        assert "Hours" not in page_of(elena.get(LIST, {"used": "true"}))
        assert "Hours" in page_of(elena.get(LIST, {"q": "eight", "ordering": "-name"}))

    def test_channels_say_what_they_think_while_one_writes(self, elena):
        told = elena.post(f"{LIST}advise/", form(sms="Nine. €", language="en")).json()["advice"]

        assert {"field": "sms", "text": "8 characters: one message. 152 more fit.",
                "blocks": False} in told  # fmt: skip
        assert not [one for one in told if one["field"] == "body"]

    def test_what_a_channel_cannot_take_is_kept_as_a_draft_only(self, elena):
        long = form(sms="ж" * 500)

        refused = elena.post(ADD, long | {"action-publish": "1"})

        assert "Too long to be sent" in page_of(refused)
        elena.post(ADD, long)
        assert Fragment.objects.get().live is False

    def test_what_a_channel_cannot_take_is_not_approved_either(self, elena):
        elena.post(ADD, form(sms="ж" * 500))
        draft = Fragment.objects.get()
        approval = {"action-workflow-action": "1", "workflow-action-name": "approve"}

        told = page_of(elena.post(edit(draft), form(sms="ж" * 500, **approval)))

        assert "Too long to be sent" in told

    def test_a_copy_is_written_anew_and_the_original_stays(self, pages, hours, elena):
        shows(pages, hours)
        copy = f"/admin/fragments/copy/{hours.pk}/"

        asked = page_of(elena.get(copy))
        sent = elena.post(copy, form(name="Hours too"))

        assert "We open at nine." in asked
        assert "Visit" not in asked
        assert sent.status_code == 405
        hours.refresh_from_db()
        assert hours.name == "Hours"

    def test_a_broken_form_gets_remarks_all_the_same(self, elena):
        told = elena.post(f"{LIST}advise/", {"sms": "Nine."})

        assert told.status_code == 200

    @pytest.mark.parametrize(
        ("mode", "said"),
        [
            ("", "<p data-block-key"), ("text", "We open at nine."), ("sms", "We open at nine."),
            ("push", "<strong>We open at nine.</strong>"), ("ssml", "&lt;speak version="),
            ("json", "&quot;blocks&quot;"),
        ],
    )  # fmt: skip
    def test_a_preview_shows_each_channel(self, hours, elena, mode, said):
        elena.post(f"/admin/fragments/preview/{hours.pk}/", form(said="We open at nine."))

        shown = elena.get(f"/admin/fragments/preview/{hours.pk}/", {"mode": mode})

        assert shown.status_code == 200
        assert said in page_of(shown)

    def test_one_look_shows_what_each_channel_gets(self, pages, hours, elena):
        shows(pages, hours)

        shown = page_of(elena.get(f"/admin/fragments/inspect/{hours.pk}/"))

        assert "We open at nine." in shown
        assert "Visit" in shown
        as_page = f"/admin/fragments/history/{hours.pk}/revisions/{hours.live_revision_id}/view/"
        assert as_page in shown
        assert "We open at nine." in page_of(elena.get(as_page))

    def test_omar_sees_nothing_of_it(self, hours, omar):
        for path in (
            LIST, ADD, edit(hours), f"/admin/fragments/inspect/{hours.pk}/",
            f"/admin/fragments/delete/{hours.pk}/", f"/admin/fragments/history/{hours.pk}/",
            f"/admin/fragments/preview/{hours.pk}/", f"/admin/fragments/usage/{hours.pk}/",
            "/admin/snippets/choose/content/fragment/",
        ):  # fmt: skip
            answer = omar.get(path)
            assert answer.status_code in (302, 403, 404), path
            assert b"Hours" not in answer.content, path
        assert omar.post(f"{LIST}advise/", form()).status_code in (302, 403)

    def test_pages_hold_no_more_queries_for_more_fragments(
        self, pages, hours, chen, django_assert_max_num_queries
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        page = shows(pages, hours)

        def count():
            with CaptureQueriesContext(connection) as asked:
                chen.get("/visit/")
            return len(asked)

        count()
        one = count()
        more = [published(f"F{n}", f"<p>{n}</p>") for n in range(5)]
        page.body = [("fragment", one) for one in (hours, *more)]
        page.save_revision().publish()
        assert Page.objects.get(pk=page.pk).specific.body
        assert count() == one

    def test_a_page_asks_for_all_translations_at_once(
        self, pages, hours, django_assert_num_queries
    ):
        spanish, _made = Locale.objects.get_or_create(language_code="es")
        more = [published(f"F{n}", f"<p>{n}</p>") for n in range(3)]
        page = shows(pages, hours)
        StandardPage.objects.filter(pk=page.pk).update(
            locale=spanish, body=json.dumps([
                {"type": "fragment", "value": one.pk, "id": str(number)}
                for number, one in enumerate((hours, *more))
            ]),
        )  # fmt: skip
        for one in (hours, more[0]):
            translated = one.copy_for_translation(spanish)
            translated.body = text(f"<p>{one.name} en castellano.</p>")
            translated.save()
            translated.save_revision().publish()
        page = StandardPage.objects.get(pk=page.pk)

        # The fragments, and their translations.
        with django_assert_num_queries(2):
            told = "".join(child.render({"page": page}) for child in page.body)

        for said in ("Hours en castellano.", "F0 en castellano.", "<p>1</p>", "<p>2</p>"):
            assert said in told


class TestCaches:
    def test_a_page_in_another_language_is_dropped_with_its_translation(
        self, pages, hours, monkeypatch
    ):
        from content import purge

        page = shows(pages, hours)
        dropped = []
        monkeypatch.setattr(purge, "_soon", lambda refs, tags: dropped.extend(tags))
        spanish, _made = Locale.objects.get_or_create(language_code="es")
        translated = hours.copy_for_translation(spanish)
        translated.save()

        assert pagecache.of_page(page.pk) in dropped
