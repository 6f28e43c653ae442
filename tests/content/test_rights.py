"""Rights on single things: given until a day, seen with their reasons, taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection, Page, PageLogEntry

from content import access, grant, policies
from content.models import Document, Fragment, HomePage, StandardPage, Topic
from dxp import roles
from dxp.lib.clock import now
from dxp.users.models import User
from tests.house import pairs
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


def test_a_right_on_a_collection_opens_none_of_its_files_to_everybody(admin, gita, at):
    """Its privacy stays with those who manage collections."""
    shelf = Collection.get_first_root_node().add_child(name="Shelf")
    grant.give(to=gita, on=shelf, actions=["change"], by=admin, at=at)
    client = signed_in(gita)

    for name in ("wagtailadmin_collections:set_privacy", "wagtailadmin_collections:edit"):
        assert client.get(reverse(name, args=[shelf.pk]))["Location"] == "/admin/"


def test_only_rights_that_mean_something_on_one_thing_are_offered(tree):
    paper = Document.objects.create(title="In", file="documents/in.txt")
    offered = {
        type(thing).__name__: [row.codename.rsplit("_", 1)[0] for row in grant.offered(thing)]
        for thing in (tree["letter"], paper, Topic(name="Saving"))
    }

    assert offered == {
        "StandardPage": ["add", "change", "publish", "lock", "unlock", "bulk_delete"],
        "Document": ["view", "choose", "change", "delete"],
        "Topic": ["view", "change", "delete"],
    }


def test_who_may_delete_a_page_may_not_let_others_delete_all_below_it(gita, tree, admin, at):
    omar = person("omar")
    StandardPage.objects.filter(pk=tree["offer"].pk).update(live=False)
    grant.give(to=gita, on=tree["offer"], actions=["change"], by=admin, at=at)
    gita, offer = again(gita), StandardPage.objects.get(pk=tree["offer"].pk)

    assert policies.may(gita, "delete", offer)
    with pytest.raises(grant.NotYours, match="bulk_delete"):
        grant.give(to=omar, on=offer, actions=["bulk_delete"], by=gita, at=at)


@pytest.mark.parametrize("kind", ["page", "topic"])
def test_rights_on_what_is_deleted_are_gone_with_it(kind, admin, gita, tree, at):
    thing = tree["note"] if kind == "page" else Topic.objects.create(name="Saving", slug="saving")
    admin.is_superuser = True
    grant.give(to=gita, on=thing, actions=["change"], by=admin, at=at)
    grant.give(to=gita, on=tree["offer"], actions=["change"], by=admin, at=at)

    (tree["letter"] if kind == "page" else thing).delete()

    assert [one.row.object_pk for one in grant.of(gita)] == [str(tree["offer"].pk)]


def test_who_cannot_enter_the_admin_is_named_where_a_right_is_given(desk, gita, tree):
    address = reverse("content_access:thing", args=["wagtailcore", "page", tree["letter"].pk])
    outside = User.objects.create_user("olga")
    warned = [
        "olga has no role that opens the admin yet"
        in desk.post(address, {"user": who.pk, "actions": ["change"]}, follow=True).text
        for who in (outside, gita)
    ]

    assert warned == [True, False]


def test_all_rights_are_listed_filtered_and_taken_along(desk, gita, admin, tree, at):
    omar = person("omar")
    ends = now() + TOMORROW
    grant.give(to=gita, on=tree["letter"], actions=["change"], by=admin, at=at)
    grant.give(to=omar, on=tree["offer"], actions=["change"], by=admin, at=at, until=ends)
    listing = reverse("content_access:index")
    found = {
        query: ["Letter" in (page := desk.get(f"{listing}?{query}").text), "Offer" in page]
        for query in ("", f"user={gita.pk}", "ends=true", "q=omar")
    }
    file = b"".join(desk.get(f"{listing}?export=csv")).decode().splitlines()

    assert found == {
        "": [True, True], f"user={gita.pk}": [True, False], "ends=true": [False, True],
        "q=omar": [False, True],
    }  # fmt: skip
    assert file[0] == "On,Kind,Who,May,Until,Given by"
    assert file[1].startswith("Letter,page,gita,Edit,,admin")


@pytest.mark.parametrize("kind", ["image", "document", "collection"])
def test_the_way_to_rights_is_on_the_pages_of_files(kind, desk, admin):
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    root = Collection.get_first_root_node()
    thing, name = {
        "image": lambda: (pairs.image("Square"), "wagtailimages:edit"),
        "document": lambda: (
            Document.objects.create(title="In", file="documents/in.txt"), "wagtaildocs:edit",
        ),
        "collection": lambda: (root.add_child(name="Shelf"), "wagtailadmin_collections:edit"),
    }[kind]()  # fmt: skip
    address = reverse("content_access:thing", args=[thing._meta.app_label, kind, thing.pk])

    assert f'href="{address}"' in desk.get(reverse(name, args=[thing.pk])).text


def test_many_people_are_told_page_by_page_at_a_cost_that_does_not_grow(
    desk, tree, django_assert_max_num_queries
):
    crowd = User.objects.bulk_create(
        User(username=f"editor-{n:03}", first_name="Elena" if n == 77 else "") for n in range(120)
    )
    Group.objects.get(name="Editor").user_set.add(*crowd)
    address = reverse("content_access:thing", args=["wagtailcore", "page", tree["letter"].pk])
    with django_assert_max_num_queries(220):
        first = desk.get(address).text
    found = desk.get(f"{address}?q=elena").text

    assert "Page 1 of 3" in first
    assert '"row">editor-048<' in first
    assert '"row">editor-060<' not in first
    assert '"row">Elena<' in found
    assert "Nobody of this name" in desk.get(f"{address}?q=zeno").text


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
