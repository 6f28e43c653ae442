"""Staff merge people and undo it, on screens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright

from customers import merge
from customers.models import (
    Alias,
    BlockedValue,
    CannotLink,
    IdentityLink,
    LinkLimit,
    Profile,
    SegmentMember,
)
from dxp.lib.clock import now
from tests.browser.conftest import CHROMIUM, QUIET
from tests.customers import people
from tests.customers.test_admin import text

RIGHTS = (
    "view_profile", "merge_profile", "see_name", "see_contact", "view_blockedvalue",
    "add_blockedvalue", "delete_blockedvalue", "view_linklimit", "change_linklimit",
)  # fmt: skip


def bruno() -> Profile:
    """The same person as ana, by another account."""
    people.happened(
        {"type": "identify", "userId": "bruno", "messageId": "b-1",
         "traits": {"name": "Bruno Marić", "email": "bruno@example.org", "city": "Split"}},
    )  # fmt: skip
    return Profile.objects.get(aliases__value="bruno")


@pytest.fixture
def steward(db):
    return people.staff("stella", *RIGHTS)


@pytest.fixture
def stella(client, steward):
    client.force_login(steward)
    return client


@pytest.fixture
def two(db):
    return people.ana(), bruno()


def compare(a, b):
    return reverse("customers_merge_with", args=[a.pk, b.pk])


class TestMerging:
    @pytest.mark.parametrize("words", ["bruno", "Bruno Mar", "bruno@exam"])
    def test_the_other_is_found_by_name_address_and_id(self, stella, two, words):
        ana, other = two
        shown = text(stella.get(reverse("customers_merge", args=[ana.pk]), {"q": words}))

        assert compare(ana, other) in shown
        assert compare(ana, ana) not in shown

    def test_the_public_id_finds_too(self, stella, two):
        ana, other = two
        search = reverse("customers_merge", args=[ana.pk])

        assert compare(ana, other) in text(stella.get(search, {"q": str(other.public_id)}))

    def test_both_stand_side_by_side_with_what_is_left(self, stella, two):
        shown = text(stella.get(compare(*two)))

        assert all(told in shown for told in ("Ana Marić", "Bruno Marić", "Split", "HR"))
        # It was tried and taken back.
        assert not IdentityLink.objects.filter(kind="manual").exists()
        assert Profile.objects.filter(state="ACTIVE").count() == 2

    def test_they_become_one_and_come_apart(self, stella, steward, two):
        ana, other = two
        stella.post(compare(ana, other), {"act": "merge", "reason": "one voice"})
        link = IdentityLink.objects.get(kind="manual")
        assert (link.by, link.reason) == (steward, "one voice")
        assert Alias.objects.get(value="bruno").profile == ana
        page = text(stella.get(reverse("customers_profiles:inspect", args=[ana.pk])))
        assert "one voice" in page
        assert reverse("customers_undo_link", args=[link.pk]) in page

        asked = text(stella.get(reverse("customers_undo_link", args=[link.pk])))
        assert "bruno" in asked
        stella.post(reverse("customers_undo_link", args=[link.pk]), {"reason": "twins"})

        assert Alias.objects.get(value="bruno").profile == other
        page = text(stella.get(reverse("customers_profiles:inspect", args=[ana.pk])))
        assert "twins" in page
        assert "Came apart" in page

    def test_never_the_same_person_can_be_said_and_taken_back(self, stella, two):
        stella.post(compare(*two), {"act": "never"})
        assert CannotLink.objects.count() == 1
        assert "Staff said that these are never the same person." in text(stella.get(compare(*two)))
        stella.post(compare(*two), {"act": "merge"})
        assert not IdentityLink.objects.filter(kind="manual").exists()

        stella.post(compare(*two), {"act": "allow"})
        assert not CannotLink.objects.exists()

    def test_whoever_may_not_merge_sees_no_way_to_and_gets_none(self, client, two):
        ana, other = two
        made = merge.join(a=ana.pk, b=people.chen().pk, by=None, at=now())
        client.force_login(people.staff("mara", "view_profile"))
        page = text(client.get(reverse("customers_profiles:inspect", args=[ana.pk])))

        assert reverse("customers_merge", args=[ana.pk]) not in page
        for address in (
            reverse("customers_merge", args=[ana.pk]), compare(ana, other),
            reverse("customers_undo_link", args=[made.pk]),
        ):  # fmt: skip
            assert client.get(address).status_code in {302, 403}
            assert client.post(address).status_code in {302, 403}
        assert Alias.objects.get(value="bruno").profile == other

    def test_what_is_private_stays_so_side_by_side(self, client, two):
        client.force_login(people.staff("tom", "view_profile", "merge_profile"))
        shown = text(client.get(compare(*two)))

        assert "HR" in shown
        assert not any(told in shown for told in ("Bruno Marić", "bruno@example.org"))


class TestWhoWaits:
    def test_a_shared_device_is_shown_and_the_other_suggested(self, stella):
        ana = people.ana()
        people.happened(
            {"type": "identify", "userId": "bruno", "anonymousId": "cookie-ana",
             "messageId": "x1", "traits": {"name": "Bruno Marić"}},
        )  # fmt: skip
        other = Profile.objects.get(aliases__value="bruno")

        shown = text(stella.get(reverse("customers_profiles:inspect", args=[ana.pk])))

        assert "Maybe the same person" in shown
        assert compare(ana, other) in shown
        assert "Shared devices" in shown
        assert "only staff may make them one" in shown


class TestBlockedNames:
    def test_a_name_is_blocked_undone_and_let_go(self, stella, steward):
        people.ana()
        stella.post(reverse("customers_blocked:add"), {"kind": "anonymous", "value": "cookie-ana"})
        made = BlockedValue.objects.get()

        assert (made.by, made.undone_at is not None) == (steward, True)
        link = IdentityLink.objects.get()
        assert (link.revoked_by, link.revoked_reason) == (steward, "The name is blocked.")
        assert "cookie-ana" in text(stella.get(reverse("customers_blocked:index")))
        stella.post(reverse("customers_blocked:delete", args=[made.pk]))
        assert not BlockedValue.objects.exists()

    def test_what_is_nobody_anyway_is_not_listed(self, stella):
        shown = stella.post(reverse("customers_blocked:add"), {"kind": "user", "value": "null"})

        assert "never taken for somebody" in text(shown)

    def test_limits_are_changed(self, stella):
        limit = LinkLimit.objects.get(about="anonymous")
        stella.post(reverse("customers_limits:edit", args=[limit.pk]), {"most": "3", "days": "30"})

        assert LinkLimit.objects.filter(about="anonymous", most=3, days=30).exists()
        assert "Browsers that join one person" in text(
            stella.get(reverse("customers_limits:index"))
        )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_stella_merges_two_people_by_keyboard_and_undoes_it(client, live_server):
    steward = people.staff("stella", *RIGHTS)
    ana, other = people.ana(), bruno()
    client.force_login(steward)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value,
              "url": live_server.url}  # fmt: skip

    def visit():
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            context = browser.new_context(
                base_url=live_server.url, viewport={"width": 390, "height": 844}
            )
            context.add_cookies([cookie])
            page = context.new_page()
            page.goto(f"/admin/customers/profiles/inspect/{ana.pk}/")
            page.get_by_role("link", name="Merge with another person").press("Enter")
            page.get_by_label("Name, address or id").fill("bruno")
            page.keyboard.press("Enter")
            page.get_by_role("link", name="Compare with Bruno Marić").press("Enter")
            expect(page.get_by_role("row", name="city")).to_contain_text("Split")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, width
            page.get_by_label("Why").fill("one voice")
            page.get_by_role("button", name="Merge them").press("Enter")
            expect(page.get_by_text("They are one person now.")).to_be_visible()
            expect(page.locator("#identity")).to_contain_text("bruno")
            page.get_by_role("link", name="Undo cookie-ana = bruno").press("Enter")
            page.get_by_role("button", name="Undo this link").press("Enter")
            expect(page.get_by_text("The link was undone.")).to_be_visible()
            expect(page.get_by_role("heading", name="Ana Marić", exact=True)).to_be_visible()
            browser.close()

    # In a thread of its own: where Playwright's loop runs, Django refuses to use the database.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(visit).result()

    assert Alias.objects.get(value="bruno").profile == other
    assert IdentityLink.objects.get(kind="manual").revoked_by == steward
    assert not SegmentMember.objects.exists()
