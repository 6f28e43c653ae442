"""Tagging many things at once: what was ticked in a list, or the list as it is filtered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages

from content import bulk, many_tags, read
from content.admin.bulk import Queued, made
from content.models import Facet, Term
from content.tasks import BULK
from dxp.lib import clock, hints


class LeastForm(forms.Form):
    """From which confidence on."""

    least = forms.IntegerField(
        label=lazy("At least so sure, in percent"), min_value=0, max_value=100, initial=80
    )


class TermForm(forms.Form):
    """Which term."""

    term = forms.ModelChoiceField(
        label=lazy("Term"), queryset=Term.objects.current().select_related("facet")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["term"]
        field.label_from_instance = lambda term: f"{term.facet}: {term.name}"


class QueuedLeast(Queued):
    """Accept what is sure enough."""

    form_class = LeastForm

    def asked(self, form: forms.Form) -> dict[str, Any]:
        """Return the confidence as a share."""
        return {"least": form.cleaned_data["least"] / 100}


class TakenForm(TermForm):
    """Which term, also one that is retired."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["term"]
        field.queryset = Term.objects.filter(merged_into=None).select_related("facet")


class QueuedTerm(Queued):
    """Tag with a term."""

    form_class = TermForm

    def asked(self, form: forms.Form) -> dict[str, Any]:
        """Return which term."""
        return {"term": form.cleaned_data["term"].pk}


class QueuedTaken(QueuedTerm):
    """Take a term away."""

    form_class = TakenForm


def views() -> list[type[Queued]]:
    """Return the acts that lists of things with tags offer."""
    things = lambda: list(read.THINGS)  # noqa: E731 - what the maker of views asks for
    return [
        made("suggest_terms", things),
        made("accept_terms", things, QueuedLeast),
        made("give_term", things, QueuedTerm),
        made("take_term", things, QueuedTaken),
    ]


@require_POST
def suggest_all(request: HttpRequest) -> HttpResponse:
    """Have the taggers read everything there is, and show how far they are."""
    _hold(request)
    many_tags.read_everything(by=request.user, at=clock.now())
    hints.after_commit(BULK)
    messages.success(request, _("Everything is being read; here you see how far it is."))
    return redirect("content_bulk:index")


@require_POST
def rebuild(request: HttpRequest) -> HttpResponse:
    """Have the taggers learn every facet anew, and then read everything there is."""
    _hold(request)
    bulk.start(act="learn_terms", model=Facet, by=request.user, at=clock.now())
    hints.after_commit(BULK)
    words = _("The taggers learn from all decisions, and then read everything anew.")
    messages.success(request, words)
    return redirect("content_bulk:index")


def _hold(request: HttpRequest) -> None:
    """Refuse who does not answer for the taggers.

    Raises:
        PermissionDenied: the person does not.
    """
    if not request.user.has_perms(many_tags.KEEPER):
        raise PermissionDenied
