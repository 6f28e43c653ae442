"""What editors set a time for comes and goes at its time, each thing by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from wagtail.models import PageLogEntry, Revision

from content import review, schedule
from content.models import ArticlePage, Fragment, StandardPage
from dxp.lib import clock
from tests.content.reviewing import Desk

pytestmark = pytest.mark.django_db
PLACE = review.Place("https://alder.example")


@pytest.fixture
def elena(pages):
    return Desk(pages.home, check=False).elena


@pytest.fixture
def past():
    """The moment for which something was scheduled."""
    return clock.now() - timedelta(minutes=10)


def dated(thing, past, user=None):
    """Have a draft published at a time that has come by now."""
    thing.go_live_at = clock.now() + timedelta(hours=1)
    revision = thing.save_revision(user=user)
    revision.publish(user=user)
    content = {**revision.content, "go_live_at": past.isoformat()}
    Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=past, content=content)


def keep(past, minutes=5):
    return schedule.keep(place=PLACE, at=past + timedelta(minutes=minutes))


def test_a_page_and_a_fragment_come_at_their_time_and_go_at_their_time(pages, past):
    page = pages.home.add_child(instance=StandardPage(title="News", slug="news", live=False))
    piece = Fragment.objects.create(name="Footnote", live=False, body=[("text", "<p>New.</p>")])
    for thing in (page, piece):
        dated(thing, past)

    assert [keep(past, -1), keep(past), keep(past)] == [0, 2, 0]
    for thing in (page, piece):
        thing.refresh_from_db()
        assert thing.live
        type(thing).objects.filter(pk=thing.pk).update(expire_at=past + timedelta(minutes=6))

    assert [keep(past, 5), keep(past, 7), keep(past, 7)] == [0, 2, 0]
    for thing in (page, piece):
        thing.refresh_from_db()
        assert (thing.live, thing.expired) == (False, True)


def test_one_that_can_not_be_published_keeps_no_other_waiting_and_its_editor_is_told(
    pages, elena, past
):
    first = pages.home.add_child(instance=StandardPage(title="News", slug="news", live=False))
    dated(first, past, elena)
    dated(ArticlePage.objects.get(pk=pages.article.pk), past)
    taken = pages.home.add_child(instance=StandardPage(title="Other", slug="other"))
    StandardPage.objects.filter(pk=first.pk).update(slug="first")
    StandardPage.objects.filter(pk=taken.pk).update(slug="news")

    assert keep(past) == 1

    (told,) = mail.outbox
    assert told.to == ["elena@alder.example"]
    assert told.subject == "Not published: “News”"
    assert "The slug 'news' is already in use" in told.body
    assert f"https://alder.example/admin/pages/{first.pk}/edit/" in told.body
    assert "The slug" in PageLogEntry.objects.get(action=schedule.FAILED).message
    assert keep(past) == 0
    assert len(mail.outbox) == 1


def test_what_breaks_is_tried_again_and_left_whole(pages, past, monkeypatch):
    page = pages.home.add_child(instance=StandardPage(title="News", slug="news", live=False))
    dated(page, past)

    def away(*_told, **_more):
        raise ConnectionError("the index is away")

    with monkeypatch.context() as patch:
        patch.setattr("wagtail.actions.publish_page_revision.page_published.send", away)
        assert keep(past) == 0
    page.refresh_from_db()
    assert not page.live

    assert keep(past) == 1
