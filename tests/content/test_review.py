"""Reviews are taken on, fall due and are answered; guests see one draft by a link that ends."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from wagtail.models import PageLogEntry, TaskState

from content import invite, remind, review
from content.admin import reviews
from content.models import Fragment, HomePage, ReviewInvite, ReviewState, StandardPage
from dxp.lib import clock
from tests.content.reviewing import Desk

pytestmark = pytest.mark.django_db
PLACE = review.Place("https://alder.example")


@pytest.fixture
def desk(pages):
    return Desk(pages.home, check=False)


@pytest.fixture
def draft(pages, desk):
    page = StandardPage(title="About us", slug="about", intro="Still secret.", live=False)
    return pages.home.add_child(instance=page)


@pytest.fixture
def state(desk, draft):
    return desk.hand_in(draft)


@pytest.fixture
def now():
    return clock.now()


def url(state):
    return f"/admin/reviews/{state.pk}/"


def act(client, state, wanted, **more):
    newest = TaskState.objects.get(pk=state.pk).workflow_state.content_object.latest_revision_id
    asked = {"act": wanted, "revision": newest, **more}
    return client.post(url(state), asked, follow=True)


def invited(desk, state, now, **more):
    asked = {"name": "Gina", "email": "", "may_approve": True,
             "expires_at": now + timedelta(days=7), "by": desk.ivo, "at": now}  # fmt: skip
    return invite.invite(state=state, **{**asked, **more})


class TestClaim:
    def test_it_stands_on_the_home_page_of_its_reviewers_and_of_nobody_else(self, desk, state):
        for client in (desk.as_ivo, desk.as_lea):
            home = client.get("/admin/").content.decode()
            assert "About us" in home.partition("my-reviews")[2]
        assert "my-reviews" not in desk.as_omar.get("/admin/").content.decode()

    def test_who_took_it_on_answers_it_and_others_only_after_taking_it_over(self, desk, state):
        act(desk.as_ivo, state, "claim")
        state.refresh_from_db()
        assert state.claimed_by == desk.ivo

        refused = act(desk.as_lea, state, "approve").content.decode()
        assert "Somebody else has taken this review on." in refused

        act(desk.as_lea, state, "claim")
        act(desk.as_lea, state, "approve", comment="Well said.")
        assert StandardPage.objects.get(slug="about").live

    def test_wagtails_own_way_to_approve_is_closed_as_well(self, desk, draft, state, now):
        review.claim(state=state, by=desk.ivo, at=now)
        address = f"/admin/pages/workflow/action/{draft.pk}/approve/{state.pk}/"

        assert desk.as_lea.post(address).status_code == 302
        state.refresh_from_db()
        assert state.status == TaskState.STATUS_IN_PROGRESS

        desk.as_ivo.post(address)
        state.refresh_from_db()
        assert state.status == TaskState.STATUS_APPROVED

    def test_given_back_it_is_anybodys_again(self, desk, state):
        act(desk.as_ivo, state, "claim")
        assert "not taken" in act(desk.as_lea, state, "release").content.decode()

        act(desk.as_ivo, state, "release")
        state.refresh_from_db()
        assert state.claimed_by is None

    def test_who_has_no_part_in_it_sees_nothing(self, desk, state):
        assert desk.as_omar.get(url(state)).status_code == 302
        assert act(desk.as_omar, state, "approve").redirect_chain
        assert "About us" not in desk.as_omar.get("/admin/reviews/").content.decode()
        state.refresh_from_db()
        assert state.status == TaskState.STATUS_IN_PROGRESS

    def test_who_asked_for_it_sees_how_it_stands_and_can_not_answer(self, desk, state):
        page = desk.as_elena.get(url(state)).content.decode()

        assert "In progress" in page
        assert 'value="approve"' not in page
        assert "Somebody else" in act(desk.as_elena, state, "approve").content.decode()

    def test_what_was_answered_is_not_answered_again(self, desk, state):
        act(desk.as_ivo, state, "reject", comment="Not yet.")

        assert "over" in act(desk.as_lea, state, "approve").content.decode()

    def test_what_changed_since_a_reviewer_looked_is_not_approved(self, desk, draft, state):
        seen = state.revision_id
        draft.title = "About them"
        draft.save_revision(user=desk.lea)

        refused = act(desk.as_ivo, state, "approve", revision=seen).content.decode()

        assert "It was changed meanwhile." in refused
        state.refresh_from_db()
        assert state.status == TaskState.STATUS_IN_PROGRESS
        act(desk.as_ivo, state, "approve")
        assert StandardPage.objects.get(slug="about").title == "About them"

    def test_what_can_not_be_published_is_not_approved_and_the_reason_is_said(
        self, desk, draft, state, pages, now
    ):
        _made, token = invited(desk, state, now)
        pages.home.add_child(instance=StandardPage(title="Other", slug="taken"))
        draft.slug = "taken"
        draft.save_revision(user=desk.lea, clean=False)
        told = {"act": "approve", "revision": draft.latest_revision_id}

        for answer in (
            act(desk.as_ivo, state, "approve"),
            Client().post(f"/review/{token}/", told),
        ):
            assert "It can&#x27;t be published as it is: The slug" in answer.content.decode()
        state.refresh_from_db()
        assert state.status == TaskState.STATUS_IN_PROGRESS
        assert ReviewInvite.objects.get().answer == ""

    def test_wagtails_own_buttons_say_the_reason_too(self, desk, draft, state, pages):
        desk.ivo.groups.add(Group.objects.get(name="Editor"))
        pages.home.add_child(instance=StandardPage(title="Other", slug="taken"))
        draft.slug = "taken"
        draft.save_revision(user=desk.lea, clean=False)
        editor = f"/admin/pages/{draft.pk}/edit/"
        approve = f"/admin/pages/workflow/action/{draft.pk}/approve/{state.pk}/"

        plain = desk.as_ivo.post(approve, {"comment": "Good."}, follow=True)
        by_script = desk.as_ivo.post(
            approve, {"comment": "Good."}, headers={"x-requested-with": "XMLHttpRequest"}
        )

        assert plain.redirect_chain == [(editor, 302)]
        assert "It can&#x27;t be published as it is: The slug" in plain.content.decode()
        assert by_script.json() == {"step": "success", "redirect": editor}
        state.refresh_from_db()
        assert state.status == TaskState.STATUS_IN_PROGRESS
        assert not StandardPage.objects.get(pk=draft.pk).live

    def test_reviewers_find_the_draft_and_what_changed_also_without_a_right_on_it(
        self, desk, draft, state
    ):
        draft.save_revision().publish()
        draft.title = "About them"
        state = desk.hand_in(draft)
        piece = Fragment.objects.create(name="Footnote", body=[("text", "<p>Old.</p>")])
        piece.body = [("text", "<p>New words.</p>")]
        of_piece = desk.hand_in(piece)

        for one, words in ((state, "About them"), (of_piece, "New words.")):
            page = desk.as_ivo.get(url(one)).content.decode()
            card = page.partition('id="stands"')[2].partition("</section>")[0]
            ways = re.findall(r'href="(/admin/[^"]+)"', card)
            assert {way: desk.as_ivo.get(way).status_code for way in ways} == dict.fromkeys(
                ways, 200
            )
            assert any(words in desk.as_ivo.get(way).content.decode() for way in ways)

    def test_of_two_who_answer_at_once_the_second_is_refused(self, desk, state):
        """As Wagtail's own buttons do, with a row that was read before."""
        before = ReviewState.objects.get(pk=state.pk)
        act(desk.as_ivo, state, "reject", comment="Not yet.")

        for answer in (before.approve, before.reject):
            with pytest.raises(PermissionDenied):
                answer(user=desk.lea)
        assert not StandardPage.objects.get(slug="about").live

    def test_long_lists_are_read_in_one_go_page_by_page(
        self, desk, pages, state, django_assert_max_num_queries, monkeypatch
    ):
        monkeypatch.setattr(reviews, "A_PAGE", 4)
        monkeypatch.setattr(reviews, "AT_HOME", 2)
        for number in range(5):
            page = StandardPage(title=f"Draft {number}", slug=f"draft-{number}", live=False)
            desk.hand_in(pages.home.add_child(instance=page))
        review.claim(state=state, by=desk.lea, at=clock.now())

        with django_assert_max_num_queries(30):
            first = desk.as_ivo.get("/admin/reviews/").content.decode()
        second = desk.as_ivo.get("/admin/reviews/?p=2").content.decode()
        home = desk.as_ivo.get("/admin/").content.decode()

        assert [f"Draft {n}" in first for n in range(5)] == [True] * 4 + [False]
        assert "Page 1 of 2" in first
        # What another has taken on comes last, though it is due first.
        assert "Draft 4" in second
        assert "About us" in second
        assert "and 4 more" in home
        assert "About us" in desk.as_lea.get("/admin/reviews/?show=mine").content.decode()
        assert "Draft 0" in desk.as_elena.get("/admin/reviews/?show=asked").content.decode()
        assert "Draft 0" not in desk.as_omar.get("/admin/reviews/?show=asked").content.decode()

    def test_the_way_there_stands_in_the_editor(self, desk, draft, state):
        page = desk.as_elena.get(f"/admin/pages/{draft.pk}/edit/").content.decode()

        assert url(state) in page


