"""elena tags what she edits; omar, without rights, neither sees nor changes tags."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import Page, PageLogEntry

from content import follow, learn, tag
from content.models import (
    ArticlePage,
    Document,
    Facet,
    Fragment,
    TagDue,
    Tagging,
    TagSuggestion,
    Term,
)
from content.taggers import TAGGERS, Tagger
from dxp import roles
from dxp.lib import clock
from tests.content import tagging
from tests.content.tagging import names, place, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _roles(db):
    roles.seed()


@pytest.fixture
def audience(db):
    return tagging.audience()


@pytest.fixture
def elena(pages):
    return staff("elena", "Editor")


@pytest.fixture
def article(pages, audience, at):
    return tagging.for_savers(pages.article, at)


@pytest.fixture
def omar(pages):
    return staff("omar")


class TestThePanel:
    def test_shows_what_is_suggested_and_why_and_what_is_missing(self, elena, article):
        shown = elena.get(place(article)).content.decode()

        assert "Savers" in shown
        assert "savers" in shown
        assert "Needed before this is published" in shown

    def test_accepts_what_is_ticked_and_writes_it_down(self, elena, article):
        one = TagSuggestion.objects.get()

        elena.post(place(article, "accept"), {"suggestion": [one.pk]})

        assert names(article) == {"Savers"}
        assert Tagging.objects.get().by == elena.user
        assert PageLogEntry.objects.get(action="content.tag.accept").data["term"] == "Savers"

    def test_rejects(self, elena, article):
        one = TagSuggestion.objects.get()

        shown = elena.post(place(article, "reject"), {"suggestion": [one.pk]}).content.decode()

        assert "Accept Savers" not in shown
        assert TagSuggestion.objects.get().state == "REJECTED"

    def test_adds_by_name_and_takes_away(self, elena, article, audience):
        asked = {"facet": audience.pk, "term": "beginners"}
        elena.post(place(article, "give"), asked)
        assert names(article) == {"Beginners"}

        elena.post(place(article, "take"), {"term": Term.objects.get(name="Beginners").pk})
        assert names(article) == set()

    def test_says_that_there_is_no_such_term(self, elena, article, audience):
        answer = elena.post(place(article, "give"), {"facet": audience.pk, "term": "Nobody"})

        assert answer.status_code == 409
        assert "is no term of Audience" in answer.content.decode()

    def test_says_when_somebody_else_was_faster(self, elena, article, at):
        one = TagSuggestion.objects.get()
        tag.reject(one, by=elena.user, at=at)

        answer = elena.post(place(article, "accept"), {"suggestion": [one.pk]})

        assert answer.status_code == 409
        assert names(article) == set()

    def test_of_two_ticked_for_a_facet_of_single_terms_takes_the_surest(
        self, elena, article, audience, at
    ):
        Facet.objects.update(several=False)
        article.intro = "And for beginners."
        article.save()
        both = tag.suggest(article, at=at)

        answer = elena.post(place(article, "accept"), {"suggestion": [one.pk for one in both]})

        assert "1 accepted." in answer.content.decode()
        assert names(article) == {"Savers"}

    def test_bears_whatever_is_sent(self, elena, article, audience):
        huge = str(10**30)
        for act, told in (
            ("accept", {"suggestion": [huge]}),
            ("take", {"term": huge}),
            ("give", {"facet": huge, "term": "x"}),
            ("give", {"facet": audience.pk, "term": "Sav\x00ers"}),
            ("accept", {"suggestion": ["one"]}),
            ("give", {}),
            ("fly", {}),
        ):
            assert elena.post(place(article, act), told).status_code < 500
        asked = {"facet": huge, "q": "\x00sav"}
        assert elena.get(reverse("content_tags_offer"), asked).status_code == 200

    def test_names_a_facet_that_is_needed_and_has_no_terms(self, elena, article):
        Facet.objects.create(name="Stage", slug="stage", required_for=["content.articlepage"])

        assert "Add a term of Stage" in elena.get(place(article)).content.decode()

    def test_offers_terms_by_any_of_their_names(self, elena, audience):
        Term.objects.filter(name="Savers").update(synonyms=["Sparer"])

        answer = elena.get(reverse("content_tags_offer"), {"facet": audience.pk, "q": "spar"})

        assert [one["name"] for one in answer.json()["terms"]] == ["Savers"]

    def test_omar_neither_sees_nor_changes_tags(self, omar, article):
        one = TagSuggestion.objects.get()

        assert omar.get(place(article)).status_code == 302
        assert omar.post(place(article, "accept"), {"suggestion": [one.pk]}).status_code == 302
        assert names(article) == set()

    def test_who_may_enter_but_not_edit_the_page_is_refused(self, article):
        guest = staff("guest", "Analyst")

        assert guest.get(place(article)).status_code in {302, 403}
        assert names(article) == set()

    def test_another_things_suggestion_is_not_accepted(self, elena, article, pages, at):
        pages.product.title = "For savers"
        pages.product.save()
        other = tag.suggest(pages.product, at=at)[0]

        elena.post(place(article, "accept"), {"suggestion": [other.pk]})

        assert not Tagging.objects.exists()

    def test_stands_in_the_editor_of_pages_fragments_and_documents(self, elena, article, audience):
        fragment = Fragment.objects.create(name="Hint", body=[("text", "<p>Hi</p>")])
        document = Document.objects.create(
            title="Leaflet", file=SimpleUploadedFile("leaflet.txt", b"x"),
            uploaded_by_user=elena.user,
        )  # fmt: skip
        for thing, address in (
            (article, reverse("wagtailadmin_pages:edit", args=[article.pk])),
            (fragment, reverse("content_fragments:edit", args=[fragment.pk])),
            (document, reverse("wagtaildocs:edit", args=[document.pk])),
        ):
            assert place(thing) in elena.get(address).content.decode()


def published_by(client, page, **fields):
    """Publish a page as its editor does."""
    from wagtail.test.utils.form_data import nested_form_data, streamfield

    told = nested_form_data(
        {
            "title": page.title, "slug": page.slug, "intro": page.intro, "topic": page.topic_id,
            "author": "", "published_on": "2026-11-01", "art": "", "body": streamfield([
                ("text", '{"entityMap": {}, "blocks": [{"key": "a", "text": "Words", "type": '
                 '"unstyled", "depth": 0, "inlineStyleRanges": [], "entityRanges": []}]}')
            ]), "action-publish": "1", "comments": {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0",
            "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": ""}, **fields,
        }
    )  # fmt: skip
    return client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), told)


class TestRequired:
    def test_a_page_without_its_term_stays_a_draft_and_loses_nothing(self, elena, article):
        answer = published_by(elena, article, title="New title")

        assert answer.status_code == 302
        assert answer["Location"].endswith("#tab-promote")
        page = ArticlePage.objects.get(pk=article.pk)
        assert page.title == "For savers"
        assert page.get_latest_revision_as_object().title == "New title"
        shown = elena.get(answer["Location"]).content.decode()
        assert "choose a term of Audience first" in shown

    def test_with_it_the_page_is_published(self, elena, article, at):
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)

        published_by(elena, article, title="New title")

        assert ArticlePage.objects.get(pk=article.pk).title == "New title"


class Broken(Tagger):
    """Fails."""

    name = "broken"
    label = "Broken"

    def read(self, text):
        raise RuntimeError("no")


class TestReading:
    def test_a_draft_is_read_once_its_writer_pauses(self, article, elena, audience, at):
        TagSuggestion.objects.all().delete()
        article.title = "For beginners"
        article.save_revision()
        now = clock.now()

        assert not follow.step(at=now - timedelta(minutes=1))
        while follow.step(at=now + timedelta(minutes=1)):
            pass

        assert [one.term.name for one in TagSuggestion.objects.all()] == ["Beginners"]
        assert not TagDue.objects.exists()

    def test_a_document_is_read_with_what_stands_in_it(self, audience):
        document = Document.objects.create(
            title="Leaflet", file=SimpleUploadedFile("leaflet.txt", b"x")
        )
        document.text = "Written for savers and their families."
        document.save(update_fields=["text"])

        while follow.step(at=clock.now() + timedelta(minutes=1)):
            pass

        assert TagSuggestion.objects.get(**tag.place(document)).term.name == "Savers"

    def test_a_tagger_that_fails_blocks_nothing_and_silences_nobody(self, article, elena, at):
        TAGGERS.register(Broken)
        learn._HELD.clear()
        try:
            article.save_revision().publish()
            found = tag.suggest(article, at=at)
        finally:
            del TAGGERS.members["broken"]
            learn._HELD.clear()

        assert [one.term.name for one in found] == ["Savers"]

    def test_whoever_writes_while_it_is_read_waits_for_nothing_and_is_read_again(
        self, article, monkeypatch
    ):
        kind = ContentType.objects.get_for_model(Page)
        now = clock.now()
        follow.wait(kind=kind, number=article.pk, at=now - timedelta(minutes=1))
        monkeypatch.setattr(
            "content.tag.suggest",
            lambda thing, at: follow.wait(kind=kind, number=thing.pk, at=now),
        )

        assert follow.step(at=now)

        assert TagDue.objects.get().due_at == now + follow.PAUSE
        assert not follow.step(at=now)

    def test_what_a_killed_worker_was_reading_is_read_later(self, article, monkeypatch):
        now = clock.now()
        TagSuggestion.objects.all().delete()
        article.save_revision()
        with monkeypatch.context() as killed:
            killed.setattr("content.tag.suggest", lambda thing, at: sys.exit())
            with pytest.raises(SystemExit):
                follow.step(at=now + timedelta(minutes=1))

        assert not follow.step(at=now + timedelta(minutes=2))
        assert follow.step(at=now + timedelta(minutes=4))
        assert TagSuggestion.objects.exists()

    def test_what_cannot_be_read_does_not_come_back_forever(self, article, monkeypatch):
        def fail(*args, **kwargs):
            raise RuntimeError("no")

        article.save_revision()
        monkeypatch.setattr("content.tag.suggest", fail)

        while follow.step(at=clock.now() + timedelta(minutes=1)):
            pass

        assert not TagDue.objects.exists()

    def test_tags_go_with_the_thing(self, article, elena, audience, at):
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)

        Page.objects.get(pk=article.pk).delete()

        assert not Tagging.objects.exists()
        assert not TagSuggestion.objects.exists()


def test_places_hold_pages_as_pages(pages):
    kind = ContentType.objects.get_for_model(Page)
    assert tag.place(pages.article)["content_type_id"] == kind.pk
