"""Links that open one document until they end: made, counted and taken back here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.log_actions import log

from content import protect, share
from content.models import Document, DocumentLink
from dxp.lib import clock
from dxp.users.models import User

SHARES = "content.share_document"
SHARED, UNSHARED = "content.document.share", "content.document.unshare"
DAYS = [("1", lazy("in a day")), ("7", lazy("in a week")), ("30", lazy("in 30 days"))]
MOST = 10_000


class LinkForm(forms.Form):
    """For whom, until when, how often."""

    note = forms.CharField(
        label=lazy("For whom"), max_length=200, help_text=lazy("Colleagues see it here.")
    )
    days = forms.ChoiceField(label=lazy("It ends"), choices=DAYS, initial="7")
    most = forms.IntegerField(
        label=lazy("Downloads at most"), required=False, min_value=1, max_value=MOST,
        help_text=lazy("Empty: as often as one likes."),
    )  # fmt: skip


def _document(request: HttpRequest, pk: int) -> Document:
    """Return the document, for whoever may hand it on.

    Raises:
        PermissionDenied: the person may not share documents, or not open this one.
    """
    document: Document = get_object_or_404(Document.objects.select_related("collection"), pk=pk)
    if not request.user.has_perm(SHARES) or not protect.may_open(request.user, document):
        raise PermissionDenied
    return document


@never_cache
def links(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a document's links and make another, whose address is shown this once."""
    document, at, address = _document(request, pk), clock.now(), ""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        link, token = share.make(
            document=document, note=told["note"], most=told["most"], by=cast(User, request.user),
            expires_at=at + timedelta(days=int(told["days"])), at=at,
        )  # fmt: skip
        log(instance=document, action=SHARED, user=request.user, data={"note": link.note})
        address = request.build_absolute_uri(reverse("content_document_link", args=[token]))
        form = LinkForm()
    rows = [
        {"link": one, "state": _state(one, at), "is_open": one.is_open(at)}
        for one in document.links.select_related("by")
    ]
    told = {"document": document, "form": form, "rows": rows, "address": address}
    return render(request, "content/files/links.html", {**told, **_head(document)})


def _state(link: DocumentLink, at: Any) -> str:
    if link.revoked_at:
        return _("Taken back")
    if link.expires_at <= at:
        return _("Ended")
    return _("Open") if link.is_open(at) else _("Used up")


@require_POST
def take_back(request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
    """Let a link open nothing any more."""
    document = _document(request, pk)
    link = get_object_or_404(document.links, pk=link_pk)
    if share.take_back(link=link, at=clock.now()):
        log(instance=document, action=UNSHARED, user=request.user, data={"note": link.note})
        messages.success(
            request, _("The link for “%(note)s” opens nothing any more.") % {"note": link.note}
        )
    return redirect("content_files:links", pk)


def _head(document: Document) -> dict[str, Any]:
    crumbs = [
        {"url": reverse("wagtaildocs:index"), "label": _("Documents")},
        {"url": reverse("wagtaildocs:edit", args=[document.pk]), "label": document.title},
        {"url": "", "label": _("Links")},
    ]
    title = _("Links to “%(title)s”") % {"title": document.title}
    return {"header_title": title, "header_icon": "link", "breadcrumbs_items": crumbs}


def words_of_log(actions: Any) -> None:
    """Say in the log who handed a document on."""
    for action, label, words in (
        (SHARED, lazy("Link made"), lazy("A link to the file was made for %(note)s")),
        (UNSHARED, lazy("Link taken back"), lazy("The link of %(note)s was taken back")),
    ):
        actions.register_action(action, label, _said(words))


def _said(words: Any) -> Any:
    return lambda data: str(words % {"note": data.get("note", "")})


def urls() -> Any:
    """Return the addresses of files."""
    from content.admin import sealed

    return [
        path("documents/<int:pk>/links/", links, name="links"),
        path("documents/<int:pk>/links/<int:link_pk>/take-back/", take_back, name="take_back"),
        path("encrypted/", sealed.collections, name="sealed"),
        path("encrypted/<int:pk>/open/", sealed.unseal, name="unseal"),
        path("encrypted/keys/", sealed.rotate, name="rotate"),
    ], "content_files"
