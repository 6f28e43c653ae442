"""The form of a sender, drawn from what its adapter wants to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm

from dxp.lib.crypto import BrokenSeal
from journeys import ways
from journeys.channels import CHANNELS
from journeys.channels.base import Adapter, Setting, Unusable
from journeys.models import Sender
from journeys.tasks import house

PREFIX, FORGET = "set_", "forget_"
LONG_TEXT = 60


def adapter_of(channel: str, adapter: str) -> type[Adapter] | None:
    """Return an adapter's class; None: mail as the settings of the installation say."""
    if channel == "email" and not adapter:
        return None
    return CHANNELS.get(channel).adapters.get(adapter)


def field_of(setting: Setting, *, stored: bool = False) -> forms.Field:
    """Return the form's field for one setting; a stored secret may stay empty."""
    told: dict[str, Any] = {
        "label": setting.label, "help_text": setting.help, "initial": setting.default,
        "required": setting.required,
    }  # fmt: skip
    if setting.kind == "boolean":
        return forms.BooleanField(**told | {"required": False})
    if setting.kind == "number":
        return forms.IntegerField(min_value=0, **told)
    if setting.kind == "choice":
        return forms.ChoiceField(choices=setting.options, **told)
    if setting.kind == "url":
        return forms.URLField(assume_scheme="https", **told)
    if setting.kind == "secret":
        if stored:
            kept = _("Stored, and not shown again. Empty: it stays.")
            told |= {"help_text": f"{setting.help} {kept}".strip(), "required": False}
        return forms.CharField(
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False, **told
        )
    if len(str(setting.default)) > LONG_TEXT:
        told["widget"] = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(max_length=2000, **told)


class SenderForm(WagtailAdminModelForm):
    """Name, address and pace of a sender, and its adapter's settings.

    `made` is the one secret that was made on saving and that the other side has to know.
    """

    class Meta:
        model = Sender
        fields = ["name", "address", "rate", "burst"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made = ""
        sender = self.instance
        self.adapter = adapter_of(sender.channel, sender.adapter)
        self.settings = list(self.adapter.settings) if self.adapter else []
        try:
            self.stored = ways.secrets_of(sender)
        except BrokenSeal:
            # Sealed under a key that is gone: it has to be typed anew.
            self.stored = {}
        if sender.channel != "email":
            del self.fields["address"]
        for setting in self.settings:
            has = bool(self.stored.get(setting.name))
            self.fields[PREFIX + setting.name] = field_of(setting, stored=has)
            if setting.kind == "secret":
                if has and not setting.required:
                    label = _("Forget the stored one: %(name)s") % {"name": setting.label}
                    self.fields[FORGET + setting.name] = forms.BooleanField(
                        label=label, required=False
                    )
            elif setting.name in sender.config:
                self.initial[PREFIX + setting.name] = sender.config[setting.name]

    def clean(self) -> dict[str, Any]:
        """Build the configuration, and refuse what the adapter can't work with.

        Returns:
            What was told.
        """
        told: dict[str, Any] = super().clean()
        if self.errors or self.adapter is None:
            return told
        whole = self.adapter.complete(self._told(told))
        private = {one.name for one in self.settings if one.kind == "secret"}
        secrets = {name: value for name, value in whole.items() if name in private and value}
        typed = {name for name in private if told.get(PREFIX + name) or self.stored.get(name)}
        made = [value for name, value in secrets.items() if name not in typed]
        self.made = str(made[0]) if made and self.instance.channel == "webhook" else ""
        self.instance.config = {k: v for k, v in whole.items() if k not in private}
        self.instance.secrets = ways.seal_secrets(secrets)
        try:
            ways.make(self.instance, house()).close()
        except Unusable as error:
            self.add_error(None, _("It can't work like this: %s") % error)
        return told

    def _told(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration that the form tells, with the secrets that stay."""
        found: dict[str, Any] = {}
        for setting in self.settings:
            value = told.get(PREFIX + setting.name)
            if setting.kind == "secret" and not value and not told.get(FORGET + setting.name):
                value = self.stored.get(setting.name, "")
            found[setting.name] = "" if value is None else value
        return found
