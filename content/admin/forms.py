"""Forms in the admin: built from questions."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, Panel, PublishingPanel
from wagtail.admin.ui.tables import LiveStatusTagColumn
from wagtail.snippets.views.snippets import IndexView, SnippetViewSet

from content.admin import submissions
from content.admin.columns import CountColumn, UpdatedColumn, WhenColumn
from content.models import Form
from dxp.lib.guard import GuardedViewSetMixin


class FormForm(WagtailAdminModelForm):
    """A form's draft."""

    def clean_slug(self) -> str:
        """Return the short name.

        Raises:
            ValidationError: what was sent already is told apart by the old one.
        """
        slug = str(self.cleaned_data["slug"])
        before = Form.objects.filter(pk=self.instance.pk, submissions__isnull=False)
        known = before.values_list("slug", flat=True).first()
        if known and slug != known:
            words = _("Reports and segments know what was sent as “%(slug)s”: it keeps that name.")
            raise ValidationError(words % {"slug": known})
        return slug


class SentColumn(CountColumn):
    """How often a form was sent, as a link to what was written."""

    cell_template_name = "content/forms/_sent.html"


class FormIndex(IndexView):
    """The list of forms; it stacks on phones."""

    table_classname = "listing dxp-stack"


def handler() -> Panel:
    """Return the panels of the form."""
    return ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("slug"),
            MultiFieldPanel(
                [FieldPanel("heading"), FieldPanel("intro")], heading=lazy("Above the questions")
            ),
            FieldPanel("fields"),
            MultiFieldPanel(
                [FieldPanel("button"), FieldPanel("thanks"), FieldPanel("thanks_page")],
                heading=lazy("Sending"),
            ),
            MultiFieldPanel(
                [FieldPanel("most_new"), FieldPanel("keep_days")], heading=lazy("People's data")
            ),
            PublishingPanel(),
        ],
        base_form_class=FormForm,
    )


class FormViewSet(GuardedViewSetMixin, SnippetViewSet):
    """Forms: questions in their order, drafts, and answers."""

    model = Form
    icon = "form"
    menu_label = lazy("Forms")
    add_to_admin_menu = True
    menu_order = 320
    url_namespace = "content_forms"
    # Not "forms": there Wagtail lists its own pages of forms.
    base_url_path = "form-builder"
    index_view_class = FormIndex
    list_display = [
        "name",
        SentColumn("sent", label=lazy("Sent")),
        WhenColumn("last", label=lazy("Last")),
        UpdatedColumn(),
        LiveStatusTagColumn(),
    ]

    def get_edit_handler(self) -> Panel:
        """Return the form's panels."""
        return handler().bind_to_model(Form)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Form]:
        """Return forms with how often they were sent."""
        return Form.objects.annotate(sent=Count("submissions"), last=Max("submissions__at"))

    def get_urlpatterns(self) -> list[Any]:
        """Return Wagtail's addresses and the pages of answers."""
        return [*super().get_urlpatterns(), *submissions.urls()]
