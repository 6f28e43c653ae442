"""Webhooks: what marketing writes as JSON is told to another program, about one person."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dxp.lib.kinds import Registry
from journeys import wording
from journeys.channels.base import CHANNELS, Adapter, Advice, Channel, Draft, Letter, Rendered


@CHANNELS.register
class Webhook(Channel):
    """A call to a program; its content is {"url", "body"}, the body a text of JSON.

    The variables stand inside the strings of the JSON, so that no value can change its shape.
    """

    name = "webhook"
    label = gettext_lazy("Webhook")
    icon = "code"
    contact = ""
    asks_consent = False
    disturbs = False
    fields = ("url", "text")
    adapters: ClassVar[Registry[Adapter]] = Registry(Adapter)  # type: ignore[type-abstract]

    def render(self, draft: Draft, *, site: str, frame: Any = None) -> Rendered:
        """Return the JSON with marks in its strings, and where it goes."""
        told = json.loads(draft.text) if draft.text.strip() else {}
        return Rendered(text=draft.text, parts={"url": draft.url.strip(), "data": _marked(told)})

    def compose(self, message: Rendered, letter: Letter) -> dict[str, str]:
        """Return the call about one person."""
        told = {
            "type": "dxp.message",
            "timestamp": letter.at.isoformat(),
            "data": _filled(message.parts["data"], letter),
        }
        return {"url": message.parts["url"], "body": json.dumps(told, ensure_ascii=False)}

    def advise(self, draft: Draft) -> list[Advice]:
        """Say whether it has an address, and whether its text is JSON."""
        advice = []
        parts = urlsplit(draft.url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            told = _("Write where it goes: https://… An address can't hold variables.")
            advice.append(Advice("url", told, blocks=True))
        elif parts.scheme == "http":
            advice.append(Advice("url", _("What is sent there can be read on the way: no https.")))
        try:
            if draft.text.strip():
                json.loads(draft.text)
        except ValueError as error:
            told = _("This is no JSON: %(error)s") % {"error": error}
            advice.append(Advice("text", told, blocks=True))
        return advice


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner) for inner in value]
    return wording.mark(value, str) if isinstance(value, str) else value


def _filled(value: Any, letter: Letter) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, letter) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, letter) for inner in value]
    return letter.fill(value, str) if isinstance(value, str) else value
