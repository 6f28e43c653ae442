"""Forms that visitors fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content.blocks.shelf import PageLinkBlock


class SignUpForm(forms.Form):
    """First name, address, and a tick that allows us to write."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"required": _("Please tell us your first name.")},
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": _("Please tell us where to write to."),
            "invalid": _("This does not look like an e-mail address: name@example.com."),
        },
    )
    consent = forms.BooleanField(
        error_messages={"required": _("Please tick the box, so that we may write to you.")}
    )
    # Hidden from people; machines fill it in.
    website = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, block_id: str, **kwargs: Any) -> None:
        self.block_id = block_id
        kwargs["auto_id"] = f"form-{block_id[:8]}-%s"
        super().__init__(*args, **kwargs)


class SignUpBlock(blocks.StructBlock):
    name = blocks.RegexBlock(
        regex=r"^[a-z0-9][a-z0-9-]{0,59}$",
        default="newsletter",
        label=_("Form name"),
        help_text=_("In reports and segments: small letters, digits and hyphens."),
        error_messages={"invalid": _("Use small letters, digits and hyphens.")},
    )
    heading = blocks.CharBlock(max_length=100, label=_("Heading"))
    text = blocks.TextBlock(required=False, rows=2, label=_("Text"))
    consent = blocks.TextBlock(
        rows=3,
        label=_("Consent"),
        help_text=_("What people allow by ticking the box. Kept as proof, word by word."),
    )
    button = blocks.CharBlock(max_length=40, default=_("Sign up"), label=_("Button"))
    thanks = PageLinkBlock(label=_("Thank-you page"))
    confirm = blocks.BooleanBlock(
        required=False,
        default=False,
        label=_("Ask the address to confirm"),
        help_text=_(
            "People get a mail first; only the button behind its link counts as consent. The "
            "thank-you page should tell them to look for that mail."
        ),
    )

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        block_id = str(context.get("id") or "")
        filled = getattr(context.get("request"), "sign_up_form", None)
        ours = filled is not None and filled.block_id == block_id
        context["form"] = filled if ours else SignUpForm(block_id=block_id)
        return context

    class Meta:
        icon = "mail"
        label = _("Sign-up form")
        template = "content/blocks/sign_up.html"
