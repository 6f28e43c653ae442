"""How drafts of the demo are reviewed: first a program looks, then a colleague; and two drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from wagtail.models import Page, Workflow, WorkflowContentType, WorkflowPage, WorkflowTask

from content import examine
from content.models import CheckTask, Fragment, HomePage, ReviewTask, StandardPage

NAME = "Check and review"
REVIEWERS = ("Administrator", "Editor", "Marketer")
# One that a colleague is asked about, and one that the check gives back.
DRAFTS: list[dict[str, Any]] = [
    {
        "slug": "open-on-saturdays",
        "title": "Open on Saturdays",
        "intro": "From spring on somebody is there on the first Saturday of each month.",
        "search_description": "From spring on you find us on the first Saturday of each month, "
        "from ten to two.",
        "body": [
            (
                "text",
                "<h2>Without a date</h2><p>Come by between ten and two. If you would rather have "
                'an hour to yourself, <a href="/contact/">write to us</a> before.</p>',
            )
        ],
    },
    {
        "slug": "our-fees-on-one-page",
        "title": "Our fees on one page",
        "intro": "All that you may ever pay us, and nothing else.",
        "body": [
            (
                "text",
                '<h2>Funds</h2><p>From 0.2 percent a year. <a href="/products/">Read more</a></p>'
                '<h2>Advice</h2><p>The first hour is free. <a href="/fees-2019/">What it cost '
                "before</a></p>",
            )
        ],
    },
]


def build(*, at: datetime) -> None:
    """Set up the workflow and hand two drafts in, unless they are there."""
    _workflow()
    _drafts(at)


@transaction.atomic
def _drafts(at: datetime) -> None:
    home: Any = HomePage.objects.order_by("path").first()
    for draft in DRAFTS:
        workflow = home.get_workflow()
        if workflow is None or home.get_children().filter(slug=draft["slug"]).exists():
            continue
        page = StandardPage(**draft, live=False)
        # Fresh from the database: treebeard counts children on the instance.
        Page.objects.get(pk=home.pk).add_child(instance=page)
        page.save_revision()
        workflow.start(page, None)
        examine.step(at=at)


@transaction.atomic
def _workflow() -> None:
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
