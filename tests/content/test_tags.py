"""Tags: what editors decide counts, whatever the taggers think."""

from __future__ import annotations

from datetime import timedelta

import pytest
from wagtail.models import Locale, PageViewRestriction

from content import learn, tag
from content.models import Facet, Fragment, TaggerModel, Tagging, TagSuggestion, Term
from content.taggers import TAGGERS, Guess, Learned, Tagger
from dxp.users.models import User


@pytest.fixture
def audience(db):
    """A facet with two terms, of which every article needs one."""
    facet = Facet.objects.create(
        name="Audience", slug="audience", required_for=["content.articlepage"]
    )
    facet.starters = Term.objects.create(
        facet=facet, name="Beginners", slug="beginners", synonyms=["first steps", "新手"]
    )
    facet.savers = Term.objects.create(facet=facet, name="Savers", slug="savers")
    return facet


@pytest.fixture
def elena(db):
    return User.objects.create_user("elena")


@pytest.fixture
def sorter(db):
    """A bot."""
    return User.objects.create_user("sorter", is_bot=True)


@pytest.fixture
def first_steps(pages, audience, at):
    """The article, which speaks of first steps, with its suggestion."""
    pages.article.title = "Your first steps"
    pages.article.save()
    return tag.suggest(pages.article, at=at)[0]


def terms(thing):
    return set(Tagging.objects.filter(**tag.place(thing)).values_list("term__name", flat=True))


class TestMissing:
    def test_names_the_facets_that_a_kind_of_thing_needs(self, pages, audience, elena, at):
        assert tag.missing(pages.article) == [audience]
        assert tag.missing(pages.product) == []

        tag.give(pages.article, audience.savers, by=elena, at=at)

        assert tag.missing(pages.article) == []

    def test_names_them_for_a_page_that_does_not_exist_yet(self, pages, audience):
        assert tag.missing(type(pages.article)(title="New")) == [audience]


class TestSuggest:
    def test_finds_a_synonym_in_the_title_and_says_so(self, first_steps, audience):
        assert first_steps.term == audience.starters
        assert first_steps.reason["words"] == [["first steps", 1]]
        assert first_steps.language == "en"
        assert 0.35 <= first_steps.confidence <= 1

    def test_reads_the_draft_and_not_what_is_live(self, pages, audience, at):
        pages.article.title = "For savers"
        pages.article.save_revision()

        assert [one.term for one in tag.suggest(pages.article, at=at)] == [audience.savers]

    def test_finds_a_name_in_a_script_without_spaces(self, pages, audience, at):
        pages.article.title = "给新手的建议"

        pages.article.save()

        assert [one.term for one in tag.suggest(pages.article, at=at)] == [audience.starters]

    def test_forgets_what_no_longer_fits(self, pages, first_steps, at):
        pages.article.title = "Cash"
        pages.article.save()

        assert not tag.suggest(pages.article, at=at)
        assert not TagSuggestion.objects.exists()

    def test_never_repeats_what_was_rejected_or_given(
        self, pages, first_steps, elena, audience, at
    ):
        tag.reject(first_steps, by=elena, at=at)
        tag.give(pages.article, audience.savers, by=elena, at=at)
        pages.article.title = "First steps for savers"
        pages.article.save()

        assert not tag.suggest(pages.article, at=at)
        assert terms(pages.article) == {"Savers"}

    def test_leaves_out_terms_that_are_retired(self, pages, first_steps, audience, at):
        Term.objects.filter(pk=audience.starters.pk).update(retired_at=at)

        assert not tag.suggest(pages.article, at=at)


