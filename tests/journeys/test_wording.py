"""The language of messages: what it fills, what it refuses, and that nothing gets out of it."""

from __future__ import annotations

import contextlib
import re
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys import wording
from journeys.wording import BadTarget, BadVariable, Links, Values
from journeys.wording.fill import LONGEST_LIST, MOST_TURNS

CART = {
    "cart_id": "c 1/2",
    "total": 129.5,
    "currency": "eur",
    "at": "2026-11-21T15:04:05+00:00",
    "items": [
        {"name": "lamp", "price": 79.5, "url": "https://alder.example/lamp"},
        {"name": "<b>chair</b>", "price": 50, "url": "javascript:alert(1)"},
    ],
}
ANA = {"firstName": "Ana", "plan": "gold", "points": 1200, "city": {"name": "Cluj"}, "vip": True}


def filled(text, traits=ANA, event=CART, shape=lambda value: value):
    return wording.fill(
        wording.mark(text, shape),
        values=Values(traits, event),
        links=lambda number, resolve: f"link {number}",
        escape=shape,
    )


class TestVariables:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('Hi {{ first_name|default:"there" }}!', "Hi Ana!"),
            ('Hi {{ last_name|default:"there" }}!', "Hi there!"),
            ("Hi {{ last_name|default:“there” }}!", "Hi there!"),
            ("{{ last_name|default:first_name }}", "Ana"),
            ("{{ first_name|upper }} {{ first_name|lower }}", "ANA ana"),
            ("{{ event.items.0.name|capitalize }}", "Lamp"),
            ("{{ trait.points }} {{ trait.points|number }}", "1200 1,200"),
            ("{{ event.total|number:1 }}", "129.5"),
            ('{{ event.total|money:"EUR" }}', "129.50 EUR"),
            ("{{ event.total|money:event.currency }}", "129.50 EUR"),
            ("{{ event.at|date }}", "21 November 2026"),
            ('{{ event.cart_id|date|default:"soon" }}', "soon"),
            ("{{ trait.city.name }}", "Cluj"),
            ("{{ trait.city }}{{ trait.vip }}{{ event.items }}", ""),
            ("{{ event.nothing.at.all }}{{ event.items.9.name }}", ""),
        ],
    )
    def test_fills_filters_and_falls_back(self, text, expected):
        wording.variables(text)
        assert filled(text) == expected

    @pytest.mark.parametrize(
        "bad",
        [
            "{{ password }}", "{{ first_name.__class__ }}", "{% include x %}", "{{", "a }} b",
            '{{ name|default:"{{" }}', "{{ name|safe }}", "{{ name|upper:1 }}",
            "{{ name|default }}", "{{ trait }}", "{{ event }}", "{{ trait.x|date:event.pattern }}",
            "{{ 7 }}", '{{ "x" }}',
            "{{ settings.SECRET_KEY }}", "{{ name() }}", "{{ name[0] }}", "{{ name + 1 }}",
            "{% if name %}", "{% endif %}", "{% if name %}{% endfor %}", "{% else %}",
            "{% for x in name %}{% else %}{% endfor %}",
            "{% if name %}{% else %}{% elif name %}{% endif %}",
            "{% for event in event.items %}{% endfor %}", "{% for x of event.items %}{% endfor %}",
            "{% for x in event.items %}{% endfor %}{{ x.name }}", "{% if %}{% endif %}",
            "{% if name == %}{% endif %}", "{% if secret %}{% endif %}",
            "{% if name %}" * 5 + "{% endif %}" * 5,
            "{{ name }}" * 201, "{{ item.name }}",
        ],
    )  # fmt: skip
    def test_anything_else_in_braces_is_refused(self, bad):
        with pytest.raises(BadVariable):
            wording.variables(bad)

    def test_names_those_that_nothing_stands_in_for(self):
        texts = [
            '{{ first_name }}{{ name|default:"x" }}{% if trait.plan %}{{ trait.plan }}{% endif %}',
            "{% if not trait.x %}{{ trait.x }}{% else %}{{ trait.y }}{% endif %}",
            "{% for one in event.items %}{{ one.name }}{{ event.total }}{% endfor %}",
            "{{ broken",
        ]

        assert wording.needs(texts) == ["event.total", "first_name", "trait.x", "trait.y"]


class TestQuestions:
    @pytest.mark.parametrize(
        ("question", "answer"),
        [
            ("trait.plan", True), ("trait.nothing", False), ("not trait.nothing", True),
            ("trait.vip", True), ("event.items", True), ('trait.plan == "GOLD"', True),
            ('trait.plan != "gold"', False), ("event.total > 100", True),
            ("event.total > 1e3", None), ("event.total >= 129.50", True),
            ("trait.nothing < 5", False), ("trait.points < 99", False),
            ('trait.plan == "basic" or event.total > 100 and trait.vip', True),
            ('trait.plan == "basic" and event.total > 100 or not trait.vip', False),
            ('event.at < "2027-01-01"', True), ("trait.nothing != first_name", True),
        ],
    )  # fmt: skip
    def test_are_answered(self, question, answer):
        text = f"{{% if {question} %}}yes{{% else %}}no{{% endif %}}"
        if answer is None:
            with pytest.raises(BadVariable):
                wording.variables(text)
            return
        wording.variables(text)
        assert filled(text) == ("yes" if answer else "no")

    def test_take_the_first_way_that_holds(self):
        text = (
            '{% if trait.plan == "a" %}1{% elif trait.plan == "gold" %}2'
            "{% elif trait.plan %}3{% else %}4{% endif %}"
        )

        assert [filled(text, {"plan": plan}) for plan in ("a", "gold", "x", "")] == list("1234")

    def test_on_a_line_of_their_own_leave_no_empty_line(self):
        assert filled("a\n  {% if trait.plan %}  \nb\n{% endif %}\nc") == "a\nb\nc"


