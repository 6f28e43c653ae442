"""A form as a visitor fills it in, made of an editor's questions."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

# What browsers fill in by themselves, and how they show a keyboard for it.
FILLED = {
    "name": {"autocomplete": "given-name"},
    "surname": {"autocomplete": "family-name"},
    "tel": {"autocomplete": "tel", "inputmode": "tel"},
    "company": {"autocomplete": "organization"},
    "url": {"autocomplete": "url", "inputmode": "url"},
}
LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
MOST_LINKS = 5
CONSENT = "consent"
TRAP = "website"


class AskedForm(forms.Form):
    """The questions of a form, some of which may wait.

    Args:
        questions: a stream of questions (`FormFields`).
        block_id: of the block that shows the form, for ids that are unique on a page.
        asked: short names of waiting questions that were shown; None: as many as come first.
        most_new: how many waiting questions are shown at first; None: all.
    """

    def __init__(
        self,
        *args: Any,
        questions: Any,
        block_id: str,
        asked: Collection[str] | None = None,
        most_new: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["auto_id"] = f"form-{block_id[:8]}-%s"
        super().__init__(*args, **kwargs)
        self.block_id = block_id
        self.questions = questions
        waiting = waiting_keys(questions)
        shown = set(waiting[:most_new] if asked is None else asked) & set(waiting)
        self.asked = [key for key in waiting if key in shown]
        for child in questions:
            key = key_of(child)
            field = _field(child)
            if key in waiting:
                field.widget.attrs["data-waits"] = ""
                field.required = field.required and key in shown
            field.is_hidden_now = key in waiting and key not in shown
            self.fields[key] = field
        # Hidden from people; machines fill it in.
        self.fields[TRAP] = forms.CharField(
            required=False,
            max_length=200,
            widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
        )

    @property
    def is_from_a_machine(self) -> bool:
        """Whether somebody filled in what people do not see."""
        return bool(self.data.get(TRAP))

    def shown_fields(self) -> list[Any]:
        """Return the bound fields that stand on the page, in the order of the questions."""
        return [self[name] for name in self.fields if name not in {TRAP, CONSENT}]

    def answers(self) -> list[list[Any]]:
        """Return what was answered of what was asked: short name, question, value; no consent."""
        # A tick that was not on the page is no "no".
        left_out = {CONSENT, *waiting_keys(self.questions)} - set(self.asked)
        told = []
        for child in self.questions:
            key = key_of(child)
            value = None if key in left_out else self.cleaned_data.get(key)
            if value is not None and value not in ("", []):
                told.append([key, str(child.value["label"]), plain(value)])
        return told


def key_of(child: Any) -> str:
    """Return the short name of a question."""
    return CONSENT if child.block_type == CONSENT else str(child.value["key"])


def waiting_keys(questions: Any) -> list[str]:
    """Return the short names of the questions that may wait."""
    return [key_of(one) for one in questions if one.block_type != CONSENT and one.value["waits"]]


def plain(value: Any) -> Any:
    """Return a cleaned answer as JSON holds it."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    number = str(value)
    return float(number) if hasattr(value, "as_tuple") else number


def _few_links(text: str) -> None:
    if len(LINK.findall(text)) > MOST_LINKS:
        raise forms.ValidationError(_("Please write with fewer links."))


def _field(child: Any) -> Any:
    value = child.value
    if child.block_type == CONSENT:
        return forms.BooleanField(
            label=value["words"],
            required=bool(value["required"]),
            error_messages={"required": _("Please tick the box, so that we may write to you.")},
        )
    common = {
        "label": value["label"],
        "help_text": value["help"],
        "required": bool(value["required"]),
        "error_messages": {"required": _("Please answer this question.")},
    }
    return MAKERS[child.block_type](value, common)


def _email(value: Any, common: dict[str, Any]) -> forms.Field:
    common["error_messages"]["invalid"] = _(
        "This does not look like an e-mail address: name@example.com."
    )
    return forms.EmailField(
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        **common,
    )


def _text(value: Any, common: dict[str, Any]) -> forms.Field:
    kind = value["kind"]
    attrs = FILLED.get(kind, {})
    if kind == "url":
        return forms.URLField(max_length=value["most"], assume_scheme="https", **common)
    widget = forms.TextInput(attrs={**attrs, **({"type": "tel"} if kind == "tel" else {})})
    return forms.CharField(
        max_length=value["most"], widget=widget, validators=[_few_links], **common
    )


def _long_text(value: Any, common: dict[str, Any]) -> forms.Field:
    return forms.CharField(
        max_length=value["most"],
        widget=forms.Textarea(attrs={"rows": 5}),
        validators=[_few_links],
        **common,
    )


def _number(value: Any, common: dict[str, Any]) -> forms.Field:
    common["error_messages"]["invalid"] = _("Please write a number.")
    return forms.DecimalField(
        min_value=value["least"],
        max_value=value["greatest"],
        max_digits=15,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        **common,
    )


def _date(value: Any, common: dict[str, Any]) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **common)


def _choice(value: Any, common: dict[str, Any]) -> forms.Field:
    choices = [(str(one), str(one)) for one in value["choices"]]
    if value["several"]:
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **common
        )
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)


def _tick(value: Any, common: dict[str, Any]) -> forms.Field:
    return forms.BooleanField(**common)


MAKERS = {
    "email": _email,
    "text": _text,
    "long_text": _long_text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "tick": _tick,
}
