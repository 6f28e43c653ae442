"""An editor's day: a page from fragments with personal slots, tags, a check, a guest, its readers.

Elena writes, the automatic check gives it back, she mends it; Mara shares it with somebody without
an account, who approves; it is published. Readers see each their own words behind the page cache,
and a colleague without rights sees nothing of it.
"""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import TimeoutError

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"
TITLE = "Money for the house"
FRAGMENT = "How to reach us in short"
ROLES = {"elena": "Editor", "mara": "Marketer", "omar": "Editors of products"}
STAFF = f"""
from django.contrib.auth.models import Group, Permission
from wagtail.models import GroupPagePermission, Page
from dxp.users.models import User
products, _ = Group.objects.get_or_create(name="Editors of products")
products.permissions.add(Permission.objects.get(codename="access_admin"))
for right in ("add_page", "change_page"):
    GroupPagePermission.objects.get_or_create(
        group=products, page=Page.objects.get(slug="products", depth=3, locale__language_code="en"),
        permission=Permission.objects.get(codename=right, content_type__app_label="wagtailcore"),
    )
for name, group in {ROLES!r}.items():
    user, _ = User.objects.get_or_create(username=name)
    user.set_password({PASSWORD!r})
    user.save()
    user.groups.set([Group.objects.get(name=group)])
"""


