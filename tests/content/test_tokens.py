"""Words about the visitor in a text: escaped, never inside a tag, with a fallback."""

from __future__ import annotations

import pytest

from content import personalize, tokens
from content.models import StandardPage
from customers.models import TraitDef

NAME = "{{ customer.first_name|there }}"


class TestToken:
    @pytest.mark.parametrize(
        ("text", "values", "said"),
        [
            (f"Hello {NAME}!", {"first_name": "Ana"}, "Hello Ana!"),
            (f"Hello {NAME}!", {}, "Hello there!"),
            (f"Hello {NAME}!", {"first_name": " "}, "Hello there!"),
            ("{{customer.city}}", {}, ""),
            ("{{ customer.visits | 0 }}", {"visits": 3}, "3"),
            ("{{ customer.tags|none }}", {"tags": ["a"]}, "none"),
            ("{{ page.title }} {{ customer }}", {}, "{{ page.title }} {{ customer }}"),
            (NAME, {"first_name": "<script>alert(1)</script>"},
             "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ('<a href="/x?n={{ customer.first_name|y }}">a</a>', {"first_name": '" onclick="x'},
             '<a href="/x?n=y">a</a>'),
            ("<p title='a>b'>{{ customer.first_name|y }}</p>", {"first_name": "Ana"},
             "<p title='a>b'>Ana</p>"),
        ],
    )  # fmt: skip
    def test_says_the_value_or_its_fallback(self, text, values, said):
        assert tokens.fill(text, values) == said

    def test_value_that_looks_like_a_token_stays_a_text(self):
        assert tokens.fill(NAME, {"first_name": "{{ customer.x|y }}"}) == "{{ customer.x|y }}"

    def test_long_value_is_cut(self):
        assert len(tokens.fill(NAME, {"first_name": "a" * 9999})) == tokens.LONGEST

    def test_a_name_may_be_written_in_two_ways(self):
        assert tokens.find("first_name", {"firstName"}) == "firstName"
        assert tokens.find("firstName", {"first_name"}) == "first_name"
        assert tokens.find("city", {"cities"}) is None


@pytest.mark.django_db
class TestAllowed:
    def test_traits_are_names_or_nothing_personal(self, at):
        for key, kind, pii in (
            ("firstName", "text", "name"),
            ("plan", "text", "none"),
            ("email", "text", "contact"),
            ("birthday", "date", "birth"),
            ("diagnosis", "text", "sensitive"),
            ("basket", "list", "none"),
        ):
            TraitDef.objects.update_or_create(
                key=key, defaults={"type": kind, "pii": pii, "created_at": at}
            )
        told = dict.fromkeys(
            ["firstName", "plan", "email", "birthday", "diagnosis", "basket", "new"], "x"
        )

        allowed = personalize.values(told, ["first_name", *told])

        assert set(allowed) == {"first_name", "firstName", "plan"}

    def test_shell_says_the_fallback_to_everybody(self, pages, chen, ana):
        text = ("text", f"<p>Hello {NAME}.</p>")
        pages.home.add_child(instance=StandardPage(title="Hi", slug="hi", body=[text]))

        for visitor in (chen, ana):
            assert "Hello there." in visitor.get("/hi/").content.decode()