class TestDeciding:
    def test_accepting_tags_the_thing(self, pages, first_steps, elena, at):
        tag.accept(first_steps, by=elena, at=at)

        tagging = Tagging.objects.get()
        assert (tagging.by, terms(pages.article)) == (elena, {"Beginners"})
        assert TagSuggestion.objects.get().state == "ACCEPTED"

    def test_whoever_is_slower_is_told(self, first_steps, elena, at):
        slower = TagSuggestion.objects.get(pk=first_steps.pk)
        tag.reject(first_steps, by=elena, at=at)

        with pytest.raises(tag.Decided):
            tag.accept(slower, by=elena, at=at)
        assert not Tagging.objects.exists()

    def test_accepts_only_what_is_sure_enough(self, pages, first_steps, elena, at):
        assert tag.accept_sure(pages.article, least=0.99, by=elena, at=at) == []
        assert len(tag.accept_sure(pages.article, least=0.5, by=elena, at=at)) == 1

    def test_what_is_no_longer_suggested_is_said(self, first_steps, elena, at):
        slower = TagSuggestion.objects.get(pk=first_steps.pk)
        TagSuggestion.objects.all().delete()

        with pytest.raises(tag.Decided):
            tag.accept(slower, by=elena, at=at)

    def test_of_several_ticked_for_a_facet_of_single_terms_the_surest_counts(
        self, pages, audience, elena, at
    ):
        Facet.objects.update(several=False)
        pages.article.title = "First steps"
        pages.article.body = [("text", "<p>Also for savers.</p>")]
        pages.article.save()
        both = list(tag.suggest(pages.article, at=at))

        tag.accept_all(both[::-1], by=elena, at=at)

        assert len(both) == 2
        assert terms(pages.article) == {"Beginners"}

    def test_of_a_facet_of_single_terms_the_last_one_given_counts(self, pages, audience, elena, at):
        Facet.objects.update(several=False)
        for term in (audience.starters, audience.savers):
            term.refresh_from_db()
            tag.give(pages.article, term, by=elena, at=at)

        assert terms(pages.article) == {"Savers"}

    def test_what_a_person_took_away_does_not_come_back(self, pages, first_steps, elena, at):
        tag.accept(first_steps, by=elena, at=at)

        assert tag.take(pages.article, first_steps.term, by=elena, at=at)
        assert not tag.suggest(pages.article, at=at)
        assert not tag.take(pages.article, first_steps.term, by=elena, at=at)

    def test_who_gives_what_was_rejected_has_changed_their_mind(
        self, pages, first_steps, elena, at
    ):
        tag.reject(first_steps, by=elena, at=at)

        tag.give(pages.article, first_steps.term, by=elena, at=at)

        assert TagSuggestion.objects.get().state == "ACCEPTED"


class TestBots:
    """A bot never takes away what a person gave, nor gives what a person refused."""

    def test_a_bot_gives_what_nobody_spoke_about(self, pages, audience, sorter, at):
        assert not tag.give(pages.article, audience.savers, by=sorter, at=at).is_human

    def test_a_bot_does_not_give_what_was_rejected(self, pages, first_steps, elena, sorter, at):
        tag.reject(first_steps, by=elena, at=at)

        with pytest.raises(tag.CannotTag):
            tag.give(pages.article, first_steps.term, by=sorter, at=at)

    def test_a_bot_does_not_take(self, pages, audience, elena, sorter, at):
        tag.give(pages.article, audience.savers, by=elena, at=at)

        with pytest.raises(tag.CannotTag):
            tag.take(pages.article, audience.savers, by=sorter, at=at)

    def test_a_bot_does_not_replace_a_single_term(self, pages, audience, elena, sorter, at):
        Facet.objects.update(several=False)
        audience.starters.refresh_from_db()
        tag.give(pages.article, audience.savers, by=elena, at=at)

        with pytest.raises(tag.CannotTag):
            tag.give(pages.article, audience.starters, by=sorter, at=at)
        assert terms(pages.article) == {"Savers"}

    def test_what_a_person_said_stays_hers_when_her_account_goes(
        self, pages, audience, elena, sorter, at
    ):
        tag.give(pages.article, audience.savers, by=elena, at=at)
        elena.delete()

        with pytest.raises(tag.CannotTag):
            tag.take(pages.article, audience.savers, by=sorter, at=at)

    def test_a_person_who_says_the_same_makes_it_hers(self, pages, audience, elena, sorter, at):
        tag.give(pages.article, audience.savers, by=sorter, at=at)

        tag.give(pages.article, audience.savers, by=elena, at=at)

        assert Tagging.objects.get().by == elena


SAVING = [
    "deposit interest rate account",
    "interest account monthly savings",
    "savings rate monthly",
]
TRADE = ["share market broker order", "broker fees share exchange", "order book exchange market"]


@pytest.fixture
def library(pages, audience, elena, at):
    """Forty fragments, half of them for savers and half for beginners, as elena tagged them."""
    notes = [(SAVING if number % 2 else TRADE, number) for number in range(40)]
    made = Fragment.objects.bulk_create(
        Fragment(
            name=f"Note {number}", text=f"{words[number % 3]} {words[(number + 1) % 3]}",
            locale=Locale.get_default(), live=True,
        )
        for words, number in notes
    )  # fmt: skip
    Tagging.objects.bulk_create(
        Tagging(**tag.place(one), term=term, by=elena, is_human=True, at=at)
        for one, term in zip(made, [audience.starters, audience.savers] * 20, strict=True)
    )
    return made


