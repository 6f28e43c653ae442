"""The form of a journey: name, entry, and the outline that people draw."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from customers.models import Segment
from journeys import graph
from journeys.models import Journey

BIGGEST_OUTLINE = 200_000


def sentence(code: str) -> str:
    """Return what a fault's code means, in words."""
    words = {
        "empty": _("A journey needs at least one step."),
        "shape": _("The steps could not be read. Please draw them again."),
        "twice": _("This step is in the journey twice."),
        "too_many": _("A journey can't have so many steps."),
        "unreachable": _("Nobody can come here: the journey has ended before."),
        "kind": _("Nobody knows this kind of step."),
        "amount": _("Write a number of 1 or more."),
        "unit": _("Choose a unit."),
        "too_long": _("Nobody waits longer than a year."),
        "no_message": _("Choose a message."),
        "message": _("This message is not published, or was deleted."),
        "no_event": _("Name the event to wait for."),
        "no_outcome": _("Name the outcome."),
    }
    return words.get(code, words["shape"])


class OutlineField(forms.CharField):
    """Steps as JSON in a hidden input; cleaned to the grammar, complete or not."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> Any:
        """Return the steps.

        Raises:
            ValidationError: what was sent are no steps.
        """
        if len(value or "") > BIGGEST_OUTLINE:
            raise ValidationError(sentence("too_many"), code="shape")
        try:
            return graph.tidy(json.loads(value or "[]"))
        except (ValueError, RecursionError) as error:
            raise ValidationError(sentence("shape"), code="shape") from error

    def prepare_value(self, value: Any) -> Any:
        """Return the steps as JSON, or what was sent as it was sent."""
        return value if isinstance(value, str) else json.dumps(value)


class JourneyForm(WagtailAdminModelForm):
    """A journey's draft."""

    outline = OutlineField(required=False)
    segment = forms.ModelChoiceField(
        Segment.objects.all(), label=gettext_lazy("starts when a person enters")
    )
    enroll_now = forms.BooleanField(required=False, label=gettext_lazy("Enroll current members"))

    class Meta:
        model = Journey
        fields = ["name", "reentry", "outline"]
        widgets = {"name": forms.TextInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["segment"].initial = self.instance.segment_id

    def save(self, commit: bool = True) -> Any:
        """Save with the entry that the segment means."""
        self.instance.segment = self.cleaned_data["segment"]
        self.instance.entry = {
            "type": "segment", "segment": self.instance.segment_id, "change": "entered",
        }  # fmt: skip
        return super().save(commit)


class TestForm(forms.Form):
    """Where a test of a message goes."""

    address = forms.EmailField(
        label=gettext_lazy("Send to"), max_length=320, widget=forms.EmailInput
    )
