"""What every tagger is: it reads a text and guesses terms, how sure it is, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

# Less sure guesses cost editors more than they give.
LEAST = 0.35
# The title says in few words what the body says in many.
TITLE_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Text:
    """What a thing says."""

    title: str
    body: str
    language: str = ""

    @property
    def whole(self) -> str:
        """The title with its weight, and the body."""
        return "\n".join([*[self.title] * TITLE_WEIGHT, self.body])


@dataclass(frozen=True, slots=True)
class Choice:
    """A term that may be guessed."""

    id: int
    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A thing that people decided about: which terms it has, and which it was said not to have.

    `whole` is true where people tagged it, so that a term it has not got does not fit it. `title`
    is what may be shown of it to everybody who writes; empty for drafts and files.
    """

    text: Text
    terms: frozenset[int]
    refused: frozenset[int] = frozenset()
    whole: bool = True
    title: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """A term that seems to fit: `confidence` is the share of such guesses that are right."""

    term: int
    confidence: float
    reason: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Learned:
    """What a tagger learned: its weights as bytes, and what was measured on held-out things."""

    weights: bytes | None
    examples: int
    quality: dict[str, Any] = field(default_factory=dict)


class Tagger:
    """One way to guess the terms of one facet. Kept in memory and asked again and again.

    Args:
        choices: the facet's terms that may be guessed.
        weights: what `learn` returned for this facet; None before there was anything to learn.
    """

    name: ClassVar[str]
    label: ClassVar[Any]

    def __init__(self, choices: Sequence[Choice], weights: bytes | None) -> None:
        self.choices = choices

    @classmethod
    def learn(cls, examples: Sequence[Example], choices: Sequence[Choice]) -> Learned | None:
        """Return what can be learned from people's decisions; None when that is nothing."""
        return None

    def settles(self) -> frozenset[int]:
        """Return the terms about which this tagger knows enough to speak alone."""
        return frozenset()

    def read(self, text: Text) -> list[Guess]:
        """Return guesses about a text, however unsure; whoever asks leaves out the unsure ones."""
        raise NotImplementedError
