"""Rich text in Wagtail's editor says what it is for; Wagtail itself leaves it without a name."""

from __future__ import annotations

from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks


@hooks.register("insert_editor_js")
def behavior() -> str:
    """Load what names rich text, wherever something is edited."""
    source = static("js/content/named.js")
    return format_html('<script type="module" src="{}"></script>', source)
