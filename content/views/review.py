"""A draft for somebody without an account: to look at, to remark on, to answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from content import invite as invites
from content import look, review
from content.models import PublicPage, ReviewInvite
from dxp.lib import clock, visitor

ACTS = [(name, name) for name in ("remark", "approve", "return")]


class AnswerForm(forms.Form):
    """What a guest says."""

    act = forms.ChoiceField(choices=ACTS)
    revision = forms.IntegerField()
    text = forms.CharField(
        required=False, max_length=5000, widget=forms.Textarea, label=lazy("Your remark")
    )

    def clean(self) -> dict[str, Any]:
        """Refuse to give something back without saying why."""
        told = super().clean() or {}
        if told.get("act") in {"remark", "return"} and not str(told.get("text", "")).strip():
            self.add_error("text", _("Please say what you would change."))
        return told


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, token: str) -> HttpResponse:
    """Show the draft and take the answer; the link's token is the only key there is."""
    if visitor.too_often(request, "review", most=120, seconds=600):
        return _private(HttpResponse(_("Please try again in a few minutes."), status=429))
    try:
        invite = invites.opened(token=token, at=clock.now())
        if request.method != "POST":
            return _page(request, invite, token, AnswerForm())
        form = AnswerForm(request.POST)
        return _take(request, invite, token, form)
    except invites.Closed:
        return _private(render(request, "content/review/closed.html", status=410))


def _take(request: HttpRequest, invite: ReviewInvite, token: str, form: AnswerForm) -> HttpResponse:
    """Write down what was said.

    Raises:
        Closed: too late.
    """
    if not form.is_valid():
        return _page(request, invite, token, form, status=422)
    told, now, place = form.cleaned_data, clock.now(), review.Place(settings.SITE_URL)
    try:
        if told["act"] == "remark":
            invites.remark(invite=invite, text=told["text"], place=place, at=now)
            return _private(redirect("content_guest_review", token))
        invites.answer(
            invite=invite, approves=told["act"] == "approve", text=told["text"].strip(),
            revision_id=told["revision"], place=place, at=now,
        )  # fmt: skip
    except review.Refused as error:
        form.add_error(None, str(error))
        return _page(request, invite, token, form, status=409)
    return _private(render(request, "content/review/thanks.html", {"act": told["act"]}))


def _page(
    request: HttpRequest, invite: ReviewInvite, token: str, form: AnswerForm, status: int = 200
) -> HttpResponse:
    thing = invites.draft(invite=invite)
    told = {
        "invite": invite, "token": token, "form": form, "thing": thing,
        "revision": thing.latest_revision_id, "remarks": invite.remarks.all(),
        "audiences": _audiences(thing),
    }  # fmt: skip
    return _private(render(request, "content/review/guest.html", told, status=status))


def _audiences(thing: Any) -> dict[str, str]:
    """Return ways to see what only some will see; never as a person or a persona."""
    modes = look.modes(thing) if isinstance(thing, PublicPage) else []
    return {mode: label for mode, label in modes if mode.startswith(look.AUDIENCE)}


@require_safe
def draft(request: HttpRequest, token: str) -> HttpResponse:
    """Show the draft as nobody in particular sees it, or one of its audiences; no script runs."""
    if visitor.too_often(request, "review", most=120, seconds=600):
        return _private(HttpResponse(_("Please try again in a few minutes."), status=429))
    try:
        thing = invites.draft(invite=invites.opened(token=token, at=clock.now()))
    except invites.Closed:
        return _private(render(request, "content/review/closed.html", status=410))
    # Who this browser else belongs to decides nothing of what the draft shows.
    for header in ("HTTP_COOKIE", "HTTP_AUTHORIZATION"):
        request.META.pop(header, None)
    wanted = request.GET.get("as", "")
    mode = wanted if wanted in _audiences(thing) else thing.default_preview_mode
    response: HttpResponse = thing.make_preview_request(request, mode)
    policy = response.headers.get("Content-Security-Policy", "")
    response.headers["Content-Security-Policy"] = f"{policy}; sandbox allow-same-origin"
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
