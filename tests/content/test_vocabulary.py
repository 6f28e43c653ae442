"""ada keeps the vocabulary: a tree of terms, merged, retired, loaded from files, and judged."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import ModelLogEntry

from content import bulk, tag, terms
from content.models import Facet, TagSuggestion, Term
from dxp import roles
from tests.content import tagging
from tests.content.tagging import names, staff

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

    def test_what_had_both_shows_the_one_that_is_left(self, article, elena, at):
        savers, starters = Term.objects.order_by("-name")
        for term in (savers, starters):
            tag.give(article, term, by=elena.user, at=at)

        terms.merge(term=savers, into=starters)

        assert [one.term for one in tag.given(article)] == [starters]

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

    def test_a_facet_with_terms_is_not_deleted(self, admin, audience):
        admin.post(reverse("content_facets:delete", args=[audience.pk]))

        assert Facet.objects.filter(pk=audience.pk).exists()

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

    def test_columns_that_a_file_does_not_name_stay(self, audience, at):
        Term.objects.filter(name="Savers").update(synonyms=["Sparer"], description="Put aside")

        terms.load(text="facet,term,name\naudience,savers,People who save\n", at=at)

        savers = Term.objects.get(slug="savers")
        assert (savers.name, savers.synonyms) == ("People who save", ["Sparer"])
        assert savers.description == "Put aside"

    def test_a_line_of_a_merged_term_is_left_out(self, audience, at):
        savers, starters = Term.objects.order_by("-name")
        terms.merge(term=savers, into=starters)
        told = "".join(",".join(row) + "\n" for row in terms.rows())
        savers.delete()

        terms.load(text=told, at=at)

        assert [one.name for one in Term.objects.all()] == ["Beginners"]

    def test_a_file_that_is_none_is_refused_with_the_line(self, audience, at):
        found = terms.load(text=f"facet,name\naudience,{'x' * 200_000}\n", at=at)

        assert [line for line, _why in found.faults] == [2]

    def test_a_new_term_of_an_old_name_is_found_by_it(self, audience):
        savers, starters = Term.objects.order_by("-name")
        terms.merge(term=savers, into=starters)
        assert terms.called(name="Savers", facet=audience) == starters

        anew = Term.objects.create(facet=audience, name="Savers", slug="savers-2")

        assert terms.called(name="savers", facet=audience) == anew

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

    def test_leads_to_what_waits_and_from_there_to_accepting(self, elena, article, at):
        facet = Facet.objects.get()

        shown = elena.get(reverse("content_facets:waiting", args=[facet.pk]))

        (row,) = shown.context["rows"]
        assert (row["thing"].pk, row["terms"]) == (article.pk, "Savers (85 %)")
        (many,) = shown.context["many"]
        elena.post(many["url"], {"least": 80})
        while bulk.step(at=at):
            pass
        assert names(article) == {"Savers"}
        assert (
            "Nothing that you may decide" in elena.get(shown.request["PATH_INFO"]).content.decode()
        )

    def test_shows_nothing_of_what_one_may_not_change(self, article):
        guest = staff("guest", "Analyst")

        answer = guest.get(reverse("content_facets:waiting", args=[Facet.objects.get().pk]))

        assert b"For savers" not in answer.content

    def test_elena_does_not_judge_taggers(self, elena, audience):
        answer = elena.get(reverse("content_facets:quality", args=[audience.pk]))

        assert answer.status_code in {302, 403}
