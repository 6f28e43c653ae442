"""What lacks a term that it needs is not published by a date or a workflow either."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from wagtail.models import ModelLogEntry, PageLogEntry

from content import tag, tasks
from content.models import Fragment, Term
from dxp.lib import clock
from tests.content import tagging
from tests.content.reviewing import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(pages):
    return Desk(pages.home, check=False)


@pytest.fixture
def savers(desk):
    tagging.audience()
    return Term.objects.get(name="Savers")


@pytest.fixture
def draft(pages, desk, savers):
    """The article with a new title that elena handed in."""
    pages.article.title = "New title"
    desk.hand_in(pages.article)
    mail.outbox.clear()
    return pages.article


class TestTheEndOfAWorkflow:
    def test_leaves_it_a_draft_and_says_so_to_who_handed_it_in(self, desk, draft):
        desk.step(draft).approve(user=desk.ivo)

        draft.refresh_from_db()
        assert (draft.title, draft.has_unpublished_changes) == ("Cash", True)
        said = {one.to[0]: one for one in mail.outbox if one.subject.startswith("Not published")}
        assert set(said) == {"elena@alder.example", "ivo@alder.example"}
        assert "needs a term of Audience" in said["elena@alder.example"].body
        assert f"/admin/pages/{draft.pk}/edit/" in said["elena@alder.example"].body
        entry = PageLogEntry.objects.get(action="content.tag.withhold")
        assert entry.message == "Not published: it needs a term of Audience"

    def test_publishes_what_has_its_term(self, desk, draft, savers, at):
        tag.give(draft, savers, by=desk.elena, at=at)

        desk.step(draft).approve(user=desk.ivo)

        draft.refresh_from_db()
        assert (draft.title, draft.has_unpublished_changes) == ("New title", False)

    def test_holds_for_fragments(self, desk, savers):
        hint = Fragment.objects.create(name="Hint", body=[("text", "<p>Hi</p>")], live=False)
        desk.hand_in(hint)

        desk.step(hint).approve(user=desk.ivo)

        hint.refresh_from_db()
        assert not hint.live
        assert ModelLogEntry.objects.filter(action="content.tag.withhold").exists()


class TestADate:
    @pytest.fixture
    def dated(self, pages, desk, savers):
        """The article, which elena has published from yesterday on."""
        page = pages.article
        page.save_revision().publish()
        page.refresh_from_db()
        page.title, page.go_live_at = "New title", clock.now() + timedelta(days=1)
        revision = page.save_revision(user=desk.elena)
        revision.publish(user=desk.elena)
        past = clock.now() - timedelta(minutes=1)
        content = {**revision.content, "go_live_at": past.isoformat()}
        type(revision).objects.filter(pk=revision.pk).update(
            approved_go_live_at=past, content=content
        )
        page.refresh_from_db()
        return page

    def test_passes_and_it_stays_a_draft(self, dated, desk):
        tasks.scheduled()

        dated.refresh_from_db()
        assert (dated.title, dated.approved_schedule) == ("Cash", False)
        assert [one.to for one in mail.outbox] == [["elena@alder.example"]]
        assert "It needs a term of Audience first." in mail.outbox[0].body

    def test_publishes_what_has_its_term(self, dated, desk, savers, at):
        tag.give(dated, savers, by=desk.elena, at=at)

        tasks.scheduled()

        dated.refresh_from_db()
        assert dated.title == "New title"
        assert mail.outbox == []
