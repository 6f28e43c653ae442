"""A real Varnish before the web server: what it keeps is for all, and goes when it must."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from content import background, edge, pagecache
from content.models import ArticlePage, HomePage
from customers import segment
from dxp import embedded
from dxp.lib import clock, hints
from dxp.users.models import User
from tests.concurrency.programs import ROOT, Programs
from tests.content.conftest import READERS, Pages
from tests.content.conftest import known as known
from tests.content.conftest import source as source

pytestmark = pytest.mark.django_db(transaction=True)
VARNISH = shutil.which("varnishd", path=f"{os.environ['PATH']}:/usr/sbin")
ARTICLE = "/insights/cash/"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"


def vcl(port):
    """Return the configuration that the guide shows, for a web server at this port."""
    guide = (ROOT / "docs" / "developer" / "caches.md").read_text()
    shown = re.search(r"```vcl\n(.*?)```", guide, re.DOTALL)[1]
    return shown.replace('.port = "8000"', f'.port = "{port}"')


class Front:
    """Varnish on a port of its own."""

    def __init__(self, folder: Path, behind: int) -> None:
        self.port = embedded.free_port()
        config = folder / "dxp.vcl"
        config.write_text(vcl(behind))
        command = [
            VARNISH, "-F", "-n", str(folder / "varnish"), "-a", f"127.0.0.1:{self.port}",
            "-f", str(config), "-s", "malloc,32m", "-j", "none", "-p", "thread_pools=1",
            "-p", "ban_lurker_sleep=0.01",
        ]  # fmt: skip
        self.log = (folder / "varnish.log").open("wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def cache(self):
        return self.headers.get("X-Cache")


def get(port, path, cookies="", **headers):
    """Ask by a connection of its own, as a browser that holds these cookies."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookies:
        more["Cookie"] = cookies
    line.request("GET", path, headers={"Host": "testserver", "User-Agent": AGENT, **more})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return Answer(answer.status, answer.headers, body)


@pytest.fixture
def house(tmp_path, monkeypatch, settings):
    """The site's web server with a Redis that this process shares, and Varnish before it."""
    if VARNISH is None:
        if os.environ.get("CI"):
            pytest.fail("Varnish is missing: apt-get install varnish.")
        pytest.skip("Varnish is not installed (Debian: apt-get install varnish).")
    programs = Programs(tmp_path)
    front = None
    try:
        programs.start_redis(monkeypatch)
        programs.env["PAGE_CACHE_MB"] = "16"
        programs.env["ALLOWED_HOSTS"] = "*"
        programs.start("web")
        front = Front(tmp_path, programs.port)
        settings.REDIS_URL = programs.env["REDIS_URL"]
        settings.SECRET_KEY = programs.env["SECRET_KEY"]
        settings.TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}
        settings.WAGTAILFRONTENDCACHE = {
            "default": {
                "BACKEND": "content.cdn.KeyedBackend",
                "LOCATION": f"http://127.0.0.1:{front.port}",
            }
        }
        hints.client.cache_clear()
        programs.front = front.port
        programs.wait_for_web()
        deadline = time.monotonic() + 20
        while get_status(front.port) != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield programs
    finally:
        programs.stop()
        if front is not None:
            front.stop()
        hints.client.cache_clear()


def get_status(port):
    try:
        return get(port, "/healthz").status
    except OSError:
        return 0


@pytest.fixture
def readers(at_now):
    return segment.create(name="Readers", slug="readers", rule=READERS, at=at_now)


@pytest.fixture
def at_now():
    return clock.now()


@pytest.fixture
def at():
    return clock.now()


@pytest.fixture
def pages(readers):
    return Pages(readers)


def greet(pages, readers, delivery):
    home = HomePage.objects.get(pk=pages.home.pk)
    hero, (kind, slot) = pages.front(readers)
    home.body = [hero, (kind, {**slot, "delivery": delivery})]
    home.save_revision().publish()


def work():
    """Do what a worker does."""
    while background.step(at=clock.now()):
        pass


def publish(page, **changed):
    page = type(page).objects.get(pk=page.pk)
    for name, value in changed.items():
        setattr(page, name, value)
    page.save_revision().publish()


