"""Pages: the blocks as the site draws them."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from content.expressions import words
from content.expressions.base import EXPRESSIONS, Content, Expression, Remark

_FILE = re.compile(r"\.(jpe?g|png|webp|avif|gif|svg|heic)$|^(img|dsc|image|photo)[_\- ]?\d+$", re.I)


@EXPRESSIONS.register
class Html(Expression):
    """What stands in a page."""

    name = "html"
    label = gettext_lazy("On a page")

    def express(self, content: Content) -> str:
        """Return HTML."""
        return content.html

    def lint(self, content: Content) -> list[Remark]:
        """Say which pictures say nothing to those who can't see them."""
        found = []
        for picture in words.images(content.pieces):
            told = {"title": picture["title"]}
            if not picture["alt"] and not picture["decorative"]:
                text = _("“%(title)s” has no description for those who can't see it.")
                found.append(Remark("body", text % told, blocks=True))
            elif _FILE.search(picture["alt"].strip()):
                text = _("“%(title)s” is described by the name of a file.")
                found.append(Remark("body", text % told))
        return found
