"""What this floor keeps about people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from content import impress, recognize
from content.models import Submission
from customers.models import Alias
from customers.rights import KEEPERS, Keeper, Person, Row, rows_of


def _submissions(person: Person) -> Q:
    return Q(profile__in=person.profile_ids) | Q(alias__in=person.alias_ids)


def _browsers(person: Person) -> list[str]:
    return [value for kind, value in person.names if kind == Alias.Kind.ANONYMOUS]


def _noted(person: Person) -> Iterator[Row]:
    yield from recognize.noted(_browsers(person))
    yield from impress.marked(person.public_ids)


def _drop(person: Person, at: datetime) -> int:
    gone = recognize.drop(_browsers(person), person.profile_ids)
    return gone + impress.forget(person.public_ids)


def register() -> None:
    """Take the keepers of this floor in."""
    submissions = rows_of(
        "submissions", Submission, _submissions,
        label=_("Forms"), about=_("What you wrote into forms of our sites."),
    )  # fmt: skip
    visits = Keeper(
        "visits", (), _noted, _drop, label=_("Who you are to our pages"),
        about=_("Kept ready for pages: your groups for a minute, what was shown for a day."),
        stores=("redis:visit:*", "redis:visits:*", "redis:shown:*"),
    )  # fmt: skip
    for keeper in (visits, submissions):
        KEEPERS.register(keeper)
