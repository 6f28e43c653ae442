"""Text messages: how many a text is, and why."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from content.expressions import words
from content.expressions.base import EXPRESSIONS, Content, Expression, Remark
from dxp.lib.gsm import parts

MANY_PARTS = 6


@EXPRESSIONS.register
class Sms(Expression):
    """A text for phones."""

    name = "sms"
    label = gettext_lazy("Text message")

    def express(self, content: Content) -> str:
        """Return what was written, or else all the plain words."""
        return content.sms.strip() or words.plain(content)

    def lint(self, content: Content) -> list[Remark]:
        """Say how many messages it is, and which letters make it so many."""
        found = parts(self.express(content))
        if not found.parts:
            return []
        told = ngettext(
            "%(units)d characters: one message. %(left)d more fit.",
            "%(units)d characters: %(parts)d messages. %(left)d more fit into the last.",
            found.parts,
        ) % {"units": found.units, "parts": found.parts, "left": found.left}
        if not content.sms.strip():
            told = f"{_('Made from the other words.')} {told}"
        remarks = [Remark("sms", told)]
        if found.odd:
            odd = _("These letters halve the length of a message: %(letters)s")
            remarks.append(Remark("sms", odd % {"letters": " ".join(found.odd[:20])}))
        if found.parts > MANY_PARTS:
            long = _("Too long to be sent: %(most)d messages are the most. Say it in fewer words.")
            remarks.append(Remark("sms", long % {"most": MANY_PARTS}, bool(content.sms.strip())))
        return remarks
