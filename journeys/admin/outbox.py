"""What the pages of the outbox share: who may come in, the way here, and the channels' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_denied
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from journeys.channels import CHANNELS


def channel_choices(everything: Any = None) -> list[tuple[str, Any]]:
    """Return the channels for a form; `everything` is what no channel stands for."""
    found: list[tuple[str, Any]] = [(one.name, one.label) for one in CHANNELS]
    return [("", everything), *found] if everything is not None else found


def channel_label(name: str, everything: Any = "") -> Any:
    """Return what people call a channel."""
    kind = CHANNELS.members.get(name)
    return kind.label if kind else (name or everything)


class OutboxPage(WagtailAdminTemplateMixin, TemplateView):
    """A page of the outbox; `rights` are needed to see it, `post_right` to do what it does."""

    _show_breadcrumbs = True
    header_icon = "mail"
    rights: Sequence[str] = ()
    post_right = ""
    # Where it belongs: the name of a list, and what it is called.
    above: tuple[str, Any] = ("journeys_deliveries:index", _("Deliveries"))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may."""
        user: Any = request.user
        acts = request.method not in ("GET", "HEAD", "OPTIONS")
        needed = self.post_right or (self.rights[0] if self.rights else "")
        if not user.has_perms(self.rights) or (acts and not user.has_perm(needed)):
            return permission_denied(request)  # type: ignore[no-any-return]
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        name, label = self.above
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse(name), "label": str(label)},
            {"url": "", "label": self.get_page_subtitle() or str(self.page_title)},
        ]
