"""What a worker could not do is listed for who may see it, and tried again by who may change it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from content.models import BackgroundTask
from dxp.lib import clock
from dxp.users.models import User

pytestmark = pytest.mark.django_db
PAGE = "/admin/background/"


def staff(name, *rights):
    user = User.objects.create_user(name, f"{name}@alder.example", "a long password")
    user.user_permissions.add(*Permission.objects.filter(codename__in=["access_admin", *rights]))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def failed():
    now = clock.now()
    return BackgroundTask.objects.create(
        task="wagtail.tasks.update_reference_index_task", args=["content", "Topic", 7],
        state="FAILED", attempts=6, enqueued_at=now, due_at=now, finished_at=now,
        error="builtins.ValueError\nTraceback …\nValueError: no such thing",
    )  # fmt: skip


def test_a_failed_task_is_listed_with_its_reason_and_tried_again(failed):
    mara = staff("mara", "view_backgroundtask", "change_backgroundtask")
    shown = mara.get(PAGE).content.decode()

    assert "update_reference_index_task" in shown
    assert "ValueError: no such thing" in shown
    assert "update_reference_index_task" not in mara.get(f"{PAGE}?state=DONE").content.decode()

    answer = mara.post(f"{PAGE}again/", follow=True).content.decode()
    failed.refresh_from_db()

    assert "1 task is tried again." in answer
    assert (failed.state, failed.attempts) == ("READY", 0)


def test_who_may_only_see_changes_nothing_and_omar_sees_nothing(failed):
    viewer, omar = staff("ada", "view_backgroundtask"), staff("omar")

    assert "Try again" not in viewer.get(PAGE).content.decode()
    for client in (viewer, omar):
        client.post(f"{PAGE}again/")
    failed.refresh_from_db()

    assert failed.state == "FAILED"
    assert omar.get(PAGE).status_code == 302
    assert "update_reference" not in omar.get(PAGE, follow=True).content.decode()
