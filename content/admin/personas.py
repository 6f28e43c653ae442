"""Personas: made-up visitors, as whom editors look at pages."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from content.admin.came import NAMES, CameForm
from content.models import Persona
from dxp.lib.guard import GuardedViewSetMixin

MOST_TRAITS = 40


class PersonaForm(WagtailAdminModelForm, CameForm):  # type: ignore[misc]
    """Traits line by line, and how they came field by field, instead of JSON."""

    traits = forms.CharField(
        required=False,
        label=lazy("Traits"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=lazy("One on each line: first_name = Ana"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told, came = self.instance.traits or {}, self.instance.context or {}
        self.initial["traits"] = "\n".join(f"{key} = {_line(one)}" for key, one in told.items())
        for name in NAMES:
            self.initial[name] = came.get(name, "")

    def clean_traits(self) -> dict[str, Any]:
        """Return the traits by key.

        Raises:
            ValidationError: a line names no trait, or there are too many.
        """
        found: dict[str, Any] = {}
        for line in self.cleaned_data["traits"].splitlines():
            if not line.strip():
                continue
            key, equals, value = (part.strip() for part in line.partition("="))
            if not (key and equals):
                raise ValidationError(_("Write “key = value” on each line."))
            found[key] = _value(value)
        if len(found) > MOST_TRAITS:
            raise ValidationError(_("A persona has forty traits at most."))
        return found

    def save(self, commit: bool = True) -> Persona:
        """Keep how they came beside the rest."""
        self.instance.context = self.came()
        saved: Persona = super().save(commit=commit)
        return saved


class PersonaViewSet(GuardedViewSetMixin, SnippetViewSet):
    """Personas, edited as any snippet."""

    model = Persona
    icon = "user"
    menu_label = lazy("Personas")
    list_display = ["name", "description"]
    search_fields = ["name", "description"]
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("description"),
            FieldPanel("segments", widget=forms.CheckboxSelectMultiple),
            FieldPanel("traits"),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel(name) for name in row])
                    for row in (
                        ("campaign", "source", "medium"),
                        ("referrer", "device", "visits"),
                        ("country", "zone", "language"),
                    )
                ],
                heading=lazy("How they came"),
            ),
        ],
        base_form_class=PersonaForm,
    )


register_snippet(PersonaViewSet)


def _value(text: str) -> Any:
    """Return a number, a truth or a list as such, everything else as a text."""
    try:
        value = json.loads(text)
        told = json.dumps(value, ensure_ascii=False, allow_nan=False)
        told.encode()
    except (ValueError, RecursionError):
        return text
    # PostgreSQL keeps no such letter.
    return text if value is None or "\\u0000" in told else value


def _line(value: Any) -> str:
    """Return a trait as `_value` reads it."""
    if isinstance(value, str) and value.split("\n") == value.splitlines() == [value.strip()]:
        return value if _value(value) == value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)
