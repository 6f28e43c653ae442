"""What reviews and checks hang on Wagtail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail import hooks
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.home import WorkflowObjectsToModeratePanel
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import Page
from wagtail.snippets.action_menu import ActionMenuItem as SnippetMenuItem

from content import invite, review, schedule
from content.admin import checks
from content.admin.review_page import ReviewPage
from content.admin.reviews import MyReviews, ReviewList


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern]:
    """Offer the pages of reviews."""
    return [
        path("reviews/", ReviewList.as_view(), name="content_reviews"),
        path("reviews/<int:pk>/", ReviewPage.as_view(), name="content_review"),
    ]


@hooks.register("register_admin_viewset")
def tasks() -> checks.BackgroundViewSet:
    """Offer the list of tasks in the background."""
    return checks.BackgroundViewSet()


@hooks.register("register_reports_menu_item")
def reviews_item() -> MenuItem:
    """List the reviews."""
    return MenuItem(
        lazy("Reviews"), reverse("content_reviews"), name="reviews", icon_name="tasks", order=5
    )


@hooks.register("construct_homepage_panels", order=50)
def my_reviews(request: HttpRequest, panels: list[Any]) -> None:
    """Show what waits for me, in the place of Wagtail's list, which knows no date and no claim."""
    panels[:] = [one for one in panels if not isinstance(one, WorkflowObjectsToModeratePanel)]
    panels.append(MyReviews())


@hooks.register("before_edit_page")
def page_findings(request: HttpRequest, page: Page) -> None:
    """Say why a check gave a page back."""
    checks.show_findings(request, page)


@hooks.register("before_edit_snippet")
def snippet_findings(request: HttpRequest, instance: Any) -> None:
    """Say why a check gave a fragment back."""
    if hasattr(instance, "current_workflow_state"):
        checks.show_findings(request, instance)


class _Review:
    """The way from the editor to the review of what is edited."""

    name = "content-review"
    label = lazy("Review: who, until when, guests")
    icon_name = "tasks"

    def is_shown(self, context: dict[str, Any]) -> bool:
        """Return whether it is under review, by somebody to whom the reader belongs."""
        state = _under_way(context)
        return state is not None and review.may_see(state=state, user=context["request"].user)

    def get_url(self, parent_context: dict[str, Any]) -> str:
        """Return where the review is."""
        state = _under_way(parent_context)
        return reverse("content_review", args=[state.pk]) if state else ""


def _under_way(context: dict[str, Any]) -> Any:
    thing = context.get("page") or context.get("instance")
    if thing is None or context.get("view") == "create":
        return None
    return getattr(thing, "current_workflow_task_state", None)


class PageReview(_Review, ActionMenuItem):  # type: ignore[misc]
    """Of a page."""


class SnippetReview(_Review, SnippetMenuItem):  # type: ignore[misc]
    """Of a fragment."""


@hooks.register("register_page_action_menu_item")
def page_review() -> PageReview:
    """Lead to a page's review."""
    return PageReview(order=95)


@hooks.register("register_snippet_action_menu_item")
def snippet_review(model: Any) -> SnippetReview | None:
    """Lead to the review of what has workflows."""
    return SnippetReview(order=95) if hasattr(model, "workflow_states") else None


@hooks.register("insert_global_admin_css")
def style() -> str:
    """Load the style of our pages."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin/reviews.css"))


@hooks.register("insert_editor_js")
def behavior() -> str:
    """Load what leads from a finding to its place."""
    source = static("js/controllers/findings_controller.js")
    return format_html('<script type="module" src="{}"></script>', source)


@hooks.register("register_log_actions")
def acts(actions: LogActionRegistry) -> None:
    """Name what is written into the history; guests by the name they were invited under."""
    for action, label, words in (
        (review.CLAIMED, lazy("Take a review on"), lambda data: _("Review taken on")),
        (review.RELEASED, lazy("Give a review back to all"), lambda data: _("Review given back")),
        (
            review.DUE, lazy("Set when a review is due"),
            lambda data: _("Review due: %(due)s") % {"due": data.get("due", "—")},
        ),
        (
            invite.INVITED, lazy("Share a review by link"),
            lambda data: _("Review shared with %(guest)s until %(until)s") % data,
        ),
        (
            invite.REVOKED, lazy("Take a link to a review back"),
            lambda data: _("Link of %(guest)s taken back") % data,
        ),
        (
            invite.REMARKED, lazy("Remark by link"),
            lambda data: _("Remark of %(guest)s, by link") % data,
        ),
        (invite.ANSWERED, lazy("Answer by link"), _answered),
        (
            schedule.FAILED, lazy("Fail to publish at its time"),
            lambda data: _("Not published at its time: %(why)s") % data,
        ),
    ):  # fmt: skip
        actions.register_action(action)(_told(label, words))


def _answered(data: dict[str, Any]) -> str:
    if data.get("answer") == "APPROVED":
        return _("Approved by %(guest)s, by link") % data
    return _("Returned by %(guest)s, by link") % data


def _told(label: Any, words: Callable[[dict[str, Any]], str]) -> type[LogFormatter]:
    def message(_formatter: LogFormatter, entry: Any) -> str:
        return words(entry.data)

    return type("Told", (LogFormatter,), {"label": label, "format_message": message})
