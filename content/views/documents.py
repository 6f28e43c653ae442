"""Documents, pictures that are locked away, and links that open one document for a while."""

from __future__ import annotations

import mimetypes
import os
import re
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from wagtail import hooks
from wagtail.documents.models import document_served

from content import protect, share
from content.models import Document, Image, Rendition
from content.vault import Broken, NoKey
from content.views import ranges
from customers.models import Source
from dxp.lib import clock, hints, visitor

INLINE = {"application/pdf"}
SENT = {200, 206}
MESSAGE = re.compile(r"[0-9A-Za-z.-]{16,60}")


@require_safe
def serve(request: HttpRequest, document_id: int, document_filename: str) -> HttpResponseBase:
    """Send a document to those who may have it.

    Raises:
        Http404: there is none of that number and name.
    """
    document = get_object_or_404(Document.objects.select_related("collection"), pk=document_id)
    if document.filename != document_filename:
        raise Http404
    public = protect.is_public(document)
    if not public and not protect.may_open(request.user, document):
        refused = _refused(request, document)
        if refused is not None:
            return refused
    response = _sent(request, document)
    if public:
        # Asked again each time, so that privacy set today holds today.
        patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    else:
        add_never_cache_headers(response)
        patch_cache_control(response, private=True)
    if request.method == "GET" and response.status_code in SENT and ranges.begins(request):
        _tell(request, document)
    return response


def _refused(request: HttpRequest, document: Document) -> HttpResponseBase | None:
    """Return the question for a password or for who one is; None once a password was given.

    Raises:
        PermissionDenied: who one is we know, and it is not enough.
    """
    for hook in hooks.get_hooks("before_serve_document"):
        answer: HttpResponseBase | None = hook(document, request)
        if answer is not None:
            return answer
    if document.collection.get_view_restrictions().exists():
        return None
    if request.user.is_authenticated:
        raise PermissionDenied
    from wagtail.wagtail_hooks import require_wagtail_login

    asked: HttpResponseBase = require_wagtail_login(next=request.get_full_path())
    return asked


def _sent(request: HttpRequest, document: Document, *, whole: bool = False) -> HttpResponseBase:
    kind = mimetypes.guess_type(document.filename)[0] or "application/octet-stream"
    return _answer(
        request, document.file, name=document.filename, kind=kind,
        digest=document.file_hash or document.file.name, inline=kind in INLINE and not whole,
        whole=whole,
    )  # fmt: skip


def _answer(request: HttpRequest, file: Any, **about: Any) -> HttpResponseBase:
    try:
        opened, size = file.storage.open(file.name, "rb"), file.storage.size(file.name)
    except FileNotFoundError as error:
        raise Http404 from error
    except (NoKey, Broken):
        return HttpResponse(status=503, headers={"Cache-Control": "no-store"})
    return ranges.send(request, opened, size=size, **about)


def _tell(request: HttpRequest, document: Document) -> None:
    """Record the download: once, however many parts of it a browser asks for."""
    document_served.send(sender=Document, instance=document, request=request)
    known = visitor.anonymous_id(request)
    if known is None or visitor.is_robot(request):
        return
    told = request.GET.get("d", "")
    source, _created = Source.objects.get_or_create(
        name="Website", defaults={"kind": Source.Kind.BROWSER}
    )
    if protect.tell(
        source=source, document=document, anonymous_id=known, path=document.url, at=clock.now(),
        message_id=told if MESSAGE.fullmatch(told) else str(uuid.uuid4()),
    ):  # fmt: skip
        hints.after_commit("customers.tasks.fold")


@require_safe
def picture(request: HttpRequest, rendition_id: int, filename: str) -> HttpResponseBase:
    """Send a size of a picture that is locked away to those who may see it.

    Raises:
        Http404: there is none of that number and name.
        PermissionDenied: it is not for whoever asks.
    """
    renditions = Rendition.objects.select_related("image__collection")
    rendition = get_object_or_404(renditions, pk=rendition_id)
    image: Image = rendition.image
    if os.path.basename(rendition.file.name) != filename:
        raise Http404
    if not protect.may_open(request.user, image):
        raise PermissionDenied
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    response = _answer(
        request, rendition.file, name=filename, kind=kind, digest=rendition.file.name, inline=True
    )
    patch_cache_control(response, private=True, max_age=300)
    return response


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show what a link opens, and send it once the button is pressed.

    Scanners read every link in a mail before a person does: that must not use it up.
    """
    if visitor.too_often(request, "document-link", most=60, seconds=600):
        return HttpResponse(status=429)
    try:
        response = _by_link(request, token)
    except share.NoLink:
        response = render(request, "content/document_link.html", status=404)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    link = share.find(token=token, at=clock.now())
    if request.method != "POST":
        return render(request, "content/document_link.html", {"link": link})
    # Whole: each further part would be a use of the link as well.
    response = _sent(request, link.document, whole=True)
    if response.status_code == 200:
        try:
            share.use(token=token, at=clock.now())
        except share.NoLink:
            # Somebody was faster with its last time.
            response.close()
            raise
        _tell(request, link.document)
    return response
