"""What a fragment becomes on each channel: one file and one class each."""

from content.expressions import html, json, push, sms, ssml, text
from content.expressions.base import EXPRESSIONS, Content, Expression, Remark

__all__ = [
    "EXPRESSIONS", "Content", "Expression", "Remark", "html", "json", "push", "sms", "ssml", "text",
]  # fmt: skip
