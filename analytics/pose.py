"""Ask a question, keep it, change it, give it up; and remark on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from django.db import IntegrityError, models, transaction

from analytics.measures.base import Measure, Row
from analytics.models import Annotation, Question
from analytics.query import Table
from analytics.questions.asked import Asked
from analytics.questions.base import Days, Shown
from dxp.users.models import User

LONGEST_NAME = 100


class NameTaken(Exception):
    """Another question has this name."""


class SomebodyWasFaster(Exception):
    """The question was changed since it was opened; `now` is how it stands."""

    def __init__(self, now: Question) -> None:
        super().__init__(f"Revision {now.revision} stands already.")
        self.now = now


class Asks(Protocol):
    """Answers a measure between two moments: the query's door, or a desk before it."""

    def __call__(self, measure: Measure, **parameters: Any) -> Table:
        """Return the answer."""


@dataclass(slots=True)
class _Asking:
    """Asks in the name of a question: for its days, about its people."""

    asked: Asked
    now: Days
    via: Asks
    tables: list[Table] = field(default_factory=list)

    def __call__(
        self, measure: Measure, *, days: Days | None = None, **parameters: Any
    ) -> Sequence[Row]:
        looked = days or self.now
        window = {"start": looked.start, "end": looked.end}
        if self.asked.people is not None:
            window["who"] = self.asked.people  # type: ignore[assignment]
        table = self.via(measure, **{**window, **parameters})
        self.tables.append(table)
        return table.rows


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, the days it is about, and what it rests on; see `query.Table`."""

    shown: Shown
    days: Days
    before: Days | None
    as_of: datetime
    whole: bool


def answer(*, asked: Asked, zone: str, at: datetime, via: Asks) -> Answered:
    """Return a question's answer as of a moment.

    Raises:
        QuestionError: it asks for something that is not there.
        Busy: the machine is at its limit, or the question took too long.
    """
    now, before = asked.days(zone=zone, at=at)
    asking = _Asking(asked, now, via)
    shown = asked.kind.show(asking, now, before)
    as_of = min((table.as_of for table in asking.tables), default=at)
    return Answered(shown, now, before, as_of, all(table.whole for table in asking.tables))


def people(
    *, asked: Asked, point: dict[str, Any], zone: str, at: datetime, via: Asks, limit: int
) -> Table | None:
    """Return who stands behind a number, with the second at which they came to count.

    The newest come first; None says that this number stands for nobody in particular.

    Raises:
        QuestionError: there is no such number.
        Busy: the machine is at its limit, or the question took too long.
    """
    found = asked.kind.people(point)
    if found is None:
        return None
    measure, parameters = found
    now, _before = asked.days(zone=zone, at=at)
    asking = _Asking(asked, now, via)
    asking(measure, **{**parameters, "limit": limit})
    return asking.tables[0]


def keep(
    *,
    name: str,
    asked: Asked,
    at: datetime,
    by: User | None = None,
    description: str = "",
    on_home: bool = False,
) -> Question:
    """Keep a question under a name.

    Raises:
        NameTaken: another one has it.
    """
    with _named():
        return Question.objects.create(
            name=name,
            description=description,
            asked=asked.plain(),
            on_home=on_home,
            created_by=by,
            created_at=at,
            changed_at=at,
        )


def edit(*, question: Question, revision: int, at: datetime, **changes: Any) -> Question:
    """Change name, description, on_home or what is asked, unless somebody was faster.

    Raises:
        SomebodyWasFaster: it was changed after that revision.
        NameTaken: another one has the new name.
    """
    if "asked" in changes:
        changes["asked"] = changes["asked"].plain()
    with _named():
        moved = Question.objects.filter(pk=question.pk, revision=revision).update(
            **changes, revision=models.F("revision") + 1, changed_at=at
        )
    now = Question.objects.get(pk=question.pk)
    if not moved:
        raise SomebodyWasFaster(now)
    return now


def copy(*, question: Question, name: str, at: datetime, by: User | None = None) -> Question:
    """Keep the same question once more; what was remarked about it stays with the first.

    Raises:
        NameTaken: another one has the name, and so has each that was tried with a number.
    """
    for number in range(1, 100):
        tail = f" {number}" if number > 1 else ""
        tried = f"{name[: LONGEST_NAME - len(tail)]}{tail}"
        if not Question.objects.filter(name=tried).exists():
            break
    with _named():
        return Question.objects.create(
            name=tried,
            description=question.description,
            asked=question.asked,
            created_by=by,
            created_at=at,
            changed_at=at,
        )


def remove(*, question: Question) -> None:
    """Give a question up, with what was remarked about it alone."""
    question.delete()


def annotate(
    *, on: date, text: str, at: datetime, by: User | None = None, question: Question | None = None
) -> Annotation:
    """Write a remark beside a day: in every chart, or in those of one question."""
    return Annotation.objects.create(
        happened_on=on, text=text, question=question, created_by=by, created_at=at
    )


def remarks(*, days: Days, question: Question | None = None) -> list[Annotation]:
    """Return what was remarked about these days: about all charts, and about this question."""
    about = models.Q(question=None)
    if question is not None:
        about |= models.Q(question=question)
    within = Annotation.objects.filter(about, happened_on__range=(days.first, days.last))
    return list(within.select_related("created_by"))


@contextmanager
def _named() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "name" not in str(error):
            raise
        raise NameTaken from error
