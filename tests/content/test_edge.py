"""The key that a shared cache adds to its own, and that all three ways of arriving agree."""

from __future__ import annotations

import gzip
import itertools
import random
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory

from content import context, edge, fill, keepable, pagecache, personalize
from content.models import HomePage, StandardPage
from content.personalize import Visitor
from customers import segment
from customers.models import TraitDef
from tests.content.conftest import READERS, action

AT = datetime(2026, 11, 21, 12, 34, tzinfo=UTC)


class TestKey:
    def test_says_the_segments_and_nothing_else(self):
        key = edge.key([7, 3], at=AT)

        assert edge.read(key, at=AT) == {3, 7}
        assert edge.key([3, 7, 7], at=AT + timedelta(minutes=20)) == key

    def test_of_nobody_is_a_key_too(self):
        assert edge.read(edge.key([], at=AT), at=AT) == frozenset()

    def test_ends_after_two_hours_at_most(self):
        key = edge.key([3], at=AT)

        assert edge.read(key, at=AT + timedelta(minutes=60)) == {3}
        assert edge.read(key, at=AT + timedelta(hours=2)) == frozenset()

    @pytest.mark.parametrize("text", ["", "1.3", "x" * 5000, "9999999999.3~forged", "\x00", "é~é"])
    def test_of_somebody_else_says_nothing(self, text):
        assert edge.read(text, at=AT) == frozenset()

    def test_changed_says_nothing(self):
        key = edge.key([3], at=AT)

        assert edge.read(key.replace(".3~", ".4~"), at=AT) == frozenset()

    def test_is_short_however_many_segments_there_are(self):
        assert len(edge.read(edge.key(range(500), at=AT), at=AT)) == edge.MOST
        assert len(edge.key(range(10**17, 10**17 + 500), at=AT)) < 400


# What a heading may say of somebody, and ways of choosing among variants.
SAID = ["", "", " {{ customer.first_name|you }}"]
STRATEGIES = ["first_match", "first_match", "random", "schedule"]


def headings(html):
    return re.findall(r'<h2 class="dxp-action__title">([^<]*)<', html)


def slot(variants, **more):
    return ("personal_slot", {"default": action("Everybody"), "variants": variants, **more})


def variant(audience, heading):
    return {"audience": audience, "content": action(heading)}


@pytest.fixture
def groups(db, at):
    return [
        segment.create(name=f"Group {n}", slug=f"group-{n}", rule=READERS, at=at) for n in range(4)
    ]


@pytest.fixture
def publish(pages):
    def published(*slots):
        page = StandardPage(title="Edge", slug=f"edge-{uuid.uuid4().hex[:6]}", body=list(slots))
        pages.home.add_child(instance=page)
        return StandardPage.objects.get(pk=page.pk)

    return published


@pytest.mark.django_db
class TestPage:
    def test_declares_three_segments_at_most(self, publish, groups):
        a, b, c, d = groups
        page = publish(
            slot([variant(a, "A"), variant(b, "B")], delivery="edge"),
            slot([variant(c, "C"), variant(d, "D")], delivery="edge"),
            slot([variant(b, "B"), variant(c, "C")], delivery="edge"),
        )

        assert list(page.deliveries().values()) == ["edge", "fragment", "edge"]
        assert page.declared() == (a.pk, b.pk, c.pk)

    @pytest.mark.parametrize(
        "more", [{"control": 10}, {"strategy": "random"}, {"strategy": "popular"}]
    )
    def test_leaves_to_the_fragment_what_depends_on_more(self, publish, groups, more):
        page = publish(slot([variant(groups[0], "A")], delivery="edge", **more))

        assert page.declared() == ()
        assert set(page.deliveries().values()) == {"fragment"}

    def test_tells_caches_what_it_uses(self, publish, groups, chen):
        page = publish(slot([variant(groups[0], "A")], delivery="edge"))

        answer = chen.get(page.url)

        assert answer["X-DXP-Uses"] == str(groups[0].pk)
        assert "Cookie" not in answer.get("Vary", "")
        assert not answer.cookies
        assert "X-DXP-Uses" not in chen.get("/letter/")

    def test_gives_the_key_after_consent_only(self, publish, groups, ana, chen, bruno, at):
        page = publish(slot([variant(groups[0], "A")], delivery="edge"))
        asked = {"page": page.pk, "s": next(iter(page.slots())), "rev": "1"}

        given = ana.get("/_x/slots", asked).cookies["dxp_seg"]

        assert given["httponly"]
        assert given["max-age"] == 3600
        for visitor in (chen, bruno):
            assert "dxp_seg" not in visitor.get("/_x/slots", asked).cookies

    def test_takes_the_key_back_with_the_consent(self, publish, groups, ana):
        page = publish(slot([variant(groups[0], "A")], delivery="edge"))
        asked = {"page": page.pk, "s": next(iter(page.slots())), "rev": "1"}
        ana.get("/_x/slots", asked)

        answer = ana.post(
            "/_x/consent", {"choice": "reject"}, content_type="application/json",
            headers={"sec-fetch-site": "same-origin"},
        )  # fmt: skip

        assert answer.cookies["dxp_seg"]["max-age"] == 0


