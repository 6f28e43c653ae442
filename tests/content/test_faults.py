"""A block that fails is left out, the page is shown, and somebody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from content import fault, grant
from content.blocks.layout import QuoteBlock
from content.models import BlockFault, HomePage, StandardPage
from dxp.lib import hints
from dxp.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(monkeypatch):
    """Let every quote fail."""

    def fail(*_args, **_kwargs):
        raise ZeroDivisionError("no quote today")

    monkeypatch.setattr(QuoteBlock, "render", fail)


QUOTE = ("quote", {"text": "Well said", "who": "", "role": ""})


class TestFault:
    def test_leaves_the_rest_of_the_page(self, pages, chen, broken):
        body = [("text", "<p>Before</p>"), QUOTE, ("text", "<p>After</p>")]
        page = pages.home.add_child(instance=StandardPage(title="Q", slug="q", body=body))

        answer = chen.get("/q/")

        assert answer.status_code == 200
        assert "Before" in answer.content.decode()
        assert "After" in answer.content.decode()
        told = BlockFault.objects.get()
        assert (told.page_id, told.kind, told.block) == (page.pk, "quote", page.body[1].id)
        assert "no quote today" in told.error

    def test_in_a_slot_shows_its_default(self, pages, ana, readers, broken):
        variants = [{"audience": readers, "content": [QUOTE]}]
        pages.home.body = [("personal_slot", {"default": [("text", "<p>D</p>")],
                                              "variants": variants})]  # fmt: skip
        pages.home.save()

        answer = ana.get("/_x/slots", {"page": pages.home.pk, "s": pages.slot, "rev": "1"})

        assert answer.json()[pages.slot] == {"html": None, "variant": "default", "reason": "failed"}
        assert BlockFault.objects.count() == 1

    def test_is_shown_to_who_looks_at_the_draft(self, pages, broken, client):
        client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
        pages.home.body = [QUOTE]
        pages.home.save_revision()

        draft = client.get(f"/admin/pages/{pages.home.pk}/view_draft/").content.decode()
        to_a_guest = pages.home.make_preview_request().content.decode()

        assert "can&#x27;t be shown: no quote today" in draft
        assert "can&#x27;t be shown.</p>" in to_a_guest
        assert "no quote today" not in to_a_guest
        assert not BlockFault.objects.exists()

    def test_that_happens_again_is_one_row_with_its_last_moment(self, pages, at):
        for turn in range(3):
            fault.note(
                page_id=pages.home.pk, block="b", kind="quote", error=KeyError("x"),
                at=at + timedelta(minutes=turn),
            )  # fmt: skip
            hints.client().flushdb()

        told = BlockFault.objects.get()
        assert told.count == 3
        assert told.last_at - told.first_at == timedelta(minutes=2)

    def test_that_many_see_at_once_is_written_once(self, pages, at, django_assert_num_queries):
        told = {"page_id": pages.home.pk, "block": "b", "kind": "quote", "error": "x", "at": at}
        fault.note(**told)

        with django_assert_num_queries(0):
            fault.note(**told)

    def test_that_says_where_something_lay_is_one_row(self, pages, at):
        for turn in (object(), [], {}):
            error = TypeError(f"no <Thing object at {hex(id(turn))}>")
            fault.note(page_id=pages.home.pk, block="b", kind="quote", error=error, at=at)
            hints.client().flushdb()

        assert BlockFault.objects.get().error == "TypeError: no <Thing object at 0x…>"

    def test_of_a_page_that_is_gone_hurts_nobody(self, pages, at):
        fault.note(page_id=999_999, block="b", kind="quote", error="x", at=at)

        assert HomePage.objects.filter(pk=pages.home.pk).exists()

    def test_is_told_to_those_who_may_look_into_the_page(self, pages, client, at):
        omar = User.objects.create_user("omar", "omar@example.com", "x" * 12)
        rights = ["access_admin", "view_blockfault", "delete_blockfault"]
        omar.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client.force_login(omar)
        for page in (pages.article, pages.product):
            fault.note(page_id=page.pk, block="b", kind="quote", error=page.title, at=at)
        mara = User.objects.create_superuser("mara", "mara@example.com", "x" * 12)
        grant.give(to=omar, on=pages.article, actions=["change"], by=mara, at=at)

        listed = client.get(reverse("content_faults")).content.decode()
        struck = [
            client.post(reverse("content_fault_mended", args=[one.pk])).status_code
            for one in BlockFault.objects.order_by("pk")
        ]

        assert "Cash" in listed
        assert "Canopy" not in listed
        assert struck == [302, 404]

    def test_waits_for_somebody_on_the_home_page_until_it_is_struck(self, pages, client, at):
        client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
        fault.note(page_id=pages.home.pk, block="b", kind="quote", error="no quote", at=at)

        home = client.get(reverse("analytics_home"), {"piece": ""}).content.decode()
        listed = client.get(reverse("content_faults")).content.decode()
        number = BlockFault.objects.get().pk
        client.post(reverse("content_fault_mended", args=[number]))

        assert reverse("content_faults") in home
        assert "no quote" in listed
        assert not BlockFault.objects.exists()
