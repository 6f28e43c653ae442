"""How drafts of the demo are reviewed: first a program looks, then a colleague."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from wagtail.models import Page, Workflow, WorkflowContentType, WorkflowPage, WorkflowTask

from content.models import CheckTask, Fragment, HomePage, ReviewTask

NAME = "Check and review"
REVIEWERS = ("Administrator", "Editor", "Marketer")


@transaction.atomic
def build() -> None:
    """Set up the workflow, unless it is there; pages that have another one keep it."""
    if Workflow.objects.filter(name=NAME).exists():
        return
    workflow = Workflow.objects.create(name=NAME)
    check = CheckTask.objects.create(name="Automatic check")
    review = ReviewTask.objects.create(name="Review", days=3, remind_days=1)
    review.groups.set(Group.objects.filter(name__in=REVIEWERS))
    for place, task in enumerate((check, review)):
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=place)
    taken = WorkflowPage.objects.values_list("page_id", flat=True)
    for home in Page.objects.type(HomePage).exclude(pk__in=list(taken)):
        WorkflowPage.objects.create(workflow=workflow, page=home)
    WorkflowContentType.objects.get_or_create(
        content_type=ContentType.objects.get_for_model(Fragment), defaults={"workflow": workflow}
    )
