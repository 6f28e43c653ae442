"""The examples of docs/editor/rights.md do what the text says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from wagtail.models import Collection, Page

from content import grant, policies
from content.models import Document, Fragment, HomePage, StandardPage
from dxp.lib.clock import now
from dxp.users import bots
from dxp.users.models import User
from tests.dxp.test_api_docs import fits, run
from tests.house.objects import person

pytestmark = pytest.mark.django_db
DOC = (Path(__file__).resolve().parents[2] / "docs/editor/rights.md").read_text()
ROWS = re.findall(r"^\| ([A-Z]\w+) \| (the \w+) \| (.+?) \| (.+?) \|$", DOC, re.MULTILINE)
EXAMPLES = re.findall(r"```sh\n(curl .*?)```\n```json\n(.*?)```", DOC, re.DOTALL)
ACTS = {
    "edit": "change", "publish": "publish", "unpublish": "unpublish", "add below": "add",
    "lock": "lock", "unlock": "unlock", "delete": "delete", "use": "choose", "look at": "view",
}  # fmt: skip


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root")


@pytest.fixture
def things(db):
    """What the table talks about."""
    home = Page.get_first_root_node().add_child(instance=HomePage(title="Home", slug="rights"))
    page = home.add_child(instance=StandardPage(title="Letter", slug="letter"))
    shelf = Collection.get_first_root_node().add_child(name="Shelf")
    return {
        "the page": page,
        "the page below": page.add_child(instance=StandardPage(title="Note", slug="note")),
        "the page beside": home.add_child(instance=StandardPage(title="Offer", slug="offer")),
        "the collection": shelf,
        "the file": Document.objects.create(title="One", file="documents/one.txt"),
        "the other file": Document.objects.create(title="Two", file="documents/two.txt"),
        "the file in it": Document.objects.create(
            title="In", file="documents/in.txt", collection=shelf
        ),
        "the fragment": Fragment.objects.create(name="Words", body=[]),
        "the other fragment": Fragment.objects.create(name="Others", body=[]),
    }


def meant(phrases, things):
    """Yield each phrase of a cell with the act and the thing that it names."""
    for phrase in phrases.split(", "):
        act, name = re.fullmatch(r"(.+?) (the .+)", phrase).groups()
        yield phrase, ACTS[act], things[name]


@pytest.mark.parametrize(("given", "on", "may", "may_not"), ROWS)
def test_each_row_is_what_the_right_lets_do(given, on, may, may_not, things, root, at):
    gita, acts = person("gita"), {grant.words(name): name for name in grant.OFFERED}
    acts |= {grant.words(name): name for name in grant.ON_PAGES}
    grant.give(to=gita, on=things[on], actions=[acts[given]], by=root, at=at)
    gita = User.objects.get(pk=gita.pk)

    for cell, expected in ((may, True), (may_not, False)):
        for phrase, act, thing in meant(cell, things):
            assert policies.may(gita, act, thing) is expected, phrase


def test_a_bot_writes_and_publishes_as_the_examples_say(client, things, root, at):
    bot, key = bots.create(name="Import", scopes=["fragments:write"], by=root, at=now())
    fragment = things["the fragment"]
    grant.give(to=bot, on=fragment, actions=["change", "publish"], by=root, at=at)
    known = {"DXP": "", "KEY": key, "FRAGMENT": str(fragment.pk)}

    for command, shown in EXAMPLES:
        answer = run(client, command, known)
        assert fits(answer.json(), json.loads(shown)), (command, answer.text)

    fragment.refresh_from_db()
    assert len(ROWS) == 11
    assert fragment.sms == "Save early, save often."
