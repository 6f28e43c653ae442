"""elena tags what she edits; omar, without rights, neither sees nor changes tags."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry, Page, PageLogEntry

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
from dxp.users.models import User

pytestmark = pytest.mark.django_db


def staff(name, *groups):
    user = User.objects.create_user(name)
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture(autouse=True)
def _roles(db):
    roles.seed()


@pytest.fixture
def audience(db):
    facet = Facet.objects.create(
        name="Audience", slug="audience", required_for=["content.articlepage", "content.fragment"]
    )
    for name in ("Beginners", "Savers"):
        Term.objects.create(facet=facet, name=name, slug=name.lower())
    return facet


@pytest.fixture
def elena(pages):
    return staff("elena", "Editor")


@pytest.fixture
def omar(pages):
    return staff("omar")


@pytest.fixture
def article(pages, audience, at):
    pages.article.title = "For savers"
    pages.article.save()
    tag.suggest(pages.article, at=at)
    return pages.article


def place(thing, act=""):
    where = tag.place(thing)
    address = reverse("content_tags", args=[where["content_type_id"], where["object_id"]])
    return f"{address}{act}/" if act else address


def names(thing):
    return set(Tagging.objects.filter(**tag.place(thing)).values_list("term__name", flat=True))


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


class TestVocabulary:
    @pytest.fixture
    def admin(self, pages):
        return staff("ada", "Administrator")

    def test_shows_a_facet_as_a_tree_with_counts(self, admin, audience, article, elena, at):
        savers = Term.objects.get(name="Savers")
        Term.objects.filter(name="Beginners").update(parent=savers)
        tag.give(article, savers, by=elena.user, at=at)

        shown = admin.get(reverse("content_facets:tree", args=[audience.pk])).content.decode()

        assert shown.index("Savers") < shown.index("1 thing") < shown.index("Beginners")

    def test_links_what_has_a_term(self, admin, article, elena, at):
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)
        savers = Term.objects.get(name="Savers")

        shown = admin.get(reverse("content_terms:look", args=[savers.pk])).content.decode()

        assert reverse("wagtailadmin_pages:edit", args=[article.pk]) in shown

    def test_merges_and_undoes_it(self, admin, article, elena, at):
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)
        savers, starters = Term.objects.order_by("-name")

        admin.post(reverse("content_terms:merge", args=[savers.pk]), {"into": starters.pk})
        assert names(article) == {"Beginners"}
        assert Term.objects.get(pk=starters.pk).synonyms == ["Savers"]

        admin.post(reverse("content_terms:part", args=[savers.pk]))
        assert names(article) == {"Savers"}
        assert Term.objects.get(pk=starters.pk).synonyms == []
        assert ModelLogEntry.objects.filter(action="content.term.part").exists()

    def test_what_was_taken_since_a_merge_stays_taken(self, admin, article, elena, at):
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)
        savers, starters = Term.objects.order_by("-name")
        admin.post(reverse("content_terms:merge", args=[savers.pk]), {"into": starters.pk})
        tag.take(article, starters, by=elena.user, at=at)

        admin.post(reverse("content_terms:part", args=[savers.pk]))

        assert names(article) == set()

    def test_elena_may_not_merge(self, elena, audience):
        savers, starters = Term.objects.order_by("-name")

        answer = elena.post(reverse("content_terms:merge", args=[savers.pk]), {"into": starters.pk})

        assert answer.status_code in {302, 403}
        assert not Term.objects.filter(merged_into__isnull=False).exists()

    def test_a_term_in_use_is_not_deleted(self, admin, article, elena, at):
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)
        savers = Term.objects.get(name="Savers")

        admin.post(reverse("content_terms:delete", args=[savers.pk]))

        assert Term.objects.filter(pk=savers.pk).exists()

    def test_retires_and_uses_again(self, admin, audience):
        savers = Term.objects.get(name="Savers")

        admin.post(reverse("content_terms:retire", args=[savers.pk]))
        assert Term.objects.get(pk=savers.pk).retired_at

        admin.post(reverse("content_terms:revive", args=[savers.pk]))
        assert not Term.objects.get(pk=savers.pk).retired_at

    def test_what_is_downloaded_can_be_loaded(self, admin, audience):
        Term.objects.filter(name="Savers").update(synonyms=["Sparer", "=cmd"])
        told = b"".join(admin.get(reverse("content_terms:file")).streaming_content)
        Term.objects.all().delete()

        answer = admin.post(
            reverse("content_terms:load"), {"file": SimpleUploadedFile("terms.csv", told)}
        )

        assert answer.status_code == 302
        assert Term.objects.get(name="Savers").synonyms == ["Sparer", "=cmd"]

    def test_of_a_file_with_a_fault_nothing_is_loaded(self, admin, audience):
        told = b"facet,name,part_of\naudience,Traders,\naudience,Brokers,nobody\nmood,Calm,\n"

        shown = admin.post(
            reverse("content_terms:load"), {"file": SimpleUploadedFile("terms.csv", told)}
        ).content.decode()

        assert "Line 3: There is no term “nobody”." in shown
        assert "Line 4: There is no facet “mood”." in shown
        assert not Term.objects.filter(name="Traders").exists()

    def test_a_parent_answers_the_same_question(self, admin, audience):
        other = Facet.objects.create(name="Stage", slug="stage")
        stage = Term.objects.create(facet=other, name="Idea", slug="idea")
        savers = Term.objects.get(name="Savers")
        told = {
            "facet": audience.pk, "name": "Savers", "slug": "savers", "parent": stage.pk,
            "synonyms": "", "description": "", "owner": "",
        }  # fmt: skip

        admin.post(reverse("content_terms:edit", args=[savers.pk]), told)

        assert Term.objects.get(pk=savers.pk).parent is None


class TestQuality:
    def test_says_how_often_suggestions_were_right(self, elena, article, pages, at):
        admin = staff("ada", "Administrator")
        pages.product.title = "For savers and beginners"
        pages.product.save()
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)
        for one in tag.suggest(pages.product, at=at):
            tag.reject(one, by=elena.user, at=at)

        facet = Facet.objects.get()
        answer = admin.get(reverse("content_facets:quality", args=[facet.pk]))

        assert answer.context["told"]["whole"]["precision"] == pytest.approx(1 / 3)
        assert answer.context["told"]["whole"]["recall"] == 1
        assert "33.3 %" in answer.content.decode()

    def test_elena_does_not_judge_taggers(self, elena, audience):
        answer = elena.get(reverse("content_facets:quality", args=[audience.pk]))

        assert answer.status_code in {302, 403}


def test_places_hold_pages_as_pages(pages):
    kind = ContentType.objects.get_for_model(Page)
    assert tag.place(pages.article)["content_type_id"] == kind.pk
