"""Many things are tagged, untagged, read and learned at once; copies are about the same."""

from __future__ import annotations

import pytest
from django.urls import reverse
from wagtail.actions.copy_for_translation import CopyPageForTranslationAction
from wagtail.models import Locale, PageLogEntry

from content import bulk, tag
from content.models import BulkRun, TaggerModel, TagSuggestion, Term
from dxp import roles
from tests.content import tagging
from tests.content.tagging import names, staff

pytestmark = pytest.mark.django_db
PAGES = "/admin/bulk/wagtailcore/page/{}/"


@pytest.fixture
def elena(pages):
    roles.seed()
    return staff("elena", "Editor")


@pytest.fixture
def savers(elena):
    tagging.audience()
    return Term.objects.get(name="Savers")


def run_out(at):
    while bulk.step(at=at):
        pass


def chosen(*things):
    return "?" + "&".join(f"id={one.pk}" for one in things)


class TestMany:
    def test_gives_and_takes_a_term_and_writes_it_down(self, elena, pages, savers, at):
        both = (pages.article, pages.product)
        address = PAGES.format("give_term") + chosen(*both)
        assert "Audience: Savers" in elena.get(address).content.decode()

        elena.post(address, {"term": savers.pk})
        run_out(at)
        assert [names(one) for one in both] == [{"Savers"}, {"Savers"}]

        elena.post(PAGES.format("take_term") + chosen(*both), {"term": savers.pk})
        run_out(at)
        assert [names(one) for one in both] == [set(), set()]
        history = PageLogEntry.objects.filter(page=pages.article).order_by("pk")
        acts = [one.action for one in history if one.action.startswith("content.tag")]
        assert acts == ["content.tag.give", "content.tag.take"]
        assert history.last().user == elena.user

    def test_accepts_what_is_sure_enough(self, elena, pages, savers, at):
        tagging.for_savers(pages.article, at)

        elena.post(PAGES.format("accept_terms") + chosen(pages.article), {"least": 50})
        run_out(at)

        assert names(pages.article) == {"Savers"}


class TestAnew:
    def test_ada_has_the_taggers_learn_and_read_everything(self, elena, pages, savers, at):
        ada = staff("ada", "Administrator")
        tagging.for_savers(pages.article, at)
        tag.accept(TagSuggestion.objects.get(), by=elena.user, at=at)
        pages.product.title = "Savers welcome"
        pages.product.save()

        ada.post(reverse("content_tags_rebuild"))
        run_out(at)

        assert TaggerModel.objects.filter(tagger="words", in_use=True).exists()
        assert TagSuggestion.objects.filter(**tag.place(pages.product)).exists()
        acts = set(BulkRun.objects.values_list("act", "state"))
        assert acts == {("learn_terms", "DONE"), ("suggest_terms", "DONE")}

    def test_elena_has_not(self, elena, savers):
        assert elena.post(reverse("content_tags_rebuild")).status_code in {302, 403}
        assert not BulkRun.objects.exists()


class TestCopies:
    def test_a_copied_branch_is_tagged_as_the_original(self, pages, savers, at):
        ada = staff("ada", "Administrator")
        tag.give(pages.article, savers, by=ada.user, at=at)
        insights = pages.article.get_parent()
        told = {
            "new_title": "Again", "new_slug": "again", "new_parent_page": pages.home.pk,
            "copy_subpages": "on",
        }  # fmt: skip

        ada.post(reverse("wagtailadmin_pages:copy", args=[insights.pk]), told)

        copy = pages.home.get_children().get(slug="again").get_children().get()
        assert names(copy) == {"Savers"}

    def test_so_is_a_translation(self, elena, pages, savers, at):
        tag.give(pages.article, savers, by=elena.user, at=at)
        spanish = Locale.objects.get_or_create(language_code="es")[0]

        made = CopyPageForTranslationAction(pages.article, spanish, copy_parents=True)
        translation = made.execute(skip_permission_checks=True)

        assert names(translation) == {"Savers"}
