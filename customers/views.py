"""The page where people see and change what we may write to them; a signed link opens it."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from customers import consent, extend, prefer, said
from customers.models import ConsentEntry, ContactPoint, Preference
from customers.prefer import Choices
from dxp.lib import clock

LONGEST_PAUSE = 6
HISTORY = 30
KEEP = "keep"


class PreferenceForm(forms.Form):
    """The choices of one address."""

    channels = forms.MultipleChoiceField(
        label=gettext_lazy("How we may write to you"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("What about"), required=False, widget=forms.CheckboxSelectMultiple
    )
    rhythm = forms.ChoiceField(
        label=gettext_lazy("How often"),
        choices=Preference.Rhythm.choices,
        widget=forms.RadioSelect,
    )
    pause = forms.ChoiceField(label=gettext_lazy("Take a break"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        now: Choices,
        point: ContactPoint,
        topics: Sequence[tuple[str, str]],
    ) -> None:
        offered = prefer.CHANNELS[ContactPoint.Channel(point.channel)]
        initial = {
            "channels": sorted(now.channels),
            "topics": [slug for slug, _label in topics if slug not in now.unwanted],
            "rhythm": now.rhythm,
            "pause": KEEP if now.paused_until else "",
            "language": now.language or translation.get_language(),
        }
        super().__init__(data, initial=initial)
        self.now, self.known = now, dict(topics)
        fields: dict[str, Any] = self.fields
        fields["channels"].choices = [(one, said.channel(one).capitalize()) for one in offered]
        fields["topics"].choices = topics
        fields["pause"].choices = _pauses(now)
        fields["language"].choices = settings.LANGUAGES
        if not topics:
            del self.fields["topics"]
        if len(settings.LANGUAGES) < 2:
            del self.fields["language"]

    def wanted(self, at: datetime) -> Choices:
        """Return what was chosen. Topics that the page does not offer stay as they are."""
        data = self.cleaned_data
        left_out = set(self.known) - set(data.get("topics", ()))
        months = data["pause"]
        paused = self.now.paused_until if months == KEEP else None
        return Choices(
            channels=frozenset(data["channels"]),
            unwanted=frozenset(left_out | (self.now.unwanted - set(self.known))),
            paused_until=_months_on(at, int(months)) if months.isdecimal() else paused,
            rhythm=data["rhythm"],
            language=data.get("language", self.now.language),
        )


def _pauses(now: Choices) -> list[tuple[str, str]]:
    months = [
        (str(n), ngettext("Pause for %(n)s month", "Pause for %(n)s months", n) % {"n": n})
        for n in range(1, LONGEST_PAUSE + 1)
    ]
    if now.paused_until:
        kept = said.schedule(Preference(paused_until=now.paused_until))
        return [(KEEP, kept), ("", _("End the pause now")), *months]
    return [("", _("No pause")), *months]


def _months_on(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    last = calendar.monthrange(year, month)[1]
    return moment.replace(year=year, month=month, day=min(moment.day, last))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show and take the choices of one address. Reading it changes nothing: scanners read links.

    Raises:
        Http404: the link was not made by us.
    """
    try:
        point = prefer.owner(token=token)
    except prefer.BadToken as error:
        raise Http404 from error
    now = clock.now()
    if point is None:
        return _private(render(request, "customers/preferences.html", {"point": None}))
    language = prefer.choices(contact_point=point, at=now).language
    with translation.override(language or translation.get_language()):
        take = _take if request.method == "POST" else _show
        return _private(take(request, point, now))


def _take(request: HttpRequest, point: ContactPoint, at: datetime) -> HttpResponse:
    """Do what the pressed button asks for, and show how it stands; or say what is wrong."""
    now = prefer.choices(contact_point=point, at=at)
    act = request.POST.get("act", "")
    if act == "undo":
        try:
            wanted = prefer.before(contact_point=point.pk, kept=request.POST.get("before", ""))
        except prefer.BadToken:
            gone = _("This can no longer be undone. You can choose anew below.")
            return _show(request, point, at, fault=gone)
    elif act == "leave":
        wanted = Choices(frozenset(), now.unwanted, now.paused_until, now.rhythm, now.language)
    else:
        form = PreferenceForm(request.POST, now=now, point=point, topics=_topics())
        if not form.is_valid():
            nothing = _("Nothing was saved. Please choose again.")
            return _show(request, point, at, fault=nothing, status=422)
        wanted = form.wanted(at)
    return _save(request, point, wanted, at)


def _save(request: HttpRequest, point: ContactPoint, wanted: Choices, at: datetime) -> HttpResponse:
    notice = consent.notice(
        name="preferences", locale=translation.get_language() or "en", text=_words(), at=at
    )
    earlier = prefer.choose(
        contact_point=point, wanted=wanted, notice=notice, evidence={"form": "preferences"}, at=at
    )
    done = {"before": prefer.keep_for_undo(contact_point=point.pk, before=earlier)}
    if request.POST.get("act") == "undo":
        done = {"undone": "1"}
    return HttpResponseRedirect(f"{request.path}?{urlencode(done)}#done", status=303)


def _words() -> str:
    return _(
        "News comes by the ways that you tick and about the topics that you tick. You can change "
        "it here at any time."
    )


def _show(
    request: HttpRequest, point: ContactPoint, at: datetime, *, fault: str = "", status: int = 200
) -> HttpResponse:
    now, topics = prefer.choices(contact_point=point, at=at), _topics()
    context = {
        "point": point,
        "form": PreferenceForm(now=now, point=point, topics=topics),
        "fault": fault,
        "words": _words(),
        "stands": now,
        "before": "" if fault else request.GET.get("before", ""),
        "undone": "undone" in request.GET,
        "history": history(point, dict(topics)),
    }
    return render(request, "customers/preferences.html", context, status=status)


def _topics() -> list[tuple[str, str]]:
    return [
        (str(slug), str(label))
        for offered in extend.customers_preference_topics()
        for slug, label in offered
    ]


def history(point: ContactPoint, topics: dict[str, str]) -> list[dict[str, Any]]:
    """Return somebody's decisions at an address in words, the latest first."""
    entries = point.consents.filter(purpose=ConsentEntry.Purpose.MARKETING)[:HISTORY]
    told: list[dict[str, Any]] = [
        {"at": entry.at, "words": said.decision(entry, topics=topics),
         "how": said.method(entry.method)}
        for entry in entries
    ]  # fmt: skip
    told += [
        {"at": row.at, "words": said.schedule(row), "how": said.method(row.method)}
        for row in point.preferences.all()[:HISTORY]
    ]
    return sorted(told, key=lambda one: one["at"], reverse=True)[:HISTORY]


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
