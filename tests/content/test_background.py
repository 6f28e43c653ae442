"""Tasks of Wagtail and Django become rows, are done by a worker, and tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django_tasks import TaskResultStatus, task
from django_tasks.exceptions import TaskResultDoesNotExist
from wagtail.models import ReferenceIndex

from content import background
from content.models import ArticlePage, BackgroundTask, Topic
from dxp.lib import clock, hints

pytestmark = pytest.mark.django_db
SAID: list[str] = []


@task()
def say(word):
    SAID.append(word)
    return {"said": word}


@task()
def write_and_fail(name):
    Topic.objects.create(name=name, slug="half")
    raise ConnectionError("the other side is away")


@task(takes_context=True)
def count(context):
    return context.attempt


@task()
def look_up(number):
    return Topic.objects.get(pk=number).name


@pytest.fixture(autouse=True)
def rows(settings):
    settings.TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}
    SAID.clear()


@pytest.fixture
def soon():
    return clock.now() + timedelta(minutes=1)


def drain(at):
    done = 0
    while background.step(at=at):
        done += 1
    return done


def test_a_task_is_not_done_in_the_request(soon):
    result = say.enqueue("hello")

    assert SAID == []
    assert result.status is TaskResultStatus.READY

    assert drain(soon) == 1
    result.refresh()

    assert SAID == ["hello"]
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, {"said": "hello"})
    assert result.started_at <= result.finished_at


def test_a_request_that_is_taken_back_leaves_no_task(soon):
    with transaction.atomic():
        say.enqueue("never")
        transaction.set_rollback(True)

    assert drain(soon) == 0
    assert SAID == []


def test_the_worker_is_told_after_the_commit(
    monkeypatch, django_capture_on_commit_callbacks
):  # fmt: skip
    hinted = []
    monkeypatch.setattr(hints, "now", hinted.append)

    with django_capture_on_commit_callbacks(execute=True):
        say.enqueue("hello")
        assert hinted == []

    assert hinted == [background.HINT]


def test_a_failed_try_leaves_nothing_half_done_and_is_repeated_later(soon):
    result = write_and_fail.enqueue("Half")

    assert drain(soon) == 1
    result.refresh()

    assert not Topic.objects.filter(slug="half").exists()
    assert result.status is TaskResultStatus.READY
    assert result.errors[0].exception_class is ConnectionError
    assert BackgroundTask.objects.get().due_at > soon


def test_it_gives_up_after_some_tries_and_somebody_may_try_again(soon):
    result = write_and_fail.enqueue("Half")
    at = soon
    for _ in range(background.MOST_ATTEMPTS):
        assert background.step(at=at)
        at += timedelta(days=1)
    result.refresh()

    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 6)
    assert "the other side is away" in result.errors[0].traceback
    assert not background.step(at=at)

    assert background.again(tasks=[result.id], at=at) == 1
    assert background.step(at=at)


def test_a_task_whose_thing_is_gone_has_nothing_left_to_do(soon):
    result = look_up.enqueue(0)

    drain(soon)
    result.refresh()

    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, None)


def test_what_is_due_later_waits_and_what_matters_more_goes_first(soon):
    say.using(run_after=soon + timedelta(hours=1)).enqueue("later")
    say.enqueue("first come")
    say.using(priority=5).enqueue("first served")

    drain(soon)

    assert SAID == ["first served", "first come"]


def test_a_task_hears_which_try_it_is(soon):
    result = count.enqueue()

    drain(soon)
    result.refresh()

    assert result.return_value == 1


def test_a_row_whose_worker_died_each_time_fails_by_itself(soon):
    say.enqueue("hello")
    BackgroundTask.objects.update(
        state="RUNNING", attempts=background.MOST_ATTEMPTS, lease_until=soon
    )

    assert drain(soon + timedelta(minutes=1)) == 0
    row = BackgroundTask.objects.get()

    assert (row.state, SAID) == ("FAILED", [])
    assert "died" in row.error


def test_a_renamed_task_fails_with_that_reason(soon):
    say.enqueue("hello")
    BackgroundTask.objects.update(task="content.tasks.renamed", attempts=5)

    assert background.step(at=soon)
    row = BackgroundTask.objects.get()

    assert row.state == "FAILED"
    assert "UnknownTask" in row.error


def test_old_tasks_are_forgotten_and_unknown_ones_are_said_to_be(soon):
    result = say.enqueue("hello")
    drain(soon)

    assert background.prune(at=soon) == 0
    assert background.prune(at=soon + timedelta(days=2)) == 1
    with pytest.raises(TaskResultDoesNotExist):
        say.get_result(result.id)


def test_an_editor_who_saves_a_page_waits_for_no_index(pages, soon):
    BackgroundTask.objects.all().delete()
    article = ArticlePage.objects.get(pk=pages.article.pk)
    article.title = "Zebras"
    article.save_revision().publish()

    assert not list(ArticlePage.objects.search("Zebras"))
    assert drain(soon) > 0

    assert [page.pk for page in ArticlePage.objects.search("Zebras")] == [article.pk]
    assert ReferenceIndex.get_references_for_object(article).exists()
    assert not BackgroundTask.objects.exclude(state="DONE").exists()
