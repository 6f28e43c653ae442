"""Ways of choosing: what each shows to whom, and what stands in where there is nothing."""

from __future__ import annotations

import uuid
from datetime import time, timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.blocks import StructBlockValidationError
from wagtail.blocks.base import get_error_json_data
from wagtail.models import Locale, Page

from content import context, personalize, recommend
from content.blocks.dynamic import LISTS, STRATEGIES, PersonalSlotBlock
from content.models import BlockFault, Facet, Recommended, StandardPage, Tagging, Term
from content.personalize import Because, Visitor
from content.strategies import registry
from customers import segment
from tests.content.conftest import READERS, action

pytestmark = pytest.mark.django_db
SOMEBODY = Visitor("somebody", frozenset())


@pytest.fixture
def shows(pages, at):
    """Return what a slot with these settings shows: a heading, a list of titles, or "default"."""

    def shown(*variants, who=SOMEBODY, came=None, moment=at, **settings):
        slot = {"default": action("Everybody"), "variants": list(variants), **settings}
        pages.home.body = [("personal_slot", slot)]
        pages.home.save()
        page = type(pages.home).objects.get(pk=pages.home.pk)
        place, found = next(iter(page.slots().items()))
        decision = personalize.choose(
            slot=found, page=page, who=who, context=context.told(came or {}, at=moment), at=moment
        )
        assert decision.slot == place
        if decision.because is Because.LIST:
            return [one.title for one in decision.content[0].pages]
        return "default" if decision.variant == "default" else (
            decision.content[0].value["heading"])  # fmt: skip

    return shown


def variant(heading, **conditions):
    return {"content": action(heading), **conditions}


def when(**rule):
    return {"when": rule}


class TestVariants:
    def test_every_choice_of_editors_is_a_class(self):
        assert {one.name for one in registry} == {name for name, _label in STRATEGIES}
        assert set(registry.members) >= LISTS

    def test_first_match_goes_by_order(self, shows, readers):
        both = Visitor("ana", frozenset({readers.pk}))
        options = [variant("Reader", audience=readers), variant("Phone", **when(device=["phone"]))]

        assert shows(*options, who=both, came={"device": "phone"}) == "Reader"
        assert shows(*options, came={"device": "phone"}) == "Phone"
        assert shows(*options) == "default"

    def test_audience_rule_and_schedule_must_all_hold(self, shows, readers, at):
        who = Visitor("ana", frozenset({readers.pk}))
        one = variant(
            "Now", audience=readers, starts=at, ends=at + timedelta(hours=1),
            **when(since=time(9), until=time(17)),
        )  # fmt: skip

        assert shows(one, who=who) == "Now"
        assert shows(one, who=who, moment=at + timedelta(hours=1)) == "default"
        assert shows(one, who=who, moment=at - timedelta(seconds=1)) == "default"
        assert shows(one) == "default"

    def test_schedule_shows_what_began_last(self, shows, at):
        season = variant("Winter", starts=at - timedelta(days=30))
        today = variant("Today", starts=at - timedelta(hours=1), ends=at + timedelta(hours=1))

        assert shows(season, today, strategy="schedule") == "Today"
        assert shows(season, today, strategy="schedule", moment=at + timedelta(days=1)) == "Winter"

    def test_random_is_even_and_a_person_keeps_theirs(self, pages, at):
        slot = {"default": action("D"), "variants": [variant("A"), variant("B")],
                "strategy": "random"}  # fmt: skip
        pages.home.body = [("personal_slot", slot)]
        pages.home.save()
        page = type(pages.home).objects.get(pk=pages.home.pk)
        found = next(iter(page.slots().values()))

        def draw():
            return [
                personalize.choose(
                    slot=found, page=page, who=Visitor(f"p{n}", frozenset()),
                    context=context.Context(at), at=at,
                ).variant
                for n in range(1000)
            ]  # fmt: skip

        first = draw()
        counts = sorted(first.count(one) for one in set(first))
        assert len(counts) == 2
        assert counts[0] > 430
        assert draw() == first

    def test_an_audience_that_is_gone_is_nobody(self, shows, readers, pages):
        shows(variant("Reader", audience=readers))
        readers.delete()
        page = type(pages.home).objects.get(pk=pages.home.pk)
        found = next(iter(page.slots().values()))

        assert found.value["variants"][0]["audience"] is not None
        assert found.value["variants"][0]["audience"].pk not in SOMEBODY.segments

    def test_pages_written_before_are_what_they_were(self, readers):
        block = PersonalSlotBlock()
        old = {
            "default": [{"type": "text", "value": "<p>Hi</p>", "id": "a"}],
            "variants": [
                {
                    "type": "item", "id": "v",
                    "value": {"audience": readers.pk,
                              "content": [{"type": "text", "value": "<p>Yo</p>", "id": "b"}]},
                }
            ],
            "control": 10,
        }  # fmt: skip

        value = block.to_python(old)

        assert value["strategy"] == "first_match"
        assert value["delivery"] == "fragment"
        assert value["variants"][0]["audience"] == readers
        assert context.is_empty(value["variants"][0]["when"])
        assert block.clean(value)["control"] == 10


