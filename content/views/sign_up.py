"""The sign-up form: from a block on a page to a person who may be written to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from content import submit
from content.blocks import SignUpForm, shelf
from content.models import keep_private
from content.views import answering
from customers.identify import BadAddress
from customers.models import Source
from dxp.lib import clock, hints, visitor


@visitor.from_our_pages
@require_POST
def sign_up(request: HttpRequest) -> HttpResponse:
    """Take the form in; show it again with its faults, or lead to the thank-you page."""
    page, block = answering.block(request, "sign_up")
    form = SignUpForm(request.POST, block_id=block.id)
    if form.is_valid() and not form.cleaned_data["website"]:
        if visitor.too_often(request, "sign-up", most=20, seconds=600):
            form.add_error(None, _("That was a little often. Please try again in ten minutes."))
        else:
            _take(request, page, block, form)
    if form.errors:
        return _again(request, page, form)
    thanks = block.value["thanks"]
    return _lead(request, shelf.address(thanks) if thanks else page.url)


def _take(request: HttpRequest, page: Any, block: Any, form: SignUpForm) -> None:
    source, _created = Source.objects.get_or_create(
        name="Website", defaults={"kind": Source.Kind.BROWSER}
    )
    try:
        submit.sign_up(
            source=source,
            filled=submit.SignUp(
                form=block.value["name"],
                first_name=form.cleaned_data["first_name"],
                email=form.cleaned_data["email"],
                words=block.value["consent"],
                locale=get_language() or "en",
                evidence=visitor.evidence(request, page=page.url),
                context={"page": {"path": page.url, "title": page.title}},
            ),
            anonymous_id=visitor.anonymous_id(request),
            confirm=bool(block.value["confirm"]),
            at=clock.now(),
        )
    except BadAddress:
        form.add_error("email", forms.ValidationError(_("We cannot write to this address.")))
    else:
        hints.after_commit("customers.tasks.fold")


def _again(request: HttpRequest, page: Any, form: SignUpForm) -> HttpResponse:
    if answering.wants_json(request):
        return answering.faults(form)
    request.sign_up_form = form  # type: ignore[attr-defined]
    response = page.serve(request)
    response.status_code = 422
    return keep_private(response)


def _lead(request: HttpRequest, url: str) -> HttpResponse:
    if answering.wants_json(request):
        return keep_private(JsonResponse({"location": url}))
    return keep_private(HttpResponseRedirect(url, status=303))
