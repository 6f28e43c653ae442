"""The tags of one thing beside its form: what is given, suggested, missing; each act at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from wagtail.admin import messages
from wagtail.models import Page

from content import follow, policies, read, tag, terms
from content.models import Facet, TagDue, Tagging, TagSuggestion, Term
from content.taggers import TAGGERS
from dxp.lib import clock

# What one has to have to do it, beside being allowed to change the thing.
NEEDS = {
    "accept": ("content.change_tagsuggestion", "content.add_tagging"),
    "reject": ("content.change_tagsuggestion",),
    "give": ("content.add_tagging",),
    "take": ("content.delete_tagging",),
    "read": ("content.change_tagsuggestion",),
}
MOST_OFFERED = 30
LONGEST = 80


@require_GET
@never_cache
def show(request: HttpRequest, content_type_id: int, object_id: int) -> HttpResponse:
    """Answer with the tags of a thing, as a piece of its page."""
    thing = _thing(request, content_type_id, object_id, "view")
    return _piece(request, thing)


@require_POST
@never_cache
def act(request: HttpRequest, content_type_id: int, object_id: int, act: str) -> HttpResponse:
    """Do one act to the tags of a thing and answer with them as they are then.

    Raises:
        PermissionDenied: the person has no right to this act.
        Http404: there is no such act.
    """
    if act not in ACTS:
        raise Http404
    thing = _thing(request, content_type_id, object_id, "change")
    if not request.user.has_perms(NEEDS[act]):
        raise PermissionDenied
    try:
        said = ACTS[act](request, thing)
    except (tag.CannotTag, tag.Decided) as error:
        return _piece(request, thing, said=str(error), status=409)
    except (KeyError, ValueError):
        return HttpResponseBadRequest()
    return _piece(request, thing, said=said)


@require_GET
@never_cache
def offer(request: HttpRequest) -> JsonResponse:
    """Answer with terms of a facet whose name or other name holds what was typed.

    Raises:
        PermissionDenied: the person may not see terms.
    """
    if not request.user.has_perm("content.view_term"):
        raise PermissionDenied
    facet = request.GET.get("facet", "")
    number = int(facet) if facet.isdecimal() else None
    found = terms.find(words=_plain(request.GET.get("q", "")), facet=number)[:MOST_OFFERED]
    told = [{"name": one.name, "also": ", ".join(one.synonyms)} for one in found]
    return JsonResponse({"terms": told})


def _accept(request: HttpRequest, thing: Any) -> str:
    done = tag.accept_all(_suggestions(request, thing), by=request.user, at=clock.now())
    return _("%(n)d accepted.") % {"n": len(done)}


def _reject(request: HttpRequest, thing: Any) -> str:
    chosen = _suggestions(request, thing)
    for one in chosen:
        tag.reject(one, by=request.user, at=clock.now())
    return _("%(n)d rejected.") % {"n": len(chosen)}


def _give(request: HttpRequest, thing: Any) -> str:
    facet = get_object_or_404(Facet, pk=int(request.POST["facet"]))
    name = _plain(request.POST["term"])
    term = terms.called(name=name, facet=facet)
    if term is None:
        raise tag.CannotTag(
            _("“%(name)s” is no term of %(facet)s.") % {"name": name, "facet": facet}
        )
    tag.give(thing, term, by=request.user, at=clock.now())
    return _("%(name)s added.") % {"name": term}


def _take(request: HttpRequest, thing: Any) -> str:
    term = get_object_or_404(Term, pk=int(request.POST["term"]))
    tag.take(thing, term, by=request.user, at=clock.now())
    return _("%(name)s taken away.") % {"name": term}


def _read(request: HttpRequest, thing: Any) -> str:
    where = tag.place(thing)
    kind = ContentType.objects.get_for_id(where["content_type_id"])
    follow.wait(kind=kind, number=thing.pk, at=clock.now() - follow.PAUSE)
    return _("Being read again.")


ACTS: dict[str, Callable[[HttpRequest, Any], str]] = {
    "accept": _accept, "reject": _reject, "give": _give, "take": _take, "read": _read,
}  # fmt: skip


def refuse_untagged_page(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Keep a page a draft that lacks terms which it needs, and say which."""
    return _refuse(request, page, reverse("wagtailadmin_pages:edit", args=[page.pk]))