def kept_by_varnish(port, path, **more):
    """Ask until the answer comes out of Varnish."""
    for _attempt in range(20):
        answer = get(port, path, **more)
        if answer.cache == "hit":
            return answer
    raise AssertionError(f"Varnish keeps no {path}: {dict(answer.headers)}")


class TestBehindVarnish:
    def test_each_sees_what_is_meant_for_them(self, house, pages, readers, known, at):
        greet(pages, readers, "edge")
        work()
        key = f"{edge.COOKIE}={edge.key([readers.pk], at=clock.now())}"

        # The shell: the same for all, out of Varnish, without a cookie.
        shell = kept_by_varnish(house.front, ARTICLE)
        assert b"How much?" in shell.body
        assert "Set-Cookie" not in shell.headers
        assert "Cookie" not in shell.headers.get("Vary", "")
        assert "Surrogate-Key" not in shell.headers

        # At the edge: the first visitor's variant is not the second's, both are kept.
        first = kept_by_varnish(house.front, "/", cookies=key)
        second = kept_by_varnish(house.front, "/")
        assert b"Welcome back, reader" in first.body
        assert b"Welcome back, reader" not in second.body
        assert b"New here?" in second.body
        forged = get(house.front, "/", X_DXP_Segments=key.partition("=")[2])
        assert b"Welcome back, reader" not in forged.body

        # By our server: filled for one, never kept for the next.
        greet(pages, readers, "server")
        work()
        ana = f"dxp_aid={known(articles=3).aid}"
        for _time in range(3):
            assert b"Welcome back, reader" in get(house.front, "/", cookies=ana).body
            assert b"Welcome back, reader" not in get(house.front, "/").body
        assert get(house.front, "/", cookies=ana).cache == "miss"

        # A published change is there as soon as the task is done.
        publish(pages.article, intro="How little?")
        work()
        assert b"How little?" in get(house.front, ARTICLE).body

    def test_drafts_stay_inside_and_an_outage_shows_defaults(self, house, pages, readers):
        greet(pages, readers, "fragment")
        work()
        mara = Client()
        mara.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
        session = f"sessionid={mara.cookies['sessionid'].value}"
        draft = ArticlePage.objects.get(pk=pages.article.pk)
        draft.intro = "Not yet said."
        draft.save_revision()
        address = reverse("wagtailadmin_pages:view_draft", args=[draft.pk])

        assert b"Not yet said." in get(house.front, address, cookies=session).body
        for path in (address, ARTICLE):
            assert b"Not yet said." not in get(house.front, path).body
        assert get(house.front, ARTICLE, cookies=session).cache == "miss"
        kept_by_varnish(house.front, "/")

        house.kill("web")
        alone = get(house.front, "/")
        assert alone.status == 200
        assert b"New here?" in alone.body
        assert get(house.front, f"/_x/slots?page={pages.home.pk}&s={pages.slot}").status == 503

    def test_storm_of_visitors_brings_no_old_page_back_and_costs_one_rendering(self, house, pages):
        ended = threading.Event()
        failures = []

        def visit():
            while not ended.is_set():
                answer = get(house.port, ARTICLE)
                if answer.status != 200:
                    failures.append(answer.status)

        crowd = [threading.Thread(target=visit) for _ in range(4)]
        for visitor in crowd:
            visitor.start()
        try:
            for number in range(12):
                publish(pages.article, intro=f"Edition {number}.")
                for pause in (0, 0.05, 0.15):
                    time.sleep(pause)
                    assert f"Edition {number}.".encode() in get(house.port, ARTICLE).body
        finally:
            ended.set()
            for visitor in crowd:
                visitor.join()

        assert failures == []
        # And a crowd before what is gone costs one rendering.
        pagecache.drop_all()
        answers = []
        crowd = [
            threading.Thread(target=lambda: answers.append(get(house.port, ARTICLE)))
            for _ in range(12)
        ]
        for visitor in crowd:
            visitor.start()
        for visitor in crowd:
            visitor.join()

        ways = [one.headers["X-DXP-Cache"] for one in answers]
        assert ways.count("miss") == 1
        assert ways.count("hit") == 11
