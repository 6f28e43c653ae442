"""The taggers on the same 800 sentences in six languages, seven topics: by cross-validation.

The test part that the set's "known answers" were measured on is not shipped, so these figures are
of its train and dev parts, five folds, each language by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from content.taggers import Choice, Example, Text
from content.taggers.learned import LearnedTagger
from dxp.lib import language

LANGUAGES = {
    "eng_Latn": "en", "spa_Latn": "es", "zho_Hans": "zh-hans", "rus_Cyrl": "ru", "ron_Latn": "ro",
    "ita_Latn": "it",
}  # fmt: skip
FOLDS = 5


def run(folder: Path) -> dict[str, Any]:
    """Learn and guess fold by fold; print a line for each language, and return the figures."""
    figures: dict[str, Any] = {}
    right_language = sentences = 0
    for name, code in LANGUAGES.items():
        rows = read(folder, name)
        accuracy = cross_validated(rows)
        found = [language.detect(text, among=list(LANGUAGES.values())) for _topic, text in rows]
        right_language += found.count(code)
        sentences += len(rows)
        figures[name] = round(accuracy, 4)
        print(f"{name:<12} {len(rows):>5} sentences  accuracy {accuracy:.4f}")
    figures["mean_accuracy"] = round(sum(figures[name] for name in LANGUAGES) / len(LANGUAGES), 4)
    figures["language_found"] = round(right_language / sentences, 4)
    print(f"{'mean':<12} accuracy {figures['mean_accuracy']:.4f}")
    print(f"{'language':<12} found for {figures['language_found']:.2%} of {sentences} sentences")
    return figures


def read(folder: Path, name: str) -> list[tuple[str, str]]:
    """Return topic and sentence of both parts, in the order of their ids."""
    found: list[tuple[str, str, str]] = []
    for part in ("train", "dev"):
        # Unpaired quotes: read without quoting.
        lines = (folder / f"{name}_{part}.tsv").read_text(encoding="utf-8").split("\n")[1:]
        for line in lines:
            if line.strip():
                number, topic, text = line.split("\t")
                found.append((number, topic, text))
    return [(topic, text) for _number, topic, text in sorted(found)]


def cross_validated(rows: list[tuple[str, str]]) -> float:
    """Return the share of sentences whose surest topic is the right one."""
    from sklearn.model_selection import StratifiedKFold

    topics = sorted({topic for topic, _text in rows})
    numbers = {topic: number for number, topic in enumerate(topics, start=1)}
    choices = [Choice(number, topic) for topic, number in numbers.items()]
    told = [Example(Text("", text), frozenset({numbers[topic]})) for topic, text in rows]
    right = 0
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for rest, held in splits.split(rows, [topic for topic, _text in rows]):
        learned = LearnedTagger.learn([told[one] for one in rest], choices)
        assert learned is not None
        tagger = LearnedTagger(choices, learned.weights)
        for one in held:
            surest = max(tagger.read(told[one].text), key=lambda guess: guess.confidence)
            right += surest.term in told[one].terms
    return right / len(rows)
