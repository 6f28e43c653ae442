"""A page under load: kept, filled for each visitor, rendered; beside a view that does nothing.

And beside wagtail-personalisation's page of the same content, which renders for everybody.
"""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, Site

from benchmarks import Result, _page_words, _peers
from benchmarks._cost import Cost
from benchmarks._web import Load, Web
from content.models import HomePage, PublicPage, StandardPage
from customers import consent, identify, segment
from customers.models import Alias, SegmentMember
from dxp.lib import clock

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
VISITORS = 40
NOBODY = {"v": 1, "root": {"op": "event", "name": "Never", "metric": "count", "window": "all",
                           "cmp": "gte", "value": 1}}  # fmt: skip


def run(quick: bool) -> Result:
    """Return the throughput of a kept page as a share of a no-op view's; the rest in the table."""
    connection.settings_dict["CONN_MAX_AGE"] = None
    pages, people = _site()
    rendered = _rendered(pages, 20 if quick else 300)
    loads = _loads(pages, people, seconds=3 if quick else 6, rounds=1 if quick else 5)
    shares = {name: _middle(loads, name, "noop") for name in loads}
    beside = _beside(loads)
    table = [
        *((f"{name}: requests/s, CPU", _told(loads[name])) for name in loads),
        ("kept shell / no-op view (0.6 wanted)", f"{shares['shell']:.2f}"),
        ("three slots filled by our server / no-op view (0.5 wanted)", f"{shares['server']:.2f}"),
        ("the same with control groups / no-op view", f"{shares['server, control groups']:.2f}"),
        ("the fragment call for three slots / no-op view", f"{shares['fragment call']:.2f}"),
        *rendered,
        *beside,
    ]
    kept = statistics.median(one.each_second for one in loads["shell"])
    bare = statistics.median(one.each_second for one in loads["noop"])
    return Result("page", round(kept), round(bare), round(shares["shell"], 3), "requests/s", table)


def _told(some: Sequence[Load]) -> str:
    each = statistics.median(one.each_second for one in some)
    cpu = statistics.median(one.cpu_us for one in some)
    return f"{each:,.0f}/s, {cpu:,.0f} us"


def _middle(loads: dict[str, list[Load]], ours: str, other: str) -> float:
    """Return the median share of pairs that were measured one after the other."""
    pairs = zip(loads[ours], loads[other], strict=False)
    return statistics.median(one.each_second / max(two.each_second, 0.1) for one, two in pairs)


# ---- What is measured.


def _site() -> tuple[dict[str, Any], list[str]]:
    """Build the pages, and visitors who are in their audiences; return pages and cookies."""
    at = clock.now()
    some = [segment.create(name=f"S{one}", slug=f"s{one}", rule=NOBODY, at=at) for one in range(30)]
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title="Alder & Finch", slug="page"))
    site = Site.objects.get(is_default_site=True)
    site.root_page, site.site_name = home, "Alder & Finch"
    site.save()
    menu = [
        home.add_child(
            instance=StandardPage(title=title, slug=title.lower(), show_in_menus=True, body=[])
        )
        for title in _page_words.MENU
    ]
    bodies = {
        "shell": _body(menu),
        **{way: [*_body(menu), *_slots(some, way)] for way in ("server", "edge", "fragment")},
        "drawn": [*_body(menu), *_slots(some, "server", control=10)],
        "one": [*_body(menu), _slot("?", [("!", some[0])], "fragment")],
        "ten": [*_body(menu), _slot("?", [(f"{n}", some[n * 3]) for n in range(10)], "fragment")],
    }
    pages = {
        name: home.add_child(instance=StandardPage(title=_page_words.TITLE, slug=name, body=body))
        for name, body in bodies.items()
    }
    return {name: StandardPage.objects.get(pk=one.pk) for name, one in pages.items()}, [
        _visitor(some, at) for _ in range(VISITORS)
    ]


def _body(menu: Sequence[Any]) -> list[Any]:
    link = {"text": "Read on", "page": menu[0], "url": ""}
    eyebrow, heading, text = _page_words.HERO
    words, who, role = _page_words.QUOTE
    cards = [
        {"title": title, "text": text, "art": "nest", "link": {**link, "page": page}}
        for (title, text), page in zip(_page_words.CARDS, menu, strict=False)
    ]
    texts = [
        ("text", f'{one}<p><a linktype="page" id="{page.pk}">{page.title}</a></p>')
        for one, page in zip(_page_words.TEXTS, menu, strict=False)
    ]
    figures = [{"label": a, "value": b, "note": c} for a, b, c in _page_words.FIGURES]
    return [
        ("hero", {"eyebrow": eyebrow, "heading": heading, "text": text, "links": [link]}),
        *texts[:2],
        ("figures", {"heading": "In figures", "figures": figures, "source": ""}),
        *texts[2:],
        ("quote", {"text": words, "who": who, "role": role}),
        ("cards", {"heading": "Ways in", "text": "", "cards": cards}),
    ]


