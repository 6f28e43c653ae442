"""One review in the admin, with all that belongs to it: its guests, what the check found."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets import AdminDateInput
from wagtail.models import Page, TaskState

from content import invite as invites
from content import review
from content.admin.reviews import title_of
from content.models import CheckState, ReviewInvite, ReviewState
from dxp.lib import clock


class InviteForm(forms.Form):
    """Whom to ask, for how long, and what they may do."""

    name = forms.CharField(max_length=100, label=lazy("Name"))
    email = forms.EmailField(
        required=False,
        label=lazy("E-mail"),
        help_text=lazy("We write the link there. Empty: you pass it on yourself."),
    )
    days = forms.IntegerField(
        min_value=1, max_value=invites.LONGEST.days, initial=7, label=lazy("Counts for days")
    )
    may_approve = forms.BooleanField(
        required=False,
        initial=True,
        label=lazy("May approve or return it"),
        help_text=lazy("Off: their answer is an advice, and you decide."),
    )


class DueForm(forms.Form):
    """Until when."""

    due = forms.DateField(required=False, widget=AdminDateInput, label=lazy("Due"))


class ReviewPage(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """One review: take it on, say until when, share it, answer it."""

    template_name = "content/review/page.html"
    page_title = lazy("Review")
    header_icon = "tasks"
    _show_breadcrumbs = True
    link = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in its reviewers and who asked for it.

        Raises:
            PermissionDenied: it is none of this person's business.
            Http404: what it is about was deleted.
        """
        if self.thing is None:
            raise Http404
        if not review.may_see(state=self.state, user=request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]

    @cached_property
    def state(self) -> TaskState:
        """The review, whatever kind of step it is."""
        found: TaskState = get_object_or_404(TaskState, pk=self.kwargs["pk"]).specific
        return found

    @cached_property
    def thing(self) -> Any:
        """What it is about, as it stands."""
        return self.state.revision.content_object

    def get_page_subtitle(self) -> str:
        """Return what it is about."""
        return title_of(self.thing)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("content_reviews"), "label": _("Reviews")},
            {"url": "", "label": self.get_page_subtitle()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return how it stands, and what may be done."""
        state, user, now = self.state, self.request.user, clock.now()
        reviews = isinstance(state, ReviewState)
        answers = review.may_answer(state=state, user=user)
        going = state.status == TaskState.STATUS_IN_PROGRESS
        actions = dict.fromkeys(
            name for name, *_rest in state.task.specific.get_actions(self.thing, user)
        )
        task = state.task.specific
        asked = ReviewInvite.objects.filter(task_state=state.pk).prefetch_related("remarks")
        return super().get_context_data(**kwargs) | {
            "state": state, "thing": self.thing, "title": title_of(self.thing), "now": now,
            "going": going, "late": reviews and state.is_overdue(now), "reviews": reviews,
            "may_act": going and answers and reviews,
            "may_answer": going and "approve" in actions,
            "may_share": going and answers and getattr(task, "guests", False),
            "invites": asked, "link": self.link, "edit_url": self.edit_url,
            "revision": self.thing.latest_revision_id,
            "looks": looks_of(self.thing, user) if self.edit_url else [],
            "checks": checks_of(state), "media": AdminDateInput().media,
            "due_form": kwargs.get("due_form") or self._due_form(),
            "invite_form": kwargs.get("invite_form") or InviteForm(),
        }  # fmt: skip

    @cached_property
    def edit_url(self) -> str:
        """Where the thing is edited, if the reader may."""
        return edit_url_of(self.thing, self.request.user)

    def _due_form(self) -> DueForm:
        due = getattr(self.state, "due_at", None)
        return DueForm(initial={"due": timezone.localtime(due).date() if due else None})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what was asked.

        Raises:
            Http404: nothing that we know was asked.
        """
        act = {
            "claim": self._claim, "release": self._release, "due": self._due,
            "approve": self._answer, "reject": self._answer, "invite": self._invite,
            "revoke": self._revoke,
        }.get(request.POST.get("act", ""))  # fmt: skip
        if act is None:
            raise Http404
        try:
            return act(request) or redirect("content_review", self.state.pk)
        except review.Refused as error:
            messages.error(request, str(error))
            return redirect("content_review", self.state.pk)

    def _review(self) -> ReviewState:
        if not isinstance(self.state, ReviewState):
            raise review.Refused(_("This step of the workflow knows no such thing."))
        return self.state

    def _claim(self, request: HttpRequest) -> None:
        review.claim(state=self._review(), by=request.user, at=clock.now())

    def _release(self, request: HttpRequest) -> None:
        review.release(state=self._review(), by=request.user)

    def _due(self, request: HttpRequest) -> HttpResponse | None:
        form = DueForm(request.POST)
        if not form.is_valid():
            return self._again(due_form=form)
        day = form.cleaned_data["due"]
        until = timezone.make_aware(datetime.combine(day, time(23, 59))) if day else None
        review.set_due(state=self._review(), due_at=until, by=request.user, at=clock.now())
        return None

    def _answer(self, request: HttpRequest) -> HttpResponse:
        approves = request.POST["act"] == "approve"
        seen = request.POST.get("revision", "")
        review.decide(
            state=self.state, approves=approves, by=request.user,
            comment=request.POST.get("comment", "").strip()[:5000],
            revision_id=int(seen) if seen.isdecimal() else 0,
        )  # fmt: skip
        messages.success(request, _("Approved.") if approves else _("Given back."))
        return redirect("content_reviews")

    def _invite(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST)
        if not form.is_valid():
            return self._again(invite_form=form)
        now, told = clock.now(), form.cleaned_data
        made, token = invites.invite(
            state=self.state, name=told["name"], email=told["email"],
            may_approve=told["may_approve"], expires_at=now + timedelta(days=told["days"]),
            by=request.user, at=now,
        )  # fmt: skip
        self.link = request.build_absolute_uri(reverse("content_guest_review", args=[token]))
        if made.email:
            invites.send(invite=made, url=self.link, by=request.user)
            messages.success(request, _("The link goes to %(to)s.") % {"to": made.email})
        return self._again()

    def _revoke(self, request: HttpRequest) -> None:
        number = request.POST.get("invite", "")
        mine = ReviewInvite.objects.filter(task_state=self.state.pk)
        found = get_object_or_404(mine, pk=int(number) if number.isdecimal() else 0)
        invites.revoke(invite=found, by=request.user, at=clock.now())
        messages.success(request, _("The link opens nothing any more."))

    def _again(self, **told: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**told))


