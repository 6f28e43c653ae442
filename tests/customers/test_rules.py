"""Rules say what they mean, and nonsense is refused with words."""

from __future__ import annotations

import pytest

from customers import rules

LIVES = {"op": "trait", "field": "country", "cmp": "eq", "value": "IT"}
ANY = {"op": "trait", "field": "country", "cmp": "in", "value": ["a", "b"]}
READ = {"op": "event", "matcher": {"event": "Article Viewed"}, "metric": "count",
        "window": {"last": [7, "days"]}, "cmp": "gte", "value": 2}  # fmt: skip

STEPS = {"op": "sequence", "steps": [{"event": "A"}, {"event": "B"}], "within": [1, "days"],
         "window": "all"}  # fmt: skip


def asks(where):
    return {**READ, "matcher": {"event": "A", "where": where}}


def during(window):
    return {**READ, "window": window}


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
            asks([{"prop": "x", "cmp": "like", "value": 1}]),
            asks([{"prop": "", "cmp": "eq", "value": 1}]),
            asks([None]), {**READ, "matcher": None},
            {**READ, "metric": "last", "value": 1.5}, {**READ, "metric": "first", "value": -1},
            during({"between": [30, 7, "days"]}), during({"from": "soon"}),
            during({"from": "2026-02-30"}), during({"last": [200, "hours"]}),
            during({"from": "2026-02-02", "to": "2026-02-01"}), during({}),
            {**LIVES, "cmp": "before", "value": "never"}, {**LIVES, "cmp": "starts", "value": 1},
            {**LIVES, "cmp": "within_last", "value": 3}, {**LIVES, "unit": "days"},
            {**LIVES, "cmp": "within_last", "value": 3, "unit": "years"},
            {**LIVES, "cmp": "anniversary_in", "value": 3, "unit": "hours"},
            {**STEPS, "steps": [{"event": "A"}]},
            {**STEPS, "steps": [{"event": "A"}] * 6},
            {**STEPS, "within": [0, "days"]}, {**STEPS, "without": "A"},
            {"op": "consent", "purpose": "marketing", "channel": "email", "state": "maybe"},
            {"op": "consent", "purpose": "", "channel": "email", "state": "granted"},
            {"op": "contact", "channel": ""}, {"op": "bucket", "salt": "", "from": 0, "to": 10},
            {"op": "bucket", "salt": "a", "from": 10, "to": 10},
            {"op": "bucket", "salt": "a", "from": 0, "to": 101},
            {**READ, "cmp": "in"}, {**READ, "value": "2"}, {**READ, "value": True},
            {**READ, "window": None}, during({"last": [0, "days"]}),
            during({"last": [7, "years"]}), during({"last": [7.0, "days"]}),
            during({"last": [10**9, "days"]}), {"op": "segment"},
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
            (during({"last": [2, "weeks"]}), during({"last": [14, "days"]})),
            (during({"between": [0, 7, "days"]}), during({"last": [7, "days"]})),
            ({**READ, "value": 2.0}, READ),
            ({**READ, "matcher": {"event": "Article Viewed", "where": []}}, READ),
            ({**READ, "prop": ""}, READ),
            ({**ANY, "value": ["b", "a", "b"]}, ANY),
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
            assert form["label"]
            assert form["help"]
            keys = {field["key"].split(".")[0] for field in form["fields"]}
            assert keys <= set(form["blank"]) | {"prop", "without", "unit"}

    def test_pitfall_06_a_bomb_of_depth_is_refused_before_it_is_walked(self):
        with pytest.raises(rules.RuleError, match="five deep"):
            rules.parse(rule(_bomb(900)))
