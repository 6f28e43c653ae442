"""What this floor keeps about people."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from content.models import Submission
from customers.rights import KEEPERS, Person, rows_of


def _submissions(person: Person) -> Q:
    return Q(profile__in=person.profile_ids) | Q(alias__in=person.alias_ids)


def register() -> None:
    """Take the keepers of this floor in."""
    submissions = rows_of(
        "submissions", Submission, _submissions,
        label=_("Forms"), about=_("What you wrote into forms of our sites."),
    )  # fmt: skip
    KEEPERS.register(submissions)
