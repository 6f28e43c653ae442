"""Programs read the vocabulary, and pages by term."""

from __future__ import annotations

import pytest

from content import tag, terms
from content.models import Facet, Term
from dxp.lib import clock
from dxp.users import grant
from dxp.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(client, pages):
    """Ask with a token that may read terms."""
    ada = User.objects.create_superuser("ada", "ada@alder.example", "secret")
    secret = grant.issue(user=ada, scopes=["terms:read"], name="Kiosk", at=clock.now())

    def ask(path, **asked):
        answer = client.get(path, asked, headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return ask


@pytest.fixture
def savers(db):
    facet = Facet.objects.create(name="Audience", slug="audience")
    return Term.objects.create(facet=facet, name="Savers", slug="savers", synonyms=["Sparer"])


class TestTerms:
    def test_names_terms_with_their_place(self, told, savers):
        Term.objects.create(facet=savers.facet, name="Young", slug="young", parent=savers)

        found = told("/api/v1/terms/", facet="audience")

        assert [(one["term"], one["part_of"]) for one in found] == [
            ("savers", None), ("young", "savers"),
        ]  # fmt: skip
        assert found[0]["also_called"] == ["Sparer"]


class TestPages:
    def test_answers_pages_by_term_and_its_parts(self, told, savers, pages, at):
        young = Term.objects.create(facet=savers.facet, name="Young", slug="young", parent=savers)
        tag.give(pages.article, young, by=None, at=at)

        found = told("/api/v1/pages/", term="audience:savers")

        assert [(one["title"], one["terms"]) for one in found] == [("Cash", ["audience:young"])]

    def test_a_merged_term_leads_to_the_one_it_became(self, told, savers, pages, at):
        keepers = Term.objects.create(facet=savers.facet, name="Keepers", slug="keepers")
        for term in (savers, keepers):
            tag.give(pages.article, term, by=None, at=at)
        terms.merge(term=savers, into=keepers)

        found = told("/api/v1/pages/", term="audience:savers")

        assert [(one["title"], one["terms"]) for one in found] == [("Cash", ["audience:keepers"])]

    def test_says_nothing_of_drafts_and_unknown_terms(self, told, savers, pages, at):
        tag.give(pages.article, savers, by=None, at=at)
        pages.article.unpublish()

        assert told("/api/v1/pages/", term="audience:savers") == []
        assert told("/api/v1/pages/", term="audience:nobody") == []
