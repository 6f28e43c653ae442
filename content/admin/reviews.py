"""Reviews in the admin: what waits for me, one review with all that belongs to it, its guests."""

from __future__ import annotations

from collections.abc import Mapping
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
from wagtail.admin.ui.components import Component
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets import AdminDateInput
from wagtail.models import Page, TaskState

from content import review
from content.models import CheckState, ReviewInvite, ReviewState
from dxp.lib import clock

AT_HOME = 8
MOST = 200
SHOWS = (("", lazy("All")), ("mine", lazy("Taken on by me")), ("late", lazy("Overdue")))


class InviteForm(forms.Form):
    """Whom to ask, for how long, and what they may do."""

    name = forms.CharField(max_length=100, label=lazy("Name"))
    email = forms.EmailField(
        required=False,
        label=lazy("E-mail"),
        help_text=lazy("We write the link there. Empty: you pass it on yourself."),
    )
    days = forms.IntegerField(
        min_value=1, max_value=review.LONGEST.days, initial=7, label=lazy("Counts for days")
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


def rows(states: Any, at: datetime) -> list[dict[str, Any]]:
    """Return reviews as lists show them; what was deleted is left out."""
    found = []
    for state in states:
        thing = state.revision.content_object
        if thing is None:
            continue
        mine = getattr(state, "reviewstate", None)
        found.append({
            "state": state, "thing": thing, "title": title_of(thing), "due": state.due,
            "late": bool(mine and mine.is_overdue(at)),
            "claimed_by": mine.claimed_by if mine else None,
            "url": reverse("content_review", args=[state.pk]),
        })  # fmt: skip
    return found


def title_of(thing: Any) -> str:
    """Return what colleagues call a page or another thing."""
    return str(thing.get_admin_display_title() if isinstance(thing, Page) else thing)


class MyReviews(Component):  # type: ignore[misc]
    """On the home page: what waits for me, what is due first on top."""

    name = "my_reviews"
    template_name = "content/review/home.html"
    # What waits for me stands above the numbers.
    order = 45

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first of them, and how many there are."""
        user, now = parent_context["request"].user, clock.now()
        waiting = rows(review.open_to(user)[:MOST], now)
        waiting.sort(key=lambda row: row["claimed_by"] not in (None, user))
        return {
            "rows": waiting[:AT_HOME], "more": max(0, len(waiting) - AT_HOME), "user": user,
            "late": sum(row["late"] for row in waiting), "all_url": reverse("content_reviews"),
        }  # fmt: skip


class ReviewList(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """All reviews that somebody may answer."""

    template_name = "content/review/list.html"
    page_title = lazy("Reviews")
    header_icon = "tasks"
    _show_breadcrumbs = True

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [*super().get_breadcrumbs_items(), {"url": "", "label": str(self.page_title)}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return them, as they are filtered."""
        now, show = clock.now(), self.request.GET.get("show", "")
        found = rows(review.open_to(self.request.user)[:MOST], now)
        if show == "mine":
            found = [row for row in found if row["claimed_by"] == self.request.user]
        elif show == "late":
            found = [row for row in found if row["late"]]
        return super().get_context_data(**kwargs) | {"rows": found, "show": show, "shows": SHOWS}


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
        invites = ReviewInvite.objects.filter(task_state=state.pk).prefetch_related("remarks")
        return super().get_context_data(**kwargs) | {
            "state": state, "thing": self.thing, "title": title_of(self.thing), "now": now,
            "going": going, "late": reviews and state.is_overdue(now), "reviews": reviews,
            "may_act": going and answers and reviews,
            "may_answer": going and "approve" in actions,
            "may_share": going and answers and getattr(task, "guests", False),
            "invites": invites, "link": self.link, "edit_url": self.edit_url,
            "checks": checks_of(state), "media": AdminDateInput().media,
            "due_form": kwargs.get("due_form") or self._due_form(),
            "invite_form": kwargs.get("invite_form") or InviteForm(),
        }  # fmt: skip

    @cached_property
    def edit_url(self) -> str:
        """Where the thing is edited, if the reader may."""
        return AdminURLFinder(self.request.user).get_edit_url(self.thing) or ""

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
        review.set_due(state=self._review(), due_at=until, by=request.user)
        return None

    def _answer(self, request: HttpRequest) -> HttpResponse:
        approves = request.POST["act"] == "approve"
        words = request.POST.get("comment", "").strip()[:5000]
        review.decide(state=self.state, approves=approves, comment=words, by=request.user)
        messages.success(request, _("Approved.") if approves else _("Given back."))
        return redirect("content_reviews")

    def _invite(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST)
        if not form.is_valid():
            return self._again(invite_form=form)
        now, told = clock.now(), form.cleaned_data
        made, token = review.invite(
            state=self.state, name=told["name"], email=told["email"],
            may_approve=told["may_approve"], expires_at=now + timedelta(days=told["days"]),
            by=request.user, at=now,
        )  # fmt: skip
        self.link = request.build_absolute_uri(reverse("content_guest_review", args=[token]))
        if made.email:
            review.send(invite=made, url=self.link, by=request.user)
            messages.success(request, _("The link goes to %(to)s.") % {"to": made.email})
        return self._again()

    def _revoke(self, request: HttpRequest) -> None:
        number = request.POST.get("invite", "")
        mine = ReviewInvite.objects.filter(task_state=self.state.pk)
        found = get_object_or_404(mine, pk=int(number) if number.isdecimal() else 0)
        review.revoke(invite=found, by=request.user, at=clock.now())
        messages.success(request, _("The link opens nothing any more."))

    def _again(self, **told: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**told))


def checks_of(state: TaskState) -> list[CheckState]:
    """Return what programs found in the same draft, the latest first."""
    mine = CheckState.objects.filter(workflow_state=state.workflow_state_id)
    return list(mine.exclude(checked_at=None).order_by("-started_at")[:3])
