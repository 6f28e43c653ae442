"""Rules say what they mean, and nonsense is refused with words."""

from __future__ import annotations

import pytest

from customers import rules

LIVES = {"op": "trait", "field": "country", "cmp": "eq", "value": "IT"}
READ = {"op": "event", "name": "Article Viewed", "metric": "count",
        "window": {"last": [7, "days"]}, "cmp": "gte", "value": 2}  # fmt: skip


def rule(root):
    return {"v": 1, "root": root}


class TestReading:
    def test_a_rule_in_words(self):
        told = rules.sentence(
            rule({
                "op": "and",
                "of": [LIVES, {"op": "not", "of": READ}, {"op": "segment", "id": 3}],
            }),
            segments={3: "Savers"},
        )

        assert told == (
            "country is “IT” and not did “Article Viewed” at least 2 times in the last 7 days"
            " and is in “Savers”"
        )

    def test_what_it_depends_on(self):
        found = rules.deps(rule({"op": "or", "of": [LIVES, READ, {"op": "segment", "id": 3}]}))

        assert found == rules.Deps({"Article Viewed"}, traits=True, segments={3}, timed=True)

    def test_a_rule_over_all_time_is_not_timed(self):
        assert rules.deps(rule({**READ, "window": "all"})).timed is False


def deep(levels):
    return LIVES if levels == 0 else {"op": "not", "of": deep(levels - 1)}


class TestNonsense:
    @pytest.mark.parametrize(
        "root",
        [
            None, {}, [], {"op": "all"}, {"op": ["and"]}, {"op": "and"}, {"op": "and", "of": []},
            {"op": "or", "of": {}}, {"op": "not"}, {"op": "not", "of": [LIVES]},
            {"op": "and", "of": [LIVES, None]}, deep(6), {"op": "and", "of": [LIVES] * 51},
            {**LIVES, "field": ""}, {**LIVES, "field": 7}, {**LIVES, "cmp": "like"},
            {**LIVES, "value": None}, {**LIVES, "value": [1]}, {**LIVES, "value": float("nan")},
            {**LIVES, "value": "\x00"}, {**LIVES, "cmp": "in", "value": []},
            {**LIVES, "cmp": "in", "value": "IT"}, {**LIVES, "cmp": "set", "value": "yes"},
            {**LIVES, "cmp": "contains", "value": ""}, {**LIVES, "cmp": "gt", "value": True},
            {**READ, "name": ""}, {**READ, "name": "Segment Entered"}, {**READ, "metric": "avg"},
            {**READ, "cmp": "in"}, {**READ, "value": "2"}, {**READ, "value": True},
            {**READ, "window": None}, {**READ, "window": {"last": [0, "days"]}},
            {**READ, "window": {"last": [7, "weeks"]}}, {**READ, "window": {"last": [7.0, "days"]}},
            {**READ, "window": {"last": [10**9, "days"]}}, {"op": "segment"},
            {"op": "segment", "id": "3"}, {"op": "segment", "id": 2**70},
        ],
    )  # fmt: skip
    def test_is_refused_with_a_place_and_words(self, root):
        with pytest.raises(rules.RuleError) as refused:
            rules.parse(rule(root))

        assert refused.value.path.startswith("root")
        assert refused.value.words.endswith(".")

    @pytest.mark.parametrize("whole", [None, [], {}, {"v": 2, "root": LIVES}, {"root": LIVES}])
    def test_an_unknown_version_is_refused(self, whole):
        with pytest.raises(rules.RuleError):
            rules.parse(whole)

    def test_says_where(self):
        with pytest.raises(rules.RuleError) as refused:
            rules.parse(rule({"op": "and", "of": [LIVES, {"op": "not", "of": {"op": "x"}}]}))

        assert refused.value.path == "root.of.1.of"
