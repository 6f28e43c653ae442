"""A program checks what editors hand in: it approves, or gives back with reasons to follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site, TaskState

from content import examine
from content.blocks.layout import TextBlock
from content.inspections import INSPECTIONS, Draft, Inspection, Piece
from content.models import CheckState, Fragment, HomePage, StandardPage
from dxp.lib import hints
from tests.content.reviewing import Desk

pytestmark = pytest.mark.django_db
GOOD = "A letter about money, once a month, written by people who would read it themselves."


@pytest.fixture
def desk(pages):
    return Desk(pages.home)


@pytest.fixture
def draft(pages):
    """A page that everything is right with."""
    page = StandardPage(title="About", slug="about", search_description=GOOD, live=False)
    pages.home.add_child(instance=page)
    page.body = [("text", '<h2>Who</h2><p>We. <a href="/letter/">Our letter</a></p>')]
    return page


def words(thing, *names):
    found = examine.examine(thing=thing, inspections=names or ["accessibility", "links"])
    return [one.text for _name, one in found]


def write(page, html):
    page.body = [("text", html)]
    return page


def looked(html, name="accessibility"):
    piece = Piece("body", "b1", "Text", html)
    return [one.text for one in INSPECTIONS.get(name)().look(Draft("page", "T", pieces=[piece]))]


class TestAccessibility:
    @pytest.mark.parametrize(
        ("html", "told"),
        [
            ('<img src="a.png">', "A picture has no description."),
            ('<img src="a.png" alt="IMG_1.jpeg">', "file name: IMG_1.jpeg"),
            ('<a href="/x"><span></span></a>', "A link has no words."),
            ('<a href="/x">Read more →</a>', "does not say where it leads"),
            ("<h2> </h2>", "A heading is empty."),
            ("<h2>One</h2><h4>Two</h4>", "The heading “Two” is of level 4, after one of level 2."),
            ("<table><tr><td>1</td></tr></table>", "no heading row"),
            ('<iframe src="/x"></iframe>', "without a title"),
            ("<button></button>", "A button has no words."),
        ],
    )
    def test_finds_what_keeps_somebody_from_reading(self, html, told):
        (found,) = looked(html)

        assert told in found

    @pytest.mark.parametrize(
        "html",
        [
            '<img src="a.png" alt="">',
            '<a href="/x"><img src="a.png" alt="Our house"></a>',
            '<a href="/x" aria-label="More about cash">More</a>',
            "<h2>One</h2><h3>Two</h3><h2>Three</h2>",
            '<svg aria-hidden="true"></svg><img aria-hidden="true">',
            "<table><tr><th>Year</th></tr><tr><td>1</td></tr></table>",
        ],
    )
    def test_is_silent_where_all_is_well(self, html):
        assert looked(html) == []


class TestLinks:
    def test_a_page_that_is_there_a_redirect_a_document_and_others_are_fine(self, pages, draft):
        Redirect.objects.create(old_path="/old", redirect_link="https://example.org")
        well = ["/letter/", "/old/", "/search/?q=x", "https://example.org/", "mailto:a@b.example"]
        write(draft, "".join(f'<a href="{address}">There</a>' for address in well))

        assert words(draft, "links") == []

    def test_what_leads_nowhere_is_named(self, pages, draft):
        pages.letter.unpublish()
        write(draft, '<a href="/letter/">The letter</a> <a href="/nothing/">None</a>'
                     '<a href="/documents/77/x.pdf">File</a> <a href="">Empty</a>'
                     '<a href="#below">Below</a>')  # fmt: skip

        found = "\n".join(words(draft, "links"))

        for told in ("The letter", "None", "File", "“Empty” leads nowhere", "place on the page"):
            assert told in found

    def test_a_link_to_a_page_that_was_deleted(self, pages, draft):
        write(draft, '<p><a linktype="page" id="99999">Gone</a></p>')

        assert words(draft, "links") == ["The link “Gone” leads nowhere."]

    def test_a_page_that_links_to_itself_and_one_without_its_last_slash_are_fine(self, draft):
        assert not draft.live
        write(draft, '<a href="/about/#who">Ourselves</a> <a href="/letter">The letter</a>')

        assert words(draft, "links") == []

    def test_what_only_colleagues_open_and_what_is_no_address_at_all(self, draft):
        write(draft, '<a href="/admin/pages/3/">Ours</a> <a href="http://[half/">Half</a>')

        inside, half = words(draft, "links")

        assert "only colleagues get in there" in inside
        assert "“Half” has a strange address" in half

    def test_each_of_our_sites_is_asked_about_its_own_pages(self, pages, draft):
        root = pages.home.get_parent().add_child(instance=HomePage(title="Two", slug="two"))
        Site.objects.create(hostname="two.example", port=443, root_page=root)
        root.add_child(instance=StandardPage(title="Only there", slug="only-there"))
        write(draft, '<a href="https://two.example/only-there/">There</a>'
                     '<a href="https://two.example/letter/">Not there</a>'
                     '<a href="/only-there/">Not here</a>')  # fmt: skip

        found = words(draft, "links")

        assert ["“Not there”" in found[0], "“Not here”" in found[1], len(found)] == [True, True, 2]

    def test_what_is_not_encrypted_is_a_hint_and_stops_nothing(self, draft):
        write(draft, '<a href="http://example.org/">Old</a>')
        ((_name, found),) = examine.examine(thing=draft, inspections=["links"])

        assert not found.stops

    def test_what_only_some_see_is_looked_at_too(self, pages):
        home = HomePage.objects.get(pk=pages.home.pk)
        slot = home.body[1]
        slot.value["variants"][0]["content"] = (
            slot
            .value["variants"][0]
            .block.child_blocks["content"]
            .to_python([
                {"type": "text", "value": '<a href="/nothing/">For readers</a>', "id": "v1"}
            ])
        )
        ((_name, found),) = examine.examine(thing=home, inspections=["links"])

        assert "For readers" in found.text
        assert found.block == "v1"


class TestMetadata:
    def test_an_empty_description_stops_and_a_short_one_does_not(self, draft):
        assert words(draft, "metadata") == []
        draft.search_description = "Short."
        ((_n, short),) = examine.examine(thing=draft, inspections=["metadata"])
        draft.search_description = ""
        ((_n, empty),) = examine.examine(thing=draft, inspections=["metadata"])

        assert (short.stops, empty.stops) == (False, True)

    def test_a_title_that_is_cut_is_a_hint(self, draft):
        draft.seo_title = "A title " * 12
        ((_n, found),) = examine.examine(thing=draft, inspections=["metadata"])

        assert (found.stops, found.field) == (False, "seo_title")

    def test_a_required_tag_that_is_missing_stops(self):
        facts = Draft("fragment", "F", description="Why", missing=["Topic"])
        (found,) = INSPECTIONS.get("metadata")().look(facts)

        assert (found.text, found.stops) == ("A tag of “Topic” is required.", True)


class TestWorkflow:
    def test_nothing_is_checked_in_the_request_and_the_worker_is_told(
        self, desk, draft, monkeypatch, django_capture_on_commit_callbacks
    ):
        hinted = []
        monkeypatch.setattr(hints, "now", hinted.append)

        with django_capture_on_commit_callbacks(execute=True):
            state = desk.hand_in(draft)

        assert state.status == TaskState.STATUS_IN_PROGRESS
        assert "content.tasks.examine" in hinted

    def test_what_is_well_goes_on_to_the_reviewers(self, desk, draft, at):
        desk.hand_in(draft)

        assert examine.step(at=at)
        assert not examine.step(at=at)

        done = CheckState.objects.get()
        assert (done.status, done.findings) == (TaskState.STATUS_APPROVED, [])
        assert done.finished_by.is_bot
        assert desk.step(draft).task.name == "Review"

    def test_what_is_not_comes_back_with_reasons_at_their_blocks(self, desk, draft, at):
        write(draft, '<img src="/x.png"><a href="/nothing/">None</a>')
        desk.hand_in(draft)
        examine.step(at=at)

        done = CheckState.objects.get()
        assert done.status == TaskState.STATUS_REJECTED
        assert "2 things to put right:" in done.get_comment()
        page = desk.as_elena.get(f"/admin/pages/{draft.pk}/edit/").content.decode()
        assert "A picture has no description." in page
        assert f"#:w:contentpath=body.{done.findings[0]['block']}" in page

    def test_put_right_and_handed_in_again_it_goes_on(self, desk, draft, at):
        write(draft, '<a href="/nothing/">None</a>')
        desk.hand_in(draft)
        examine.step(at=at)
        write(draft, "<p>Well.</p>").save_revision(user=desk.elena)
        draft.current_workflow_state.resume(user=desk.elena)

        assert examine.step(at=at)

        assert desk.step(draft).task.name == "Review"
        page = desk.as_elena.get(f"/admin/pages/{draft.pk}/edit/").content.decode()
        assert "gave this back" not in page

    def test_what_a_step_looks_at_is_ticked(self, desk, draft, at):
        desk.elena.is_superuser = True
        desk.elena.save()
        address = f"/admin/workflows/tasks/edit/{desk.check.pk}/"
        shown = desk.as_elena.get(address).content.decode()
        assert shown.count('name="inspections"') == 3

        desk.as_elena.post(address, {"name": "Check", "inspections": ["accessibility"]})
        write(draft, '<a href="/nothing/">None</a>')
        desk.hand_in(draft)
        examine.step(at=at)

        assert CheckState.objects.get().status == TaskState.STATUS_APPROVED

    def test_a_fragment_is_checked_as_well(self, desk, at):
        piece = Fragment.objects.create(
            name="Footnote",
            live=False,
            body=[("text", '<a href="/nothing/">None</a>')],
            sms="ж" * 500,
        )
        desk.hand_in(piece)
        examine.step(at=at)

        told = "\n".join(one["text"] for one in CheckState.objects.get().findings)
        assert "leads to /nothing/" in told
        assert "the description is empty" in told
        assert "Too long to be sent: 6 messages are the most." in told

    def test_a_workflow_without_steps_lets_nobody_publish_who_may_not(self, pages, draft):
        desk = Desk(pages.home)
        desk.workflow.workflow_tasks.all().delete()
        draft.save_revision(user=desk.omar)

        with pytest.raises(PermissionDenied):
            desk.workflow.start(draft, desk.omar)

        assert not StandardPage.objects.get(pk=draft.pk).live

    def test_the_last_step_publishes_what_is_well(self, pages, draft, at):
        desk = Desk(pages.home)
        desk.workflow.workflow_tasks.filter(task=desk.review).delete()
        desk.hand_in(draft)

        examine.step(at=at)

        assert StandardPage.objects.get(pk=draft.pk).live

    def test_the_bot_can_not_sign_in(self, client):
        examine.bot()

        assert not client.login(username=examine.BOT, password="")
        assert not examine.bot().has_usable_password()


class TestFaults:
    def test_a_block_that_can_not_be_shown_is_named_whatever_is_looked_at(
        self, desk, draft, at, monkeypatch
    ):
        def broken(self, value, context=None):
            raise ZeroDivisionError("no such figure")

        monkeypatch.setattr(TextBlock, "render", broken)
        desk.check.inspections = ["metadata"]
        desk.check.save()
        desk.hand_in(draft)
        examine.step(at=at)

        (found,) = CheckState.objects.get().findings
        assert found["text"] == "The block “Text” can't be shown: no such figure"
        assert found["block"] == draft.body[0].id

    def test_what_a_draft_may_be_and_a_published_page_may_not_is_said(self, desk, draft, at):
        desk.hand_in(draft)
        draft.slug = "letter"
        draft.save_revision(user=desk.elena, clean=False)
        examine.step(at=at)

        (found,) = CheckState.objects.get().findings
        assert found["field"] == "slug"
        assert found["text"].startswith("Slug: The slug 'letter' is already in use")

    def test_a_draft_that_breaks_checks_lets_others_go_first(self, desk, draft, pages, at):
        desk.hand_in(draft)
        CheckState.objects.update(attempts=1)
        other = StandardPage(title="B", slug="b", search_description=GOOD, live=False)
        desk.hand_in(pages.home.add_child(instance=other))

        examine.step(at=at)

        assert desk.step(other).task.name == "Review"
        assert desk.step(draft).task.name == "Check"

    def test_an_inspection_that_breaks_is_tried_again_and_then_told(
        self, desk, draft, at, monkeypatch
    ):
        class Broken(Inspection):
            name = "links"

            def look(self, draft):
                raise ZeroDivisionError

        monkeypatch.setitem(INSPECTIONS.members, "links", Broken)
        desk.hand_in(draft)
        for _ in range(examine.MOST_ATTEMPTS - 1):
            assert not examine.step(at=at)
            assert desk.step(draft).status == TaskState.STATUS_IN_PROGRESS

        examine.step(at=at)

        assert desk.step(draft).status == TaskState.STATUS_REJECTED
        assert "broke down" in desk.step(draft).get_comment()

    def test_a_draft_of_which_workers_die_is_given_back_at_last(self, desk, draft, at):
        desk.hand_in(draft)
        CheckState.objects.update(attempts=examine.MOST_ATTEMPTS)

        assert examine.step(at=at)

        assert desk.step(draft).status == TaskState.STATUS_REJECTED

    def test_a_check_that_was_withdrawn_is_left_alone(self, desk, draft, at):
        desk.hand_in(draft)
        draft.current_workflow_state.cancel(user=desk.elena)

        assert not examine.step(at=at + timedelta(days=1))

    def test_a_draft_that_is_saved_while_it_is_checked_is_checked_again(
        self, desk, draft, at, monkeypatch
    ):
        desk.hand_in(draft)
        looks = INSPECTIONS.get("links").look

        def slow(self, facts):
            write(draft, '<a href="/nothing/">None</a>').save_revision(user=desk.elena)
            return looks(self, facts)

        with monkeypatch.context() as patch:
            patch.setattr(INSPECTIONS.get("links"), "look", slow)
            examine.step(at=at)
        assert desk.step(draft).status == TaskState.STATUS_IN_PROGRESS

        examine.step(at=at)
        assert desk.step(draft).status == TaskState.STATUS_REJECTED
        assert CheckState.objects.get().attempts == 1
