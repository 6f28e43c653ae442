"""Text messages: one text, sent to a phone number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dxp.lib.gsm import parts
from dxp.lib.kinds import Registry
from journeys import wording
from journeys.channels.base import CHANNELS, Advice, Channel, Draft, Letter, Rendered
from journeys.channels.web import WebAdapter

# More cost as much as a letter, and arrive out of order on old phones.
MOST_PARTS = 6
# What a link that counts clicks is long, with a host of usual length.
LINK_LENGTH = 56


class BadSignature(Exception):
    """A call that the gateway did not sign, so it may be from anybody."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a gateway told us: an answer of a person, or what became of a message.

    `status` is "delivered", "failed" or "refused" (this number takes no messages), empty for an
    answer; `id` what the gateway calls the message, `key` what tells this call from others.
    """

    id: str
    key: str
    status: str = ""
    detail: str = ""
    address: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to our door: the address it was sent to, and what it says."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    form: Mapping[str, str]


class Gateway(WebAdapter):
    """A way to phones, and what comes back from them."""

    @abstractmethod
    def hear(self, call: Call) -> list[Heard]:
        """Return what a call to our door says.

        Raises:
            BadSignature: the gateway did not send it.
        """


@CHANNELS.register
class Sms(Channel):
    """A text to a phone; its content is {"text"}."""

    name = "sms"
    label = gettext_lazy("Text message (SMS)")
    icon = "mobile-alt"
    contact = "phone"
    fields = ("text",)
    adapters: ClassVar[Registry[Gateway]] = Registry(Gateway)  # type: ignore[assignment,type-abstract]

    def render(self, draft: Draft, *, site: str, frame: Any = None) -> Rendered:
        """Return the text, its addresses as links that are counted."""
        links = wording.Links(site)
        return Rendered(text=wording.plain(draft.text.strip(), links), links=links.targets)

    def compose(self, message: Rendered, letter: Letter) -> dict[str, str]:
        """Return the text of one person."""
        return {"text": letter.fill(message.text, str)}

    def advise(self, draft: Draft) -> list[Advice]:
        """Say how many messages it is, and which letters make it so many."""
        found = parts(_as_sent(draft.text))
        if not draft.text.strip():
            return [Advice("text", _("Write a text."), blocks=True)]
        if found.parts > MOST_PARTS:
            most = _("This is %(parts)d messages; %(most)d is the most.")
            told = most % {"parts": found.parts, "most": MOST_PARTS}
            return [Advice("text", told, blocks=True)]
        told = ngettext(
            "%(units)d characters: one message. %(left)d more fit.",
            "%(units)d characters: %(parts)d messages. %(left)d more fit into the last.",
            found.parts,
        ) % {"units": found.units, "parts": found.parts, "left": found.left}
        advice = [Advice("text", told)]
        if found.odd:
            odd = _("These letters halve the length of a message: %(letters)s")
            advice.append(Advice("text", odd % {"letters": " ".join(found.odd[:20])}))
        return advice


def _as_sent(text: str) -> str:
    """Return a text about as long as most people get it: with fallbacks, and links that count."""
    marked = wording.plain(text.strip(), wording.Links(""))
    nobody = wording.Values({})
    return wording.fill(marked, values=nobody, links=lambda *_link: "x" * LINK_LENGTH, escape=str)
