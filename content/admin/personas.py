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

from content import context
from content.models import Persona
from dxp.lib.guard import GuardedViewSetMixin

CAME = ("campaign", "source", "medium", "referrer", "country", "zone", "language")
MOST_TRAITS = 40


class PersonaForm(WagtailAdminModelForm):  # type: ignore[misc]
    """Traits line by line, and how they came field by field, instead of JSON."""

    traits = forms.CharField(
        required=False,
        label=lazy("Traits"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=lazy("One on each line: first_name = Ana"),
    )
    campaign = forms.CharField(required=False, max_length=100, label=lazy("Campaign"))
    source = forms.CharField(required=False, max_length=100, label=lazy("Source"))
    medium = forms.CharField(required=False, max_length=100, label=lazy("Medium"))
    referrer = forms.CharField(required=False, max_length=200, label=lazy("Came from the site"))
    device = forms.ChoiceField(
        required=False,
        label=lazy("Device"),
        choices=[("", "—"), ("phone", lazy("Phone")), ("tablet", lazy("Tablet")),
                 ("computer", lazy("Computer"))],
    )  # fmt: skip
    country = forms.CharField(required=False, max_length=2, label=lazy("Country (two letters)"))
    zone = forms.CharField(
        required=False, max_length=60, label=lazy("Time zone"), help_text="Europe/Madrid"
    )
    language = forms.CharField(required=False, max_length=20, label=lazy("Language of the browser"))
    visits = forms.IntegerField(
        required=False, min_value=1, max_value=context.MOST_VISITS, label=lazy("Number of visits")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told, came = self.instance.traits or {}, self.instance.context or {}
        self.initial["traits"] = "\n".join(f"{key} = {value}" for key, value in told.items())
        for name in (*CAME, "device", "visits"):
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

    def clean_zone(self) -> str:
        """Return the time zone.

        Raises:
            ValidationError: nobody knows it.
        """
        zone = str(self.cleaned_data["zone"])
        if zone and not context.is_zone(zone):
            raise ValidationError(_("Nobody knows this time zone."))
        return zone

    def save(self, commit: bool = True) -> Persona:
        """Keep how they came beside the rest."""
        told = {name: self.cleaned_data[name] for name in (*CAME, "device", "visits")}
        self.instance.context = {name: value for name, value in told.items() if value}
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
    """Return a number or a truth as such, everything else as a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (int, float, bool, str)) else text
