"""What can be done to the tags of many things at once; each goes the way of the act on one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from content import bulk, learn, policies, read, tag
from content.bulk import Act, CannotDo, acts
from content.models import BulkRun, Term

# Who answers for the taggers.
KEEPER = ("content.view_taggermodel", "content.change_tagsuggestion")


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
        try:
            tag.give(thing, _term(run), by=run.by, at=at)
        except tag.CannotTag as error:
            raise CannotDo(str(error)) from error


@acts.register
class TakeTerm(Act):
    """Take one term away."""

    name, label = "take_term", lazy("Take a term away")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may take tags away from it."""
        return _may(user, thing, "content.delete_tagging")

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Take it away; what has not got it stays as it is.

        Raises:
            CannotDo: the term is gone, or a bot would take away what a person gave.
        """
        try:
            tag.take(thing, _term(run), by=run.by, at=at)
        except tag.CannotTag as error:
            raise CannotDo(str(error)) from error


@acts.register
class LearnTerms(Act):
    """Have the taggers learn a facet anew."""

    name, label = "learn_terms", lazy("Learn from decisions")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person answers for the taggers."""
        return bool(user.has_perms(KEEPER))

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Learn what people decided until now; after the last facet everything is read anew."""
        learn.learn(thing, at=at)
        if thing.pk == run.asked["ids"][-1]:
            read_everything(by=run.by, at=at)


def read_everything(*, by: Any, at: datetime) -> list[BulkRun]:
    """Have the taggers read everything there is."""
    return [bulk.start(act=SuggestTerms.name, model=model, by=by, at=at) for model in read.THINGS]


def _term(run: BulkRun) -> Term:
    term = Term.objects.select_related("facet").filter(pk=run.asked["term"]).first()
    if term is None:
        raise CannotDo(_("The term is gone."))
    return term


def _may(user: Any, thing: Any, *rights: str) -> bool:
    return user.has_perms(rights) and policies.may(user, "change", thing)
