"""Bots: made with narrow rights, their keys, what was given to them, and what they did last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from guardian.models import UserObjectPermission
from wagtail.admin import messages
from wagtail.models import ModelLogEntry, PageLogEntry

from content import grant as grants
from content.admin.grants import address, kinds
from dxp.lib import clock
from dxp.users import bots, grant, scopes
from dxp.users.models import ApiToken, User

MANAGES = "users.change_user"
LAST = 20
LIVES = [("90", lazy("in 90 days")), ("365", lazy("in a year")), ("", lazy("never"))]


class BotForm(forms.Form):
    """What a new bot is called, and what its program may."""

    name = forms.CharField(
        label=lazy("Name"), max_length=80,
        help_text=lazy("What it does, such as “Translation import”."),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=lazy("Its program may"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Nothing chosen: it gets no key, and acts through workers only."),
    )  # fmt: skip
    days = forms.ChoiceField(
        label=lazy("Its key ends by itself"), choices=LIVES, required=False, initial="90"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.name, f"{one.label} ({one.name})") for one in scopes.grantable(user)]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


class KeyForm(forms.Form):
    """Until when a new key opens something."""

    days = forms.ChoiceField(label=lazy("It ends by itself"), choices=LIVES, required=False)


def _head(*crumbs: tuple[str, str]) -> dict[str, Any]:
    return {
        "header_title": crumbs[-1][1], "header_icon": "cogs",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            *({"url": url, "label": label} for url, label in crumbs),
        ],
    }  # fmt: skip


@never_cache
@permission_required(MANAGES, raise_exception=True)
def every(request: HttpRequest) -> HttpResponse:
    """Show all bots; on POST, make one and show its key this once."""
    user: User = request.user  # type: ignore[assignment]
    form, made, key = BotForm(request.POST or None, user=user), None, ""
    if request.method == "POST" and form.is_valid():
        told, at = form.cleaned_data, clock.now()
        days = int(told["days"]) if told["days"] else None
        try:
            made, key = bots.create(
                name=told["name"], scopes=told["scopes"], by=user, at=at,
                expires_at=at + timedelta(days=days) if days else None,
            )  # fmt: skip
            form = BotForm(user=user)
        except bots.NameTaken:
            form.add_error("name", _("There is a bot of this name."))
        except grant.NotYours as error:
            form.add_error("scopes", _("You may not do this yourself: %s.") % error)
    told = {"form": form, "made": made, "key": key, "rows": _rows()}
    return render(request, "content/bots/list.html", {**told, **_head(("", _("Bots")))})


def _rows() -> list[dict[str, Any]]:
    """Return all bots: those that work first."""
    found = User.objects.filter(is_bot=True).order_by("-is_active", "first_name")
    keys: dict[int, list[ApiToken]] = {}
    for key in ApiToken.objects.filter(user__in=found):
        keys.setdefault(key.user_id, []).append(key)
    given = UserObjectPermission.objects.filter(user__in=found).order_by().values("user")
    many = dict(given.annotate(many=Count("pk")).values_list("user", "many"))
    return [
        {"bot": bot, "tokens": keys.get(bot.pk, []), "given": many.get(bot.pk, 0)} for bot in found
    ]


@never_cache
@permission_required(MANAGES, raise_exception=True)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one bot: its keys, its rights, what it did last; on POST, show a new key this once."""
    bot = get_object_or_404(User, pk=pk, is_bot=True)
    at, form, key = clock.now(), KeyForm(request.POST or None), ""
    if request.method == "POST" and bot.is_active and form.is_valid():
        try:
            days = form.cleaned_data["days"]
            ends = at + timedelta(days=int(days)) if days else None
            key = bots.renew(bot=bot, by=request.user, at=at, expires_at=ends)  # type: ignore[arg-type]
        except grant.NotYours as error:
            form.add_error(None, _("You may not do this yourself: %s.") % error)
    acts = [
        *PageLogEntry.objects.filter(user=bot).order_by("-timestamp")[:LAST],
        *ModelLogEntry.objects.filter(user=bot).order_by("-timestamp")[:LAST],
    ]
    told = {
        "bot": bot, "form": form, "key": key,
        "tokens": [(token, token.is_live(at)) for token in ApiToken.objects.filter(user=bot)],
        "rights": bot.user_permissions.select_related("content_type"),
        "given": [(row, _place(row), grants.words(row.action)) for row in grants.of(bot)],
        "acts": sorted(acts, key=lambda entry: entry.timestamp, reverse=True)[:LAST],
    }  # fmt: skip
    name = bot.first_name or bot.username
    crumbs = _head((reverse("content_bots:index"), _("Bots")), ("", name))
    return render(request, "content/bots/bot.html", {**told, **crumbs})


def _place(row: grants.Grant) -> tuple[str, str]:
    thing = row.row.content_object
    if thing is None:
        return _("(is gone)"), ""
    return str(thing), address(thing) if grants.stem(thing) in kinds() else ""


@require_POST
@permission_required(MANAGES, raise_exception=True)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a bot do nothing any more."""
    bot = get_object_or_404(User, pk=pk, is_bot=True)
    bots.retire(bot=bot, at=clock.now())
    messages.success(request, _("“%s” does nothing any more.") % bot.first_name)
    return redirect("content_bots:one", pk)


@require_POST
@permission_required(MANAGES, raise_exception=True)
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a retired bot work again."""
    bot = get_object_or_404(User, pk=pk, is_bot=True)
    bots.resume(bot=bot)
    name = bot.first_name
    messages.success(request, _("“%s” may work again. Its program needs a new key.") % name)
    return redirect("content_bots:one", pk)


@require_POST
@permission_required(MANAGES, raise_exception=True)
def revoke(request: HttpRequest, pk: int, token_pk: int) -> HttpResponse:
    """Take a key of a bot back."""
    token = get_object_or_404(ApiToken, pk=token_pk, user_id=pk, user__is_bot=True)
    grant.revoke(token=token, at=clock.now())
    messages.success(request, _("“%s” opens nothing any more.") % token.name)
    return redirect("content_bots:one", pk)


def urls() -> Any:
    """Return the addresses of bots."""
    return [
        path("", every, name="index"),
        path("<int:pk>/", one, name="one"),
        path("<int:pk>/retire/", retire, name="retire"),
        path("<int:pk>/resume/", resume, name="resume"),
        path("<int:pk>/keys/<int:token_pk>/revoke/", revoke, name="revoke"),
    ], "content_bots"
