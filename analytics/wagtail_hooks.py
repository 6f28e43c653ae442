"""What this floor hangs on Wagtail: its addresses, its menu, its right, its panel."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from analytics import query
from analytics.admin import slots as slot_numbers
from analytics.admin import uses, waiting
from analytics.admin.ask_list import QuestionCopy, QuestionDelete, QuestionHome, QuestionList
from analytics.admin.ask_people import PeopleFile, PeoplePage
from analytics.admin.ask_remarks import RemarkAdd, RemarkDelete
from analytics.admin.funnel import funnel
from analytics.admin.home import HomeView
from analytics.admin.lake import LakeView
from analytics.admin.panel import WeekPanel
from analytics.admin.questions import QuestionFile, QuestionView
from analytics.admin.report import VIEW_REPORTS
from analytics.admin.traffic import TrafficFile, TrafficView
from content.models import PublicPage
from customers.extend import Use
from customers.models import Segment


class ReportItem(MenuItem):  # type: ignore[misc]
    """A menu entry for those who may see reports."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether this person may see reports."""
        return bool(request.user.has_perm(VIEW_REPORTS))


@hooks.register("register_admin_urls")
def waiting_addresses() -> list[URLPattern]:
    """Offer what pages need whose question takes long."""
    return [
        path("reports/waiting/", waiting.waits, name="analytics_waiting"),
        path("reports/stop/", waiting.stop, name="analytics_stop"),
    ]


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern]:
    """Offer the reports' addresses."""
    return [
        path("reports/home/", HomeView.as_view(), name="analytics_home"),
        path("reports/traffic/", TrafficView.as_view(), name="analytics_traffic"),
        path(
            "reports/traffic/<slug:table>.csv", TrafficFile.as_view(), name="analytics_traffic_file"
        ),
        path("reports/funnel/", funnel, name="analytics_funnel"),
    ]


@hooks.register("register_admin_urls")
def question_addresses() -> list[URLPattern]:
    """Offer the addresses of questions, of the people behind their numbers, and of remarks."""
    at = "reports/questions"
    return [
        path(f"{at}/", QuestionList.as_view(), name="analytics_questions"),
        path(
            f"{at}/results/", QuestionList.as_view(results_only=True),
            name="analytics_questions_results",
        ),
        path(f"{at}/new/", QuestionView.as_view(), name="analytics_question_new"),
        path(f"{at}/<int:pk>/", QuestionView.as_view(), name="analytics_question"),
        path(f"{at}/<int:pk>/copy/", QuestionCopy.as_view(), name="analytics_question_copy"),
        path(f"{at}/<int:pk>/delete/", QuestionDelete.as_view(), name="analytics_question_delete"),
        path(f"{at}/<int:pk>/home/", QuestionHome.as_view(), name="analytics_question_home"),
        path(f"{at}/<slug:sheet>.csv", QuestionFile.as_view(), name="analytics_question_file"),
        path("reports/people/", PeoplePage.as_view(), name="analytics_people"),
        path("reports/people.csv", PeopleFile.as_view(), name="analytics_people_file"),
        path("reports/remarks/", RemarkAdd.as_view(), name="analytics_remark_add"),
        path(
            "reports/remarks/<int:pk>/delete/", RemarkDelete.as_view(),
            name="analytics_remark_delete",
        ),
    ]  # fmt: skip


@hooks.register("register_reports_menu_item")
def questions_item() -> MenuItem:
    """List the questions."""
    return ReportItem(
        _("Questions"), reverse("analytics_questions"), name="questions", icon_name="help", order=15
    )


@hooks.register("register_reports_menu_item")
def traffic_item() -> MenuItem:
    """List the traffic report."""
    return ReportItem(
        _("Traffic"), reverse("analytics_traffic"), name="traffic", icon_name="view", order=10
    )


@hooks.register("register_admin_urls")
def lake_address() -> list[URLPattern]:
    """Offer the address of the page about the event lake."""
    return [path("reports/lake/", LakeView.as_view(), name="analytics_lake")]


@hooks.register("register_reports_menu_item")
def lake_item() -> MenuItem:
    """List the page about the event lake."""
    return ReportItem(
        _("Event lake"), reverse("analytics_lake"), name="lake", icon_name="folder-inverse",
        order=90,
    )  # fmt: skip


@hooks.register("register_permissions")
def permissions() -> QuerySet[Permission]:
    """Show our rights where groups are edited."""
    names = [
        f"{act}_{noun}"
        for noun in ("question", "annotation")
        for act in ("view", "add", "change", "delete")
    ]
    ours = Permission.objects.filter(content_type__app_label="analytics")
    return ours.filter(codename__in=["view_reports", *names])


@hooks.register("register_admin_urls")
def slot_address() -> list[URLPattern]:
    """Offer the address of a page's numbers beside its editor."""
    return [path("reports/slots/<int:page_id>/", slot_numbers.slots, name="analytics_slots")]


@hooks.register("content_slot_numbers")
def numbers_of_slots(page: PublicPage, user: Any) -> str:
    """Tell beside the editor what came of a page's slots."""
    return slot_numbers.panel(page, user)


@hooks.register("construct_homepage_panels")
def week_panel(request: HttpRequest, panels: list[Any]) -> None:
    """Put the last seven days on the home page."""
    panels.append(WeekPanel())


@hooks.register("customers_segment_uses")
def uses_of_segment(segment: Segment) -> list[Use]:
    """Name the kept questions that stand on a segment."""
    return uses.of_segment(segment.pk)


@hooks.register("customers_list_uses")
def uses_of_list(list_id: int) -> list[Use]:
    """Name the kept questions that stand on a list of people."""
    return uses.of_list(list_id)


@hooks.register("customers_profile_erased")
def forget() -> None:
    """Drop the answers that reports keep for a while: they may list who is erased."""
    transaction.on_commit(query.forget_answers, robust=True)
