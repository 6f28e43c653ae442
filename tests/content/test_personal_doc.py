"""The examples of docs/editor/personal.md do what the text says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from content import context, personalize
from content.blocks.dynamic import DELIVERIES, STRATEGIES
from content.personalize import Because, Visitor
from customers.models import TraitDef

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "editor" / "personal.md").read_text()
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def rows(heading):
    """Return the rows of the table below such a heading."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [
        [cell.strip().strip("`").replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for row in table
    ]


@pytest.mark.parametrize(("rule", "came", "holds"), rows("Rule"))
def test_rules_hold_as_the_page_says(rule, came, holds):
    found = context.told(json.loads(came), at=AT)

    assert context.holds(json.loads(rule), found) is (holds == "yes")


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "ana", "stranger"), rows("You write"))
def test_words_about_the_visitor_are_said_as_the_page_says(text, ana, stranger):
    for key, pii in (("firstName", "name"), ("plan", "none"), ("email", "contact")):
        TraitDef.objects.update_or_create(
            key=key, defaults={"type": "text", "pii": pii, "created_at": AT}
        )
    traits = {"firstName": "Ana", "plan": "saver", "email": "ana@example.org"}

    assert personalize.say(text, Visitor("ana", frozenset(), traits=traits)) == ana
    assert personalize.say(text, Because.UNKNOWN) == stranger


def test_names_every_choice_as_editors_read_it():
    assert [row[0] for row in rows("Choice")] == [str(label) for _name, label in STRATEGIES]
    for _name, label in DELIVERIES:
        assert str(label).split(" (")[0] in PAGE
