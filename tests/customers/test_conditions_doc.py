"""The example of docs/developer/conditions.md does what the text says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from customers import match, rules, segment
from customers.conditions import LEAVES
from customers.models import Profile
from dxp.lib.clock import now

DOC = Path(__file__).resolve().parents[2] / "docs" / "developer" / "conditions.md"


@pytest.fixture
def example():
    """Run the document's first example, and take it out again."""
    code = re.search(r"```python\n(from dataclasses.*?)```", DOC.read_text(), re.DOTALL)[1]
    exec(compile(code, str(DOC), "exec", dont_inherit=True), {"__name__": __name__})
    yield LEAVES.get("loyal")
    del LEAVES.members["loyal"]


def rule(days):
    return {"v": 1, "root": {"op": "not", "of": {"op": "loyal", "days": days}}}


class TestTheExample:
    def test_is_read_told_asked_explained_and_drawn(self, db, example):
        at = now()
        old, new = (
            Profile.objects.create(
                bucket=1, created_at=at - timedelta(days=days), last_seen_at=at
            ).pk
            for days in (400, 3)
        )

        root = rules.parse(rule(30))
        assert rules.canonical(rule(30)) == rule(30)
        assert rules.sentence(rule(30)) == "not has been with us for 30 days"
        with pytest.raises(rules.RuleError, match="number of days"):
            rules.parse(rule(0))

        assert segment.people(rule=rule(30), limit=9, at=at) == [new]
        answers = match.these([root], profile_ids=[old, new], at=at)
        assert [answers.inside(0, one) for one in (old, new)] == [False, True]

        made = segment.create(name="New", rule=rule(30), at=at)
        told = segment.why(segment_or_rule=made, profile_id=new, at=at).root.of[0]
        assert told.facts == {"have": 3, "need": 30}

        while segment.sweep(at=at + timedelta(days=27)):
            pass
        assert not made.members.filter(left_at=None).exists()

        form = next(one for one in rules.describe() if one["name"] == "loyal")
        assert form["blank"] == {"op": "loyal", "days": 365}
        assert form["fields"][0]["kind"] == "number"
