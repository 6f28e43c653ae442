"""One delivery with all that happened to it, and what can be done with one or with many."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from customers import define
from dxp.lib import clock, hints
from journeys import settle
from journeys.admin.delivery_filter import CHANGE, DeliveryFilter, of_words, to_whom, what, why
from journeys.admin.outbox import OutboxPage, channel_label
from journeys.models import Delivery
from journeys.tasks import DISPATCH

State = Delivery.State
VIEW = "journeys.view_delivery"
BITE, SECONDS = 500, 2.0
ACTS = {
    "retry": (settle.retry, (State.FAILED, State.SKIPPED)),
    "resend": (settle.resend, (State.UNKNOWN,)),
    "cancel": (settle.cancel, (State.QUEUED,)),
}
# What spoke for a program (`journeys.suspect`).
SIGNS = {
    "trap": lazy("followed the hidden link"),
    "head": lazy("asked for headings only"),
    "advance": lazy("opened in advance, unseen"),
    "agent": lazy("calls itself a program"),
    "soon": lazy("too soon after sending"),
    "links": lazy("followed all links at once"),
    "crowd": lazy("one network opened many messages"),
}
LABELS = {
    "retry": lazy("Try again"),
    "resend": lazy("Send again, even if it arrived"),
    "cancel": lazy("Cancel"),
}


class DeliveryPage(OutboxPage):
    """All about one delivery."""

    template_name = "journeys/outbox/delivery.html"
    page_title = lazy("Delivery")
    rights = (VIEW,)
    post_right = CHANGE

    @cached_property
    def delivery(self) -> Delivery:
        """The delivery with what the page shows."""
        rows = Delivery.objects.select_related(
            "profile", "message", "sender", "edition", "contact_point", "enrollment__journey",
            "enrollment__version", "staff_mail",
        )  # fmt: skip
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return the message's name and the delivery's number."""
        return f"{what(self.delivery)} · {self.delivery}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what is known about it."""
        one, user = self.delivery, self.request.user
        sight = define.sight(user=user)
        point = one.contact_point
        kind = "phone" if point and point.channel == "phone" else "email"
        acts = [
            {"name": name, "label": LABELS[name]}
            for name, (_verb, states) in ACTS.items()
            if one.state in states and user.has_perm(CHANGE)  # type: ignore[union-attr]
        ]
        return {
            **super().get_context_data(**kwargs),
            "delivery": one,
            "who": to_whom(one, sight),
            "what": what(one),
            "profile_url": reverse("customers_profiles:inspect", args=[one.profile_id])
            if one.profile_id and user.has_perm("customers.view_profile")  # type: ignore[union-attr]
            else "",
            "address": sight.shown(kind, point.shown) if point else "",
            "channel": channel_label(one.channel),
            "why": why(one),
            "well": one.state == State.SENT,
            "acts": acts,
            "story": story(one),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what was asked with this one.

        Raises:
            Http404: nothing that we know was asked.
        """
        verb, _states = ACTS.get(request.POST.get("act", ""), (None, ()))
        if verb is None:
            raise Http404
        if verb(delivery_ids=[self.delivery.pk], at=clock.now()):
            hints.now(DISPATCH)
            messages.success(request, _("Done."))
        else:
            messages.warning(request, _("It is in another state by now; nothing was done."))
        return redirect("journeys_deliveries:one", self.delivery.pk)


def story(delivery: Delivery) -> list[dict[str, Any]]:
    """Return what happened to a delivery, the oldest first."""
    found: list[dict[str, Any]] = [{"at": delivery.queued_at, "what": _("Queued")}]
    if delivery.sent_at:
        found.append({"at": delivery.sent_at, "what": _("Sent"), "more": delivery.provider_id})
    for report in delivery.reports.all():
        words = [report.reason, report.detail, report.source]
        if report.hard:
            words.insert(0, str(_("for good")))
        found.append({
            "at": report.at, "what": report.get_kind_display(),
            "more": " · ".join(one for one in words if one),
        })  # fmt: skip
    links = delivery.edition.links if delivery.edition else []
    for touch in delivery.touches.all()[:200]:
        judged = {None: _("not judged yet"), True: _("a program"), False: _("a person")}
        reasons = [str(SIGNS.get(code, code)) for code in touch.reasons]
        link = str(links[touch.number]) if 0 < touch.number < len(links) else ""
        found.append({
            "at": touch.at, "what": touch.get_kind_display(),
            "more": " · ".join(
                one for one in (link, str(judged[touch.machine]), ", ".join(reasons)) if one
            ),
        })  # fmt: skip
    return sorted(found, key=lambda one: one["at"])


class AgainPage(OutboxPage):
    """The same with all that a list shows, in bites: a page shows how far it is."""

    template_name = "journeys/outbox/again.html"
    rights = (VIEW, CHANGE)
    post_right = CHANGE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may, for what can be done.

        Raises:
            Http404: nothing that we know was asked.
        """
        if kwargs["act"] not in ACTS:
            raise Http404
        self.page_title = LABELS[kwargs["act"]]
        return super().dispatch(request, *args, **kwargs)

    def found(self) -> QuerySet[Delivery]:
        """Return the deliveries that the list showed and that are in a state for this."""
        _verb, states = ACTS[self.kwargs["act"]]
        rows = Delivery.objects.filter(state__in=states)
        found: QuerySet[Delivery] = DeliveryFilter(
            self.request.GET, queryset=rows, request=self.request
        ).qs
        words = self.request.GET.get("q", "").strip()
        if not words:
            return found
        sight = define.sight(user=self.request.user)
        hidden = any(sight.hides(one) for one in ("name", "email", "phone"))
        return found.none() if hidden else of_words(found, words)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the question, or how far it is."""
        told = {"done": 0, "after": 0, "total": None, "going": False} | kwargs
        total = told["total"] if told["total"] is not None else self.found().count()
        back = reverse("journeys_deliveries:index")
        return super().get_context_data(**told) | {
            "total": total,
            "button": LABELS[self.kwargs["act"]],
            "warns": self.kwargs["act"] == "resend",
            "back": f"{back}?{self.request.GET.urlencode()}",
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do a bite; go on from there next time. What fails again meanwhile is not taken twice."""
        after, done, total = (_number(request, name) for name in ("after", "done", "total"))
        verb, _states = ACTS[self.kwargs["act"]]
        until, last = time.monotonic() + SECONDS, _number(request, "last")
        rows = self.found().order_by("pk")
        if not last:
            last = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
        while time.monotonic() < until:
            bite = rows.filter(pk__gt=after, pk__lte=last).values_list("pk", flat=True)[:BITE]
            ids = list(bite)
            if not ids:
                hints.now(DISPATCH)
                words = ngettext("%(n)d message: done.", "%(n)d messages: done.", done)
                messages.success(request, words % {"n": done})
                return redirect(reverse("journeys_deliveries:index"))
            done += verb(delivery_ids=ids, at=clock.now())
            after = ids[-1]
        told = {"after": after, "done": done, "total": max(total, done), "last": last}
        return self.render_to_response(self.get_context_data(**told, going=True))


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
