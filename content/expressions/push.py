"""Push messages: a title and a line."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.expressions import words
from content.expressions.base import EXPRESSIONS, Content, Expression, Remark

# What phones show; mail programs cut a subject at about the same length.
LONG_TITLE, LONG_TEXT = 50, 120
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+")


@EXPRESSIONS.register
class Push(Expression):
    """What a phone shows of it: {"title", "text"}; the title is a mail's subject as well."""

    name = "push"
    label = gettext_lazy("Push message")

    def express(self, content: Content) -> dict[str, str]:
        """Return what was written, or else the first heading and the first words below it."""
        title = content.push_title.strip() or next(words.headings(content.pieces), "").strip()
        said = [line.strip() for line in words.plain(content).split("\n")]
        text = next((line for line in said if line and line != title), "")
        if not title:
            title, text = _apart(text)
        return {"title": title, "text": content.push_text.strip() or text}

    def lint(self, content: Content) -> list[Remark]:
        """Say what phones cut off."""
        told, remarks = self.express(content), []
        for field, text, most in (
            ("push_title", told["title"], LONG_TITLE),
            ("push_text", told["text"], LONG_TEXT),
        ):
            if len(text) > most:
                long = _("%(length)d letters; phones show about %(most)d.")
                remarks.append(Remark(field, long % {"length": len(text), "most": most}))
        return remarks


def _apart(text: str) -> tuple[str, str]:
    """Return the first sentence as a title, and the rest."""
    first, *rest = _SENTENCE.split(text, maxsplit=1)
    return first, rest[0] if rest else ""
