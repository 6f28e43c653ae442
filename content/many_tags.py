"""What can be done to the tags of many things at once; each goes the way of the act on one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from content import policies, tag
from content.bulk import Act, CannotDo, acts
from content.models import BulkRun, Term


@acts.register
class SuggestTerms(Act):
    """Have the taggers read."""

    name, label = "suggest_terms", lazy("Suggest terms")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may see and decide about suggestions for it."""
        return _may(user, thing, "content.change_tagsuggestion")

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Read it; what was decided stays."""
        tag.suggest(thing, at=at)


@acts.register
class AcceptTerms(Act):
    """Accept what is suggested, from a confidence on."""

    name, label = "accept_terms", lazy("Accept suggested terms")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may accept suggestions for it."""
        return _may(user, thing, "content.change_tagsuggestion", "content.add_tagging")

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Accept what is sure enough."""
        tag.accept_sure(thing, least=float(run.asked["least"]), by=run.by, at=at)


@acts.register
class GiveTerm(Act):
    """Tag with one term."""

    name, label = "give_term", lazy("Tag with a term")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may tag it."""
        return _may(user, thing, "content.add_tagging")

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Tag it.

        Raises:
            CannotDo: the term is gone or out of use.
        """
        term = Term.objects.select_related("facet").filter(pk=run.asked["term"]).first()
        if term is None:
            raise CannotDo(_("The term is gone."))
        try:
            tag.give(thing, term, by=run.by, at=at)
        except tag.CannotTag as error:
            raise CannotDo(str(error)) from error


def _may(user: Any, thing: Any, *rights: str) -> bool:
    return user.has_perms(rights) and policies.may(user, "change", thing)
