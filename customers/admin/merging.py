"""Staff say that two people are one, or take it back."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.log_actions import log

from customers import define, merge, split
from customers.admin import identity, wording
from customers.admin.profiles import found, with_columns
from customers.models import CannotLink, IdentityLink, Profile
from dxp.lib import clock

RIGHTS = ("customers.view_profile", identity.MERGE)
MOST = 20
LONGEST_REASON = 200


class Screen(WagtailAdminTemplateMixin, TemplateView):
    """A screen about one person for those who may merge people."""

    header_icon = "group"
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may merge people.

        Raises:
            PermissionDenied: this person may not.
        """
        if not request.user.has_perms(RIGHTS):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def profile(self) -> Profile:
        """The person whose page it started from."""
        return get_object_or_404(Profile, pk=self.kwargs["pk"], state=Profile.State.ACTIVE)

    @cached_property
    def name(self) -> str:
        """What this user may call the person."""
        return define.sight(user=self.request.user).person(self.profile).display_name

    def get_page_subtitle(self) -> str:
        """Return whom it is about."""
        return self.name

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Return the way back."""
        pages = reverse("customers_profiles:index")
        return [
            *super().get_breadcrumbs_items(),
            {"url": pages, "label": _("Profiles")},
            {"url": page_of(self.profile), "label": self.name},
            {"url": "", "label": self.get_page_title()},
        ]


class MergeSearch(Screen):
    """Who else is this person?"""

    template_name = "customers/identity/search.html"

    def get_page_title(self) -> str:
        """Return what one does here."""
        return _("Merge with another person")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return who was found, and who waits for a decision."""
        words = self.request.GET.get("q", "").replace("\x00", "").strip()
        others = Profile.objects.filter(state=Profile.State.ACTIVE).exclude(pk=self.profile.pk)
        people: list[Any] = []
        if words:
            ids = list(found(others, words).order_by("-last_seen_at").values_list("pk")[: MOST + 1])
            people = list(with_columns(Profile.objects.filter(pk__in=[pk for (pk,) in ids])))
        eyes = define.sight(user=self.request.user)
        for one in people:
            one.email = eyes.shown("email", one.email)
        return {
            **super().get_context_data(**kwargs),
            "profile": self.profile,
            "words": words,
            "people": [eyes.person(one) for one in people[:MOST]],
            "more": len(people) > MOST,
            "reviews": identity.reviews(list(self.profile.aliases.all()), eyes),
        }


class Compare(Screen):
    """Two people side by side, and what a merge would leave."""

    template_name = "customers/identity/compare.html"

    @cached_property
    def other(self) -> Profile:
        """The other person."""
        return get_object_or_404(Profile, pk=self.kwargs["other"], state=Profile.State.ACTIVE)

    def get_page_title(self) -> str:
        """Return what one does here."""
        return _("Are these one person?")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return both, row by row, and what a merge would leave."""
        told = merge.preview(a=self.profile.pk, b=self.other.pk, at=clock.now())
        people = [self.profile, self.other]
        if told.kept == self.other.pk:
            people.reverse()
        eyes = define.sight(user=self.request.user)
        keys = sorted({key for one in people for key in one.traits})
        after = [one.traits for one in people] + [told.traits]
        return {
            **super().get_context_data(**kwargs),
            "profile": self.profile,
            "people": [eyes.person(one) for one in people],
            "refused": told.refused,
            "is_never": never(*people),
            "lists": [
                (_("Names"), *(names(one) for one in people)),
                (_("Addresses"), *(addresses(one, eyes) for one in people)),
            ],
            "traits": [
                (key, *(shown(eyes, key, traits.get(key)) for traits in after)) for key in keys
            ],
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Merge them, or note that they are never one, or take that back."""
        a, b, at = self.profile.pk, self.other.pk, clock.now()
        act = request.POST.get("act")
        try:
            if act == "never":
                split.keep_apart(a=a, b=b, by=request.user.pk, at=at)
                messages.success(request, _("Nothing will make them one person by itself."))
                return redirect(page_of(self.profile))
            if act == "allow":
                split.allow_again(a=a, b=b)
                return redirect(request.path)
            link = merge.join(a=a, b=b, by=request.user.pk, at=at, reason=reason(request))
        except merge.Refused as error:
            messages.error(request, str(error))
            return redirect(request.path)
        kept = link.a.profile
        log(instance=kept, action="wagtail.edit", user=request.user, data={"merged": [a, b]})
        messages.success(request, _("They are one person now. You can undo it on this page."))
        return redirect(page_of(kept))


class Undo(Screen):
    """Take a link back."""

    template_name = "customers/identity/undo.html"

    @cached_property
    def link(self) -> IdentityLink:
        """The link in question."""
        held = IdentityLink.objects.filter(refused="", revoked_at=None)
        return get_object_or_404(held.select_related("a", "b", "by"), pk=self.kwargs["link"])

    @cached_property
    def profile(self) -> Profile:
        """The person it holds together."""
        return self.link.a.profile

    def get_page_title(self) -> str:
        """Return what one does here."""
        return _("Undo a link")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the link, and what it holds."""
        return {
            **super().get_context_data(**kwargs),
            "profile": self.profile,
            "link": self.link,
            "leaving": [one.value for one in split.would_leave(link=self.link)],
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take it back."""
        profile, never_again = self.profile, bool(request.POST.get("never"))
        try:
            split.revoke(
                link=self.link, by=request.user.pk, at=clock.now(), reason=reason(request),
                never=never_again,
            )  # fmt: skip
        except merge.Refused as error:
            messages.error(request, str(error))
        else:
            log(instance=profile, action="wagtail.edit", user=request.user,
                data={"link": self.link.pk})  # fmt: skip
            messages.success(request, _("The link was undone."))
        return redirect(page_of(profile))


def page_of(profile: Profile) -> str:
    """Return the address of a person's page."""
    return reverse("customers_profiles:inspect", args=[profile.pk])


def reason(request: HttpRequest) -> str:
    """Return what staff wrote down."""
    return request.POST.get("reason", "").replace("\x00", "").strip()[:LONGEST_REASON]


def names(profile: Profile) -> list[str]:
    """Return a person's names, the oldest first."""
    found = profile.aliases.order_by("first_seen_at", "pk")[:MOST]
    return [f"{one.get_kind_display()}: {one.value}" for one in found]


def addresses(profile: Profile, eyes: define.Sight) -> list[str]:
    """Return a person's addresses as this user may see them."""
    return [
        str(eyes.shown(one.channel, one.shown)) for one in profile.contact_points.order_by("pk")
    ]


def shown(eyes: define.Sight, key: str, value: Any) -> str:
    """Return a trait as this user may see it; nothing where it is not told."""
    return "" if value is None else wording.shown(eyes.shown(key, value))


def never(a: Profile, b: Profile) -> bool:
    """Return whether staff said that the two are never one."""
    return CannotLink.objects.filter(
        Q(a__profile=a, b__profile=b) | Q(a__profile=b, b__profile=a)
    ).exists()