class TestLearning:
    def test_learns_which_words_speak_for_a_term(self, pages, library, audience, at):
        learn.learn(audience, at=at)
        pages.article.intro = "The interest rate of your account."
        pages.article.save()

        found = tag.suggest(pages.article, at=at)

        assert [one.term for one in found] == [audience.savers]
        assert (found[0].tagger, found[0].model.facet) == ("learned", audience)
        assert {word for word, _weight in found[0].reason["words"]} & {
            "interest",
            "rate",
            "account",
        }

    def test_measures_itself_on_things_that_were_held_out(self, library, audience, at):
        models = {one.tagger: one for one in learn.learn(audience, at=at)}

        quality = models["learned"].quality
        assert quality["f1"] > 0.9
        assert set(quality["terms"]) == {str(audience.savers.pk), str(audience.starters.pk)}
        assert sum(row[2] for row in quality["calibration"]) == 80

    def test_a_term_with_few_examples_is_found_by_similar_things(
        self, pages, library, audience, elena, at
    ):
        funds = Term.objects.create(facet=audience, name="Fund buyers", slug="fund-buyers")
        for number in (0, 2, 4):
            library[number].text = "umbrella sleeve prospectus"
            library[number].save()
            tag.give(library[number], funds, by=elena, at=at)
        learn.learn(audience, at=at)
        pages.article.body = [("text", "<p>umbrella sleeve prospectus</p>")]
        pages.article.save()

        found = {one.term: one for one in tag.suggest(pages.article, at=at)}

        assert found[funds].tagger == "neighbors"
        assert found[funds].reason["alike"][0][0] in {"Note 0", "Note 2", "Note 4"}

    def test_is_due_after_more_than_twenty_decisions(self, library, audience, elena, at):
        assert learn.is_due(audience)
        learn.learn(audience, at=at)
        assert not learn.is_due(audience)

        later = at + timedelta(hours=1)
        for note in library[1:23]:
            tag.take(note, audience.savers, by=elena, at=later)
            tag.give(note, audience.starters, by=elena, at=later)

        assert learn.is_due(audience)

    def test_bots_teach_nothing(self, pages, audience, sorter, at):
        tag.give(pages.article, audience.savers, by=sorter, at=at)

        assert learn.examples(audience) == []
        assert not learn.is_due(audience)

    def test_of_a_draft_the_draft_is_learned_and_its_title_is_not_shown(
        self, pages, audience, elena, at
    ):
        pages.article.unpublish()
        pages.article.refresh_from_db()
        pages.article.title = "Secret plans"
        pages.article.save_revision()
        tag.give(pages.article, audience.savers, by=elena, at=at)

        (example,) = learn.examples(audience)

        assert (example.text.title, example.title) == ("Secret plans", "")

    def test_the_title_of_what_only_some_may_read_is_not_shown(self, pages, audience, elena, at):
        tag.give(pages.article, audience.savers, by=elena, at=at)
        assert [one.title for one in learn.examples(audience)] == ["Cash"]

        PageViewRestriction.objects.create(page=pages.article.get_parent(), password="sesame")

        assert [one.title for one in learn.examples(audience)] == [""]

    def test_only_the_newest_keeps_its_weights(self, library, audience, at):
        learn.learn(audience, at=at)
        newest = learn.learn(audience, at=at + timedelta(hours=1))

        kept = audience.models.filter(weights__isnull=False)
        assert {one.pk for one in kept} == {one.pk for one in newest}
        assert audience.models.filter(in_use=True).count() == len(newest)


class Sure(Tagger):
    """Guesses everything."""

    name = "sure"
    label = "Sure"

    def read(self, text):
        return [Guess(one.id, 0.9, {}) for one in self.choices]


class Forgetful(Sure):
    """Learns once, and then never again."""

    name = "forgetful"

    @classmethod
    def learn(cls, examples, choices):
        if TaggerModel.objects.filter(tagger=cls.name).exists():
            raise RuntimeError("no")
        return Learned(b"1", 1)

    def __init__(self, choices, weights):
        if not weights:
            raise RuntimeError("no")
        super().__init__(choices, weights)


class TestATaggerThatFails:
    @pytest.fixture(autouse=True)
    def _known(self):
        TAGGERS.register(Forgetful)
        learn._HELD.clear()
        yield
        del TAGGERS.members["forgetful"]
        learn._HELD.clear()

    def test_to_begin_silences_nobody(self, first_steps):
        assert first_steps.tagger == "words"

    def test_to_learn_keeps_what_it_knew_and_the_others_learn(self, first_steps, audience, at):
        tag.accept(first_steps, by=User.objects.create_user("ada"), at=at)
        learn.learn(audience, at=at)

        newer = learn.learn(audience, at=at + timedelta(hours=1))

        assert {one.tagger for one in newer} == {"words"}
        assert TaggerModel.objects.get(tagger="forgetful", in_use=True).weights


class TestAnotherTagger:
    def test_is_heard_beside_ours_until_a_term_is_learned(self, pages, library, audience, at):
        TAGGERS.register(Sure)
        learn._HELD.clear()
        try:
            before = {one.tagger for one in tag.suggest(pages.article, at=at)}
            learn.learn(audience, at=at)
            after = {one.tagger for one in tag.suggest(pages.article, at=at)}
        finally:
            del TAGGERS.members["sure"]
            learn._HELD.clear()

        assert before == {"sure"}
        assert after <= {"learned"}
