"""Personal slots: the right variant for the right person, and the default for everybody else."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content import context, personalize
from content.models import Fragment, HomePage
from customers import consent, segment
from customers.models import Alias, Profile, Segment, TraitDef

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(pages):
    def asked(visitor, page=None, slot=None):
        return visitor.get(
            "/_x/slots", {"page": page or pages.home.pk, "s": slot or pages.slot, "rev": "1"}
        )

    return asked


class TestSlots:
    def test_greet_a_reader_and_not_the_next_visitor(self, pages, ask, ana, known):
        for_ana = ask(ana).json()[pages.slot]
        for_next = ask(known()).json()[pages.slot]

        assert "Welcome back, reader" in for_ana["html"]
        assert for_ana["reason"] == "segment"
        assert for_next == {"html": None, "variant": "default", "reason": "no-match"}

    def test_answer_is_kept_by_nobody_and_sets_nothing(self, pages, ask, ana):
        answer = ask(ana)

        assert answer["Cache-Control"] == "private, no-store"
        assert not answer.cookies

    def test_send_what_is_there_already_only_to_who_has_an_older_copy(self, pages, ana):
        page = HomePage.objects.get(pk=pages.home.pk)
        page.save_revision().publish()
        page.refresh_from_db()
        variant = page.slots()[pages.slot].value["variants"].bound_blocks[0].id
        asked = {"page": page.pk, "s": pages.slot, "has": f"{pages.slot}:{variant}"}

        newest = ana.get("/_x/slots", {**asked, "rev": page.live_revision_id}).json()
        older = ana.get("/_x/slots", {**asked, "rev": page.live_revision_id - 1}).json()

        assert newest[pages.slot] == {"html": None, "variant": variant, "reason": "segment"}
        assert "Welcome back, reader" in older[pages.slot]["html"]

    def test_know_nothing_of_who_has_not_consented(self, pages, ask, chen, bruno):
        for visitor in (chen, bruno):
            assert ask(visitor).json()[pages.slot]["reason"] == "no-consent"
        assert not Alias.objects.exists()

    def test_forget_who_withdrew_elsewhere(self, pages, ask, ana, at):
        alias = Alias.objects.get(value=ana.aid)
        consent.record(
            purpose="personalization", state="WITHDRAWN", method="staff", alias=alias, at=at
        )

        assert ask(ana).json()[pages.slot]["reason"] == "no-consent"

    def test_show_robots_the_default(self, pages, ask, ana):
        ana.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (compatible; Examplebot/2.1)"

        assert ask(ana).json()[pages.slot] == {"html": None, "variant": "default", "reason": "bot"}

    def test_of_drafts_restricted_and_missing_pages_stay_closed(self, pages, ask, ana):
        assert ask(ana).status_code == 200
        pages.home.save_revision()
        HomePage.objects.filter(pk=pages.home.pk).update(live=False)

        for page in (pages.home.pk, 999_999, "x", "٣", "-1"):
            assert ask(ana, page=page, slot="any").status_code == 404

    def test_that_nobody_knows_are_left_out(self, pages, ask, ana):
        assert ask(ana, slot="a,b,\x00").json() == {}

    def test_cost_the_same_however_many_segments_there_are(self, pages, ask, ana, readers, at):
        ask(ana)
        with CaptureQueriesContext(connection) as few:
            ask(ana)
        for number in range(30):
            segment.create(name=f"More {number}", slug=f"more-{number}", rule=readers.rule, at=at)
        with CaptureQueriesContext(connection) as many:
            ask(ana)

        assert len(many) == len(few)
        assert len(few) <= 9

    def test_say_words_of_a_fragment_to_who_sees_the_default(self, pages, ask, known, at):
        TraitDef.objects.update_or_create(
            key="firstName", defaults={"type": "text", "pii": "name", "created_at": at}
        )
        text = [("text", "<p>Hello {{ customer.first_name|there }}.</p>")]
        greeting = Fragment.objects.create(name="Greeting", body=text, locale=pages.home.locale)
        pages.home.body = [("personal_slot", {"default": [("fragment", greeting)], "variants": []})]
        pages.home.save()
        visitor = known()
        Profile.objects.filter(aliases__value=visitor.aid).update(traits={"firstName": "Ana"})

        assert "Hello Ana." in ask(visitor).json()[pages.slot]["html"]

    def test_keep_their_audience_from_being_deleted_in_drafts_too(self, pages, readers, at):
        savers = segment.create(name="Savers", slug="savers", rule=readers.rule, at=at)
        draft = HomePage.objects.get(pk=pages.home.pk)
        draft.body = pages.front(savers)
        draft.save_revision()

        for one in (readers, savers):
            with pytest.raises(segment.InUse) as refused:
                segment.remove(segment=one)
            assert [use.name for use in refused.value.uses] == ["Home"]

    def test_survive_the_end_of_their_audience(self, pages, ask, ana, chen):
        Segment.objects.all().delete()

        assert ask(ana).json()[pages.slot]["reason"] == "no-match"
        assert "New here?" in chen.get("/").content.decode()


class TestChoose:
    def test_visitor_costs_three_queries(self, pages, ana, at, django_assert_num_queries):
        with django_assert_num_queries(3):
            personalize.visitor(anonymous_id=ana.aid, at=at)

    def test_control_group_sees_the_default_and_stays_the_same(self, pages, readers, at):
        pages.home.body = pages.front(readers, control=30)
        pages.home.save()
        slot = next(iter(pages.home.slots().values()))
        now = context.Context(at=at)
        crowd = [personalize.Visitor(f"person-{n}", frozenset({readers.pk})) for n in range(2000)]

        def arms():
            return [
                personalize.choose(slot=slot, page=pages.home, who=who, context=now, at=at).because
                for who in crowd
            ]

        first = arms()
        assert 0.26 < first.count("control") / len(crowd) < 0.34
        assert set(first) == {"control", "segment"}
        assert arms() == first

    def test_says_why_in_words(self, pages, readers, at):
        slot = next(iter(pages.home.slots().values()))
        who = personalize.Visitor("ana", frozenset({readers.pk}))

        decision = personalize.choose(
            slot=slot, page=pages.home, who=who, context=context.Context(at=at), at=at
        )

        assert decision.reason == "In Readers."
