"""Rules say what they mean, and nonsense is refused with words."""

from __future__ import annotations

import pytest

from customers import rules

LIVES = {"op": "trait", "field": "country", "cmp": "eq", "value": "IT"}
READ = {"op": "event", "matcher": {"event": "Article Viewed"}, "metric": "count",
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

        assert (found.names, found.traits, found.segments) == ({"Article Viewed"}, {"country"}, {3})
        assert found.timed

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
            {**READ, "matcher": {"event": ""}}, {**READ, "matcher": {"event": "Segment Entered"}},
            {**READ, "metric": "median"}, {**READ, "metric": "distinct"}, {**READ, "prop": "price"},
            {**READ, "matcher": {"event": "A", "where": [{"prop": "x", "cmp": "like", "value": 1}]}},
            {**READ, "matcher": {"event": "A", "where": [{"prop": "", "cmp": "eq", "value": 1}]}},
            {**READ, "matcher": {"event": "A", "where": [None]}}, {**READ, "matcher": None},
            {**READ, "metric": "last", "value": 1.5}, {**READ, "metric": "first", "value": -1},
            {**READ, "window": {"between": [30, 7, "days"]}}, {**READ, "window": {"from": "soon"}},
            {**READ, "window": {"from": "2026-02-30"}}, {**READ, "window": {"last": [200, "hours"]}},
            {**READ, "window": {"from": "2026-02-02", "to": "2026-02-01"}}, {**READ, "window": {}},
            {**LIVES, "cmp": "before", "value": "yesterday"}, {**LIVES, "cmp": "starts", "value": 1},
            {**LIVES, "cmp": "within_last", "value": 3}, {**LIVES, "unit": "days"},
            {**LIVES, "cmp": "within_last", "value": 3, "unit": "years"},
            {**LIVES, "cmp": "anniversary_in", "value": 3, "unit": "hours"},
            {"op": "sequence", "steps": [{"event": "A"}], "within": [1, "days"], "window": "all"},
            {"op": "sequence", "steps": [{"event": "A"}] * 6, "within": [1, "days"], "window": "all"},
            {"op": "sequence", "steps": [{"event": "A"}] * 2, "within": [0, "days"], "window": "all"},
            {"op": "consent", "purpose": "marketing", "channel": "email", "state": "maybe"},
            {"op": "consent", "purpose": "", "channel": "email", "state": "granted"},
            {"op": "contact", "channel": ""}, {"op": "bucket", "salt": "", "from": 0, "to": 10},
            {"op": "bucket", "salt": "a", "from": 10, "to": 10},
            {"op": "bucket", "salt": "a", "from": 0, "to": 101},
            {**READ, "cmp": "in"}, {**READ, "value": "2"}, {**READ, "value": True},
            {**READ, "window": None}, {**READ, "window": {"last": [0, "days"]}},
            {**READ, "window": {"last": [7, "years"]}}, {**READ, "window": {"last": [7.0, "days"]}},
            {**READ, "window": {"last": [10**9, "days"]}}, {"op": "segment"},
            {"op": "segment", "id": "3"}, {"op": "segment", "id": 2**70},
        ],
    )  # fmt: skip
    def test_pitfall_06_is_refused_with_a_place_and_words(self, root):
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


def _bomb(levels):
    node = LIVES
    for _ in range(levels):
        node = {"op": "and", "of": [node]}
    return node


class TestOneSpelling:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({**READ, "window": {"last": [2, "weeks"]}}, {**READ, "window": {"last": [14, "days"]}}),
            ({**READ, "window": {"between": [0, 7, "days"]}}, {**READ, "window": {"last": [7, "days"]}}),
            ({**READ, "value": 2.0}, READ),
            ({**READ, "matcher": {"event": "Article Viewed", "where": []}}, READ),
            ({**READ, "prop": ""}, READ),
            ({**LIVES, "cmp": "in", "value": ["b", "a", "b"]}, {**LIVES, "cmp": "in", "value": ["a", "b"]}),
            ({**LIVES, "more": 1}, LIVES),
        ],
    )  # fmt: skip
    def test_of_one_meaning(self, one, other):
        assert rules.canonical(rule(one)) == rules.canonical(rule(other)) == rule(other)

    def test_filters_have_no_order(self):
        a, b = ({"prop": p, "cmp": "eq", "value": 1} for p in "ab")
        one, other = (
            rules.canonical(rule({**READ, "matcher": {"event": "A", "where": list(where)}}))
            for where in ((a, b), (b, a))
        )

        assert one == other

    def test_of_every_kind_that_forms_begin_with(self):
        for form in rules.describe():
            assert form["blank"]["op"] == form["name"]
            assert form["label"] and form["help"]
            keys = {field["key"].split(".")[0] for field in form["fields"]}
            assert keys <= set(form["blank"]) | {"prop", "without", "unit"}

    def test_pitfall_06_a_bomb_of_depth_is_refused_before_it_is_walked(self):
        with pytest.raises(rules.RuleError, match="five deep"):
            rules.parse(rule(_bomb(900)))
