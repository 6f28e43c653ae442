"""Which told value counts: pure promises, and that neither order nor time of hearing matter."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers import survive
from customers.survive import NOTHING, Said

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WAYS = ("most_recent", "oldest", "non_empty", "source_rank", "sum", "union")


def said(value, minute=0, *, alias=1, order=0, rank=0):
    return Said(alias, value, NOON + timedelta(minutes=minute), order, rank)


TOLD = st.lists(
    st.builds(
        said,
        st.one_of(st.none(), st.integers(0, 5), st.sampled_from(["", "HR", "CN", ["HR"]])),
        st.integers(0, 5),
        alias=st.integers(1, 3),
        rank=st.integers(0, 2),
    ),
    max_size=12,
).map(lambda some: [Said(one.alias, one.value, one.at, place, one.rank)
                    for place, one in enumerate(some)])  # fmt: skip


class TestSurvivor:
    def test_the_value_told_last_counts_until_it_is_taken_back(self):
        moved = [said("HR"), said("DE", 5)]

        assert survive.survivor("most_recent", moved) == "DE"
        assert survive.survivor("most_recent", [*moved, said(None, 9)]) is NOTHING

    def test_the_value_told_first_stays(self):
        assert survive.survivor("oldest", [said("DE", 5), said("HR"), said(None, 9)]) == "HR"

    def test_an_empty_text_does_not_replace_a_full_one(self):
        told = [said("HR"), said("", 5), said(None, 9)]

        assert survive.survivor("non_empty", told) == "HR"
        assert survive.survivor("non_empty", [said("")]) is NOTHING

    def test_the_trusted_source_is_believed_over_a_later_one(self):
        shop, crm = said("Anna", 9, rank=1), said("Ana", 1, rank=0)

        assert survive.survivor("source_rank", [shop, crm]) == "Ana"
        assert survive.survivor("source_rank", [shop, crm, said(None, 2, rank=0)]) == "Anna"

    def test_each_name_adds_its_last_number(self):
        told = [said(10, alias=1), said(15, 3, alias=1), said(4, alias=2)]

        assert survive.survivor("sum", told) == 19
        assert survive.survivor("sum", [said("many")]) is NOTHING

    def test_a_union_holds_everything_once(self):
        told = [said(["saving"], 1), said(["funds", "saving"], 2, alias=2)]

        assert survive.survivor("union", told) == ["saving", "funds"]
        assert survive.survivor("union", [*told, said(None, 3, alias=1)]) == ["funds", "saving"]

    @pytest.mark.parametrize("how", WAYS)
    @given(told=TOLD, seed=st.integers(0, 99))
    def test_the_order_of_hearing_does_not_matter(self, how, told, seed):
        mixed = told[:]
        random.Random(seed).shuffle(mixed)

        assert survive.survivor(how, mixed) == survive.survivor(how, told)

    @pytest.mark.parametrize("how", WAYS)
    def test_nothing_told_is_nothing(self, how):
        assert survive.survivor(how, []) is NOTHING


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "value", "form"),
        [
            ("text", 1234, "1234"),
            ("number", "41", 41),
            ("number", "9.50", 9.5),
            ("boolean", "TRUE", True),
            ("date", "1985-04-01T00:00:00.000Z", "1985-04-01"),
            ("moment", "2026-11-20T13:00:00+01:00", "2026-11-20T12:00:00Z"),
            ("moment", 1_763_640_000, "2025-11-20T12:00:00Z"),
            ("list", "saving", ["saving"]),
            ("object", {"city": "Split"}, {"city": "Split"}),
        ],
    )
    def test_a_value_takes_the_form_of_its_type(self, kind, value, form):
        assert survive.fitted(kind, value) == form
        assert type(survive.fitted(kind, value)) is type(form)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("number", "old"),
            ("number", True),
            ("number", float("nan")),
            ("boolean", 1),
            ("date", "2026-02-30"),
            ("moment", "soon"),
            ("moment", 10**30),
            ("text", {"a": 1}),
            ("object", "Split"),
            ("list", {"a": 1}),
        ],
    )
    def test_what_is_of_another_type_does_not_fit(self, kind, value):
        with pytest.raises(survive.Misfit):
            survive.fitted(kind, value)

    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([41, 42.5], "number"),
            ([True], "boolean"),
            (["1985-04-01"], "date"),
            (["2026-11-20T12:00:00Z"], "moment"),
            (["1985-04-01", "spring"], "text"),
            (["12"], "text"),
            ([1, True], "text"),
            ([None, ["a"]], "list"),
            ([], "text"),
        ],
    )
    def test_a_type_is_what_all_values_are(self, values, kind):
        assert survive.kind_of(values) == kind

    @given(value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    ))  # fmt: skip
    def test_every_value_fits_the_type_it_was_guessed_from(self, value):
        if value in (float("inf"), float("-inf")):
            return
        form = survive.fitted(survive.kind_of([value]), value)

        assert (form is None) == (value is None)

    def test_one_is_not_yes(self):
        assert survive.same(1, 1.0)
        assert not survive.same(1, True)
        assert not survive.same([1], [True])
        assert survive.same({"a": [1, "b"]}, {"a": [1.0, "b"]})


class TestPrivacy:
    @pytest.mark.parametrize(
        ("key", "kind"),
        [
            ("email", "contact"), ("workEmail", "contact"), ("mobile_phone", "contact"),
            ("address", "contact"), ("firstName", "name"), ("last_name", "name"), ("name", "name"),
            ("birthday", "birth"), ("dateOfBirth", "birth"), ("companyName", "none"),
            ("plan_name", "none"), ("country", "none"), ("createdAt", "none"),
        ],
    )  # fmt: skip
    def test_it_is_guessed_from_the_words_of_a_key(self, key, kind):
        assert survive.privacy_of(key) == kind