class Desk:
    """A colleague's browser in the admin."""

    def __init__(self, browser, house, name: str) -> None:
        self.context = browser.new_context(
            base_url=house.address, viewport={"width": 1280, "height": 1600}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto("/admin/login/")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def open(self, address: str) -> None:
        """Open a page and wait until its parts are alive."""
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")

    def add(self, stream, kind: str):
        """Add a block at the end of a stream and return it."""
        offered = self.page.get_by_role("option", name=kind, exact=True).last
        # What is offered closes when the page moves under it, as it does when a draft was kept.
        for _again in range(5):
            if not offered.is_visible():
                stream.locator("button.c-sf-add-button").last.click()
            try:
                offered.click(timeout=4_000)
                break
            except TimeoutError:
                continue
        else:
            raise AssertionError(f"{kind} can't be chosen.")
        return stream.locator("[data-streamfield-child]").last

    def choose(self, place, name: str) -> None:
        """Choose a thing in a chooser's window."""
        place.get_by_role("button", name=re.compile("^Choose")).first.click()
        self.page.locator(".modal-body a", has_text=name).first.click()
        self.page.locator(".modal-body").wait_for(state="detached")

    def quote(self, stream, words: str) -> None:
        """Write a quote at the end of a stream."""
        self.add(stream, "Quote").locator("textarea").first.fill(words)

    def more(self, name: str) -> None:
        """Press a button of the footer's menu."""
        self.page.get_by_role("button", name="More actions").last.click()
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()
        self.page.wait_for_load_state("networkidle")
        assert not self.page.locator(".messages .error").all_inner_texts()

    def save(self) -> None:
        """Save the draft; Wagtail does so without leaving the page, and gives it an address."""
        self.page.get_by_role("button", name="Save draft").click()
        self.page.wait_for_url(re.compile(r"/edit/"))
        self.page.wait_for_load_state("networkidle")


class Reader:
    """A visitor of the site, in a browser of their own."""

    def __init__(self, browser, house) -> None:
        self.context = browser.new_context(base_url=house.address)
        self.page = self.context.new_page()

    def allow(self) -> None:
        """Allow cookies."""
        self.page.goto("/")
        self.page.get_by_role("button", name="Accept").click()
        self.page.locator("[data-consent]").wait_for(state="hidden")

    def read(self, addresses) -> None:
        """Read some articles, and let the tracker tell so."""
        for address in addresses:
            with self.page.expect_response(lambda answer: "/v1/" in answer.url):
                self.page.goto(address)


def slot(desk, body, *, everyone: str, audience: str, theirs: str) -> None:
    """Add a personal slot with one audience."""
    desk.add(body, "Personal slot")
    desk.quote(body.locator("[data-contentpath=default]").last, everyone)
    variants = body.locator("[data-contentpath=variants]").last
    variants.locator("button[data-streamfield-list-add]").last.click()
    desk.choose(variants.locator("[data-contentpath=audience]").last, audience)
    desk.quote(variants.locator("[data-contentpath=content]").last, theirs)


def write(elena, title: str) -> str:
    """Write a page of a fragment and two slots; return where it is edited."""
    elena.open("/admin/fragments/add/")
    fragment = title.replace(TITLE, FRAGMENT)
    elena.page.fill("[name=name]", fragment)
    elena.quote(elena.page.locator("[data-contentpath=body]").first, "Ring us on 555 0142.")
    elena.more("Publish")
    elena.open("/admin/pages/")
    home = elena.page.locator("main tbody tr", has_text="English").locator("a[href$='/edit/']")
    number = re.search(r"/pages/(\d+)/", home.first.get_attribute("href")).group(1)
    elena.open(f"/admin/pages/add/content/standardpage/{number}/")
    elena.page.fill("[name=title]", title)
    elena.page.fill("[name=intro]", "A pension, a mortgage, children: what comes first?")
    body = elena.page.locator("[data-contentpath=body]").first
    elena.choose(elena.add(body, "Fragment"), fragment)
    slot(
        elena, body, everyone="Read first what a house costs.", audience="Engaged readers",
        theirs="You have read a lot already.",
    )  # fmt: skip
    slot(
        elena, body, everyone="Get our letter.", audience="New subscribers",
        theirs="Your letter comes on Thursday.",
    )  # fmt: skip
    elena.save()
    address = re.search(r"/admin/pages/\d+/edit/", elena.page.url).group(0)
    elena.open(address)
    return address


def tag(elena) -> None:
    """Accept what is suggested."""
    elena.page.get_by_role("tab", name="Promote").click()
    elena.page.get_by_role("button", name="Accept A home").click(timeout=60_000)
    elena.page.get_by_role("button", name="Take A home away").wait_for()


def wait_in_editor(desk, address: str, selector: str):
    """Open the editor again until a worker has done its part."""
    for _again in range(30):
        desk.open(address)
        found = desk.page.locator(selector)
        if found.count():
            return found.first
        desk.page.wait_for_timeout(1000)
    raise AssertionError(f"{selector} did not come.")


def hand_in(elena, address: str) -> None:
    """Submit, be given back for want of a description, mend it, submit again."""
    elena.more("Submit to Check and review")
    findings = wait_in_editor(elena, address, ".dxp-findings")
    findings.get_by_role("link", name="The description for search engines is empty.").click()
    elena.page.locator("[name=search_description]:focus").wait_for()
    elena.page.fill("[name=search_description]", "What comes first when money is short of plans.")
    elena.more("Resubmit")


def share(mara, title: str) -> str:
    """Take the review on, and make a link for somebody outside; return it."""
    row = None
    for _again in range(30):
        mara.open("/admin/")
        row = mara.page.locator("main a", has_text=title)
        if row.count():
            break
        mara.page.wait_for_timeout(1000)
    row.first.click()
    mara.page.get_by_role("button", name="Take it on").click()
    mara.page.fill("[name=name]", "Dr. Vega, lawyer")
    mara.page.get_by_role("button", name="Make the link").click()
    return mara.page.locator(".dxp-review__link code").inner_text()


def test_from_the_first_word_to_each_reader(browser, house):
    house.manage("shell", "-c", STAFF)
    title = f"{TITLE} {uuid.uuid4().hex[:4]}"
    elena = Desk(browser, house, "elena")
    address = write(elena, title)
    tag(elena)
    hand_in(elena, address)

    # Omar edits products, and finds nothing of it anywhere.
    omar = Desk(browser, house, "omar")
    number = re.search(r"/pages/(\d+)/", address).group(1)
    for place in (
        address,
        f"/admin/pages/{number}/history/",
        f"/admin/pages/{number}/view_draft/",
        f"/admin/pages/{number}/usage/",
        f"/admin/pages/{number}/delete/",
    ):
        omar.page.goto(place)
        assert title not in omar.page.content(), place
    for place in (
        f"/admin/pages/search/?q={title.replace(' ', '+')}",
        f"/admin/choose-page/search/?q={title.replace(' ', '+')}",
        "/admin/reports/site-history/",
    ):
        told = omar.page.request.get(place).text()
        assert f"/admin/pages/{number}/" not in told, place
        assert f'data-id="{number}"' not in told, place

    guest = browser.new_context(base_url=house.address).new_page()
    mara = Desk(browser, house, "mara")
    guest.goto(share(mara, title))
    assert "Ring us on 555 0142." in guest.frame_locator("iframe").locator("main").inner_text()
    guest.get_by_role("button", name="Approve").click()
    guest.wait_for_load_state("load")
    public = "/" + title.lower().replace(" ", "-") + "/"

    # Each sees hers, and all of it comes from the same kept page.
    chen, ana = Reader(browser, house), Reader(browser, house)
    assert chen.page.goto(public).status == 200
    # Not from the browser's own cache; what follows a publication may purge the page once more.
    for _again in range(20):
        kept = chen.page.request.get(public)
        if kept.headers["x-dxp-cache"] == "hit":
            break
        chen.page.wait_for_timeout(500)
    assert kept.headers["x-dxp-cache"] == "hit"
    assert "set-cookie" not in kept.headers
    words = chen.page.locator("main").inner_text()
    assert "Ring us on 555 0142." in words
    assert "Read first what a house costs." in words
    ana.allow()
    ana.page.goto("/insights/")
    links = ana.page.locator("main a[href^='/insights/']").evaluate_all(
        "all => [...new Set(all.map(one => one.getAttribute('href')))].slice(0, 3)"
    )
    ana.read(links)
    for _again in range(30):
        ana.page.goto(public)
        ana.page.wait_for_load_state("networkidle")
        words = ana.page.locator("main").inner_text()
        if "You have read a lot already." in words:
            break
        ana.page.wait_for_timeout(1000)
    assert "You have read a lot already." in words
    assert "Get our letter." in words
    chen.page.goto(public)
    assert "You have read a lot already." not in chen.page.locator("main").inner_text()
