"""The language of variables: what it fills, what it refuses, and that nothing gets out of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys import wording


class TestWording:
    def filled(self, text, traits):
        return wording.fill(
            wording.mark(text, str),
            values=wording.Values(traits),
            links=str,
            escape=lambda value: f"<{value}>",
        )

    def test_fills_and_falls_back(self):
        text = 'Hi {{ first_name|default:"there" }}, {{ trait.plan }}!'

        assert self.filled(text, {"firstName": "Ana", "plan": 7}) == "Hi <Ana>, <7>!"
        assert self.filled(text, {"first_name": ""}) == "Hi there, !"

    @given(st.text(max_size=60), st.text(max_size=20))
    def test_whatever_is_typed_comes_out_as_it_was(self, text, name):
        plain = text.replace("{{", "").replace("\ue000", "").replace("\ue001", "")

        out = wording.fill(
            wording.mark(plain, str),
            values=wording.Values({"name": name}),
            links=str,
            escape=lambda value: value,
        )

        assert out == plain

    @pytest.mark.parametrize(
        "bad", ["{{ password }}", "{{ first_name.__class__ }}", "{% include x %}", "{{", "a }} b",
                '{{ name|default:"{{" }}', "{{ name|upper }}"]
    )  # fmt: skip
    def test_anything_else_in_braces_is_refused(self, bad):
        with pytest.raises(wording.BadVariable):
            wording.variables(bad)

    @given(st.text(), st.text())
    def test_a_value_never_becomes_a_mark(self, name, last):
        text = wording.mark("{{ name }}{{ last_name }}", str)

        out = wording.fill(
            text,
            values=wording.Values({"name": f"\ue000L1\ue001{name}", "lastName": last}),
            links=lambda number: "LEAKED",
            escape=lambda value: value,
        )

        assert "LEAKED" not in out or "LEAKED" in name + last
