"""Spoken words, as voices read them (W3C Speech Synthesis Markup Language 1.1)."""

from __future__ import annotations

import re
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.expressions import words
from content.expressions.base import EXPRESSIONS, Content, Expression, Remark

LONG_SECONDS = 60
_ADDRESS = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)
_BEHIND = re.compile(r"\s*\((?:https?://|/|mailto:)[^)\s]*\)|:\s*(?:https?://|/)\S+")
_BREAKS = re.compile(r"\n\s*\n")
# What XML 1.0 can't hold.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@EXPRESSIONS.register
class Ssml(Expression):
    """What a voice says."""

    name = "ssml"
    label = gettext_lazy("Spoken")

    def said(self, content: Content) -> str:
        """Return the words: what was written, or else the plain ones without addresses."""
        return content.spoken.strip() or _BEHIND.sub("", words.plain(content))

    def express(self, content: Content) -> str:
        """Return a document with one paragraph for each of the text."""
        told = _CONTROLS.sub("", self.said(content))
        parts = [" ".join(one.split()) for one in _BREAKS.split(told)]
        paragraphs = "".join(f"<p>{escape(one, quote=False)}</p>" for one in parts if one)
        return (
            '<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" '
            f'xml:lang="{escape(content.language)}">{paragraphs}</speak>'
        )

    def lint(self, content: Content) -> list[Remark]:
        """Say how long it takes, and what no voice can say."""
        told = self.said(content)
        lasts = round(words.seconds(told))
        remarks = []
        if told:
            remarks.append(Remark("spoken", _("About %(n)d seconds.") % {"n": max(lasts, 1)}))
        if lasts > LONG_SECONDS:
            remarks.append(Remark("spoken", _("Few people listen for longer than a minute.")))
        if found := _ADDRESS.search(content.spoken):
            spelled = _("A voice spells “%(address)s” letter by letter.")
            remarks.append(Remark("spoken", spelled % {"address": found[0][:60]}))
        return remarks
