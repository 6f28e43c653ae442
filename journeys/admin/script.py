"""The form of a test run: who, from when on, and what they do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dxp.lib import ids
from journeys.graph import SECONDS
from journeys.rehearse import LONGEST, Scripted, Somebody

ACTS = 5
MOST_LINES = 50
UNITS = [
    ("minutes", lazy("minutes")),
    ("hours", lazy("hours")),
    ("days", lazy("days")),
    ("weeks", lazy("weeks")),
]


class LinesField(forms.CharField):
    """Properties as lines of `name = value`; a value may be JSON, everything else is a text."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=5000, **kwargs)

    def clean(self, value: Any) -> dict[str, Any]:
        """Return what the lines say.

        Raises:
            ValidationError: a line has no name or no equals sign.
        """
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines()]
        told = {}
        for line in [line for line in lines if line][:MOST_LINES]:
            name, sign, said = (part.strip() for part in line.partition("="))
            if not name or not sign or len(name) > 200:
                raise ValidationError(_("Write each as name = value: %(line)s"),
                                      params={"line": line[:80]})  # fmt: skip
            told[name] = _value(said)
        return told


def _value(said: str) -> Any:
    try:
        found = json.loads(said, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return said
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)


class TestRunForm(forms.Form):
    """Everything that a test run asks for, besides which real person walks."""

    what = forms.ChoiceField(
        choices=[("draft", lazy("the draft")), ("live", lazy("the published version"))],
        required=False,
        label=lazy("Walk"),
    )
    at = forms.DateTimeField(
        label=lazy("Begins"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    traits = LinesField(
        label=lazy("Traits"),
        help_text=lazy("One per line, such as: firstName = Ana, or timezone = Europe/Berlin"),
    )
    email = forms.BooleanField(required=False, initial=True, label=lazy("has an e-mail address"))
    phone = forms.BooleanField(required=False, initial=True, label=lazy("has a phone number"))
    consents = forms.BooleanField(required=False, initial=True, label=lazy("agreed to marketing"))
    entry = LinesField(
        label=lazy("What the event that lets them in says"),
        help_text=lazy("One property per line, such as: cart_id = 42"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(ACTS):
            self.fields[f"after_{number}"] = forms.IntegerField(
                required=False, min_value=0, max_value=10_000, label=lazy("After")
            )
            self.fields[f"unit_{number}"] = forms.ChoiceField(
                choices=UNITS, required=False, initial="hours", label=lazy("Unit")
            )
            self.fields[f"event_{number}"] = forms.CharField(
                required=False, max_length=200, label=lazy("Event")
            )
            self.fields[f"says_{number}"] = LinesField(label=lazy("Properties"))

    def act(self, number: int) -> dict[str, Any]:
        """Return the fields of one line of the script."""
        return {name: self[f"{name}_{number}"] for name in ("after", "unit", "event", "says")}

    def clean(self) -> dict[str, Any]:
        """Refuse what lies beyond a test run."""
        told: dict[str, Any] = super().clean() or {}
        for number in range(ACTS):
            if self._after(told, number) > LONGEST:
                self.add_error(f"after_{number}", _("A test run lasts at most a year."))
        return told

    @staticmethod
    def _after(told: Mapping[str, Any], number: int) -> timedelta:
        unit = told.get(f"unit_{number}") or "hours"
        return timedelta(seconds=(told.get(f"after_{number}") or 0) * SECONDS[unit])

    def script(self) -> list[Scripted]:
        """Return what the person does."""
        told = self.cleaned_data
        return [
            Scripted(
                self._after(told, number), told[f"event_{number}"].strip(), told[f"says_{number}"]
            )
            for number in range(ACTS)
            if told[f"event_{number}"].strip()
        ]

    def somebody(self) -> Somebody:
        """Return the person who is made up."""
        told, addresses = self.cleaned_data, {}
        if told["email"]:
            addresses["email"] = f"test-{ids.key(12).lower()}@example.com"
        if told["phone"]:
            addresses["phone"] = "+12025550143"
        return Somebody(told["traits"], addresses, told["consents"])
