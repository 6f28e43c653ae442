"""Messages in the admin: Wagtail's own editor, publishing and preview, and a test to oneself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import Button
from wagtail.snippets.views.chooser import SnippetChooserViewSet
from wagtail.snippets.views.snippets import EditView, SnippetViewSet

from dxp.lib import clock
from dxp.lib.guard import GuardedChooserMixin
from journeys import dispatch
from journeys.admin.forms import TestForm
from journeys.admin.tables import StateColumn, TextColumn
from journeys.channels.base import Outcome
from journeys.models import Message
from journeys.tasks import house


class MessageEdit(EditView):
    """Wagtail's editor, with a test."""

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what the menu of the heading offers."""
        url = reverse("journeys_messages:test", args=[self.object.pk])
        test = Button(_("Send a test"), url=url, icon_name="mail", priority=5)
        return [*super().header_more_buttons, test]


class TestView(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]
    """Send the newest draft to an address, filled for a sample person."""

    template_name = "journeys/message/test.html"
    form_class = TestForm
    page_title = gettext_lazy("Send a test")
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may change messages.

        Raises:
            PermissionDenied: this person may not.
        """
        if not request.user.has_perm("journeys.change_message"):  # type: ignore[union-attr]
            raise PermissionDenied
        self.message = get_object_or_404(Message, pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, str]:
        """Offer one's own address."""
        return {"address": getattr(self.request.user, "email", "")}

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        edit = reverse("journeys_messages:edit", args=[self.message.pk])
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("journeys_messages:list"), "label": _("Messages")},
            {"url": edit, "label": str(self.message)},
            {"url": "", "label": _("Send a test")},
        ]

    def form_valid(self, form: TestForm) -> HttpResponse:
        """Send, and say how it went."""
        receipt = dispatch.send_test(
            message=self.message.get_latest_revision_as_object(),
            address=form.cleaned_data["address"],
            house=house(),
            at=clock.now(),
        )
        if receipt.outcome is not Outcome.OK:
            form.add_error("address", _("It was not sent: %s") % receipt.detail)
            return self.form_invalid(form)  # type: ignore[no-any-return]
        messages.success(
            self.request, _("The test is on its way to %s.") % form.cleaned_data["address"]
        )
        return redirect("journeys_messages:edit", self.message.pk)


class MessageChooserViewSet(GuardedChooserMixin, SnippetChooserViewSet):
    """Wagtail's chooser, for those who may see messages."""

    needs = "journeys.view_message"


class MessageViewSet(SnippetViewSet):
    """Messages and their pages."""

    model = Message
    url_namespace = "journeys_messages"
    base_url_path = "journeys/messages"
    icon = "mail"
    menu_label = gettext_lazy("Messages")
    list_display = [
        "name",
        TextColumn("subject", label=gettext_lazy("Subject")),
        StateColumn(
            "state",
            label=gettext_lazy("State"),
            accessor=lambda one: _("Published") if one.live else _("Draft"),
            primary=lambda one: one.live,
        ),
    ]
    search_fields = ["name", "subject"]
    edit_view_class = MessageEdit
    chooser_viewset_class = MessageChooserViewSet
    copy_view_enabled = False

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return Wagtail's addresses and our own."""
        test = path("test/<int:pk>/", TestView.as_view(), name="test")
        return [*super().get_urlpatterns(), test]
