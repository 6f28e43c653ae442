"""The examples of docs/developer/taggers.md and docs/editor/tags.md do what the text says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from content import learn, terms
from content.models import Facet, Term
from content.taggers import LEAST, TAGGERS
from content.taggers.learned import ENOUGH
from dxp.users.models import User

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOC = DOCS / "developer" / "taggers.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
EDITOR = (DOCS / "editor" / "tags.md").read_text()

pytestmark = pytest.mark.django_db


def run(number, names):
    exec(compile(BLOCKS[number], str(DOC), "exec", dont_inherit=True), names)


@pytest.fixture
def names():
    """Take the document's taggers in, and out again."""
    found = {"__name__": __name__}
    learn._HELD.clear()
    run(0, found)
    run(1, found)
    yield found
    del TAGGERS.members["prices"]
    del TAGGERS.members["counted"]
    learn._HELD.clear()


@pytest.fixture
def costly(pages):
    facet = Facet.objects.create(name="About", slug="about")
    Term.objects.create(facet=facet, name="Fees", slug="fees")
    pages.article.body = [("text", "<p>It is € 20 a year, later € 30.</p>")]
    pages.article.save()
    return pages.article


class TestTheTagger:
    def test_guesses_and_is_accepted_as_the_text_says(self, names, costly, at, capsys):
        person = User.objects.create_user("elena")

        run(2, names | {"page": costly, "at": at, "person": person})

        assert capsys.readouterr().out == "Fees 0.60 prices\n['Fees'] []\n"

    def test_learns_how_often_it_is_right(self, names, costly, at):
        run(2, names | {"page": costly, "at": at, "person": User.objects.create_user("elena")})

        learned = {one.tagger: one for one in learn.learn(Facet.objects.get(), at=at)}

        assert learned["counted"].quality == {"precision": 1.0}

    def test_the_numbers_in_the_text_are_ours(self):
        assert f"({LEAST})" in DOC.read_text()
        assert ENOUGH == 15
        assert "fewer than fifteen things" in EDITOR
        assert learn.NEW_DECISIONS == 20
        assert "more than twenty decisions" in EDITOR


class TestTheFile:
    def test_is_loaded_as_it_stands_in_the_text(self, at):
        Facet.objects.create(name="Audience", slug="audience")
        told = re.search(r"```csv\n(.*?)```", EDITOR, re.DOTALL)[1]

        found = terms.load(text=told, at=at)

        assert (found.made, found.faults) == (2, [])
        assert Term.objects.get(slug="savers").synonyms == ["Sparer", "ahorradores"]
        assert Term.objects.get(slug="young-savers").parent.slug == "savers"
