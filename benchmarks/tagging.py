"""What it costs a worker to read one page for tags, warm; the baseline is the target of 20 ms.

Three facets of forty terms in all, learned from three hundred articles made of a small language of
our own; then a page of a thousand words is read again and again: draft, words, language, all three
taggers, reasons, and the rows of its suggestions. CPU time, since a worker's machine is shared.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from wagtail.models import Locale, Page

from benchmarks import Result
from content import learn, read, tag
from content.models import Facet, StandardPage, TagSuggestion, Term
from content.taggers import features
from content.taggers import words as names
from dxp.users.models import User

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TARGET_MS = 20.0
FACETS = 3
TERMS = 40
SYLLABLES = ["ba", "con", "der", "fi", "gra", "hol", "in", "ka", "lu", "mer", "nos", "per", "ti"]
WORDS = 1000
LANGUAGES = ["en", "es", "zh-hans", "ru", "ro", "it"]


def run(quick: bool) -> Result:
    """Return the median CPU time of reading one page, warm."""
    articles, rounds = (120, 30) if quick else (300, 200)
    chance = random.Random(7)
    elena = User.objects.create_user("elena")
    for code in LANGUAGES:
        Locale.objects.get_or_create(language_code=code)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(4000)]
    terms = _vocabulary(chance, words)
    home = Page.get_first_root_node()
    for number in range(articles):
        chosen = chance.sample(terms, 3)
        page = _write(home, number, _text(chance, words, chosen, WORDS // 4))
        for term in chosen:
            tag.give(page, term, by=elena, at=NOW)
    began = time.process_time()
    for facet in Facet.objects.all():
        learn.learn(facet, at=NOW + timedelta(hours=1))
    learned = time.process_time() - began
    page = _write(home, articles, _text(chance, words, chance.sample(terms, 3), WORDS))
    began = time.process_time()
    tag.suggest(page, at=NOW)
    cold = time.process_time() - began
    whole = _times(rounds, lambda: tag.suggest(page, at=NOW))
    text = read.words(page)
    guessing = _times(rounds, lambda: learn.guess(text))
    languages = Locale.objects.count()
    table = [
        ("page read for tags, warm, CPU ms (median)", f"{median(whole):.1f}"),
        ("  slowest of twenty", f"{sorted(whole)[int(len(whole) * 0.95)]:.1f}"),
        ("  of that the taggers", f"{median(guessing):.1f}"),
        ("first page of a process, CPU ms", f"{cold * 1000:.0f}"),
        ("learning three facets, CPU s", f"{learned:.1f}"),
        ("articles, terms, words, languages", f"{articles}, {TERMS}, {WORDS}, {languages}"),
        ("suggestions for the page", str(TagSuggestion.objects.filter(**tag.place(page)).count())),
    ]
    ours = round(median(whole), 2)
    return Result("tagging", ours, TARGET_MS, round(ours / TARGET_MS, 3), "CPU ms a page", table)


def _vocabulary(chance: random.Random, words: list[str]) -> list[Any]:
    terms = []
    for number in range(FACETS):
        facet = Facet.objects.create(name=f"Facet {number}", slug=f"facet-{number}")
        for place in range(TERMS // FACETS + (number < TERMS % FACETS)):
            own = chance.sample(words, 12)
            term = Term.objects.create(
                facet=facet, name=own[0], slug=f"term-{number}-{place}", synonyms=own[1:3]
            )
            term.own = own  # type: ignore[attr-defined]
            terms.append(term)
    return terms


def _text(chance: random.Random, words: list[str], terms: list[Any], length: int) -> str:
    own = [word for term in terms for word in term.own[3:]]
    return " ".join(chance.choice(own if chance.random() < 0.15 else words) for _ in range(length))


def _write(home: Any, number: int, text: str) -> StandardPage:
    body = [("text", f"<p>{text}</p>")]
    page: StandardPage = home.add_child(
        instance=StandardPage(title=f"Note {number}", slug=f"note-{number}", body=body)
    )
    page.save_revision()
    return page


def _times(rounds: int, act: Any) -> list[float]:
    found = []
    for _round in range(rounds):
        # Another page would not be split yet.
        for once in (features.counted, features.shown, names.words, names.even):
            once.cache_clear()
        began = time.process_time()
        act()
        found.append((time.process_time() - began) * 1000)
    return found