def edit_url_of(thing: Any, user: Any) -> str:
    """Return where a draft is edited, by whoever may and by those who review it now."""
    found = AdminURLFinder(user).get_edit_url(thing)
    task = thing.current_workflow_task
    if not found and task is not None and task.user_can_access_editor(thing, user):
        found = _address(thing, "edit", thing.pk)
    return found or ""


def looks_of(thing: Any, user: Any) -> list[tuple[str, str]]:
    """Return where the draft is looked at, and what changed since it was published."""
    found = []
    if isinstance(thing, Page):
        found.append((_address(thing, "view_draft", thing.pk), _("See the draft")))
        compares = user_has_any_page_permission(user)
    else:
        compares = AdminURLFinder(user).get_edit_url(thing) is not None
    if compares and thing.live and thing.latest_revision_id:
        newest = _address(thing, "revisions_compare", thing.pk, "live", thing.latest_revision_id)
        found.append((newest, _("See what changed")))
    return found


def _address(thing: Any, name: str, *args: Any) -> str:
    if isinstance(thing, Page):
        return reverse(f"wagtailadmin_pages:{name}", args=args)
    return reverse(thing.snippet_viewset.get_url_name(name), args=args)


def checks_of(state: TaskState) -> list[CheckState]:
    """Return what programs found in the same draft, the latest first."""
    mine = CheckState.objects.filter(workflow_state=state.workflow_state_id)
    return list(mine.exclude(checked_at=None).order_by("-started_at")[:3])
