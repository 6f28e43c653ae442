"""Senders in the admin: every way out, how it does, and what stops it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic

from dxp.lib import clock
from dxp.lib.kinds import UnknownKind
from journeys import hold, ways
from journeys.admin.outbox import OutboxPage, channel_label
from journeys.admin.sender_form import SenderForm, adapter_of
from journeys.admin.tables import OwnViewSet, StateColumn, StepsIndexView, TextColumn
from journeys.channels import CHANNELS
from journeys.channels.base import Unusable
from journeys.channels.email import hear
from journeys.models import Delivery, Message, Sender
from journeys.tasks import house

CHANGE = "journeys.change_sender"


def state_of(sender: Sender) -> str:
    """Return in words whether a sender sends."""
    until = sender.paused_until
    if until is None or until <= clock.now():
        return _("On trial after failures") if sender.failures >= ways.OPENS else _("Sends")
    if until == hold.FOREVER:
        return _("Stopped by hand")
    moment = date_format(localtime(until), "SHORT_DATETIME_FORMAT")
    return _("Rests until %(moment)s") % {"moment": moment}


def is_well(sender: Sender) -> bool:
    """Return whether a sender sends."""
    return sender.paused_until is None or sender.paused_until <= clock.now()


def way_label(channel: str, adapter: str) -> str:
    """Return what people call an adapter."""
    try:
        kind = adapter_of(channel, adapter)
    except UnknownKind:
        return _("Gone: %(name)s") % {"name": adapter}
    return str(kind.label) if kind else _("As the installation is set up")


class SenderList(StepsIndexView):
    """All senders."""

    add_item_label = lazy("Add")
    any_permission_required = ["view", "add", "change"]
    page_title = lazy("Senders")

    def get_base_queryset(self) -> QuerySet[Sender]:
        """Return senders with what waits for them."""
        queued = Delivery.objects.filter(state=Delivery.State.QUEUED).order_by()
        counts = queued.values("sender_id").annotate(n=Count("pk"))
        self.waiting = dict(counts.values_list("sender_id", "n"))
        return Sender.objects.all()

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "name", label=_("Name"),
                url_name="journeys_senders:edit" if self.request.user.has_perm(CHANGE) else None,
            ),
            TextColumn("channel", label=_("Channel"), accessor=lambda o: channel_label(o.channel)),
            TextColumn(
                "adapter", label=_("Way"), accessor=lambda one: way_label(one.channel, one.adapter)
            ),
            StateColumn("state", label=_("State"), accessor=state_of, primary=is_well),
            TextColumn("waiting", label=_("Waiting"), accessor=lambda o: self.waiting.get(o.pk)),
        ]  # fmt: skip


class SenderKinds(OutboxPage):
    """Which channel, through whom: the first step of a new sender."""

    template_name = "journeys/outbox/kinds.html"
    page_title = lazy("Add a sender")
    rights = ("journeys.add_sender",)
    above = ("journeys_senders:index", lazy("Senders"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return every channel with its adapters."""
        return {
            **super().get_context_data(**kwargs),
            "channels": [
                {
                    "label": channel.label,
                    "icon": channel.icon,
                    "ways": [
                        {
                            "label": way.label,
                            "url": reverse("journeys_senders:new", args=[channel.name, way.name]),
                        }
                        for way in channel.adapters
                    ],
                }
                for channel in CHANNELS
            ],
        }


class _Saved:
    """What both forms show: who takes it, and where its reports come."""

    template_name = "journeys/outbox/sender.html"
    object: Sender
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form's page."""
        found: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        sender = found["form"].instance
        return found | {
            "sender": sender,
            "channel_label": channel_label(sender.channel),
            "way_label": way_label(sender.channel, sender.adapter),
        }

    def _tell(self, form: SenderForm) -> None:
        """Show a secret that was made, this once."""
        if form.made:
            words = _("Tell the receiver this secret; it is not shown again: %s")
            messages.info(self.request, words % form.made)


class SenderCreate(_Saved, generic.CreateView):
    """A new sender of one channel and adapter."""

    channel = adapter = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Look which channel and adapter it is.

        Raises:
            Http404: there is none of that name.
        """
        try:
            adapter_of(kwargs["channel"], kwargs["adapter"])
        except UnknownKind as error:
            raise Http404 from error
        super().setup(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return an empty sender of that kind for the form."""
        fresh = Sender(channel=self.kwargs["channel"], adapter=self.kwargs["adapter"])
        return {**super().get_form_kwargs(), "instance": fresh}

    def get_add_url(self) -> str:
        """Return this page's own address, where its form leads."""
        return self.request.path

    def form_valid(self, form: SenderForm) -> HttpResponse:
        """Save, and show a secret that was made."""
        answer: HttpResponse = super().form_valid(form)
        self._tell(form)
        return answer


