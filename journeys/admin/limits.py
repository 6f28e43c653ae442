"""How much is too much, and when nobody wants to be disturbed: forms for both."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets import AdminTimeInput

from journeys.admin.outbox import channel_choices, channel_label
from journeys.admin.tables import OwnViewSet, StepsIndexView, TextColumn
from journeys.channels import CHANNELS
from journeys.models import Cap, QuietHours

HOURS_A_DAY = 24


def disturbing(everything: Any) -> list[tuple[str, Any]]:
    """Return the channels that can be too much: what waits on a page disturbs nobody."""
    return [
        (name, label)
        for name, label in channel_choices(everything)
        if not name or CHANNELS.get(name).disturbs
    ]


def period(hours: int) -> str:
    """Return a rolling window in words: whole days as days."""
    if hours % HOURS_A_DAY == 0:
        days = hours // HOURS_A_DAY
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


class CapForm(WagtailAdminModelForm):
    """How many, of what, within how long."""

    channel = forms.ChoiceField(label=lazy("Channel"), required=False)
    count = forms.IntegerField(label=lazy("Within"), min_value=1, max_value=24 * 60)
    unit = forms.ChoiceField(
        label=lazy("Hours or days"), choices=[("1", lazy("hours")), ("24", lazy("days"))]
    )

    class Meta:
        model = Cap
        fields = ["channel", "topic", "most"]

    field_order = ["channel", "topic", "most", "count", "unit"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = disturbing(lazy("All channels together"))
        self.fields["topic"].empty_label = _("All topics")
        self.fields["most"].help_text = _(
            "So many marketing messages to one person; transactional ones neither count nor wait."
        )
        hours = self.instance.hours or 7 * HOURS_A_DAY
        whole = hours % HOURS_A_DAY == 0
        self.initial |= {
            "unit": "24" if whole else "1",
            "count": hours // HOURS_A_DAY if whole else hours,
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a window that is too long, and the same one twice.

        Returns:
            What was told.
        """
        told: dict[str, Any] = super().clean()
        hours = (told.get("count") or 0) * int(told.get("unit") or 1)
        if hours > HOURS_A_DAY * 60:
            self.add_error("count", _("At most 60 days."))
        self.instance.hours = max(hours, 1)
        same = Cap.objects.filter(
            channel=told.get("channel", ""), topic=told.get("topic"), hours=hours
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("count", _("There is one for this channel, topic and time already."))
        return told


class CapList(StepsIndexView):
    """All caps."""

    add_item_label = lazy("Add")
    any_permission_required = ["view", "add", "change"]
    page_title = lazy("Frequency caps")


class CapViewSet(OwnViewSet):
    """How many marketing messages one person may get."""

    model = Cap
    icon = "no-view"
    name = "journeys_caps"
    url_prefix = "journeys/caps"
    menu_label = lazy("Frequency caps")
    index_view_class = CapList
    pages = ("index", "index_results", "add", "edit", "delete")
    ordering = ("channel", "hours")
    list_display = [
        TitleColumn(
            "most", label=lazy("At most"), url_name="journeys_caps:edit",
            accessor=lambda one: _("%(most)d in %(time)s") % {
                "most": one.most, "time": period(one.hours)
            },
        ),
        TextColumn(
            "channel", label=lazy("Channel"),
            accessor=lambda one: channel_label(one.channel, _("All together")),
        ),
        TextColumn("topic", label=lazy("Topic"), accessor=lambda one: one.topic or _("All")),
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[CapForm]:
        """Return the form."""
        return CapForm


class QuietForm(WagtailAdminModelForm):
    """From when until when, on which channel."""

    channel = forms.ChoiceField(label=lazy("Channel"), required=False)

    class Meta:
        model = QuietHours
        fields = ["channel", "begins", "ends"]
        widgets = {"begins": AdminTimeInput, "ends": AdminTimeInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = disturbing(lazy("All that have none of their own"))
        self.fields["begins"].help_text = _("By the clock on the recipient's wall.")

    def clean(self) -> dict[str, Any]:
        """Refuse hours that never begin or never end.

        Returns:
            What was told.
        """
        told: dict[str, Any] = super().clean()
        if told.get("begins") and told.get("begins") == told.get("ends"):
            self.add_error("ends", _("They must end at another time than they begin."))
        same = QuietHours.objects.filter(channel=told.get("channel", ""))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("channel", _("This channel has quiet hours already."))
        return told


class QuietList(StepsIndexView):
    """All quiet hours."""

    add_item_label = lazy("Add")
    any_permission_required = ["view", "add", "change"]
    page_title = lazy("Quiet hours")


class QuietViewSet(OwnViewSet):
    """When marketing messages wait."""

    model = QuietHours
    icon = "time"
    name = "journeys_quiet"
    url_prefix = "journeys/quiet-hours"
    menu_label = lazy("Quiet hours")
    index_view_class = QuietList
    pages = ("index", "index_results", "add", "edit", "delete")
    ordering = "channel"
    list_display = [
        TitleColumn(
            "begins", label=lazy("Quiet"), url_name="journeys_quiet:edit",
            accessor=lambda one: f"{one.begins:%H:%M}-{one.ends:%H:%M}",
        ),
        TextColumn(
            "channel", label=lazy("Channel"),
            accessor=lambda one: channel_label(one.channel, _("All that have none of their own")),
        ),
    ]  # fmt: skip

    def get_form_class(self, for_update: bool = False) -> type[QuietForm]:
        """Return the form."""
        return QuietForm
