"""Programs tag single things, as far as their person or bot may."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from content import grant as grants
from content import tag, terms
from content.models import Facet, Fragment, Tagging, TagSuggestion, Term
from dxp.lib import clock
from dxp.users import bots, grant
from dxp.users.models import User

pytestmark = pytest.mark.django_db
SCOPES = ["tags:write"]


class Program:
    """Asks with a token of somebody."""

    def __init__(self, client, secret):
        self.client, self.headers = client, {"authorization": f"Bearer {secret}"}

    def __call__(self, method, path, status=200):
        answer = self.client.generic(method, f"/api/v1/tags/{path}", headers=self.headers)
        assert answer.status_code == status, answer.content
        return answer.json()


@pytest.fixture
def ada(db):
    return User.objects.create_superuser("ada", "ada@alder.example", "secret")


@pytest.fixture
def program(client, ada):
    return Program(client, grant.issue(user=ada, scopes=SCOPES, name="PIM", at=clock.now()))


@pytest.fixture
def robot(client, ada):
    """Return a bot with the scope, and a program that asks with its key."""
    bot, key = bots.create(name="Tagger", scopes=SCOPES, by=ada, at=clock.now())
    return bot, Program(client, key)


@pytest.fixture
def reach(db):
    return Fragment.objects.create(name="How to reach us", live=True)


@pytest.fixture
def at_home(db):
    facet = Facet.objects.create(name="Topic", slug="topic", required_for=["content.fragment"])
    return Term.objects.create(facet=facet, name="A home", slug="a-home")


@pytest.fixture
def pension(at_home):
    return Term.objects.create(facet=at_home.facet, name="Pension", slug="pension")


def offered(thing, term):
    return TagSuggestion.objects.create(
        **tag.place(thing), term=term, confidence=0.8, tagger="terms", made_at=clock.now()
    )


def names(told):
    return [one["term"] for one in told["tags"]]


class TestAPersonsProgram:
    def test_reads_what_there_is_what_is_suggested_and_what_is_missing(
        self, program, reach, at_home
    ):
        offered(reach, at_home)

        told = program("GET", f"fragment/{reach.pk}/")

        assert told == {
            "tags": [],
            "suggestions": [{"term": "topic:a-home", "confidence": 0.8, "tagger": "terms"}],
            "missing": ["topic"],
        }

    def test_gives_and_so_accepts(self, program, reach, at_home):
        offered(reach, at_home)

        told = program("PUT", f"fragment/{reach.pk}/topic:a-home/")
        again = program("PUT", f"fragment/{reach.pk}/topic:a-home/")

        assert names(told) == names(again) == ["topic:a-home"]
        assert told["tags"][0]["is_human"]
        assert (told["suggestions"], told["missing"]) == ([], [])
        assert TagSuggestion.objects.get().state == tag.ACCEPTED

    def test_takes_away_and_it_does_not_come_back(self, program, reach, at_home, ada, at):
        tag.give(reach, at_home, by=ada, at=at)

        told = program("DELETE", f"fragment/{reach.pk}/topic:a-home/")

        assert names(told) == []
        assert TagSuggestion.objects.get().state == tag.REJECTED

    def test_rejects_what_is_suggested(self, program, reach, at_home):
        offered(reach, at_home)

        assert program("DELETE", f"fragment/{reach.pk}/topic:a-home/")["suggestions"] == []
        assert TagSuggestion.objects.get().state == tag.REJECTED
        program("DELETE", f"fragment/{reach.pk}/topic:a-home/", 404)

    def test_means_the_term_that_a_merged_one_became(self, program, reach, at_home, pension):
        terms.merge(term=pension, into=at_home)

        told = program("PUT", f"fragment/{reach.pk}/topic:pension/")

        assert names(told) == ["topic:a-home"]

    @pytest.mark.parametrize(
        "path", ["page/{page}/", "fragment/{fragment}/"], ids=["page", "fragment"]
    )
    def test_is_told_of_each_kind(self, program, pages, reach, path):
        known = {"page": pages.article.pk, "fragment": reach.pk}

        assert names(program("GET", path.format(**known))) == []

    @pytest.mark.parametrize(
        "path", ["person/1/", "fragment/0/", "fragment/{}/topic:none/", "fragment/{}/none/"]
    )
    def test_is_told_what_there_is_not(self, program, reach, path):
        program("PUT" if "topic" in path or "none" in path else "GET", path.format(reach.pk), 404)

    def test_is_refused_a_term_out_of_use(self, program, reach, at_home, at):
        terms.retire(term=at_home, at=at)

        told = program("PUT", f"fragment/{reach.pk}/topic:a-home/", 409)

        assert "out of use" in told["detail"]

    def test_may_what_its_person_may_at_that_moment(self, client, reach, at_home, ada, at):
        editor = User.objects.create_user("elena", "elena@alder.example", "secret")
        editor.user_permissions.add(
            *Permission.objects.filter(codename__in=["add_tagging", "change_fragment"])
        )
        program = Program(client, grant.issue(user=editor, scopes=SCOPES, name="P", at=at))
        program("PUT", f"fragment/{reach.pk}/topic:a-home/")

        # What she may give she may not take away.
        program("DELETE", f"fragment/{reach.pk}/topic:a-home/", 403)
        editor.user_permissions.clear()
        program("GET", f"fragment/{reach.pk}/", 404)


class TestABot:
    def test_tags_what_it_was_given_and_knows_of_nothing_else(self, robot, reach, at_home, ada, at):
        bot, program = robot
        other = Fragment.objects.create(name="Another", live=True)
        grants.give(to=bot, on=reach, actions=["change"], by=ada, at=at)

        told = program("PUT", f"fragment/{reach.pk}/topic:a-home/")

        assert [(one["term"], one["is_human"]) for one in told["tags"]] == [("topic:a-home", False)]
        program("GET", f"fragment/{other.pk}/", 404)
        program("PUT", f"fragment/{other.pk}/topic:a-home/", 404)
        assert Tagging.objects.count() == 1

    def test_never_overrules_a_person(self, robot, reach, at_home, pension, ada, at):
        bot, program = robot
        grants.give(to=bot, on=reach, actions=["change"], by=ada, at=at)
        tag.give(reach, at_home, by=ada, at=at)
        tag.reject(offered(reach, pension), by=ada, at=at)

        program("DELETE", f"fragment/{reach.pk}/topic:a-home/", 409)
        program("PUT", f"fragment/{reach.pk}/topic:pension/", 409)

        assert names(program("GET", f"fragment/{reach.pk}/")) == ["topic:a-home"]

    def test_does_not_decide_about_suggestions(self, robot, reach, at_home, ada, at):
        bot, program = robot
        grants.give(to=bot, on=reach, actions=["change"], by=ada, at=at)
        offered(reach, at_home)

        program("DELETE", f"fragment/{reach.pk}/topic:a-home/", 404)

        assert TagSuggestion.objects.get().state == tag.OPEN
