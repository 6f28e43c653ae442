"""The form of a fragment: its words for each channel, what is said to them, where it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.widgets import Script
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    ObjectList,
    Panel,
    PublishingPanel,
)
from wagtail.models import Locale
from wagtail.permissions import policy_registry

from content import render, reuse
from content.models import Fragment, TagsPanel
from customers.extend import Use

WORDS = ("text", "sms", "push_title", "push_text", "spoken")
LONGEST = 5000
SEEN = "uses_seen"


def mark_of(uses: Sequence[Use]) -> str:
    """Return what tells one list of uses from another."""
    told = "\n".join(f"{one.kind} {one.name} {one.url}" for one in uses)
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


class FragmentForm(WagtailAdminModelForm):
    """A fragment's draft; what is published must be fit for its channels and its places."""

    def clean_name(self) -> str:
        """Return the name.

        Raises:
            ValidationError: texts could not call it by that name or call it by the old one, or
                another has it in this language.
        """
        name = str(self.cleaned_data["name"])
        if set(name) & set("{|}"):
            raise ValidationError(_("A name holds no { } or |, as texts call it by its name."))
        locale = self.instance.locale_id or Locale.get_default().pk
        others = Fragment.objects.filter(name=name, locale=locale).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("Another fragment of this language has this name."))
        before = Fragment.objects.filter(pk=self.instance.pk).values_list("name", flat=True).first()
        called = reuse.called(name=before) if before and name != before else []
        if called:
            words = _("It is called “%(name)s” in the texts of: %(uses)s. Take it out there first.")
            raise ValidationError(words % {"name": before, "uses": ", ".join(called[:5])})
        return name

    def clean(self) -> dict[str, Any]:
        """Return what was written; what a channel can't take keeps it from being published."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        approves = (
            "action-workflow-action" in self.data
            and self.data.get("workflow-action-name") == "approve"
        )
        if approves or "action-publish" in self.data or "action-submit" in self.data:
            for remark in render.lint(drafted(self.data, locale=self.instance.locale)):
                if remark.blocks and remark.field in self.fields:
                    self.add_error(remark.field, ValidationError(remark.text))
        if (approves or "action-publish" in self.data) and self.instance.live:
            self._ask_again()
        return told

    def _ask_again(self) -> None:
        """Refuse to change what stands in places that the editor has not been shown."""
        uses = reuse.uses(self.instance, user=self.for_user, kin=True)
        if uses and self.data.get(SEEN) != mark_of(uses):
            words = _("It is now used in other places too. Look at the list and publish again.")
            self.add_error(None, ValidationError(words))


class UsesPanel(Panel):
    """Where the fragment is used: what a change that is published changes as well."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "content/fragments/uses.html"

        def is_shown(self) -> bool:
            """Return whether there is a fragment yet; a copy of one is used nowhere."""
            found = getattr(self.request, "resolver_match", None)
            is_copy = found is not None and found.url_name == "copy"
            return bool(super().is_shown() and self.instance.pk and not is_copy)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Return the uses and their mark."""
            user = getattr(self.request, "user", None)
            uses = reuse.uses(self.instance, user=user, kin=True)
            return {
                **super().get_context_data(parent_context),
                "uses": uses,
                "seen": SEEN,
                "mark": mark_of(uses),
                "live": self.instance.live,
            }


class RemarksPanel(Panel):
    """What the channels say while one writes."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "content/fragments/remarks.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Return the fields beside which remarks stand, and the language."""
            return {
                **super().get_context_data(parent_context),
                "fields": " ".join([*WORDS, "body"]),
                "locale": self.instance.locale.language_code if self.instance.locale_id else "",
            }

        @property
        def media(self) -> forms.Media:
            """Load what asks the door while one writes."""
            return forms.Media(
                css={"all": ["css/admin/messages.css"]},
                js=[Script("js/controllers/notes_controller.js", type="module")],  # type: ignore[list-item]
            )


def handler() -> Panel:
    """Return the panels of the form."""
    words = [
        FieldPanel("text", widget=forms.Textarea(attrs={"rows": 4})),
        FieldPanel("sms", widget=forms.Textarea(attrs={"rows": 3})),
        FieldRowPanel([FieldPanel("push_title"), FieldPanel("push_text")]),
        FieldPanel("spoken", widget=forms.Textarea(attrs={"rows": 4})),
    ]
    return ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("description"),
            UsesPanel(heading=lazy("Used in")),
            FieldPanel("body"),
            MultiFieldPanel(
                words,
                heading=lazy("On other channels"),
                help_text=lazy("What is empty is made from the blocks."),
            ),
            TagsPanel(),
            RemarksPanel(heading=lazy("Words about the visitor")),
            PublishingPanel(),
        ],
        base_form_class=FragmentForm,
    )


def drafted(told: Mapping[str, Any], *, locale: Locale) -> Fragment:
    """Return a fragment as its form holds it now, valid or not."""
    block = Fragment._meta.get_field("body").stream_block  # type: ignore[union-attr]
    fragment = Fragment(locale=locale)
    # While somebody writes, blocks may be half made: the words get their remarks all the same.
    with suppress(ValueError, TypeError, KeyError):
        fragment.body = block.value_from_datadict(told, {}, "body")
    for name in WORDS:
        setattr(fragment, name, str(told.get(name, ""))[:LONGEST])
    return fragment


@require_POST
@never_cache
def advise(request: HttpRequest) -> JsonResponse:
    """Answer what the channels say to what is being written.

    Raises:
        PermissionDenied: this person may write no fragments.
    """
    policy = policy_registry.get_by_type(Fragment)
    if not policy.user_has_any_permission(request.user, ["add", "change"]):
        raise PermissionDenied
    code = request.POST.get("language", "")[:20]
    locale = Locale.objects.filter(language_code=code).first() or Locale.get_default()
    said = render.lint(drafted(request.POST, locale=locale))
    return JsonResponse({
        "advice": [{"field": one.field, "text": one.text, "blocks": one.blocks} for one in said]
    })