@pytest.mark.django_db
class TestArrival:
    def test_is_the_same_by_fragment_edge_and_server(self, publish, groups, at):
        dice = random.Random(7)
        asked = RequestFactory()
        for _turn in range(12):
            chosen = dice.sample(groups[:3], dice.randint(1, 3))
            page = publish(slot([variant(one, f"For {one.name}") for one in chosen],
                                delivery="edge"))  # fmt: skip
            place = next(iter(page.slots()))
            for inside in itertools.chain.from_iterable(
                itertools.combinations(groups, n) for n in range(3)
            ):
                numbers = frozenset(one.pk for one in inside)
                request = asked.get(page.url)
                kept = edge.read(edge.key(numbers & {*page.declared()}, at=at), at=at)
                request.edge_segments = kept & {*page.declared()}
                at_edge = StandardPage.objects.get(pk=page.pk).serve(request).render()

                decision = personalize.decide(
                    slots=page.slots(), wanted=[place], page=page, who=Visitor("ana", numbers),
                    context=context.Context(at=at), at=at,
                )[place]  # fmt: skip
                html = personalize.html(decision, page, request)

                shown = at_edge.content.decode()
                heading = re.search(r"(For Group \d|Everybody)", html)[1]
                assert f">{heading}<" in shown
                assert len(set(re.findall(r"(For Group \d|Everybody)", shown))) == 1
                told = re.search(r'data-variant="([^"]*)"', shown)
                assert (told[1] if told else "default") == decision.variant

    def test_by_our_server_is_what_the_call_says(self, publish, groups, at):
        dice = random.Random(11)
        name = TraitDef.objects.update_or_create(
            key="first_name", defaults={"pii": "name", "created_at": at}
        )[0].key
        for turn in range(8):
            variants = [
                variant(dice.choice([*groups[:3], None]), f"For {number}{dice.choice(SAID)}")
                for number in range(dice.randint(1, 3))
            ]
            more = {"control": dice.choice([0, 30]), "strategy": dice.choice(STRATEGIES)}
            page = publish(
                ("personal_slot", {"default": action(f"Everybody{dice.choice(SAID)}"),
                                   "variants": variants, "delivery": "server", **more})
            )  # fmt: skip
            request = RequestFactory().get(page.url)
            shell = StandardPage.objects.get(pk=page.pk).serve(request).render()
            kept = keepable.kept(shell, turn + 1, pagecache.Shown(page=page.pk))
            came = context.Context(at=at)
            for _person in range(12):
                inside = frozenset(one.pk for one in dice.sample(groups, dice.randint(0, 3)))
                traits = {name: "Dana"} if dice.random() < 0.3 else {}
                who = Visitor(str(dice.randrange(6)), inside, traits=traits)
                filled = fill.fill(kept, who=who, came=context.Context, request=request, at=at)
                body = gzip.decompress(filled.body) if filled.is_packed else filled.body
                [decision] = personalize.decide(
                    slots=page.slots(), wanted=page.slots(), page=page, who=who, context=came, at=at
                ).values()

                shown = personalize.html(decision, page, request)
                assert headings(body.decode()) == headings(shown)
                assert b"{{" not in body

    def test_home_page_without_edge_slots_shows_the_default(self, pages, readers, chen):
        request = RequestFactory().get("/")
        request.edge_segments = frozenset({readers.pk})

        page = HomePage.objects.get(pk=pages.home.pk).serve(request).render().content.decode()

        assert "New here?" in page
        assert "Welcome back" not in page
