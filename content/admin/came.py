"""How somebody came, field by field: for personas, and for looking at a page as somebody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from content import context
from content.blocks.when import DEVICES

WORDS = ("campaign", "source", "medium", "referrer", "country", "zone", "language")
NAMES = (*WORDS, "device", "visits")


class CameForm(forms.Form):
    """What a request would tell; everything may stay empty."""

    campaign = forms.CharField(required=False, max_length=context.LONGEST, label=lazy("Campaign"))
    source = forms.CharField(required=False, max_length=context.LONGEST, label=lazy("Source"))
    medium = forms.CharField(required=False, max_length=context.LONGEST, label=lazy("Medium"))
    referrer = forms.CharField(required=False, max_length=200, label=lazy("Came from the site"))
    device = forms.ChoiceField(required=False, label=lazy("Device"), choices=[("", "—"), *DEVICES])
    country = forms.CharField(required=False, max_length=2, label=lazy("Country (two letters)"))
    zone = forms.CharField(
        required=False, max_length=60, label=lazy("Time zone"), help_text="Europe/Madrid"
    )
    language = forms.CharField(
        required=False, max_length=20, label=lazy("Language of the browser"), help_text="es-MX"
    )
    visits = forms.IntegerField(
        required=False, min_value=1, max_value=context.MOST_VISITS, label=lazy("Number of visits")
    )

    def clean_referrer(self) -> str:
        """Return the site they came from.

        Raises:
            ValidationError: it is no host.
        """
        told = str(self.cleaned_data["referrer"])
        if told and not context.host_of(told):
            raise ValidationError(_("Write a host such as news.example."))
        return told

    def clean_country(self) -> str:
        """Return the country.

        Raises:
            ValidationError: it is not two letters.
        """
        told = str(self.cleaned_data["country"])
        if told and not context.is_country(told):
            raise ValidationError(_("Write two letters, such as ES."))
        return told

    def clean_zone(self) -> str:
        """Return the time zone.

        Raises:
            ValidationError: nobody knows it.
        """
        zone = str(self.cleaned_data["zone"])
        if zone and not context.is_zone(zone):
            raise ValidationError(_("Nobody knows this time zone."))
        return zone

    def clean_language(self) -> str:
        """Return the language.

        Raises:
            ValidationError: it is not written as browsers do.
        """
        told = str(self.cleaned_data["language"])
        if told and not context.language_of(told):
            raise ValidationError(_("Write a language such as es or es-MX."))
        return told

    def came(self) -> dict[str, Any]:
        """Return what was told of it, by name."""
        told = self.cleaned_data
        return {name: told[name] for name in NAMES if told.get(name) not in (None, "")}
