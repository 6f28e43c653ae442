"""Push messages: a title, a line, and where a tap leads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import ContactPoint
from dxp.lib.kinds import Registry
from journeys import wording
from journeys.channels.base import CHANNELS, Adapter, Advice, Channel, Draft, Letter, Rendered
from journeys.models import PushSubscription

# RFC 8291: 4096 bytes at most with everything around; some services take no more.
MOST_BYTES = 3900
LONG_TITLE, LONG_TEXT = 50, 120


@CHANNELS.register
class Push(Channel):
    """A notification of a browser; its content is {"title", "text", "url", "tag"}."""

    name = "push"
    label = gettext_lazy("Push message (web push)")
    icon = "comment"
    contact = "push"
    fields = ("subject", "text", "url")
    adapters: ClassVar[Registry[Adapter]] = Registry(Adapter)  # type: ignore[type-abstract]

    def recipients(self, points: Sequence[ContactPoint]) -> dict[int, str]:
        """Return the subscriptions of browsers, as browsers write them."""
        found = PushSubscription.objects.filter(contact_point__in=[point.pk for point in points])
        return {one.contact_point_id: _told(one) for one in found}

    def render(self, draft: Draft, *, site: str, frame: Any = None) -> Rendered:
        """Return title and text, and the link that a tap follows."""
        links = wording.Links(site)
        number = links.add(draft.url.strip() or "/")
        return Rendered(
            subject=wording.mark(draft.subject, str),
            text=wording.mark(draft.text, str),
            links=links.targets,
            parts={"url": wording.link(number)},
        )

    def compose(self, message: Rendered, letter: Letter) -> dict[str, str]:
        """Return what the service worker shows; as short as push services want it."""
        content = {
            "title": letter.fill(message.subject, str),
            "text": letter.fill(message.text, str),
            "url": letter.fill(message.parts["url"], str),
            "tag": letter.token,
        }
        return _shortened(content)

    def advise(self, draft: Draft) -> list[Advice]:
        """Say what phones cut off."""
        advice = []
        if not draft.subject.strip():
            advice.append(Advice("subject", _("Write a title."), blocks=True))
        for name, text, most in (
            ("subject", draft.subject, LONG_TITLE),
            ("text", draft.text, LONG_TEXT),
        ):
            if len(text) > most:
                told = _("%(length)d letters; phones show about %(most)d.")
                advice.append(Advice(name, told % {"length": len(text), "most": most}))
        url = draft.url.strip()
        if url and not url.startswith(("/", "https://", "http://")):
            told = _("Write an address of your own such as /news, or https://…")
            advice.append(Advice("url", told, blocks=True))
        return advice


def _told(one: PushSubscription) -> str:
    keys = {"p256dh": one.p256dh, "auth": one.auth}
    return json.dumps({"endpoint": one.endpoint, "keys": keys})


def _shortened(content: dict[str, str]) -> dict[str, str]:
    """Cut texts that values made too long."""
    content["title"] = content["title"][:200]
    while len(content["text"]) > 1 and len(packed(content)) > MOST_BYTES:
        content["text"] = content["text"][: len(content["text"]) * 9 // 10 - 1].rstrip() + "…"
    return content


def packed(content: dict[str, str]) -> bytes:
    """Return a notification as it is encrypted."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
