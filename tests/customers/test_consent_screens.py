"""The pages of consent in a real browser: on a phone, in the dark, and without scripts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.test import override_settings
from playwright.sync_api import sync_playwright

from content import submit
from content.models import Topic
from customers import consent, identify, prefer
from dxp.lib.clock import now
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_screens import AXE, CUT_OFF, FAULTS, FORMS, TAGS, WAGTAILS
from tests.customers import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NIGHT = {**FORMS["phone"], "color_scheme": "dark"}


@pytest.fixture
def mailbox():
    Topic.objects.create(name="Saving", slug="saving")
    Topic.objects.create(name="Markets", slug="markets")
    ana = identify.ensure_alias(kind="user", value="ana", at=now())
    point = identify.ensure_contact_point(
        profile_id=ana.profile_id, channel="email", address="ana@x.test", at=now()
    )
    words = consent.notice(name="form:letter", locale="en", text="Yes, write to me.", at=now())
    consent.record(
        purpose="marketing", channel="email", state="GRANTED", method="form", contact_point=point,
        notice=words, evidence={"form": "letter", "page": "/join/"}, at=now() - timedelta(days=9),
    )  # fmt: skip
    consent.record(
        purpose="tracking", state="GRANTED", method="banner", alias=ana, at=now(),
        evidence={"page": "/", "choice": "accept"},
    )  # fmt: skip
    return point


@pytest.fixture
def browse(live_server):
    """Run something in Chromium, in a thread of its own: Playwright's loop bars the database."""

    def visit(doing, form, cookies):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            context = browser.new_context(base_url=live_server.url, bypass_csp=True, **form)
            context.add_cookies([{**one, "url": live_server.url} for one in cookies])
            done = doing(context.new_page())
            browser.close()
            return done

    def run(doing, form=NIGHT, cookies=()):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(visit, doing, form, cookies).result()

    return run


def faults(page, name):
    page.add_script_tag(path=AXE)
    width = page.viewport_size["width"]
    return page.evaluate(FAULTS, [TAGS, WAGTAILS]) + page.evaluate(CUT_OFF, width)


@pytest.mark.parametrize("form", [NIGHT, FORMS["desk"]], ids=["phone at night", "desk"])
def test_pages_behind_links_in_mails_are_usable_by_everybody(browse, mailbox, form):
    asked = consent.record(
        purpose="marketing", channel="email", state="PENDING", method="form", at=now(),
        contact_point=mailbox, evidence={"form": "letter", "asked": {}},
        notice=consent.notice(name="form:letter", locale="en", text="Yes.", at=now()),
    )  # fmt: skip
    settings = f"/preferences/{prefer.token(contact_point=mailbox.pk)}"

    def look(page):
        found = []
        for name, path in {
            "settings": settings,
            "saved": f"{settings}?before=x",
            "confirm": f"/confirm/{submit.confirm_token(entry=asked.pk)}",
        }.items():
            page.goto(path)
            found += faults(page, f"{name}-{page.viewport_size['width']}")
        return found

    assert browse(look, form) == []


def test_settings_are_changed_and_changed_back_without_scripts(browse, mailbox):
    path = f"/preferences/{prefer.token(contact_point=mailbox.pk)}"

    def choose(page):
        page.goto(path)
        page.uncheck("input[value=markets]")
        page.check("input[value=weekly]")
        page.select_option("select[name=pause]", "2")
        page.click("button[value=save]")
        saved = page.inner_text("main")
        page.click("button[value=undo]")
        return saved, page.inner_text("main")

    saved, undone = browse(choose, {**NIGHT, "java_script_enabled": False})

    assert "Saved." in saved
    assert "You asked for no news about Markets." in saved
    assert "You paused news until" in saved
    assert "It is as it was before." in undone
    stands = prefer.choices(contact_point=mailbox, at=now())
    assert stands == prefer.Choices(frozenset({"email"}))


@override_settings(ALLOWED_HOSTS=["*"])
@pytest.mark.parametrize("form", [NIGHT, FORMS["desk"]], ids=["phone at night", "desk"])
def test_staff_read_the_proof_in_words(browse, client, mailbox, form):
    client.force_login(people.marketer())
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}

    def look(page):
        page.goto(f"/admin/customers/profiles/inspect/{mailbox.profile_id}/")
        panel = page.locator("[aria-labelledby=consents-title]")
        panel.locator("summary >> nth=0").click()
        found = faults(page, f"panel-{page.viewport_size['width']}")
        return panel.inner_text(), found

    words, found = browse(look, form, [session])

    assert found == []
    assert "Yes, write to me." in words
    assert re.search(r"Page\s+/join/", words)
    assert "Marketing messages by e-mail" in words
