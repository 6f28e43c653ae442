"""The form of a message: what its channel uses, in the channel's order, with its advice."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, Panel

from content.models import Fragment
from customers.models import Segment
from dxp.lib import guard
from journeys import quote, wording
from journeys.blocks import check_wording
from journeys.channels import CHANNELS
from journeys.channels.base import Advice, Channel, Draft
from journeys.compose import plain_blocks
from journeys.models import Message, Sender

# What a message consists of, whatever its channel.
ABOUT = ("purpose", "topic", "sender", "valid_hours")
WRITTEN = ("subject", "preheader", "body", "text", "url")
FIRST = "email"
# So many fragments are offered to click on; any may be called by name.
MOST = 200


def channels() -> list[type[Channel]]:
    """Return the channels one may write for, mail first."""
    return sorted(CHANNELS, key=lambda one: (one.name != FIRST, str(one.label)))


def known(name: str) -> type[Channel]:
    """Return a channel by what a browser calls it; mail where it calls none of ours."""
    return CHANNELS.members.get(name) or CHANNELS.get(FIRST)


def uses(channel: type[Channel], field: str) -> bool:
    """Return whether a channel uses a field of a message."""
    return field not in WRITTEN or field in channel.fields


class MessageForm(WagtailAdminModelForm):
    """A message's draft; what its channel does not use is not asked for."""

    channel = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = (self.data or {}).get("channel") or self.initial.get("channel")
        if self.instance.pk is None and told:
            self.instance.channel = known(str(told)).name
        self.kind = known(self.instance.channel)
        self.initial["channel"] = self.kind.name
        for name in [*self.fields]:
            if not uses(self.kind, name):
                del self.fields[name]
        self._name_fields()

    def _name_fields(self) -> None:
        """Call fields what they are on this channel, and offer its senders."""
        if "subject" in self.fields and self.kind.name != FIRST:
            self.fields["subject"].label = _("Title")
        if "text" in self.fields:
            widget = self.fields["text"].widget
            widget.attrs["rows"] = 8 if self.kind.name == "webhook" else 4
            if self.kind.name == "webhook":
                self.fields["text"].label = _("Data, as JSON")
        sender: Any = self.fields.get("sender")
        if sender is None:
            return
        mine = Sender.objects.filter(channel=self.kind.name)
        sender.queryset = mine
        sender.empty_label = None
        if self.instance.pk is None:
            first = mine.order_by("pk").first()
            self.initial["sender"] = sender.initial = first.pk if first else None
        if not mine.exists():
            sender.help_text = _("There is no sender for this channel yet. Add one first.")

    def clean_url(self) -> str:
        """Return the address, trimmed, its variables checked."""
        url = str(self.cleaned_data.get("url") or "").strip()
        check_wording(url)
        return url

    def clean(self) -> dict[str, Any]:
        """Return what was written; what the channel can't send keeps it from being published."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if "action-publish" in self.data:
            for one in advice_on(self.kind, told):
                if one.blocks:
                    field = one.field if one.field in self.fields else None
                    self.add_error(field, ValidationError(one.text))
        return told


def advice_on(channel: type[Channel], told: dict[str, Any]) -> list[Advice]:
    """Return what a channel says to a draft, as a form knows it."""
    text = {
        name: quote.words(str(told.get(name) or ""), field=name, channel=channel.name)
        for name in WRITTEN
        if name != "body"
    }
    return channel().advise(Draft(**text, blocks=plain_blocks(told.get("body") or [])))


class NotesPanel(Panel):
    """What the channel says to the draft while one writes, and whom its variables leave empty."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "journeys/message/notes.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Return which door answers, and what one may write."""
            counts = self.instance.pk and self.request.user.has_perm("customers.view_segment")
            return {
                **super().get_context_data(parent_context),
                "channel": known(self.instance.channel),
                "message": self.instance,
                **self._quoted(),
                "segments": Segment.objects.order_by("name").values_list("pk", "name")[:500]
                if counts
                else [],
            }

        def _quoted(self) -> dict[str, Any]:
            """Return the fragments that the message says, and those that its texts may say."""
            channel = known(self.instance.channel)
            writes = any(name in channel.fields for name in quote.TEXTS)
            mine = guard.seen(Fragment.objects.filter(live=True), self.request.user)
            offered = mine.order_by("name").values_list("name", flat=True).distinct()
            live = self.instance.pk and Message.objects.select_related("current").get(
                pk=self.instance.pk
            )
            return {
                "offered": [
                    (name, wording.reference(name)) for name in offered[: MOST if writes else 0]
                ],
                "said": quote.used(live) if live else [],
                "newer": quote.newer(live) if live else [],
            }

        @property
        def media(self) -> forms.Media:
            """Load what asks the door while one writes."""
            return forms.Media(
                css={"all": ["css/admin/messages.css"]},
                js=[Script("js/controllers/notes_controller.js", type="module")],  # type: ignore[list-item]
            )


@cache
def handler(channel: str) -> Panel:
    """Return the panels of a channel's form; those of all channels for an empty name."""
    fields = known(channel).fields if channel else WRITTEN
    panels = [
        FieldPanel("name"),
        *(FieldPanel(name) for name in fields),
        NotesPanel(heading=gettext_lazy("Notes")),
        MultiFieldPanel([FieldPanel(name) for name in ABOUT], heading=gettext_lazy("Sending")),
    ]
    return ObjectList(panels, base_form_class=MessageForm).bind_to_model(Message)