class SenderEdit(_Saved, generic.EditView):
    """A sender's configuration, and how it does."""

    any_permission_required = ["change"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the page with the sender's state."""
        sender = self.object
        return super().get_context_data(**kwargs) | {
            "state": state_of(sender),
            "well": is_well(sender),
            "callback": callback_of(sender),
            "pause_reason": sender.pause_reason,
            "waiting": Delivery.objects.filter(
                sender=sender, state=Delivery.State.QUEUED
            ).count(),
        }  # fmt: skip

    def form_valid(self, form: SenderForm) -> HttpResponse:
        """Save, and show a secret that was made."""
        answer: HttpResponse = super().form_valid(form)
        self._tell(form)
        return answer


def callback_of(sender: Sender) -> str:
    """Return where this sender's provider tells us what became of messages."""
    site = house().site
    if sender.channel == "sms":
        return site + reverse("journeys:sms", args=[sender.pk])
    if sender.channel == "email" and sender.adapter in hear.VIEWS:
        return hear.address(site=site, sender=sender.pk, provider=sender.adapter)
    return ""


class SenderDelete(generic.DeleteView):
    """Take a sender away that no message uses."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Delete, or say what keeps it."""
        used = Message.objects.filter(sender=self.object).exists()
        if used or Delivery.objects.filter(sender=self.object).exists():
            words = _("It stays: messages use it, or it has sent some. Stop it instead.")
            messages.error(request, words)
            return redirect("journeys_senders:edit", self.object.pk)
        return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]


def _changer(request: HttpRequest, pk: int) -> Sender:
    if not request.user.has_perm(CHANGE):  # type: ignore[union-attr]
        raise PermissionDenied
    return get_object_or_404(Sender, pk=pk)


def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the other side whether it would take messages; nothing is sent."""
    sender = _changer(request, pk)
    if request.method == "POST":
        try:
            told = ways.check(sender, house()) or _("It answers.")
            messages.success(request, _("The connection works: %s") % told)
        except Unusable as error:
            messages.error(request, _("It does not work: %s") % error)
    return HttpResponseRedirect(reverse("journeys_senders:edit", args=[pk]))


def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Let nothing go out through a sender until somebody says so."""
    sender = _changer(request, pk)
    if request.method == "POST":
        hold.hold(sender=sender, reason=_("Stopped by %s") % request.user)
        messages.success(request, _("%s is stopped. Messages wait.") % sender)
    return HttpResponseRedirect(reverse("journeys_senders:edit", args=[pk]))


def go(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a sender go on, whatever stopped it."""
    sender = _changer(request, pk)
    if request.method == "POST":
        hold.release(sender=sender)
        messages.success(request, _("%s sends again.") % sender)
    return HttpResponseRedirect(reverse("journeys_senders:edit", args=[pk]))


class SenderViewSet(OwnViewSet):
    """All ways out."""

    model = Sender
    icon = "mail"
    name = "journeys_senders"
    url_prefix = "journeys/senders"
    menu_label = lazy("Senders")
    index_view_class = SenderList
    add_view_class = SenderCreate
    edit_view_class = SenderEdit
    delete_view_class = SenderDelete
    pages = ("index", "index_results", "edit", "delete", "add")
    ordering = "name"

    def get_form_class(self, for_update: bool = False) -> type[SenderForm]:
        """Return the form that its adapter draws."""
        return SenderForm

    def get_urlpatterns(self) -> list[Any]:
        """Return Wagtail's addresses, with a choice before the form of a new one, and our own."""
        ours: list[URLPattern] = [
            path("new/", SenderKinds.as_view(), name="add"),
            path("new/<slug:channel>/<slug:adapter>/", self.add_view, name="new"),
            path("<int:pk>/test/", test, name="test"),
            path("<int:pk>/stop/", stop, name="stop"),
            path("<int:pk>/go/", go, name="go"),
        ]
        return [*(one for one in super().get_urlpatterns() if one.name != "add"), *ours]
