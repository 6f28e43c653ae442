"""The questions that a form may ask."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content.blocks.setting import SettingBlock


class QuestionBlock(blocks.StructBlock):
    """What every question has. `key` names the answer in events and, if kept, the trait."""

    label = blocks.CharBlock(max_length=120, label=_("Question"))
    key = blocks.RegexBlock(
        regex=r"^[a-z][a-z0-9_]{0,39}$",
        label=_("Short name"),
        help_text=_("In reports and segments: small letters, digits and underscores."),
        error_messages={"invalid": _("Begin with a small letter; then letters, digits, _.")},
    )
    help = blocks.CharBlock(required=False, max_length=200, label=_("Help"))
    required = blocks.BooleanBlock(required=False, default=False, label=_("Must be answered"))
    trait = blocks.BooleanBlock(
        required=False,
        default=False,
        label=_("Remember it about the person"),
        help_text=_(
            "The answer becomes a trait with the short name, once the form names somebody."
        ),
    )
    waits = blocks.BooleanBlock(
        required=False,
        default=False,
        label=_("May wait"),
        help_text=_("Left out while others are new, and once we know the answer."),
    )


class EmailQuestion(QuestionBlock):
    class Meta:
        icon = "mail"
        label = _("E-mail address")


class TextQuestion(QuestionBlock):
    kind = SettingBlock(
        choices=[
            ("text", _("Words")), ("name", _("First name")), ("surname", _("Last name")),
            ("tel", _("Phone number")), ("company", _("Company")), ("url", _("Web address")),
        ],
        default="text",
        label=_("What it holds"),
    )  # fmt: skip
    most = blocks.IntegerBlock(default=200, min_value=1, max_value=1000, label=_("Longest"))

    class Meta:
        icon = "edit"
        label = _("One line")


class LongTextQuestion(QuestionBlock):
    most = blocks.IntegerBlock(default=2000, min_value=1, max_value=10_000, label=_("Longest"))

    class Meta:
        icon = "pilcrow"
        label = _("Several lines")


class NumberQuestion(QuestionBlock):
    least = blocks.DecimalBlock(required=False, label=_("Smallest"))
    greatest = blocks.DecimalBlock(required=False, label=_("Greatest"))

    class Meta:
        icon = "decimal"
        label = _("Number")


class DateQuestion(QuestionBlock):
    class Meta:
        icon = "calendar"
        label = _("Date")


class AnswerBlock(blocks.CharBlock):
    """One of several answers; lists write no name beside their fields."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.field.widget.attrs["aria-label"] = _("Answer")


class ChoiceQuestion(QuestionBlock):
    choices = blocks.ListBlock(
        AnswerBlock(max_length=100), min_num=2, max_num=40, label=_("Answers")
    )
    several = blocks.BooleanBlock(required=False, default=False, label=_("Several"))

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        told = [str(choice).strip() for choice in cleaned["choices"]]
        if len(set(told)) < len(told):
            raise blocks.StructBlockValidationError({
                "choices": ValidationError(_("Two answers are the same."))
            })
        return cleaned

    class Meta:
        icon = "list-ul"
        label = _("Choice")


class TickQuestion(QuestionBlock):
    class Meta:
        icon = "tick"
        label = _("Tick")


class ConsentQuestion(blocks.StructBlock):
    """A tick that allows us to write; its words are kept as proof."""

    words = blocks.TextBlock(
        rows=3,
        label=_("What people allow"),
        help_text=_("Kept as proof, word by word. Never ticked beforehand."),
    )
    required = blocks.BooleanBlock(required=False, default=False, label=_("Must be ticked"))
    confirm = blocks.BooleanBlock(
        required=False, default=True, label=_("Ask the address to confirm"),
        help_text=_("People get a mail first; only the button behind its link counts."),
    )  # fmt: skip

    class Meta:
        icon = "check"
        label = _("Consent to e-mails")


# What the form itself sends along.
TAKEN = {"page", "block", "asked", "website", "consent", "form"}


class FormFields(blocks.StreamBlock):
    """A form's questions, in their order."""

    email = EmailQuestion()
    text = TextQuestion()
    long_text = LongTextQuestion()
    number = NumberQuestion()
    date = DateQuestion()
    choice = ChoiceQuestion()
    tick = TickQuestion()
    consent = ConsentQuestion()

    class Meta:
        min_num = 1
        block_counts = {"email": {"max_num": 1}, "consent": {"max_num": 1}}

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        seen: set[str] = set()
        faults: dict[int, Any] = {}
        for place, child in enumerate(cleaned):
            key = child.value.get("key") if child.block_type != "consent" else None
            if key in TAKEN:
                faults[place] = blocks.StructBlockValidationError({
                    "key": ValidationError(_("Forms use this name themselves."))
                })
            elif key in seen:
                faults[place] = blocks.StructBlockValidationError({
                    "key": ValidationError(_("Another question has this short name."))
                })
            elif key:
                seen.add(key)
        kinds = {child.block_type for child in cleaned}
        if "consent" in kinds and "email" not in kinds:
            raise blocks.StreamBlockValidationError(
                non_block_errors=[_("Consent needs an e-mail address to write to.")]
            )
        if faults:
            raise blocks.StreamBlockValidationError(block_errors=faults)
        return cleaned
