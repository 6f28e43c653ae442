"""Everything at once, for programs that draw it themselves."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from content.expressions.base import EXPRESSIONS, Content, Expression
from content.expressions.push import Push
from content.expressions.sms import Sms
from content.expressions.ssml import Ssml
from content.expressions.text import Text


@EXPRESSIONS.register
class Json(Expression):
    """The blocks as data, and what is said on the other channels."""

    name = "json"
    label = gettext_lazy("For programs")

    def express(self, content: Content) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "language": content.language,
            "blocks": [dict(piece) for piece in content.pieces],
            "html": content.html,
            "text": Text().express(content),
            "sms": Sms().express(content),
            "push": Push().express(content),
            "ssml": Ssml().express(content),
        }