class TestLists:
    def test_are_gone_through(self):
        text = (
            "{% for item in event.items %}\n"
            '- {{ item.name }}: {{ item.price|money:"EUR" }}\n{% endfor %}'
        )

        assert filled(text) == "- lamp: 79.50 EUR\n- <b>chair</b>: 50.00 EUR\n"
        assert "&lt;b&gt;chair" in filled(text, shape=escape)

    @pytest.mark.parametrize("items", [None, "words", 7, {}, [None, 3, "x", [1]], {"name": "x"}])
    def test_what_is_no_list_of_things_shows_nothing(self, items):
        text = "{% for item in event.items %}{{ item.name }}{% endfor %}"

        assert filled(text, event={"items": items}) == ""

    def test_end_before_they_fill_the_disk(self):
        row = {"rows": [{"name": "x" * 5000}] * 500}
        text = (
            "{% for a in event.rows %}{% for b in event.rows %}{{ b.name }}{% endfor %}{% endfor %}"
        )

        out = filled(text, event=row)

        assert len(out) <= 500 * MOST_TURNS
        assert filled("{% for a in event.rows %}.{% endfor %}", event=row) == "." * LONGEST_LIST


class TestLinks:
    def test_inside_a_text_are_counted(self):
        links = Links("https://alder.example")
        text = "See [our lamp](/lamp), [it]({{ item.url }}) or https://shop.example/a?b=1."

        marked = wording.plain(text, links)

        shown = wording.fill(
            marked, values=Values({}), links=lambda number, _: f"<{number}>", escape=str
        )
        assert shown == "See our lamp: <1>, it: <2> or <3>."
        assert links.targets[1] == "https://alder.example/lamp"
        assert links.targets[3] == "https://shop.example/a?b=1"

    def test_carry_values_behind_their_host_only(self):
        links = Links("https://alder.example")
        number = links.add("/cart?id={{ event.cart_id }}")

        out = wording.fill(
            wording.link(number),
            values=Values({}, CART),
            links=lambda number, resolve: resolve(links.targets[number]),
            escape=str,
        )

        assert out == "https://alder.example/cart?id=c%201%2F2"

    @pytest.mark.parametrize(
        "good",
        ["/offer", "https://x.example/a?b={{ event.id }}#c", "{{ event.url }}", " http://x.test "],
    )  # fmt: skip
    def test_lead_to_the_web_or_the_site(self, good):
        assert wording.check_target(good) == good.strip()

    @pytest.mark.parametrize(
        "bad",
        ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://{{ event.host }}/",
         "https://a{{ event.host }}", "ftp://x", "{{ event.a }}{{ event.b }}", "", "offer",
         "https://x.example/{% if name %}a{% endif %}"],
    )  # fmt: skip
    def test_lead_nowhere_else(self, bad):
        with pytest.raises(BadTarget):
            wording.check_target(bad)


class TestFuzz:
    """Texts come from the browser, values from visitors: both may hold anything."""

    pieces = st.lists(
        st.sampled_from([
            "{{", "}}", "{%", "%}", "{{ name }}", "{% if name %}", "{% endif %}", "{% else %}",
            "{% for x in event.items %}", "{% endfor %}", "{{ x.name }}", "\ue000", "\ue001", "T",
            "L1", "P", "|", "\n", "[a](", "/b)", "https://x.example/", "<b>", '"', "é", "%s",
            "{0.__class__}", "${7*7}", "<%= 7 %>",
        ]),
        max_size=25,
    ).map("".join)  # fmt: skip
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    )

    @given(pieces | st.text(max_size=80))
    def test_a_text_is_refused_or_filled(self, text):
        with contextlib.suppress(BadVariable):
            wording.variables(text)
        links = Links("https://alder.example")
        marked = wording.mark(text, escape, lambda url, words: f"{words}{links.add(url)}")

        out = wording.fill(
            marked, values=Values(ANA, CART), links=lambda number, _: str(number), escape=escape
        )

        assert "<b>" not in out
        assert "\ue000" not in out

    @given(st.dictionaries(st.sampled_from(["firstName", "plan", "items"]), values), values)
    def test_no_value_breaks_a_text(self, traits, items):
        text = (
            "{{ first_name|upper }}{{ trait.plan|date }}{{ trait.plan|number:2 }}"
            "{{ trait.plan|money:trait.items }}"
            "{% if trait.plan > 3 %}{{ trait.items.0.x }}{% endif %}"
            "{% for x in event.items %}{{ x }}{{ x.name }}{% endfor %}"
        )

        out = filled(text, traits, {"items": items}, escape)

        assert not re.search(r"[<>\ue000\ue001\n]", out)

    @given(st.text(max_size=60).filter(lambda text: "{" not in text))
    def test_whatever_is_typed_comes_out_as_it_was(self, text):
        assert filled(text) == text.replace("\ue000", "").replace("\ue001", "")

    @given(st.text(), st.text())
    def test_a_value_never_becomes_a_mark(self, name, last):
        mine = {"name": f"\ue000L1\ue001{name}", "lastName": last}

        out = filled("{{ name }}{{ last_name }}", mine)

        assert "link 1" not in out or "link 1" in name + last


def test_editions_of_before_are_still_filled():
    marked = "Hi \ue000Vfirst_name|th&amp;re\ue001, \ue000Vtrait.plan|\ue001 \ue000L1\ue001"

    def fill(traits):
        return wording.fill(
            marked, values=Values(traits), links=lambda number, _: f"/{number}", escape=escape
        )

    assert fill(ANA) == "Hi Ana, gold /1"
    assert fill({"firstName": ""}) == "Hi th&amp;re,  /1"