class TestWriting:
    """What an editor is told before a slot is kept."""

    @pytest.fixture
    def faults(self, readers):
        def found(*variants, default="Everybody", **settings):
            block = PersonalSlotBlock()
            told = {"default": action(default), "variants": list(variants), **settings}
            try:
                block.clean(block.normalize(told))
            except StructBlockValidationError as error:
                told = error.block_errors.items()
                return {name: str(get_error_json_data(one)) for name, one in told}
            return {}

        return found

    def test_variants_that_nobody_can_reach(self, faults, readers):
        everybody, some = variant("All"), variant("Reader", audience=readers)

        assert "below variant 1" in faults(everybody, some)["variants"]
        assert faults(some, everybody) == {}
        assert faults(everybody, some, strategy="random") == {}

    def test_braces_that_would_be_shown(self, faults):
        assert "{{ first_name }}" in faults(default="Hi {{ first_name }}")["default"]
        assert faults(default="Hi {{ customer.first_name|there }}") == {}

    @pytest.mark.parametrize(
        ("name", "rule"),
        [("country", {"country": ["Spain"]}), ("language", {"language": ["in Spanish"]}),
         ("referrer", {"referrer": ["not a host"]}),
         ("visits_to", {"visits_from": 3, "visits_to": 2}),
         ("until", {"since": time(9), "until": time(9)})],
    )  # fmt: skip
    def test_rules_that_hold_for_nobody(self, faults, name, rule):
        assert name in faults(variant("Now", **when(**rule)))["variants"]
        assert faults(variant("Now", **when(country=["ES"], language=["es", "pt-BR"]))) == {}


