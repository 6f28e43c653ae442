"""Rights on single things: given until a day, seen with their reasons, taken away; and bots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection, Page, PageLogEntry

from content import access, grant, policies
from content.models import Document, Fragment, HomePage, StandardPage, Topic
from dxp import roles
from dxp.lib.clock import now
from dxp.users import bots, scopes
from dxp.users.models import ApiToken, User
from tests.house.objects import person

TOMORROW = timedelta(days=1)


@pytest.fixture
def admin(db):
    roles.seed()
    return person("admin", "Administrator")


@pytest.fixture
def desk(admin):
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def gita(db):
    """May enter the admin and nothing more."""
    return person("gita")


@pytest.fixture
def tree(db):
    """A home page with a letter, below which lies a note; and an offer beside it."""
    home = Page.get_first_root_node().add_child(instance=HomePage(title="Home", slug="tree"))
    letter = home.add_child(instance=StandardPage(title="Letter", slug="letter"))
    note = letter.add_child(instance=StandardPage(title="Note", slug="note"))
    offer = home.add_child(instance=StandardPage(title="Offer", slug="offer"))
    return {"home": home, "letter": letter, "note": note, "offer": offer}


def again(user):
    """Return somebody as the next request reads them."""
    return User.objects.get(pk=user.pk)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_a_right_on_a_page_holds_for_those_below_and_for_no_other(admin, gita, tree, at):
    grant.give(to=gita, on=tree["letter"], actions=["change"], by=admin, at=at)

    gita = again(gita)
    assert [policies.may(gita, "change", tree[name]) for name in ("letter", "note", "offer")] == [
        True, True, False,
    ]  # fmt: skip
    assert not policies.may(gita, "publish", tree["letter"])


def test_a_right_ends_by_itself_and_the_log_says_so(admin, gita, tree):
    past, grants = now() - TOMORROW, ["change"]
    grant.give(to=gita, on=tree["letter"], actions=grants, by=admin, at=past, until=now())
    over = policies.may(again(gita), "change", tree["letter"])

    ended = grant.end(at=now())

    assert (over, ended) == (False, 1)
    assert grant.on(tree["letter"]) == []
    said = PageLogEntry.objects.filter(page=tree["letter"].pk, action__startswith="dxp.grant")
    assert [entry.action for entry in said.order_by("pk")] == ["dxp.grant.give", "dxp.grant.end"]


def test_nobody_gives_what_they_may_not_do_themselves(admin, gita, tree, at):
    omar = person("omar")
    grant.give(to=gita, on=tree["letter"], actions=["change"], by=admin, at=at)

    with pytest.raises(grant.NotYours, match="publish"):
        grant.give(to=omar, on=tree["letter"], actions=["publish"], by=again(gita), at=at)

    assert [row.row.user for row in grant.on(tree["letter"])] == [gita]


def test_a_right_on_a_collection_is_one_on_its_files(admin, gita, at):
    shelf = Collection.get_first_root_node().add_child(name="Shelf")
    inside = Document.objects.create(title="In", file="documents/in.txt", collection=shelf)
    outside = Document.objects.create(title="Out", file="documents/out.txt")
    admin.is_superuser = True
    grant.give(to=gita, on=shelf, actions=["change"], by=admin, at=at)

    gita = again(gita)
    assert policies.may(gita, "change", inside)
    assert not policies.may(gita, "change", outside)


def test_a_right_is_given_and_taken_away_on_the_screen(desk, gita, tree, at):
    address = reverse("content_access:thing", args=["wagtailcore", "page", tree["letter"].pk])
    day = (datetime.now(UTC) + 3 * TOMORROW).date()
    desk.post(address, {"user": gita.pk, "actions": ["change"], "until": f"{day}"})
    given = grant.on(tree["letter"])[0]
    page = desk.get(address).text
    could = signed_in(gita).get(reverse("wagtailadmin_pages:edit", args=[tree["letter"].pk]))
    take = f"{address}take/{given.row.pk}/"
    asked = desk.get(take)
    desk.post(take)

    assert given.note.until is not None
    assert "Given here by admin, until" in page
    assert "Role “Editor”" not in page  # nobody has this role
    assert could.status_code == 200
    assert "Take away" in asked.text
    assert not policies.may(again(gita), "change", tree["letter"])


def test_who_may_give_no_rights_sees_them_only_where_they_work(gita, admin, tree, at):
    grant.give(to=gita, on=tree["letter"], actions=["change"], by=admin, at=at)
    gita = signed_in(gita)

    def open_(name):
        return gita.get(
            reverse("content_access:thing", args=["wagtailcore", "page", tree[name].pk])
        )

    assert "Give somebody a right" not in open_("letter").text
    assert open_("offer")["Location"] == "/admin/"
    assert gita.get(reverse("content_access:index"))["Location"] == "/admin/"


@pytest.mark.parametrize("kind", ["page", "document", "topic", "fragment"])
def test_what_the_page_of_rights_says_is_what_the_policies_answer(kind, admin, gita, tree, at):
    """The oracle: everybody, every act; and who may something is told why."""
    thing = {
        "page": lambda: tree["letter"],
        "document": lambda: Document.objects.create(title="In", file="documents/in.txt"),
        "topic": lambda: Topic.objects.create(name="Saving", slug="saving"),
        "fragment": lambda: Fragment.objects.create(name="Words", body=[]),
    }[kind]()
    person("elena", "Editor")
    person("mara", "Marketer")
    person("ada", "Analyst")
    person("root", is_superuser=True)
    root = User.objects.get(username="root")
    grant.give(to=gita, on=thing, actions=["change"], by=root, at=at)

    told = {one.user.username: one.may for one in access.who(thing)}

    for user in User.objects.all():
        for action in access.actions(thing):
            said = bool(told.get(user.username, {}).get(action))
            assert said == policies.may(user, action, thing), (user, action)
    assert told["gita"]["change"] == ["Given here by root."]
    assert "As its author" not in str(told)


@pytest.fixture
def bot(admin):
    return bots.create(name="Export", scopes=["profiles:read"], by=admin, at=now())


def test_a_bot_cannot_sign_in_even_with_a_password(bot, admin):
    bot, _key = bot
    bot.set_password("a long password")
    bot.save()
    client = Client()

    assert not client.login(username=bot.username, password="a long password")
    client.force_login(bot)
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_bot_may_what_it_was_given_and_no_more(bot, client):
    bot, key = bot
    told = {"headers": {"Authorization": f"Bearer {key}"}}

    assert client.get("/api/v1/profiles/", **told).status_code == 200
    assert client.get("/api/v1/segments/", **told).status_code == 403
    assert sorted(bot.get_all_permissions()) == [scopes.SCOPES["profiles:read"].right]


def test_nobody_makes_a_bot_that_may_more_than_they(gita, at):
    with pytest.raises(PermissionError):
        bots.create(name="Sneaky", scopes=["profiles:read"], by=gita, at=at)

    assert not User.objects.filter(is_bot=True).exists()


def test_a_bot_is_made_and_retired_on_the_screen(desk, client):
    made = desk.post(
        reverse("content_bots:index"), {"name": "Export", "scopes": ["profiles:read"], "days": "90"}
    )
    bot = User.objects.get(is_bot=True, first_name="Export")
    key = made.text.split('data-dxp-copy-target="text">')[1].split("<")[0]
    before = client.get("/api/v1/profiles/", headers={"Authorization": f"Bearer {key}"})
    shown = desk.get(reverse("content_bots:one", args=[bot.pk]))
    desk.post(reverse("content_bots:retire", args=[bot.pk]))
    after = client.get("/api/v1/profiles/", headers={"Authorization": f"Bearer {key}"})

    assert (before.status_code, after.status_code) == (200, 401)
    assert key not in shown.text
    assert "profiles:read" in shown.text
    assert ApiToken.objects.get(user=bot).revoked_at is not None


def test_a_bot_works_on_the_thing_that_it_was_given(desk, bot, admin, tree, at):
    bot, _key = bot
    admin.is_superuser = True
    grant.give(to=bot, on=tree["letter"], actions=["change"], by=admin, at=at)

    assert policies.may(again(bot), "change", tree["letter"])
    assert "Letter" in desk.get(reverse("content_bots:one", args=[bot.pk])).text


def test_drafts_of_others_are_not_offered_where_a_page_is_chosen(admin, gita, tree, at):
    StandardPage.objects.filter(pk=tree["offer"].pk).update(live=False)
    grant.give(to=gita, on=tree["letter"], actions=["change"], by=admin, at=at)

    address = reverse("wagtailadmin_choose_page_child", args=[tree["home"].pk])
    words = signed_in(gita).get(f"{address}?page_type=wagtailcore.page")

    assert "Letter" in words.text
    assert "Offer" not in words.text


def test_the_menu_lets_people_browse_pages(desk, tree):
    listed = desk.get("/admin/api/main/pages/?child_of=root&for_explorer=1")

    assert listed.status_code == 200
    assert "Home" in [row["title"] for row in listed.json()["items"]]