class TestDue:
    def test_a_review_is_due_after_the_days_of_its_step(self, state):
        assert state.due_at - state.started_at == timedelta(days=3)

    def test_reviewers_are_reminded_before_and_once_more_when_it_is_overdue(self, desk, state, now):
        assert remind.remind(place=PLACE, at=now + timedelta(days=1)) == 0
        mail.outbox.clear()

        said = [
            remind.remind(place=PLACE, at=now + timedelta(days=2, hours=hours))
            for hours in (1, 2, 23, 25, 26, 99)
        ]

        assert said == [1, 0, 0, 1, 0, 0]
        assert [one.subject for one in mail.outbox] == [
            *["Please review “About us”"] * 2, *["Overdue: please review “About us”"] * 2,
        ]  # fmt: skip
        assert {one.to[0] for one in mail.outbox} == {"ivo@alder.example", "lea@alder.example"}
        assert f"https://alder.example/admin/reviews/{state.pk}/" in mail.outbox[0].body

    def test_who_took_it_on_is_reminded_alone_and_told_that_it_is_late(self, desk, state, now):
        review.claim(state=state, by=desk.lea, at=now)
        mail.outbox.clear()

        remind.remind(place=PLACE, at=now + timedelta(days=5))

        (one,) = mail.outbox
        assert one.to == ["lea@alder.example"]

    def test_somebody_who_left_is_not_waited_for(self, desk, state, now):
        review.claim(state=state, by=desk.lea, at=now)
        desk.lea.is_active = False
        desk.lea.save()
        mail.outbox.clear()

        remind.remind(place=PLACE, at=now + timedelta(days=5))

        (one,) = mail.outbox
        assert one.to == ["ivo@alder.example"]

    def test_one_that_breaks_down_keeps_nobody_from_being_reminded_of_others(
        self, desk, pages, state, now, monkeypatch
    ):
        title = "A title\nof two lines"
        page = StandardPage(title=title, slug="two", live=False)
        desk.hand_in(pages.home.add_child(instance=page))
        mail.outbox.clear()
        reminded = remind._reminded

        def broken(state):
            if state.revision.content_object.slug == "about":
                raise ZeroDivisionError
            return reminded(state)

        with monkeypatch.context() as patch:
            patch.setattr(remind, "_reminded", broken)
            assert remind.remind(place=PLACE, at=now + timedelta(days=2, hours=1)) == 1
        assert {one.subject for one in mail.outbox} == {"Please review “A title of two lines”"}

        assert remind.remind(place=PLACE, at=now + timedelta(days=2, hours=2)) == 1

    def test_a_day_that_is_over_is_no_date(self, desk, state, now):
        day = (now - timedelta(days=2)).date()
        answer = act(desk.as_ivo, state, "due", due=day.isoformat()).content.decode()
        state.refresh_from_db()

        assert "This day is over." in answer
        assert state.due_at > now

    def test_another_date_reminds_anew(self, desk, state, now):
        remind.remind(place=PLACE, at=now + timedelta(days=3))
        day = (now + timedelta(days=9)).date()
        act(desk.as_ivo, state, "due", due=day.isoformat())
        state.refresh_from_db()

        assert state.due_at.date() == day
        assert state.reminded_at is None

    def test_what_is_overdue_is_marked_and_can_be_listed(self, desk, state, now):
        assert "overdue" not in desk.as_ivo.get("/admin/").content.decode()
        ReviewState.objects.update(due_at=now - timedelta(days=1))

        assert "1 review is overdue." in desk.as_ivo.get("/admin/").content.decode()
        assert "About us" in desk.as_ivo.get("/admin/reviews/?show=late").content.decode()
        assert "About us" not in desk.as_ivo.get("/admin/reviews/?show=mine").content.decode()


