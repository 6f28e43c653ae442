"""The demo shows a review under way, and what the check gives back."""

from __future__ import annotations

import pytest
from wagtail.models import Page, TaskState

from content.models import CheckState, ReviewState, StandardPage
from dxp import roles
from dxp.demo import desk

pytestmark = pytest.mark.django_db


def test_one_draft_waits_for_a_colleague_and_one_came_back_with_its_faults(pages, at):
    roles.seed()
    pages.home.add_child(instance=StandardPage(title="Contact", slug="contact"))

    desk.build(at=at)
    desk.build(at=at)

    waits = ReviewState.objects.get()
    assert (waits.revision.content_object.title, waits.status) == (
        "Open on Saturdays", TaskState.STATUS_IN_PROGRESS,
    )  # fmt: skip
    assert waits.due_at is not None
    back = CheckState.objects.get(status=TaskState.STATUS_REJECTED)
    assert back.get_comment().splitlines()[1:] == [
        "- The link “Read more” does not say where it leads.",
        "- The link “What it cost before” leads to /fees-2019/: there is nothing, or nothing that "
        "is published.",
        "- The description for search engines is empty.",
    ]
    assert Page.objects.filter(slug__in=[one["slug"] for one in desk.DRAFTS]).count() == 2
    assert not Page.objects.filter(slug__in=[one["slug"] for one in desk.DRAFTS], live=True)
