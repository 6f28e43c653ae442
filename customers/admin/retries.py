"""One rejected event's page, and the pages that try rejected events again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from wagtail.admin.views import generic

from customers import retry
from customers.admin.facts import as_json, facts
from customers.models import Quarantine, Replay
from customers.tasks import FOLD, RETRY
from dxp.lib import clock, hints

REPLAY = "customers.replay_quarantine"


class RejectedPage(generic.InspectView):
    """One rejected event: why, what it says, and a button that tries it again."""

    any_permission_required = ["view"]
    page_title = lazy("Rejected event")

    def get_fields(self) -> list[str]:
        """Return no fields: the page shows sections of its own."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the event as lines and as JSON."""
        return {
            **super().get_context_data(**kwargs),
            "rejected": self.object,
            "facts": facts(self.object.body),
            "json": as_json(self.object.body),
            "may_try": self.request.user.has_perm(REPLAY),
        }


def _may_try(request: HttpRequest) -> None:
    """Let through who may try events again.

    Raises:
        PermissionDenied: this person may not.
    """
    if not request.user.has_perm(REPLAY):
        raise PermissionDenied


@require_POST
def one_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try one event again, and say what came of it.

    Raises:
        PermissionDenied: this person may not.
    """
    _may_try(request)
    try:
        still = retry.one(pk=pk, at=clock.now())
    except Quarantine.DoesNotExist:
        messages.warning(request, _("This event is no longer here, or only a part of it was kept."))
        return redirect("customers_rejected:index")
    if still is not None:
        messages.error(request, _("It still can't be accepted: %s") % still.reason)
        return redirect("customers_rejected:inspect", pk)
    hints.after_commit(FOLD)
    messages.success(request, _("The event was accepted."))
    return redirect("customers_rejected:index")


def again(request: HttpRequest, filters: Any) -> HttpResponse:
    """Show how many events the list's filters choose; on POST, begin to try them again.

    Raises:
        PermissionDenied: this person may not.
        BadRequest: the address holds filters that nobody chose.
    """
    _may_try(request)
    chosen = filters(request.GET, queryset=Quarantine.objects.all(), request=request)
    if not chosen.is_valid():
        raise BadRequest
    told = chosen.form.cleaned_data
    span = told.get("received_at")
    wanted = {
        "source": told.get("source"), "code": told.get("code") or "",
        "since": span.start if span else None, "until": span.stop if span else None,
        "words": request.GET.get("q", "").replace("\x00", ""),
    }  # fmt: skip
    if request.method == "POST":
        replay = retry.begin(**wanted, by=request.user, at=clock.now())
        hints.after_commit(RETRY)
        return redirect("customers_rejected:progress", replay.pk)
    asked = Replay(**wanted, until_id=0, total=0, started_at=clock.now())
    told = {
        "count": retry.chosen(asked).count(),
        "wanted": wanted,
        "code": Quarantine.Code(wanted["code"]).label if wanted["code"] else "",
        "address": request.get_full_path(),
        "back": f"{reverse('customers_rejected:index')}?{request.GET.urlencode()}",
    }
    return render(request, "customers/rejected/again.html", {**told, **_head()})


def _round(request: HttpRequest, pk: int) -> dict[str, Any]:
    _may_try(request)
    replay = get_object_or_404(Replay.objects.select_related("source", "started_by"), pk=pk)
    return {
        "replay": replay,
        "tried": replay.accepted + replay.rejected,
        "piece_url": reverse("customers_rejected:progress_piece", args=[pk]),
    }


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the page of one round of trying again."""
    return render(request, "customers/rejected/progress.html", {**_round(request, pk), **_head()})


def progress_piece(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer how far a round is, for the page that refreshes itself."""
    return render(request, "customers/rejected/_progress.html", _round(request, pk))


def _head() -> dict[str, Any]:
    title = _("Try rejected events again")
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("customers_rejected:index"), "label": _("Rejected events")},
        {"url": "", "label": title},
    ]
    return {"header_title": title, "header_icon": "warning", "breadcrumbs_items": crumbs}
