"""Plain words: the text part of mails, and whoever shows no HTML."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.expressions import words
from content.expressions.base import EXPRESSIONS, Content, Expression, Remark

_TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?>", re.IGNORECASE)


@EXPRESSIONS.register
class Text(Expression):
    """Words without any markup."""

    name = "text"
    label = gettext_lazy("Plain text")

    def express(self, content: Content) -> str:
        """Return what was written, or else what the blocks say."""
        return words.plain(content)

    def lint(self, content: Content) -> list[Remark]:
        """Say when there are no words, or tags that would be shown as they stand."""
        if not words.plain(content):
            told = _("The blocks hold no words. Write what is said instead of them.")
            return [Remark("text", told)]
        if found := _TAG.search(content.text):
            told = _("“%(tag)s” would be shown as it stands here.") % {"tag": found[0][:40]}
            return [Remark("text", told)]
        return []
