"""E-mail: what marketing writes as blocks goes out as HTML and text."""

from __future__ import annotations

import re
from html import escape
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dxp.lib.kinds import Registry
from journeys.channels.base import CHANNELS, Adapter, Advice, Channel, Draft, Letter, Rendered
from journeys.channels.email import mime
from journeys.channels.email.mjml import Frame, render

LONG_SUBJECT, LONG_PREHEADER = 60, 100
_GAPS = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


@CHANNELS.register
class Email(Channel):
    """A mail in two forms; its content is bytes."""

    name = "email"
    label = gettext_lazy("E-mail")
    icon = "mail"
    contact = "email"
    fields = ("subject", "preheader", "body")
    adapters: ClassVar[Registry[Adapter]] = Registry(Adapter)  # type: ignore[type-abstract]

    def render(self, draft: Draft, *, site: str, frame: Any = None) -> Rendered:
        """Return the blocks as HTML and text, with what stands around every mail."""
        return render(
            subject=draft.subject,
            preheader=draft.preheader,
            blocks=draft.blocks,
            site=site,
            frame=frame or Frame(brand="", why="", leave=_("Unsubscribe"), prefer=""),
        )

    def advise(self, draft: Draft) -> list[Advice]:
        """Say what inboxes cut off, and what is missing."""
        advice = []
        if not draft.subject.strip():
            advice.append(Advice("subject", _("Write a subject."), blocks=True))
        for name, text, most in (
            ("subject", draft.subject, LONG_SUBJECT),
            ("preheader", draft.preheader, LONG_PREHEADER),
        ):
            if len(text) > most:
                told = _("%(length)d letters; phones show about %(most)d.")
                advice.append(Advice(name, told % {"length": len(text), "most": most}))
        return advice

    def compose(self, message: Rendered, letter: Letter) -> bytes:
        """Return a mail of this person; its Message-ID is the same for every try."""

        def plain(value: str) -> str:
            return value

        return mime.build(
            sender=letter.sender,
            recipient=letter.recipient,
            subject=letter.fill(message.subject, plain),
            # Where a question or a list showed nothing, no gap shall stay.
            text=_GAPS.sub("\n\n", letter.fill(message.text, plain)),
            html=letter.fill(message.html, escape),
            message_id=f"{letter.token}@{_domain(letter.sender)}",
            at=letter.at,
            headers=_headers(letter),
        )


def _domain(sender: str) -> str:
    return mime.address_of(sender).rpartition("@")[2] or "localhost"


def _headers(letter: Letter) -> list[tuple[str, str]]:
    if not letter.marketing:
        return [("Auto-Submitted", "auto-generated")]
    return [
        ("List-Unsubscribe", f"<{letter.leave_url}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "bulk"),
    ]
