"""A question that takes long goes on by itself, and its page comes back for the answer."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import redis
from django.urls import reverse
from redis.backoff import NoBackoff
from redis.retry import Retry

from analytics import collect, desk, query
from analytics.desk import Desk, Pending, runs
from analytics.measures import traffic
from dxp.lib import hints
from dxp.users.models import User
from tests.analytics.test_query import ENDLESS
from tests.analytics.test_reports import RIGHTS, staff
from tests.analytics.world import DAY, END, happen

ASKED = {"start": DAY, "end": END}


@pytest.fixture
def sealed(lake):
    """Return the lake with one visitor in a file."""
    happen(1, DAY)
    collect.seal(lake=lake, at=END)
    yield lake
    wait_until(lambda: not runs.count())


@pytest.fixture
def gate(monkeypatch):
    """Hold every computation back until the gate is opened; count those that began."""
    opened, began = threading.Event(), []
    work = query.work

    def slowly(job, *, lake, watch=None):
        began.append(job)
        while not opened.wait(0.02):
            if watch is not None and not watch(0.25):
                raise query.Stopped("The question was stopped.")
        return work(job, lake=lake, watch=watch)

    monkeypatch.setattr(query, "work", slowly)
    monkeypatch.setattr(desk, "PATIENCE", 0.2)
    opened.began = began
    yield opened
    opened.set()


def wait_until(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def visitors(lake, page="ana /traffic/", at=END, patience=None):
    """Ask as a page does; return the number and the moment it is of."""
    place = Desk(lake=lake, page=page, at=at, patience=patience)
    table = place.ask(traffic.totals, **ASKED)
    place.close()
    return table.rows[0][0], table.as_of


class TestDesk:
    def test_what_is_quick_is_answered_at_once(self, sealed):
        assert visitors(sealed, patience=20) == (1, END)

    def test_what_takes_long_goes_on_and_is_answered_as_of_the_first_look(self, sealed, gate):
        with pytest.raises(Pending) as pending:
            visitors(sealed)
        happen(2, DAY)
        with pytest.raises(Pending):
            visitors(sealed, at=END + timedelta(minutes=1))
        page = pending.value.page
        wait_until(lambda: desk.waits(page=page) == (True, 0.25))
        gate.set()
        wait_until(lambda: desk.waits(page=page) == (False, None))

        assert visitors(sealed, at=END + timedelta(minutes=2)) == (1, END)
        assert len(gate.began) == 1
        later = END + timedelta(minutes=3)
        assert visitors(sealed, at=later, patience=20) == (2, later)

    def test_questions_that_were_answered_are_not_asked_again_while_the_page_waits(
        self, sealed, gate
    ):
        def ask():
            place = Desk(lake=sealed, page="ana", at=END, patience=20)
            return [
                place.ask(traffic.totals, basis=basis, **ASKED) for basis in ("views", "events")
            ]

        gate.set()
        kept = Desk(lake=sealed, page="ana", at=END, patience=2)
        kept.ask(traffic.totals, basis="views", **ASKED)
        gate.clear()
        with pytest.raises(Pending):
            kept.ask(traffic.totals, basis="events", **ASKED)
        hints.client().delete(*hints.client().keys("answer:*"))
        gate.set()
        wait_until(lambda: not runs.count())

        assert [table.rows[0][0] for table in ask()] == [1, 1]
        assert len(gate.began) == 2

    def test_when_its_process_died_the_next_look_asks_again(self, sealed, gate):
        with pytest.raises(Pending):
            visitors(sealed)
        (dead,) = runs._runs.values()
        dead.is_awaited = False
        runs._runs.clear()
        hints.client().delete(*hints.client().keys("desk:alive:*"))

        with pytest.raises(Pending):
            visitors(sealed)
        wait_until(lambda: len(gate.began) == 2)
        gate.set()
        wait_until(lambda: not runs.count())

        assert visitors(sealed, patience=20)[0] == 1

    def test_one_that_is_stopped_stops_and_says_so_once(self, sealed, gate):
        with pytest.raises(Pending) as pending:
            visitors(sealed)

        desk.stop(page=pending.value.page)
        wait_until(lambda: not runs.count())

        assert Desk(lake=sealed, page="ana /traffic/", at=END).was_stopped
        assert not Desk(lake=sealed, page="ana /traffic/", at=END).was_stopped
        gate.set()
        assert visitors(sealed, patience=20)[0] == 1

    def test_duckdb_itself_is_stopped(self, sealed):
        place = Desk(lake=sealed, page="ana", at=END, patience=0.1)
        with pytest.raises(Pending) as pending:
            place.ask(ENDLESS)

        desk.stop(page=pending.value.page)

        wait_until(lambda: not runs.count())

    def test_a_slow_answer_of_postgresql_goes_on_as_well(self, lake):
        happen(1, DAY)
        place = Desk(lake=lake, page="ana", at=END, patience=0.1)
        with pytest.raises(Pending) as pending:
            place.ask(ENDLESS)

        desk.stop(page=pending.value.page)

        wait_until(lambda: not runs.count())

    def test_what_failed_is_said_and_asked_anew_at_the_next_look(self, sealed, gate, monkeypatch):
        monkeypatch.setattr(desk, "PATIENCE", 20)
        with monkeypatch.context() as patch:
            patch.setattr(query, "work", lambda *_args, **_more: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                visitors(sealed)
        gate.set()

        assert visitors(sealed, patience=20)[0] == 1

    def test_without_redis_the_page_waits_for_its_answer(self, sealed, gate, monkeypatch):
        nowhere = redis.Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
        monkeypatch.setattr(hints, "client", lambda: nowhere)
        threading.Timer(0.5, gate.set).start()

        assert visitors(sealed)[0] == 1

    def test_four_people_at_once_get_all_their_answers(self, sealed):
        found = []

        def ask(name):
            # Each asks for something else, so that none is answered from what is kept.
            place = Desk(lake=sealed, page=name, at=END, patience=20)
            asked = {**ASKED, "start": DAY - timedelta(days=len(name))}
            found.append(place.ask(traffic.totals, **asked).rows[0][0])

        people = [threading.Thread(target=ask, args=["x" * i]) for i in range(1, 5)]
        for one in people:
            one.start()
        for one in people:
            one.join()

        assert found == [1, 1, 1, 1]


class TestPage:
    @pytest.fixture
    def mara(self, sealed, settings):
        settings.LAKE_DIR = sealed.folder
        yield staff("mara", *RIGHTS)
        User.objects.filter(username__in=["mara", "omar"]).delete()

    ADDRESS = reverse("analytics_traffic") + "?first=2024-03-01&last=2024-03-01"

    def test_says_that_it_waits_and_then_shows_the_answer(self, mara, gate):
        waiting = mara.get(self.ADDRESS)
        page = waiting.context["page"]
        status = mara.get(reverse("analytics_waiting"), {"page": page}).json()
        gate.set()
        wait_until(lambda: not runs.count())

        def shown():
            return mara.get(self.ADDRESS)

        wait_until(lambda: shown().status_code == 200)
        assert waiting.status_code == 202
        assert "The answer is being computed" in waiting.content.decode()
        assert '<noscript><meta http-equiv="refresh"' in waiting.content.decode()
        assert status["waits"] is True
        assert shown().context["tiles"][0].value == "1"

    def test_has_a_button_that_stops_it(self, mara, gate):
        page = mara.get(self.ADDRESS).context["page"]

        stopped = mara.post(
            reverse("analytics_stop"), {"page": page, "next": self.ADDRESS}, follow=True
        )

        assert stopped.redirect_chain == [(self.ADDRESS, 302)]
        assert "You stopped this question" in stopped.content.decode()
        wait_until(lambda: not runs.count())

    def test_leads_nowhere_else(self, mara):
        gone = mara.post(reverse("analytics_stop"), {"next": "https://evil.example/"})

        assert gone.url == reverse("wagtailadmin_home")

    def test_omar_may_neither_look_nor_stop(self, mara):
        omar = staff("omar", "access_admin")

        assert omar.get(reverse("analytics_waiting")).status_code == 302
        assert omar.post(reverse("analytics_stop")).url == reverse("wagtailadmin_home")
