"""Look at a draft as somebody else, and what an editor reads about a page's slots beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import TemplateView, View
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets import AdminDateTimeInput
from wagtail.log_actions import log
from wagtail.models import Page

from content import look
from content.admin.came import NAMES, CameForm
from content.models import PublicPage
from dxp.lib import clock

LOOKED = "content.look_as"


class LookForm(CameForm):
    """As whom, when, and how they came."""

    as_ = forms.ChoiceField(required=False, label=lazy("Look as"))
    person = forms.CharField(
        required=False,
        max_length=36,
        label=lazy("or as a person"),
        help_text=lazy("The id on their profile. That you looked is written down."),
    )
    at = forms.DateTimeField(
        required=False, label=lazy("At"), widget=AdminDateTimeInput,
        help_text=lazy("Empty: now. Schedules and local times go by it."),
    )  # fmt: skip

    def __init__(self, *args: Any, page: PublicPage, sees_people: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["as_"].choices = [("", _("Somebody we don't know")), *look.modes(page)]  # type: ignore[attr-defined]
        if not sees_people:
            del self.fields["person"]

    def clean_person(self) -> str:
        """Return the person's id.

        Raises:
            ValidationError: there is nobody of that id.
        """
        told = str(self.cleaned_data["person"]).strip()
        if told and look.person(told) is None:
            raise forms.ValidationError(_("Nobody has this id."))
        return told

    def wish(self) -> look.Wish:
        """Return what was asked for."""
        told = self.cleaned_data
        person = told.get("person")
        came = {name: str(value) for name, value in self.came().items()}
        as_ = f"{look.PROFILE}{person}" if person else told["as_"]
        return look.Wish(as_, told["at"], came)


class _Draft:
    """What both views ask first: the page, and whether this person may see its draft."""

    request: HttpRequest
    kwargs: dict[str, Any]

    def draft(self) -> PublicPage:
        """Return the newest draft of the page.

        Raises:
            PermissionDenied: it is not theirs to look at.
            Http404: it is no page of ours.
        """
        page: Any = get_object_or_404(Page, pk=self.kwargs["page_id"]).specific
        permissions = page.permissions_for_user(self.request.user)
        if not (permissions.can_edit() or permissions.can_publish()):
            raise PermissionDenied
        if not isinstance(page, PublicPage):
            raise Http404
        newest: PublicPage = page.get_latest_revision_as_object()
        return newest

    def form(self, page: PublicPage) -> LookForm:
        """Return what was asked for, checked."""
        sees_people = self.request.user.has_perm(look.SEES_PEOPLE)
        return LookForm(self.request.GET or {}, page=page, sees_people=sees_people)


class LookView(_Draft, WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """The choice, the draft in a frame, and what each slot shows and why."""

    template_name = "content/slots/look.html"
    header_icon = "user"
    _show_breadcrumbs = True

    def get_page_title(self) -> str:
        """Return what it is about."""
        return _("“%(page)s” as somebody sees it") % {"page": self.page}

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here: from the page."""
        editor = reverse("wagtailadmin_pages:edit", args=[self.page.pk])
        return [
            {"url": editor, "label": self.page.get_admin_display_title()},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, the frame's address, and the reasons."""
        self.page = self.draft()
        form = self.form(self.page)
        told = super().get_context_data(**kwargs)
        if form.is_valid():
            wish, user = form.wish(), self.request.user
            self._write_down(wish)
            mode = wish.mode(by=int(user.pk or 0))
            seen = look.see(self.page, mode, by=user, at=clock.now())
            told["slots"] = _slots(self.page, seen)
            told["frame"] = f"{reverse('content_look_frame', args=[self.page.pk])}?mode={mode}"
        # What is wrong in there, or was asked for, must not lie under a fold.
        told["is_unfolded"] = any(form[name].errors or form[name].value() for name in NAMES)
        return {**told, "form": form, "edit_url": reverse(
            "wagtailadmin_pages:edit", args=[self.page.pk])}  # fmt: skip

    def _write_down(self, wish: look.Wish) -> None:
        """Log that a real person was looked at."""
        if wish.as_.startswith(look.PROFILE):
            person = look.person(wish.as_.removeprefix(look.PROFILE))
            log(instance=person, action=LOOKED, user=self.request.user,
                data={"page": self.page.pk})  # fmt: skip


class LookFrame(_Draft, View):
    """The draft itself, as somebody sees it: only what was signed for who asks."""

    @method_decorator(xframe_options_sameorigin)
    def get(self, request: HttpRequest, page_id: int) -> HttpResponse:
        """Answer with the page."""
        mode = request.GET.get("mode", "")
        response: HttpResponse = self.draft().make_preview_request(request, mode)
        return response


def _slots(page: PublicPage, seen: look.Seen) -> list[dict[str, Any]]:
    return [
        {"number": number, "shows": _shows(page.slots()[slot_id], decision),
         "reason": decision.reason}
        for number, (slot_id, decision) in enumerate(seen.decisions.items(), 1)
    ]  # fmt: skip


def _shows(slot: Any, decision: Any) -> str:
    """Return what a slot shows, in words."""
    for number, child in enumerate(slot.value["variants"].bound_blocks, 1):
        if str(child.id) == decision.variant:
            return _("Variant %(number)s") % {"number": number}
    return _("The default") if decision.variant == "default" else _("A list of pages")
