"""Where the link in a mail leads that asks an address whether it meant to sign up."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from content import submit
from customers.models import Source
from dxp.lib import clock, hints, visitor


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a press of the button, and take it as a yes.

    Reading this page changes nothing: scanners read every link in a mail before a person does.

    Raises:
        Http404: the link was not made by us.
    """
    try:
        entry = submit.asked(token=token)
    except submit.BadToken as error:
        raise Http404 from error
    now = clock.now()
    late = entry is None or submit.is_too_late(entry=entry, at=now)
    if request.method == "POST" and entry is not None and not late:
        source, _created = Source.objects.get_or_create(
            name="Website", defaults={"kind": Source.Kind.BROWSER}
        )
        if submit.confirm(source=source, entry=entry, evidence=visitor.evidence(request), at=now):
            hints.after_commit("customers.tasks.fold")
    context = {"entry": entry, "late": late, "done": request.method == "POST" and not late}
    response = render(request, "content/confirm.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
