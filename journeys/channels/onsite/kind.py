"""On-site messages: a title, some words and a link, shown when the person comes by."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dxp.lib.kinds import Registry
from journeys import wording
from journeys.channels.base import CHANNELS, Adapter, Advice, Channel, Draft, Letter, Rendered


@CHANNELS.register
class Onsite(Channel):
    """A message on our own pages; its content is {"title", "text", "url", "at"}.

    It disturbs nobody and needs no address; it is shown to who allowed personal pages.
    """

    name = "onsite"
    label = gettext_lazy("On-site message")
    icon = "desktop"
    contact = ""
    asks_consent = False
    disturbs = False
    fields = ("subject", "text", "url")
    adapters: ClassVar[Registry[Adapter]] = Registry(Adapter)  # type: ignore[type-abstract]

    def render(self, draft: Draft, *, site: str, frame: Any = None) -> Rendered:
        """Return title and text, and the link, if there is one."""
        links, url = wording.Links(site), draft.url.strip()
        number = links.add(url) if url else 0
        return Rendered(
            subject=wording.mark(draft.subject, str),
            text=wording.mark(draft.text, str),
            links=links.targets,
            parts={"url": wording.link(number) if url else ""},
        )

    def compose(self, message: Rendered, letter: Letter) -> dict[str, str]:
        """Return what waits for one person."""
        return {
            "title": letter.fill(message.subject, str)[:200],
            "text": letter.fill(message.text, str)[:2000],
            "url": letter.fill(message.parts["url"], str),
            "at": letter.at.isoformat(),
        }

    def advise(self, draft: Draft) -> list[Advice]:
        """Say what is missing."""
        advice = []
        if not draft.subject.strip():
            advice.append(Advice("subject", _("Write a title."), blocks=True))
        url = draft.url.strip()
        if url and not url.startswith(("/", "https://", "http://")):
            told = _("Write an address of your own such as /news, or https://…")
            advice.append(Advice("url", told, blocks=True))
        return advice
