"""A rule about how somebody came: what `content.context` holds against a request."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content import context as contexts
from content.blocks.setting import SettingsBlock

DEVICES = [("phone", _("Phone")), ("tablet", _("Tablet")), ("computer", _("Computer"))]
WEEKDAYS = [
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")),
    ("5", _("Friday")), ("6", _("Saturday")), ("7", _("Sunday")),
]  # fmt: skip


def _zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones()) if "/" in name]


def _words(label: Any, help_text: Any = "") -> blocks.ListBlock:
    return blocks.ListBlock(
        blocks.CharBlock(max_length=contexts.LONGEST),
        min_num=0, max_num=20, default=[], label=label, help_text=help_text, collapsed=True,
    )  # fmt: skip


class Filled(blocks.StructValue):
    """Settings of which those that were not there yet, when a page was written, are the default."""

    def __missing__(self, key: str) -> Any:
        return self.block.child_blocks[key].get_default()


class WhenBlock(blocks.StructBlock):
    """Every condition that is given must hold; of several values, one."""

    campaign = _words(_("Campaign"), _("As in the link: utm_campaign."))
    source = _words(_("Source"), _("utm_source"))
    medium = _words(_("Medium"), _("utm_medium"))
    referrer = _words(_("Came from the site"), _("Such as news.example; its subdomains count."))
    device = SettingsBlock(choices=DEVICES, required=False, default=[], label=_("Device"))
    country = _words(_("Country"), _("Two letters, where it is known."))
    zone = SettingsBlock(choices=_zones, required=False, default=[], label=_("Time zone"))
    language = _words(_("Language"), _("Of the browser, such as es."))
    weekdays = SettingsBlock(
        choices=WEEKDAYS, required=False, default=[], label=_("Weekdays"),
        help_text=_("By the visitor's own clock."),
    )  # fmt: skip
    since = blocks.TimeBlock(required=False, label=_("From this time of the day"))
    until = blocks.TimeBlock(required=False, label=_("Until this time of the day"))
    visits_from = blocks.IntegerBlock(
        required=False, min_value=1, max_value=contexts.MOST_VISITS, label=_("From this visit on")
    )
    visits_to = blocks.IntegerBlock(
        required=False, min_value=1, max_value=contexts.MOST_VISITS, label=_("Up to this visit")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        faults: dict[str, ValidationError] = {}
        for name, is_right, words in (
            ("referrer", contexts.host_of, _now("Write a host such as news.example.")),
            ("country", contexts.is_country, _now("Write two letters, such as ES.")),
            ("language", contexts.language_of, _now("Write a language such as es or es-MX.")),
        ):
            if not all(is_right(str(one).strip()) for one in cleaned[name]):
                faults[name] = ValidationError(words)
        if cleaned["since"] is not None and cleaned["since"] == cleaned["until"]:
            faults["until"] = ValidationError(_now("No time lies between these two."))
        least, most = cleaned["visits_from"], cleaned["visits_to"]
        if least and most and most < least:
            faults["visits_to"] = ValidationError(_now("No visit lies between these numbers."))
        if faults:
            raise blocks.StructBlockValidationError(faults)
        return cleaned

    class Meta:
        icon = "site"
        collapsed = True
        value_class = Filled
