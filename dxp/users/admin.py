"""A person's programs: the tokens that they gave out, made and taken back here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from dxp.lib import clock
from dxp.users import grant, scopes
from dxp.users.models import ApiToken, User

LIVES = [
    ("90", gettext_lazy("in 90 days")),
    ("30", gettext_lazy("in 30 days")),
    ("365", gettext_lazy("in a year")),
    ("", gettext_lazy("never")),
]


class TokenForm(forms.Form):
    """What a new token is for, and what it may do."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Which program uses it, such as “Warehouse export”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"), widget=forms.CheckboxSelectMultiple
    )
    days = forms.ChoiceField(
        label=gettext_lazy("It ends by itself"), choices=LIVES, required=False, initial="90"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.name, f"{one.label} ({one.name})") for one in scopes.grantable(user)]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


class TokensView(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """All tokens of whoever looks, and a form for a new one."""

    template_name = "users/tokens.html"
    page_title = gettext_lazy("API tokens")
    header_icon = "key"
    _show_breadcrumbs = True

    @classmethod
    def as_view(cls, **told: Any) -> Any:
        """Return a view whose answers nobody keeps: a token is shown in one of them."""
        return never_cache(super().as_view(**told))

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return where one is."""
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the tokens: those that open something first."""
        at, user = clock.now(), cast(User, self.request.user)
        mine = ApiToken.objects.filter(user=user)
        labels = {one.name: one.label for one in scopes.SCOPES.values()}
        rows = [
            {
                "token": one,
                "is_live": one.is_live(at),
                "labels": [labels.get(name, name) for name in one.scopes],
            }
            for one in mine
        ]
        rows.sort(key=lambda row: not row["is_live"])
        form = kwargs.pop("form", None) or TokenForm(user=user)
        return {**super().get_context_data(**kwargs), "rows": rows, "form": form}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Make a token, and show it this once."""
        user = cast(User, request.user)
        form = TokenForm(request.POST, user=user)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        told, at = form.cleaned_data, clock.now()
        days = int(told["days"]) if told["days"] else None
        secret = grant.issue(
            user=user, scopes=told["scopes"], name=told["name"], at=at,
            expires_at=at + timedelta(days=days) if days else None,
        )  # fmt: skip
        return self.render_to_response(
            self.get_context_data(secret=secret, secret_name=told["name"])
        )


class RevokeView(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """Ask once more, and take a token back."""

    template_name = "users/revoke.html"
    page_title = gettext_lazy("Revoke a token")
    header_icon = "key"
    _show_breadcrumbs = True

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the way back."""
        tokens = {"url": reverse("users_tokens"), "label": _("API tokens")}
        return [*super().get_breadcrumbs_items(), tokens, {"url": "", "label": self.page_title}]

    def token(self) -> ApiToken:
        """Return the token; it has to be one's own."""
        return get_object_or_404(
            ApiToken, pk=self.kwargs["token_pk"], user=cast(User, self.request.user)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the token."""
        return {**super().get_context_data(**kwargs), "token": self.token()}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take it back."""
        token = self.token()
        grant.revoke(token=token, at=clock.now())
        messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": token.name})
        return redirect("users_tokens")
