"""What a condition (a leaf of a rule) is: read, told, asked in SQL, explained, and its form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, Self, TypeAlias

from dxp.lib.kinds import Registry

Scalar: TypeAlias = "str | int | float | bool"


def gettext_noop(text: str) -> str:
    """Mark words for translation; whoever shows them translates."""
    return text


_ = gettext_noop


class RuleError(ValueError):
    """A rule can't be used: `path` says where, `words` why, for the person who wrote it."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(f"{path}: {words}" if path else words)
        self.path = path
        self.words = words


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a condition's form.

    Args:
        key: where its value stands in the condition, with dots ("matcher.event").
        kind: name, choice, value, values, number, boolean, date, window, span, where, steps,
            matcher, segment, list or percent.
        label: its words.
        options: of a choice: values with their words; of an event: what choosing none means.
        suggest: which values that really exist are offered.
        only: shown where these other keys have one of these values.
        help: a sentence below it.
        required: whether it may be left empty.
    """

    key: str
    kind: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    suggest: str = ""
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    help: str = ""
    required: bool = True

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "key": self.key, "kind": self.kind, "label": self.label,
            "options": [list(one) for one in self.options], "suggest": self.suggest,
            "only": {key: list(values) for key, values in self.only.items()},
            "help": self.help, "required": self.required,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeafForm:
    """How a kind of condition is written: all that the rule builder needs to know.

    Args:
        name: the condition's `op`.
        label: its words in the list of kinds.
        help: what it is for, in a sentence.
        blank: the JSON of a new one.
        fields: its controls, in reading order.
        groups: which comparisons fit which kind of value.
    """

    name: str
    label: str
    help: str
    blank: Mapping[str, Any]
    fields: tuple[Field, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "name": self.name, "label": self.label, "help": self.help, "blank": dict(self.blank),
            "fields": [one.told() for one in self.fields],
            "groups": {kind: list(cmps) for kind, cmps in self.groups.items()},
        }  # fmt: skip


@dataclass(slots=True)
class Sql:
    """A piece of SQL and the values bound in it, in order."""

    text: str
    values: list[Any] = field(default_factory=list)

    def add(self, text: str, *values: Any) -> None:
        """Write on."""
        self.text += text
        self.values = [*self.values, *values]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows about people that a condition looks at, summed up to one row for each person.

    Args:
        table: what to read, with its name ("customers_eventday e").
        person: the column that says whose a row is.
        where: which rows.
        columns: what they sum up ("sum(e.n)").
    """

    table: Sql
    person: str
    where: Sql
    columns: tuple[Sql, ...]


class Asking(Protocol):
    """A question that is being written; the profile's table is called `p` in it.

    Args:
        at: the moment for which it is asked.
        day: the workspace's day of that moment.
        zone: the workspace's time zone.
        timing: whether it matters when time alone may change the answer.
        events: the table of events as `e`, with whom each belongs to now as `e.person`.
    """

    at: datetime
    day: date
    zone: str
    timing: bool

    @property
    def events(self) -> Sql:
        """The table of events, to be looked at one by one."""

    def join(self, rows: Rows) -> list[str]:
        """Return the columns' names; beside a person without such rows they are NULL."""

    def value(self, value: Sql) -> str:
        """Return a name for a value that is used several times."""

    def matcher(self, key: str) -> int | None:
        """Return the number under which such events are counted by day, if they are."""

    def midnight(self, day: date) -> datetime:
        """Return the moment at which a day of the workspace begins."""


@dataclass(slots=True)
class Answer:
    """What a condition says in SQL.

    Args:
        inside: true or false, never NULL.
        have: the one value that decides, to be shown to people.
        days: days of the workspace on which time alone may change the answer, or NULL.
        moments: the same as moments.
    """

    inside: Sql
    have: Sql | None = None
    days: list[Sql] = field(default_factory=list)
    moments: list[Sql] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Words:
    """How to tell: gettext of whoever reads, and the names of segments and lists by id."""

    translate: Callable[[str], str] = str
    segments: Mapping[int, str] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in the reader's language, with these values in it."""
        return self.translate(text) % values if values else self.translate(text)


@dataclass(slots=True)
class Deps:
    """What a rule's answer depends on: it can change only when one of these does.

    Args:
        names: events.
        matchers: events and what they must say, as (event, where).
        traits: names of traits, without what stands behind a dot.
        segments: ids.
        lists: ids.
        consent: whether decisions about data count.
        contact: whether addresses count.
        timed: whether time alone can change it.
    """

    names: set[str] = field(default_factory=set)
    matchers: set[Any] = field(default_factory=set)
    traits: set[str] = field(default_factory=set)
    segments: set[int] = field(default_factory=set)
    lists: set[int] = field(default_factory=set)
    consent: bool = False
    contact: bool = False
    timed: bool = False

    @property
    def of_person(self) -> bool:
        """Return whether it looks at what is known about a person."""
        return bool(self.traits) or self.contact

    def add(self, more: Deps) -> None:
        """Take in what another part of the rule depends on."""
        self.names |= more.names
        self.matchers |= more.matchers
        self.traits |= more.traits
        self.segments |= more.segments
        self.lists |= more.lists
        self.consent |= more.consent
        self.contact |= more.contact
        self.timed |= more.timed


class Leaf(ABC):
    """One kind of condition. A frozen dataclass, so that equal ones are asked once."""

    name: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def parse(cls, raw: Mapping[str, Any], path: str) -> Self:
        """Return the condition that JSON says.

        Raises:
            RuleError: it says none.
        """

    @abstractmethod
    def plain(self) -> dict[str, Any]:
        """Return the one JSON spelling of it, without its `op`."""

    @abstractmethod
    def sentence(self, say: Words) -> str:
        """Return it in words."""

    @abstractmethod
    def deps(self) -> Deps:
        """Return what its answer depends on."""

    def grows(self) -> bool:
        """Return whether events can only make it true, and time alone can only make it false.

        Whoever meets such a rule need not be asked again when more events come.
        """
        told = self.deps()
        return not told.names and not told.timed

    @abstractmethod
    def ask(self, asking: Asking) -> Answer:
        """Return it in SQL."""

    @abstractmethod
    def facts(self, have: Any, say: Words) -> dict[str, Any]:
        """Return what decided about one person, from the value of `Answer.have`."""

    @classmethod
    @abstractmethod
    def form(cls) -> LeafForm:
        """Return how it is written."""


LEAVES: Registry[Leaf] = Registry(Leaf)  # type: ignore[type-abstract]