class TestGuest:
    @pytest.fixture
    def gina(self):
        """Has no account."""
        return Client()

    @pytest.fixture
    def link(self, desk, state, now):
        return f"/review/{invited(desk, state, now)[1]}/"

    def test_a_reviewer_makes_a_link_that_is_shown_once_and_mailed(self, desk, state):
        answer = act(desk.as_ivo, state, "invite", name="Gina", email="gina@law.example",
                     days="7", may_approve="on").content.decode()  # fmt: skip
        link = re.search(r"http://testserver/review/[\w-]{43}/", answer)

        assert link
        assert link[0] in mail.outbox[-1].body
        assert mail.outbox[-1].to == ["gina@law.example"]
        assert link[0] not in desk.as_ivo.get(url(state)).content.decode()
        assert ReviewInvite.objects.get().digest not in link[0]

    def test_she_sees_the_draft_and_no_admin(self, gina, link, draft):
        page = gina.get(link)
        shown = gina.get(f"{link}draft/")

        assert "About us" in page.content.decode()
        assert "Still secret." in shown.content.decode()
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        for answer in (page, shown):
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert not answer.cookies
            assert "wagtail-userbar" not in answer.content.decode()
        assert gina.get("/about/").status_code == 404

    def test_the_draft_shows_no_more_to_a_browser_that_is_signed_in(self, desk, link):
        shown = desk.as_ivo.get(f"{link}draft/").content.decode()

        assert "userbar" not in shown

    def test_her_remark_reaches_the_reviewers_and_her_approval_publishes(
        self, gina, link, desk, draft, state
    ):
        remark = {"act": "remark", "text": "Mind the comma.", "revision": state.revision_id}
        gina.post(link, remark)
        assert "Mind the comma." in desk.as_ivo.get(url(state)).content.decode()
        assert mail.outbox[-1].to == ["ivo@alder.example"]
        assert "Mind the comma." in mail.outbox[-1].body

        done = gina.post(link, {"act": "approve", "revision": state.revision_id})

        assert done.status_code == 200
        assert StandardPage.objects.get(slug="about").live
        assert gina.get("/about/").status_code == 200
        assert gina.get(link).status_code == 410
        entry = PageLogEntry.objects.get(action=invite.ANSWERED)
        assert (entry.data["guest"], entry.user) == ("Gina", None)
        assert "Approved by Gina, by link" in entry.message

    def test_returned_it_goes_back_with_her_words(self, gina, link, desk, draft, state):
        empty = gina.post(link, {"act": "return", "revision": state.revision_id})
        assert empty.status_code == 422

        gina.post(link, {"act": "return", "text": "Too long.", "revision": state.revision_id})
        state.refresh_from_db()

        assert state.status == TaskState.STATUS_REJECTED
        assert state.comment == "Gina, by link: Too long."

    def test_an_adviser_does_not_decide(self, gina, desk, state, now):
        _made, token = invited(desk, state, now, may_approve=False)
        gina.post(f"/review/{token}/", {"act": "approve", "revision": state.revision_id})
        state.refresh_from_db()

        assert state.status == TaskState.STATUS_IN_PROGRESS
        assert "Approved" in desk.as_ivo.get(url(state)).content.decode()

    def test_what_changed_since_she_looked_is_not_approved(self, gina, link, desk, draft, state):
        seen = state.revision_id
        draft.title = "About them"
        draft.save_revision(user=desk.ivo)

        answer = gina.post(link, {"act": "approve", "revision": seen})

        assert answer.status_code == 409
        assert "changed meanwhile" in answer.content.decode()
        assert "About them" in gina.get(link).content.decode()

    @pytest.mark.parametrize("how", ["expired", "revoked", "over", "made up"])
    def test_a_link_that_ended_opens_nothing(self, how, gina, link, desk, draft, state, now):
        if how == "expired":
            ReviewInvite.objects.update(expires_at=now)
        elif how == "revoked":
            act(desk.as_ivo, state, "revoke", invite=ReviewInvite.objects.get().pk)
        elif how == "over":
            act(desk.as_ivo, state, "reject", comment="No.")
        else:
            link = f"/review/{'x' * 43}/"

        for address in (link, f"{link}draft/"):
            answer = gina.get(address)
            assert answer.status_code == 410
            assert "Still secret" not in answer.content.decode()
            assert "About us" not in answer.content.decode()
        assert gina.post(link, {"act": "approve", "revision": 1}).status_code == 410
        assert not StandardPage.objects.get(slug="about").live

    def test_only_reviewers_share_and_only_where_the_step_allows_it(self, desk, state, now):
        for by in (desk.elena, desk.omar):
            with pytest.raises(review.Refused):
                invited(desk, state, now, by=by)
        with pytest.raises(review.Refused, match="sixty days"):
            invited(desk, state, now, expires_at=now + timedelta(days=61))
        desk.review.guests = False
        desk.review.save()
        with pytest.raises(review.Refused, match="can't be shared"):
            invited(desk, ReviewState.objects.get(), now)

    def test_who_may_not_answer_now_lets_nobody_decide_instead(self, desk, state, now):
        review.claim(state=state, by=desk.lea, at=now)
        state.refresh_from_db()

        with pytest.raises(invite.Refused, match="advice only"):
            invited(desk, state, now)
        assert invited(desk, state, now, may_approve=False)

    @pytest.mark.parametrize("how", ["left", "no reviewer any more", "deleted"])
    def test_a_link_ends_with_the_right_of_who_made_it(self, how, gina, link, desk):
        assert gina.get(link).status_code == 200
        if how == "left":
            desk.ivo.is_active = False
            desk.ivo.save()
        elif how == "deleted":
            desk.ivo.delete()
        else:
            desk.ivo.groups.clear()

        assert gina.get(link).status_code == 410

    def test_she_sees_what_each_audience_of_it_will_see_and_nothing_else(
        self, gina, desk, pages, now
    ):
        home = HomePage.objects.get(pk=pages.home.pk)
        state = desk.hand_in(home)
        _made, token = invited(desk, state, now)
        page = gina.get(f"/review/{token}/").content.decode()
        ways = re.findall(r'href="(/review/[^"]+\?as=[^"]+)"', page)
        everyone = gina.get(f"/review/{token}/draft/").content.decode()

        assert len(ways) == 1
        theirs = gina.get(ways[0]).content.decode()

        assert "Welcome back, reader" in theirs
        assert "Welcome back, reader" not in everyone
        for odd in ("persona-1", "audience-999", "look:x", "x"):
            shown = gina.get(f"/review/{token}/draft/?as={odd}").content.decode()
            assert "Welcome back, reader" not in shown

    def test_nobody_guesses_for_long(self, gina, link):
        for _ in range(120):
            gina.get("/review/guess/")

        assert gina.get("/review/guess/").status_code == 429

    def test_a_fragment_is_shared_in_the_same_way(self, gina, desk, now):
        piece = Fragment.objects.create(
            name="Footnote", live=False, body=[("text", "<p>Past returns say nothing.</p>")]
        )
        state = desk.hand_in(piece)
        _made, token = invited(desk, state, now)

        assert "Past returns" in gina.get(f"/review/{token}/draft/").content.decode()
        gina.post(f"/review/{token}/", {"act": "approve", "revision": state.revision_id})
        assert Fragment.objects.get().live
