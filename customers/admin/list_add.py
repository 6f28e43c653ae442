"""Who joins a list, and the segment of whoever is on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.log_actions import log

from customers import define, gather
from customers.admin.list_file import MOST_SHOWN, PeopleForm
from customers.admin.list_people import CHANGE, MAKE, SEE, way
from customers.admin.members import name_of
from customers.admin.profiles import found, with_columns
from customers.models import Profile, ProfileList, Segment
from customers.tasks import FILL
from dxp.lib import clock, hints

MOST_FOUND = 20


def added(request: HttpRequest, a_list: ProfileList, profile_ids: list[int]) -> None:
    """Put people on a list, and say how many were new to it."""
    n = gather.add(list=a_list, profile_ids=profile_ids, at=clock.now())
    if n:
        log(instance=a_list, action="wagtail.edit", user=request.user)
    words = ngettext("%(n)s person was added.", "%(n)s people were added.", n) % {"n": n}
    messages.success(request, words if n else _("They were on the list already."))


class _AboutList(WagtailAdminTemplateMixin, FormView):  # type: ignore[misc, type-arg]
    """A form about one list."""

    header_icon = "list-ul"
    _show_breadcrumbs = True
    rights: tuple[str, ...] = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may.

        Raises:
            PermissionDenied: this person may not.
        """
        if not request.user.has_perms((*SEE, *self.rights)):  # type: ignore[union-attr]
            raise PermissionDenied
        self.list = get_object_or_404(ProfileList, pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        here = {"url": "", "label": str(self.page_title), "sublabel": self.list.name}
        return [*super().get_breadcrumbs_items(), *way(self.list), here]

    def get_page_subtitle(self) -> str:
        """Return the list's name."""
        return self.list.name


class AddPeople(_AboutList):
    """Who shall be on the list: found by name, or told line by line."""

    template_name = "customers/list/add.html"
    page_title = lazy("Add people")
    form_class = PeopleForm
    rights = (CHANGE,)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the people that were searched for, and who of them is on the list already."""
        words = self.request.GET.get("q", "").replace("\x00", "").strip()[:200]
        active = Profile.objects.filter(state=Profile.State.ACTIVE)
        people: list[Any] = []
        if words:
            ids = list(found(active, words).order_by("-last_seen_at").values_list("pk", flat=True))
            people = list(with_columns(Profile.objects.filter(pk__in=ids[: MOST_FOUND + 1])))
        sight = define.sight(user=self.request.user)
        on = self.list.entries.filter(profile__in=[one.pk for one in people])
        already = set(on.values_list("profile_id", flat=True))
        told = [
            (one.pk, name_of(one, sight), sight.shown("email", one.email), one.pk in already)
            for one in people[:MOST_FOUND]
        ]
        return {
            **super().get_context_data(**kwargs),
            "list": self.list,
            "words": words,
            "people": told,
            "more": len(people) > MOST_FOUND,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add one person who was found, or those of the lines."""
        if "person" not in request.POST:
            return super().post(request, *args, **kwargs)
        asked = [int(one) for one in request.POST.getlist("person") if one.isdecimal()]
        added(request, self.list, asked[:MOST_FOUND])
        return redirect(f"{request.path}?{request.GET.urlencode()}")

    def form_valid(self, form: PeopleForm) -> HttpResponse:
        """Add those who are known; name the lines of the others."""
        told = gather.find(lines=form.cleaned_data["lines"])
        if told.profile_ids:
            added(self.request, self.list, told.profile_ids)
        if not told.unknown:
            return redirect("customers_lists:people", self.list.pk)
        context = self.get_context_data(form=form)
        return self.render_to_response({
            **context,
            "unknown": told.unknown[:MOST_SHOWN],
            "unknown_more": max(0, len(told.unknown) - MOST_SHOWN),
        })


class NameForm(forms.Form):
    """What the segment is called."""

    name = forms.CharField(
        label=lazy("Name"), max_length=Segment._meta.get_field("name").max_length
    )

    def clean_name(self) -> str:
        """Refuse a name that is taken.

        Raises:
            ValidationError: another segment has it.
        """
        name = str(self.cleaned_data["name"])
        if Segment.objects.filter(name=name).exists():
            raise forms.ValidationError(_("Another segment has this name."))
        return name


class MakeSegment(_AboutList):
    """A segment of whoever is on the list, now and later."""

    template_name = "customers/list/segment.html"
    page_title = lazy("Make a segment")
    header_icon = "group"
    form_class = NameForm
    rights = (MAKE,)

    def get_initial(self) -> dict[str, Any]:
        """Return the list's own name to begin with."""
        return {"name": self.list.name}

    def form_valid(self, form: NameForm) -> HttpResponse:
        """Make it, and show it."""
        name = form.cleaned_data["name"]
        made = gather.segment_of(list=self.list, name=name, at=clock.now())
        log(instance=made, action="wagtail.create", user=self.request.user)
        hints.after_commit(FILL)
        return redirect("customers_segments:inspect", made.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list."""
        return {**super().get_context_data(**kwargs), "list": self.list}
