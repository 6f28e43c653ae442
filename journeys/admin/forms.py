"""The form of a journey: name, entry, goals, exits, and the outline that people draw."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm

from customers.models import Segment
from journeys import graph
from journeys.admin.faults import sentence
from journeys.models import Journey

BIGGEST_OUTLINE = 400_000
DRAWN = ("entry", "goals", "exits", "outline")
WRITTEN = ("name", "reentry", "again_after_days", *DRAWN)


class DrawnField(forms.CharField):
    """A part of the drawing as JSON in a hidden input; cleaned to the grammar, complete or not."""

    widget = forms.HiddenInput

    def __init__(self, tidy: Callable[[Any], Any], empty: str) -> None:
        super().__init__(required=False)
        self.tidy, self.empty = tidy, empty

    def clean(self, value: Any) -> Any:
        """Return that part.

        Raises:
            ValidationError: what was sent is none.
        """
        if len(value or "") > BIGGEST_OUTLINE:
            raise ValidationError(sentence("too_many"), code="shape")
        try:
            return self.tidy(json.loads(value or self.empty))
        except (ValueError, RecursionError) as error:
            raise ValidationError(sentence("shape"), code="shape") from error

    def prepare_value(self, value: Any) -> Any:
        """Return it as JSON, or what was sent as it was sent."""
        return value if isinstance(value, str) else json.dumps(value)


class JourneyForm(WagtailAdminModelForm):
    """A journey's draft; `revision` is that of the draft that was opened."""

    entry = DrawnField(graph.tidy_entry, '{"type": "hand"}')
    goals = DrawnField(graph.tidy_endings, "[]")
    exits = DrawnField(graph.tidy_endings, "[]")
    outline = DrawnField(graph.tidy, "[]")
    revision = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    enroll_now = forms.BooleanField(required=False)

    class Meta:
        model = Journey
        fields = [*WRITTEN]
        widgets = {"name": forms.TextInput}

    def clean(self) -> dict[str, Any]:
        """Return what was drawn, as a whole.

        Raises:
            ValidationError: people enter once for each value of a key that the entry doesn't name.
        """
        told: dict[str, Any] = super().clean() or self.cleaned_data
        entry = told.get("entry") or {}
        keyed = entry.get("type") == "event" and str(entry.get("key", "")).strip()
        if told.get("reentry") == Journey.Reentry.KEYED and not keyed:
            self.add_error("reentry", _("Name the key at the event that lets people in."))
        if told.get("reentry") != Journey.Reentry.AGAIN:
            told["again_after_days"] = None
        return told

    def save(self, commit: bool = True) -> Journey:
        """Save what was drawn and nothing else: others may have published it since."""
        journey: Journey = super().save(commit=False)
        number = journey.entry.get("segment")
        journey.segment = Segment.objects.filter(pk=number).first() if number else None
        journey.revision += 1
        if commit and journey.pk:
            journey.save(update_fields=[*WRITTEN, "segment", "revision", "changed_at"])
        elif commit:
            journey.save()
        return journey
