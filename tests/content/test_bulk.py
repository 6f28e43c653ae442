"""Acts on many things: a list as it is filtered, done by a worker, with what was left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm
from wagtail.models import Collection, Page, PageLogEntry

from content import bulk
from content.models import BulkRun, Document, HomePage, StandardPage, Topic
from dxp import roles
from dxp.users.models import User
from tests.house.objects import person

TOPICS = reverse("wagtail_bulk_action", args=["content", "topic", "delete"])
PAGES = "/admin/bulk/wagtailcore/page/{}/"


@pytest.fixture
def elena(db):
    """An editor."""
    roles.seed()
    return person("elena", "Editor")


@pytest.fixture
def desk(elena):
    client = Client()
    client.force_login(elena)
    return client


@pytest.fixture
def topics(db):
    names = ["Saving early", "Saving late", "Housing"]
    return [Topic.objects.create(name=name, slug=str(n)) for n, name in enumerate(names)]


@pytest.fixture
def drafts(db):
    home = Page.get_first_root_node().add_child(instance=HomePage(title="Home", slug="many"))
    return [
        home.add_child(instance=StandardPage(title=title, slug=str(n), live=False))
        for n, title in enumerate(["Letter", "Leaflet", "Offer"])
    ]


def run_out(at):
    """Do everything that waits, as the worker would."""
    while bulk.step(at=at):
        pass
    return BulkRun.objects.latest("pk")


def test_everything_in_a_list_means_the_list_as_it_is_filtered(desk, topics, at):
    address = f"{TOPICS}?q=Saving&id=all"
    asked = desk.get(address)
    answer = desk.post(address)
    run = run_out(at)

    assert "2 topics" in asked.text
    assert "Housing" not in asked.text
    assert answer["Location"] == reverse("content_bulk:progress", args=[run.pk])
    assert list(Topic.objects.values_list("name", flat=True)) == ["Housing"]
    assert (run.state, run.total, run.done) == ("DONE", 2, 2)
    assert run.asked["words_of_list"] == {"q": ["Saving"]}


def test_what_was_ticked_is_meant_where_things_were_ticked(desk, topics, at):
    desk.post(f"{TOPICS}?id={topics[2].pk}")
    run_out(at)

    assert Topic.objects.count() == 2


def test_what_comes_to_match_later_is_left_alone(desk, topics, at):
    desk.post(f"{TOPICS}?q=Saving&id=all")
    Topic.objects.create(name="Saving again", slug="again")
    run_out(at)

    assert set(Topic.objects.values_list("name", flat=True)) == {"Housing", "Saving again"}


def test_only_what_one_was_given_is_done_and_nothing_else_is_named(topics, at):
    gita = person("gita")
    assign_perm("delete_topic", gita, topics[0])
    client = Client()
    client.force_login(gita)
    asked = client.get(f"{TOPICS}?id={topics[0].pk}&id={topics[1].pk}")
    client.post(f"{TOPICS}?id=all")
    run = run_out(at)

    assert "Saving early" in asked.text
    assert "Saving late" not in asked.text
    assert run.total == 1
    assert Topic.objects.count() == 2


def test_a_right_that_is_lost_meanwhile_counts(topics, at):
    gita = person("gita")
    assign_perm("delete_topic", gita, topics[0])
    run = bulk.start(act="delete", model=Topic, by=gita, at=at, ids=[topics[0].pk])
    gita.userobjectpermission_set.all().delete()

    run_out(at)

    run.refresh_from_db()
    assert (run.done, run.refused) == (0, 1)
    assert run.faults[0]["why"] == "You have no right to do this."
    assert "name" not in run.faults[0]


def test_pages_are_published_and_taken_off(desk, elena, drafts, at):
    both = f"id={drafts[0].pk}&id={drafts[1].pk}"
    desk.post(f"{PAGES.format('publish')}?{both}")
    run_out(at)
    live = set(StandardPage.objects.live().values_list("title", flat=True))
    desk.post(f"{PAGES.format('unpublish')}?id={drafts[0].pk}")
    run_out(at)

    assert live == {"Letter", "Leaflet"}
    assert set(StandardPage.objects.live().values_list("title", flat=True)) == {"Leaflet"}
    said = PageLogEntry.objects.filter(page=drafts[0].pk, user=elena)
    assert {"wagtail.publish", "wagtail.unpublish"} <= set(said.values_list("action", flat=True))


def test_a_page_that_cannot_stand_there_is_left_out_with_the_reason(desk, drafts, at):
    taken = drafts[2].add_child(instance=StandardPage(title="Letter too", slug="0", live=False))
    address = f"{PAGES.format('move')}?id={drafts[0].pk}&id={drafts[1].pk}"
    desk.post(address, {"to": drafts[2].pk})
    run = run_out(at)

    assert (run.done, run.refused) == (1, 1)
    assert run.faults == [
        {"id": drafts[0].pk, "name": "Letter", "why": "A page there has the address “0”."}
    ]
    assert StandardPage.objects.get(pk=drafts[1].pk).get_parent().pk == drafts[2].pk
    assert taken.slug == "0"


def test_what_is_locked_stays_as_it_is(desk, elena, drafts, at):
    root = User.objects.create_superuser("root")
    StandardPage.objects.filter(pk=drafts[0].pk).update(locked=True, locked_by=root)
    desk.post(f"{PAGES.format('publish')}?id={drafts[0].pk}&id={drafts[1].pk}")
    run = run_out(at)

    assert [fault["why"] for fault in run.faults] == ["It is locked."]
    assert set(StandardPage.objects.live().values_list("title", flat=True)) == {"Leaflet"}


class Breaks(bulk.Act):
    """Fails as no act should."""

    name, label = "breaks", "Breaks"

    def may(self, user, thing):
        return True

    def do(self, thing, run, at):
        if thing.name == "Saving late":
            raise AttributeError("what nobody thought of")


def test_one_thing_that_breaks_does_not_hold_up_the_others(elena, topics, at, monkeypatch):
    monkeypatch.setitem(bulk.acts.members, "breaks", Breaks)
    bulk.start(act="breaks", model=Topic, by=elena, at=at)
    run = run_out(at)

    assert (run.state, run.done, run.refused) == ("DONE", 2, 1)
    assert run.faults == [
        {"id": topics[1].pk, "name": "Saving late", "why": "It failed; the log says why."}
    ]


def test_what_was_done_months_ago_is_forgotten(elena, topics, at):
    old, new = (
        bulk.start(act="publish", model=Topic, by=elena, at=when, ids=[])
        for when in (at - timedelta(days=91), at - timedelta(days=89))
    )
    for run in (old, new):
        bulk.stop(run=run, at=run.asked_at)

    assert bulk.prune(at=at) == 1
    assert list(BulkRun.objects.all()) == [new]


def test_files_are_put_into_a_collection(desk, at):
    shelf = Collection.get_first_root_node().add_child(name="Shelf")
    paper = Document.objects.create(title="Paper", file="documents/paper.txt")
    address = reverse("wagtail_bulk_action", args=["content", "document", "add_to_collection"])
    Group.objects.get(name="Editor").collection_permissions.update_or_create(
        collection=Collection.get_first_root_node(),
        permission=_right("change_document"),
    )
    desk.post(f"{address}?id=all", {"to": shelf.pk})
    run_out(at)

    paper.refresh_from_db()
    assert paper.collection_id == shelf.pk


def _right(codename):
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename=codename, content_type__app_label="content")


def test_a_run_is_stopped(desk, elena, topics, at):
    ids = [one.pk for one in topics]
    run = bulk.start(act="delete", model=Topic, by=elena, at=at, ids=ids)
    bulk.step(at=at, most=1)
    page = desk.get(reverse("content_bulk:progress", args=[run.pk]))
    desk.post(reverse("content_bulk:stop", args=[run.pk]))
    run_out(at)

    run.refresh_from_db()
    assert "1 of 3: 1 done, 0 left out." in page.text
    assert (run.state, run.done) == ("STOPPED", 1)
    assert Topic.objects.count() == 2


def test_nobody_looks_at_or_stops_the_runs_of_others(elena, topics, at):
    run = bulk.start(act="delete", model=Topic, by=elena, at=at, ids=[topics[0].pk])
    mara = person("mara", "Marketer")
    client = Client()
    client.force_login(mara)

    address = reverse("content_bulk:progress", args=[run.pk])
    assert client.get(address).status_code == 404
    assert client.post(reverse("content_bulk:stop", args=[run.pk])).status_code == 404
    assert address not in client.get(reverse("content_bulk:index")).text


def test_somebody_who_left_does_nothing_any_more(elena, topics, at):
    run = bulk.start(act="delete", model=Topic, by=elena, at=at, ids=[topics[0].pk])
    User.objects.filter(pk=elena.pk).update(is_active=False)
    run_out(at)

    run.refresh_from_db()
    assert (run.done, run.refused) == (0, 1)
