"""Messages in the admin: a form by channel, Wagtail's publishing and preview, tests and looks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import Panel
from wagtail.admin.widgets.button import Button
from wagtail.snippets.views.chooser import SnippetChooserViewSet
from wagtail.snippets.views.snippets import CreateView, EditView, IndexView, SnippetViewSet

from dxp.lib.guard import GuardedChooserMixin
from journeys.admin.look import FrameView, LookView, TestView
from journeys.admin.message_form import channels, handler, known
from journeys.admin.notes import advise, gaps, take
from journeys.admin.tables import StateColumn, TextColumn
from journeys.models import Message


class MessageCreate(CreateView):
    """Ask for the channel first, then show its form."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Offer the channels where none is named yet."""
        if request.method == "GET" and "channel" not in request.GET:
            return self._offer(request)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]

    def _offer(self, request: HttpRequest) -> HttpResponse:
        if not self.user_has_permission("add"):
            return super().dispatch(request)  # type: ignore[no-any-return]
        crumbs = [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("journeys_messages:list"), "label": _("Messages")},
            {"url": "", "label": _("New message")},
        ]
        found = [(one.name, one.label, one.icon) for one in channels()]
        told = {"channels": found, "breadcrumbs_items": crumbs}
        return render(request, "journeys/message/channels.html", told)

    def get_panel(self) -> Panel:
        """Return the panels of the channel."""
        return handler(known(self._channel()).name)

    def get_initial(self) -> dict[str, Any]:
        """Begin with the channel that was chosen."""
        return {**super().get_initial(), "channel": self._channel()}

    def get_page_subtitle(self) -> str:
        """Name the channel."""
        return str(known(self._channel()).label)

    def _channel(self) -> str:
        return str(self.request.POST.get("channel") or self.request.GET.get("channel", ""))[:20]


class MessageEdit(EditView):
    """Wagtail's editor, with a look at it for anybody, and a test."""

    def get_panel(self) -> Panel:
        """Return the panels of the message's channel."""
        number = str(self.kwargs["pk"])
        found = Message.objects.filter(pk=number if number.isdecimal() else 0)
        return handler(known(found.values_list("channel", flat=True).first() or "").name)

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Return what the menu of the heading offers."""
        look = reverse("journeys_messages:look", args=[self.object.pk])
        test = reverse("journeys_messages:test", args=[self.object.pk])
        return [
            *super().header_more_buttons,
            Button(_("Look at it"), url=look, icon_name="view", priority=4),
            Button(_("Send a test"), url=test, icon_name="mail", priority=5),
        ]


class MessageIndex(IndexView):
    """The list of messages; it stacks on phones."""

    table_classname = "listing dxp-stack"


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
        TextColumn(
            "channel",
            label=gettext_lazy("Channel"),
            accessor=lambda one: str(known(one.channel).label),
        ),
        TextColumn(
            "subject",
            label=gettext_lazy("Says"),
            accessor=lambda one: one.subject or one.text[:80],
        ),
        StateColumn(
            "state",
            label=gettext_lazy("State"),
            accessor=lambda one: _("Published") if one.live else _("Draft"),
            primary=lambda one: one.live,
        ),
    ]
    list_filter = ["channel", "purpose", "topic"]
    search_fields = ["name", "subject", "text"]
    add_view_class = MessageCreate
    edit_view_class = MessageEdit
    index_view_class = MessageIndex
    chooser_viewset_class = MessageChooserViewSet
    copy_view_enabled = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Return what somebody writes: what the house tells colleagues, nobody does."""
        return Message.objects.exclude(kind=Message.Kind.STAFF)

    def get_edit_handler(self) -> Panel:
        """Return the panels of all channels: what a preview reads."""
        return handler("")

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return Wagtail's addresses and our own."""
        return [
            *super().get_urlpatterns(),
            path("test/<int:pk>/", TestView.as_view(), name="test"),
            path("look/<int:pk>/", LookView.as_view(), name="look"),
            path("frame/<int:pk>/", FrameView.as_view(), name="frame"),
            path("advise/", advise, name="advise"),
            path("gaps/<int:pk>/", gaps, name="gaps"),
            path("take/<int:pk>/", take, name="take"),
        ]
