"""From an event to the letter, through the tasks, and by the command without Celery."""

from __future__ import annotations

import time
from io import StringIO

import pytest
from django.core.management import call_command

from dxp.lib import hints
from journeys import tasks, ways
from journeys.models import Delivery
from tests.journeys.conftest import draw, happened, send
from tests.journeys.sink import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings):
    with Sink() as running:
        settings.SMTP_URL = running.url
        yield running
    ways.close_all()


def test_the_command_walks_and_sends(ana, fans, welcome, sink):
    draw(fans, send(welcome))
    happened(ana, "Liked")
    out = StringIO()

    call_command("journeys", "run", "--once", stdout=out)

    assert [to for to, _content in sink.messages] == ["ana@example.com"]
    assert "1 messages sent" in out.getvalue()


def test_an_event_hints_at_the_engine_and_the_engine_at_the_sender(
    ana, fans, welcome, sink, monkeypatch, django_capture_on_commit_callbacks
):
    hinted = []
    monkeypatch.setattr(hints, "now", hinted.append)
    draw(fans, send(welcome))
    began = time.monotonic()

    with django_capture_on_commit_callbacks(execute=True):
        happened(ana, "Liked")
    assert tasks.ADVANCE in hinted
    tasks.advance()
    assert hinted[-1] == tasks.DISPATCH
    tasks.dispatch()

    assert Delivery.objects.get().state == "SENT"
    assert time.monotonic() - began < 20


def test_without_a_server_letters_become_files(ana, fans, welcome, settings, tmp_path):
    settings.SMTP_URL, settings.MAIL_DIR = "", tmp_path
    ways.close_all()
    draw(fans, send(welcome))
    happened(ana, "Liked")

    call_command("journeys", "run", "--once", stdout=StringIO())

    assert len(list(tmp_path.glob("*.eml"))) == 1
    ways.close_all()