def _slots(some: Sequence[Any], way: str, control: int = 0) -> list[Any]:
    told = zip(_page_words.SLOTS, some, strict=False)
    return [_slot(words, [(special, one)], way, control) for (words, special), one in told]


def _slot(words: str, variants: Sequence[tuple[str, Any]], way: str, control: int = 0) -> Any:
    def call(heading: str) -> Any:
        return [("call_to_action", {"heading": heading, "text": "", "link": {}})]

    made = [{"audience": one, "content": call(heading)} for heading, one in variants]
    told = {"default": call(words), "variants": made, "delivery": way, "control": control}
    return "personal_slot", told


def _visitor(some: Sequence[Any], at: Any) -> str:
    known = str(uuid.uuid4())
    alias = identify.ensure_alias(kind=Alias.Kind.ANONYMOUS, value=known, at=at)
    for purpose in ("tracking", "personalization"):
        consent.record(purpose=purpose, state="GRANTED", method="banner", alias=alias, at=at)
    SegmentMember.objects.bulk_create(
        SegmentMember(segment=one, profile_id=alias.profile_id, entered_at=at, cause="EVENT")
        for one in some[:3]
    )
    return known


# ---- How it is measured.


def _rendered(pages: dict[str, Any], rounds: int) -> list[tuple[str, str]]:
    """Return what a page costs that is not kept, and what segments and variants add."""
    client = Client(headers={"user-agent": AGENT})
    cost, wide, narrow = Cost(), pages["ten"], pages["one"]
    with _unkept():
        for turn in range(rounds + 5):
            if turn == 5:
                cost = Cost()
            with cost:
                answer = client.get(pages["server"].url)
            assert answer.status_code == 200
        with CaptureQueriesContext(connection) as shell:
            client.get(pages["server"].url)
        known = Client(headers={"user-agent": AGENT})
        known.cookies["dxp_aid"] = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS)[0].value
        asked = {}
        for name, page in (("one", narrow), ("ten", wide), ("none", pages["shell"])):
            _call(known, page)
            with CaptureQueriesContext(connection) as queries:
                _call(known, page)
            asked[name] = len(queries)
    return [
        ("rendered anew: queries (8 wanted)", str(len(shell))),
        ("rendered anew: CPU (12,000 us wanted)", cost.each(rounds)),
        ("fragment call, no slot / 1 variant / 10 variants of 30 segments: queries",
         f"{asked['none']} / {asked['one']} / {asked['ten']}"),
        ("30 segments and 10 variants: extra queries (3 wanted)",
         str(asked["ten"] - asked["one"])),
    ]  # fmt: skip


def _call(client: Client, page: PublicPage) -> None:
    answer = client.get("/_x/slots", {"page": page.pk, "s": ",".join(page.slots())})
    assert answer.status_code == 200


@contextmanager
def _unkept() -> Iterator[None]:
    before, settings.PAGE_CACHE_MB = settings.PAGE_CACHE_MB, 0
    try:
        yield
    finally:
        settings.PAGE_CACHE_MB = before


def _loads(
    pages: dict[str, Any], people: Sequence[str], *, seconds: float, rounds: int
) -> dict[str, list[Load]]:
    """Ask for everything in turn, so that a noisy machine is noisy to all alike."""
    ours = {"DJANGO_SETTINGS_MODULE": "dxp.settings.dev", "SECRET_KEY": "0123456789" * 5}
    browser = {"User-Agent": AGENT, "Accept-Encoding": "gzip"}
    known = [{**browser, "Cookie": f"dxp_aid={one}"} for one in people]
    slots = ",".join(pages["fragment"].slots())
    found: dict[str, list[Load]] = {}
    with (
        Web("benchmarks._noop:application", environment={}) as nothing,
        Web("dxp.wsgi:application", environment=ours) as site,
        _peers.site() as peer,
    ):
        asked = [
            ("noop", nothing, "/", [browser]),
            ("shell", site, pages["shell"].url, [browser]),
            ("server", site, pages["server"].url, known),
            ("server, control groups", site, pages["drawn"].url, known),
            ("fragment call", site, f"/_x/slots?page={pages['fragment'].pk}&s={slots}", known),
            *([("wagtail-personalisation", peer, "/", [browser])] if peer else []),
        ]
        for _round in range(rounds + 1):
            for name, web, path, headers in asked:
                load = web.load(path, for_seconds=seconds, headers=headers)
                # The first round only warms up.
                if _round:
                    found.setdefault(name, []).append(load)
    return found


def _beside(loads: dict[str, list[Load]]) -> list[tuple[str, str]]:
    if "wagtail-personalisation" not in loads:
        return [("wagtail-personalisation", _peers.why_not() or "not measured")]
    share = _middle(loads, "server", "wagtail-personalisation")
    return [("three slots filled / wagtail-personalisation (10 wanted)", f"{share:.1f}")]
