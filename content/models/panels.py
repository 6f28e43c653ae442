"""What editors see in a form beside a thing's own fields."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import Panel
from wagtail.models import Page


class TagsPanel(Panel):
    """The terms of a thing, what is suggested, and what is still missing.

    Its contents come from an address of their own, since tags count at once and not with the form.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("heading", _("Tags"))
        options.setdefault("icon", "tag")
        super().__init__(**options)

    class BoundPanel(Panel.BoundPanel):
        """The place in one form."""

        template_name = "content/tags/panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Return which thing it is about; none before it was saved for the first time."""
            model = Page if isinstance(self.instance, Page) else type(self.instance)
            return {
                **super().get_context_data(parent_context),
                "kind": ContentType.objects.get_for_model(model).pk,
                "number": self.instance.pk,
            }
