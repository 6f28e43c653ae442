"""Look at a message as somebody would see it, and send a test of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import FormView, TemplateView, View
from wagtail.admin.auth import permission_denied
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from customers import define
from customers.address import BadAddress, normal
from customers.models import Event, Profile
from dxp.lib import clock
from journeys import depict, dispatch
from journeys.admin.message_form import known
from journeys.admin.page import PEOPLE, PUBLIC_ID, found, name_of
from journeys.channels.base import Channel, Outcome, Unusable
from journeys.compose import Shown, sample_fill
from journeys.models import Message
from journeys.models.messages import PREVIEW_POLICY
from journeys.tasks import house

MODES = {"light": lazy("Light"), "dark": lazy("Dark"), "text": lazy("Text only"),
         "phone": lazy("Phone")}  # fmt: skip
LATEST_EVENTS = 20


class _OfMessage:
    """A door to one message; `right` is needed."""

    right = "journeys.view_message"
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may."""
        if not request.user.has_perm(self.right):  # type: ignore[union-attr]
            return permission_denied(request)  # type: ignore[no-any-return]
        self.message = get_object_or_404(Message, pk=kwargs["pk"]).get_latest_revision_as_object()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc,no-any-return]

    @cached_property
    def sight(self) -> define.Sight:
        """What the reader may see of people."""
        return define.sight(user=self.request.user)

    @cached_property
    def person(self) -> Profile | None:
        """Who was chosen, as far as the reader may see them; None: the one we made up."""
        asked = self.request.GET.get("person", "")
        if not PUBLIC_ID.fullmatch(asked) or not self.request.user.has_perm(PEOPLE):  # type: ignore[union-attr]
            return None
        chosen = Profile.objects.filter(public_id=asked, state=Profile.State.ACTIVE).first()
        return self.sight.person(chosen) if chosen else None

    @cached_property
    def event(self) -> Event | None:
        """What they did: the event that would let them in."""
        asked = self.request.GET.get("event", "")
        if self.person is None or not asked.isdecimal() or len(asked) > 18:
            return None
        one = Event.objects.of(self.person).filter(pk=int(asked)).first()
        return self.sight.event(one) if one else None

    def shown(self) -> Shown:
        """Return the newest draft, filled."""
        told = self.event.properties if self.event else None
        return sample_fill(
            self.message,
            self.person,
            told,
            house=house(),
            at=clock.now(),
            address=not self.sight.hides("email"),
        )


class LookView(_OfMessage, WagtailAdminTemplateMixin, TemplateView):
    """A message for a person of one's choice: light, dark, on a phone, as text."""

    template_name = "journeys/message/look.html"
    page_title = lazy("Look at it")
    header_icon = "view"
    _show_breadcrumbs = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return who may be chosen, what they did, and what is shown."""
        asked = self.request.GET
        words = asked.get("q", "").strip()[:200].replace("\x00", "")
        may_choose = self.request.user.has_perm(PEOPLE)  # type: ignore[union-attr]
        mode = asked.get("mode", "light")
        person = self.person
        return {
            **super().get_context_data(**kwargs),
            "message": self.message,
            "channel": known(self.message.channel),
            "may_choose": may_choose,
            "words": words,
            "people": self._people(words) if may_choose else [],
            "person": person,
            "person_name": name_of(person, self.sight) if person else "",
            "events": Event.objects.of(person).order_by("-id")[:LATEST_EVENTS] if person else [],
            "event": self.event,
            "modes": MODES.items() if self.message.channel == "email" else [],
            "mode": mode if mode in MODES else "light",
            "query": self._query(),
            "shown": None if self.message.channel == "email" else depict.rows(self.shown().content),
        }

    def _people(self, words: str) -> list[tuple[Profile, str]]:
        return [(one, name_of(one, self.sight)) for one in found(words)]

    def _query(self) -> str:
        told = {name: self.request.GET.get(name, "") for name in ("person", "event")}
        return urlencode({name: one for name, one in told.items() if one})

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [*super().get_breadcrumbs_items(), *crumbs(self.message, self.page_title)]


def crumbs(message: Message, title: Any) -> list[dict[str, str]]:
    """Return the way to a page about a message."""
    return [
        {"url": reverse("journeys_messages:list"), "label": _("Messages")},
        {"url": reverse("journeys_messages:edit", args=[message.pk]), "label": str(message)},
        {"url": "", "label": str(title)},
    ]


@method_decorator(xframe_options_sameorigin, name="dispatch")
class FrameView(_OfMessage, View):
    """The message itself, inside the page that looks at it."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Return it as mail programs show it: inline style and pictures, no scripts."""
        shown, language = self.shown(), get_language() or "en"
        told = depict.page(shown, mode=request.GET.get("mode", ""), language=language)
        response = HttpResponse(told)
        response["Content-Security-Policy"] = PREVIEW_POLICY
        response["Cache-Control"] = "no-store, private"
        return response


class TestForm(forms.Form):
    """Where a test of a message goes."""

    address = forms.CharField(label=lazy("Send to"), max_length=2000)

    def __init__(self, *args: Any, channel: type[Channel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel, field = channel, self.fields["address"]
        if channel.name == "email":
            self.fields["address"] = forms.EmailField(
                label=field.label, max_length=320, widget=forms.EmailInput
            )
        elif channel.contact == "phone":
            field.help_text = _("A number with its country, such as +40 722 123 456.")
            field.widget = forms.TextInput(attrs={"type": "tel"})
        else:
            # A browser, a program or the person itself: no address that somebody could type.
            del self.fields["address"]

    def clean_address(self) -> str:
        """Return the address in its normal form.

        Raises:
            ValidationError: it is no number of a phone.
        """
        told = str(self.cleaned_data["address"])
        if self.channel.contact != "phone":
            return told
        try:
            return normal(channel="phone", address=told)
        except BadAddress as error:
            raise forms.ValidationError(_("This is no phone number.")) from error


class TestView(_OfMessage, WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]
    """Send the newest draft to an address, filled for a sample person."""

    template_name = "journeys/message/test.html"
    form_class = TestForm
    page_title = lazy("Send a test")
    header_icon = "mail"
    right = "journeys.change_message"

    def get_initial(self) -> dict[str, str]:
        """Offer one's own address."""
        mine = getattr(self.request.user, "email", "") if self.message.channel == "email" else ""
        return {"address": mine}

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form is told."""
        return {**super().get_form_kwargs(), "channel": known(self.message.channel)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form and what it is about."""
        channel = known(self.message.channel)
        return {**super().get_context_data(**kwargs), "channel": channel, "message": self.message}

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        return [*super().get_breadcrumbs_items(), *crumbs(self.message, self.page_title)]

    def form_valid(self, form: TestForm) -> HttpResponse:
        """Send, and say how it went."""
        address = form.cleaned_data.get("address", "")
        try:
            receipt = dispatch.send_test(
                message=self.message, address=address, house=house(), at=clock.now()
            )
        except Unusable as error:
            return self._refuse(form, str(error))
        if receipt.outcome is not Outcome.OK:
            return self._refuse(form, receipt.detail)
        told = _("The test is on its way to %s.") % address if address else _("The test was sent.")
        messages.success(self.request, told)
        return redirect("journeys_messages:edit", self.message.pk)

    def _refuse(self, form: TestForm, detail: str) -> HttpResponse:
        field = "address" if "address" in form.fields else None
        form.add_error(field, _("It was not sent: %s") % detail)
        return self.form_invalid(form)  # type: ignore[no-any-return]
