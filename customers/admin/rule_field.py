"""The form of a segment; its rule travels in a hidden field that the rule builder writes."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import rules
from customers.models import Segment

LONGEST = 100_000


class RuleField(forms.CharField):
    """A rule as JSON; whatever was sent comes back to the form, so that an error loses nothing."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Who belongs"),
            max_length=LONGEST,
            error_messages={"required": gettext_lazy("Add at least one condition.")},
        )

    def prepare_value(self, value: Any) -> Any:
        """Return the text for the hidden field."""
        return json.dumps(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, Any]:
        """Return the rule.

        Raises:
            ValidationError: it is no rule.
        """
        text = super().clean(value)
        try:
            rule = json.loads(text)
            rules.parse(rule)
        except rules.RuleError as error:
            raise ValidationError(_(error.words)) from error
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is not a rule.")) from error
        return dict(rule)


def fault_of(text: Any) -> dict[str, str] | None:
    """Return where a refused rule is wrong, and why; nothing where it is no rule at all."""
    try:
        rules.parse(json.loads(text))
    except rules.RuleError as error:
        return {"path": error.path, "words": _(error.words)}
    except (TypeError, ValueError, RecursionError):
        return None
    return None


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, description, rule."""

    rule = RuleField()

    class Meta:
        model = Segment
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["rule"] = self.instance.rule