def refuse_untagged(request: HttpRequest, thing: Any) -> HttpResponse | None:
    """Keep a fragment a draft that lacks terms which it needs, and say which."""
    viewset = getattr(type(thing), "snippet_viewset", None)
    if viewset is None or not isinstance(thing, read.THINGS):
        return None
    return _refuse(request, thing, reverse(viewset.get_url_name("edit"), args=[thing.pk]))


def _refuse(request: HttpRequest, thing: Any, back: str) -> HttpResponse | None:
    missing = tag.missing(thing)
    if not missing:
        return None
    names = ", ".join(facet.name for facet in missing)
    words = _("Saved as a draft, not published: choose a term of %(facets)s first, under Tags.")
    messages.error(request, words % {"facets": names})
    return redirect(f"{back}#tab-promote")


def _thing(request: HttpRequest, kind: int, number: int, action: str) -> Any:
    """Return what it is about.

    Raises:
        Http404: nothing that has tags.
        PermissionDenied: the person may not do this to it.
    """
    found = ContentType.objects.filter(pk=kind).first()
    model = found.model_class() if found else None
    if model not in read.THINGS:
        raise Http404
    thing = get_object_or_404(model, pk=number)  # type: ignore[arg-type]
    thing = thing.specific if isinstance(thing, Page) else thing
    actions = {action, "change"}
    if not any(policies.may(request.user, one, thing) for one in actions):
        raise PermissionDenied
    return thing


def _suggestions(request: HttpRequest, thing: Any) -> list[TagSuggestion]:
    numbers = {int(one) for one in request.POST.getlist("suggestion")}
    # Compared here, so that no number is too large for the database.
    found = TagSuggestion.objects.filter(**tag.place(thing)).select_related("term__facet")
    return [one for one in found if one.pk in numbers]


def _plain(words: str) -> str:
    return words.replace("\x00", "").strip()[:LONGEST]


def _piece(request: HttpRequest, thing: Any, *, said: str = "", status: int = 200) -> HttpResponse:
    where = tag.place(thing)
    told = {
        "facets": _facets(thing),
        "may_keep": request.user.has_perm("content.add_facet"),
        "waiting": TagDue.objects.filter(**where).exists(),
        "said": said,
        "failed": status != 200,
        "may": {
            name: policies.may(request.user, "change", thing) and request.user.has_perms(needs)
            for name, needs in NEEDS.items()
        },
        **where,
    }
    return render(request, "content/tags/_tags.html", told, status=status)


def _facets(thing: Any) -> list[dict[str, Any]]:
    """Return what is shown of each facet that has terms."""
    missing = {facet.pk for facet in tag.missing(thing)}
    given: dict[int, list[Tagging]] = {}
    for one in tag.given(thing):
        given.setdefault(one.term.facet_id, []).append(one)
    open_ones: dict[int, list[TagSuggestion]] = {}
    for suggestion in tag.suggested(thing):
        open_ones.setdefault(suggestion.term.facet_id, []).append(suggestion)
    current = Exists(Term.objects.current().filter(facet=OuterRef("pk")))
    facets: Any = Facet.objects.annotate(has_terms=current)
    return [
        {
            "facet": facet,
            "given": given.get(facet.pk, []),
            "suggested": [_row(*one, facet) for one in enumerate(open_ones.get(facet.pk, []))],
            "missing": facet.pk in missing,
            "required": tag.kind(thing) in facet.required_for,
        }
        for facet in facets
        if facet.has_terms or facet.pk in given or facet.pk in missing
    ]


def _row(rank: int, one: TagSuggestion, facet: Facet) -> dict[str, Any]:
    """Return a suggestion as it is shown: how sure in percent, ticked or not, and why."""
    kind = TAGGERS.members.get(one.tagger)
    alike = [title for title, _similar in one.reason.get("alike", []) if title]
    return {
        "pk": one.pk,
        "term": one.term,
        "percent": round(one.confidence * 100),
        "ticked": one.confidence >= facet.threshold and not (rank and not facet.several),
        "via": kind.label if kind else one.tagger,
        "words": [word for word, _weight in one.reason.get("words", [])],
        "alike": alike,
    }