class TestLists:
    def test_picks_in_their_order_without_the_page_itself_and_drafts(self, shows, pages):
        pages.product.unpublish()
        picks = [pages.product, pages.home, pages.letter, pages.article]

        assert shows(strategy="pick", picks=picks, count=2) == ["Letter", "Cash"]
        assert shows(strategy="pick") == "default"

    def test_popular_are_those_that_were_published(self, shows, pages, at):
        ranked = [(pages.product.pk, 9.0), (999_999, 8.0), (pages.article.pk, 3.0)]

        assert recommend.publish(list="popular", pages=ranked, at=at) == 2
        assert shows(strategy="popular") == ["Canopy", "Cash"]
        recommend.publish(list="popular", pages=[(pages.article.pk, 1.0)], at=at)
        assert shows(strategy="popular") == ["Cash"]

    def test_popular_have_room_in_every_language(self, pages, at, monkeypatch):
        monkeypatch.setattr(recommend, "LONGEST", 1)
        spanish = pages.letter.copy_for_translation(Locale.objects.create(language_code="es"), True)
        ranked = [(one.pk, 1.0) for one in (pages.article, pages.product, spanish)]

        recommend.publish(list="popular", pages=ranked, at=at)

        found = Recommended.objects.filter(list="popular").order_by("rank")
        assert [one.page_id for one in found] == [pages.article.pk, spanish.pk]

    def test_recent_are_the_pages_somebody_looked_at(self, shows, pages):
        who = Visitor("persona", frozenset(), viewed=("/products/canopy/", "/nowhere/"))

        assert shows(strategy="recent", who=who) == ["Canopy"]
        assert shows(strategy="recent", picks=[pages.letter]) == ["Letter"]

    def test_recent_come_from_events(self, pages, source, at):
        from customers import fold, identify, ingest

        alias = identify.ensure_alias(kind="anonymous", value=str(uuid.uuid4()), at=at)
        ingest.accept(
            source=source,
            events=[
                {"type": "track", "event": name, "anonymousId": alias.value,
                 "messageId": path, "timestamp": f"{at + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}",
                 "properties": {"path": path}}
                for n, (name, path) in enumerate([
                    ("Article Viewed", "/insights/cash/"), ("Product Viewed", "/products/canopy/"),
                    ("Article Viewed", "/gone/"), ("Searched", "/letter/"),
                ])
            ],
            at=at + timedelta(hours=1),
        )  # fmt: skip
        fold.drain(at=at + timedelta(hours=1))

        found = recommend.recent(profile_id=alias.profile_id, most=5)

        assert [page.title for page in found] == ["Canopy", "Cash"]

    def test_related_share_the_most_tags(self, pages, at):
        facet = Facet.objects.create(name="About", slug="about")
        terms = [Term.objects.create(facet=facet, name=n, slug=n) for n in ("a", "b")]
        kind = ContentType.objects.get_for_model(Page)
        for page, about in ((pages.article, terms), (pages.letter, terms[:1]),
                            (pages.product, terms)):  # fmt: skip
            for term in about:
                Tagging.objects.create(content_type=kind, object_id=page.pk, term=term, at=at)

        assert [page.title for page in recommend.related(pages.article, 3)] == ["Canopy", "Letter"]
        assert recommend.related(pages.thanks, 3) == []

    def test_closed_pages_are_never_listed(self, pages):
        from wagtail.models import PageViewRestriction

        PageViewRestriction.objects.create(page=pages.product, restriction_type="login")

        assert recommend.shown(ids=[pages.product.pk, pages.letter.pk], most=3) == [pages.letter]


class TestFailure:
    def test_of_a_strategy_shows_the_default_and_is_told(self, shows, pages, monkeypatch):
        def fail(*_args, **_kwargs):
            raise RuntimeError("no list today")

        monkeypatch.setattr(recommend, "popular", fail)

        assert shows(strategy="popular") == "default"
        fault = BlockFault.objects.get()
        assert fault.page == Page.objects.get(pk=pages.home.pk)
        assert "no list today" in fault.error


class TestCost:
    def test_thirty_segments_and_ten_variants_cost_three_queries_more(self, pages, chen, ana, at):
        def page(slug, variants):
            slot = {"default": action("Everybody"), "variants": variants}
            made = StandardPage(title=slug, slug=slug, body=[("personal_slot", slot)])
            return pages.home.add_child(instance=made)

        groups = [
            segment.create(name=f"S{n}", slug=f"s-{n}", rule=READERS, at=at) for n in range(30)
        ]
        plain = page("plain", [])
        rich = page("rich", [variant(f"V{n}", audience=groups[n]) for n in range(10)])

        def cost(client, path):
            client.get(path)
            with CaptureQueriesContext(connection) as found:
                assert client.get(path).status_code == 200
            return len(found)

        def asked(one):
            place = next(iter(StandardPage.objects.get(pk=one.pk).slots()))
            return f"/_x/slots?page={one.pk}&rev=1&s={place}"

        assert cost(ana, asked(rich)) - cost(ana, asked(plain)) <= 3
