"""The taggers on a government's editorial archive: held-out posts of the same time, later posts.

Learned from four fifths of the posts of 2012 to 2014 (topics with twenty posts or more in all),
measured on the other fifth, and then on the posts of each later year with what was learned before:
that is drift. Beside it the set's own known answer, five folds over all posts.
"""

from __future__ import annotations

import re
import tarfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.taggers import LEAST, TAGGERS, Choice, Example, Text
from content.taggers.learned import LearnedTagger

PERIOD = ("2010", "2014")
# In five: each fifth post is held out, in the order of a fixed shuffle.
HELD = 5
LEAST_POSTS = 20
HEAD = re.compile(r"---\s*\n(.*?)\n---\s*\n?(.*)", re.DOTALL)
NOISE = re.compile(r"\{\{[<%].*?[>%]\}\}|\]\([^)]*\)|<[^>]+>|&#?\w+;|https?://\S+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Post:
    """One post: its day, what it says, and its topics."""

    day: str
    text: Text
    topics: frozenset[str]


def run(folder: Path) -> dict[str, Any]:
    """Learn from a period; return how good that is on its held-out posts and on later ones."""
    posts, broken = read(folder)
    counted = Counter(topic for post in posts for topic in post.topics)
    topics = sorted(topic for topic, n in counted.items() if n >= LEAST_POSTS)
    numbers = {topic: number for number, topic in enumerate(topics, start=1)}
    choices = [Choice(number, topic.replace("-", " ")) for topic, number in numbers.items()]
    told = [
        Example(post.text, frozenset(numbers[one] for one in post.topics if one in numbers))
        for post in posts
    ]
    inside = [number for number, post in enumerate(posts) if PERIOD[0] <= post.day[:4] <= PERIOD[1]]
    shuffled = _shuffled(inside)
    held, rest = shuffled[::HELD], [one for n, one in enumerate(shuffled) if n % HELD]
    began = time.perf_counter()
    learned = LearnedTagger.learn([told[one] for one in rest], choices)
    assert learned is not None
    seconds = time.perf_counter() - began
    taggers = [kind(choices, None) for kind in TAGGERS if kind is not LearnedTagger]
    taggers.insert(0, LearnedTagger(choices, learned.weights))
    figures: dict[str, Any] = {
        "posts": len(posts), "unreadable": broken, "topics": len(topics), "learned_from": len(rest),
        "learned_terms": len(taggers[0].settles()), "learn_seconds": round(seconds, 1),
        "megabytes": round(len(learned.weights or b"") / 1e6, 1),
    }  # fmt: skip
    figures["inside"] = measure(taggers, [told[one] for one in held])
    for year in sorted({post.day[:4] for post in posts if post.day[:4] > PERIOD[1]}):
        later = [told[n] for n, post in enumerate(posts) if post.day[:4] == year]
        figures[f"later_{year}"] = measure(taggers, later)
    figures["all_posts_cross_validated"] = _folds(told, choices)
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    return figures


def read(folder: Path) -> tuple[list[Post], int]:
    """Return the posts that have topics, in the order of their days, and how many are broken."""
    import yaml

    posts: list[Post] = []
    broken = 0
    with tarfile.open(folder / "news_2010-2016_markdown.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".md") else None
            if file is None:
                continue
            whole = HEAD.match(file.read().decode())
            try:
                head = yaml.safe_load(whole[1]) if whole else None
            except yaml.YAMLError:
                head = None
            if not whole or not isinstance(head, dict):
                broken += 1
                continue
            named = head.get("topics") or []
            topics = frozenset(filter(None, [named] if isinstance(named, str) else named))
            if topics:
                said = " ".join(str(head.get(key) or "") for key in ("summary", "deck"))
                body = NOISE.sub(" ", whole[2])
                text = Text(str(head.get("title") or ""), f"{said}\n{body}")
                posts.append(Post(str(head.get("date"))[:10], text, topics))
    return sorted(posts, key=lambda post: (post.day, post.text.title)), broken


def measure(taggers: Sequence[Any], examples: Sequence[Example]) -> dict[str, Any]:
    """Return how good suggestions would have been: of the learned terms by them, of others by name.

    Unit: shares 0..1, micro over all pairs of post and topic; Brier over the learned topics.
    """
    settled = taggers[0].settles()
    right = guessed = has = 0
    errors: list[float] = []
    sure_right = sure = 0
    for example in examples:
        best: dict[int, float] = {}
        for tagger in taggers:
            for guess in tagger.read(example.text):
                if guess.term not in settled or tagger is taggers[0]:
                    best[guess.term] = max(best.get(guess.term, 0.0), guess.confidence)
        errors += [(best[term] - (term in example.terms)) ** 2 for term in settled if term in best]
        chosen = {term for term, confidence in best.items() if confidence >= LEAST}
        ticked = {term for term, confidence in best.items() if confidence >= 0.8}
        right, guessed = right + len(chosen & example.terms), guessed + len(chosen)
        sure_right, sure = sure_right + len(ticked & example.terms), sure + len(ticked)
        has += len(example.terms)
    return {
        "posts": len(examples),
        "micro_f1": round(2 * right / (guessed + has), 4),
        "precision": round(right / guessed, 4) if guessed else None,
        "recall": round(right / has, 4),
        "ticked_precision": round(sure_right / sure, 4) if sure else None,
        "ticked": sure,
        "brier": round(sum(errors) / len(errors), 4) if errors else None,
    }


def _folds(told: Sequence[Example], choices: Sequence[Choice]) -> dict[str, float]:
    """Return F1 as suggestions would have it, five folds over all posts: the set's known answer."""
    from content.taggers import weigh
    from content.taggers.learned import NO_COUNTS, STRENGTH

    table = weigh.Table(told, [one.id for one in choices], NO_COUNTS)
    scores = table.held_out([one.text.whole for one in told], folds=HELD, strength=STRENGTH)
    sure = weigh.sure(scores, table.odds, weigh.calibrate(scores, table))
    quality = weigh.quality(sure, table, LEAST)
    return {"micro_f1": quality["f1"], "macro_f1": quality["macro_f1"], "brier": quality["brier"]}


def _shuffled(numbers: Sequence[int]) -> list[int]:
    import random

    found = list(numbers)
    random.Random(0).shuffle(found)
    return found
