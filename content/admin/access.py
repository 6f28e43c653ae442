"""Who can do what with a thing, and why: its page of rights, where they are given as well."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, path, reverse
from django.utils.translation import gettext as _
from guardian.models import UserObjectPermission
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import Collection, Page

from content import access, grant, policies
from content.admin import grants
from dxp.lib import clock

A_PAGE = 50
GIVES = "guardian.add_userobjectpermission"
TAKES = "guardian.delete_userobjectpermission"


def thing_of(request: HttpRequest, app_label: str, model_name: str, object_id: int) -> Model:
    """Return the thing that an address names, for whoever may know who works on it.

    Raises:
        Http404: there is no such thing, or rights on its kind are not given one by one.
        PermissionDenied: the person may neither change it nor see everybody's rights.
    """
    named = f"{app_label}.{model_name}"
    model = next((one for one in grants.kinds() if one._meta.label_lower == named), None)
    if model is None:
        raise Http404
    thing: Model = get_object_or_404(model, pk=object_id)
    if isinstance(thing, Page):
        thing = thing.specific
    if not access.opens(request.user, thing):
        raise PermissionDenied
    return thing


def rights(request: HttpRequest, app_label: str, model_name: str, object_id: int) -> HttpResponse:
    """Show who can do what here; on POST, give somebody a right."""
    thing = thing_of(request, app_label, model_name, object_id)
    form = None
    if request.user.has_perm(GIVES):
        form = grants.GiveForm(request.POST or None, thing=thing)
        if request.method == "POST" and grants.give(request, form, thing):
            return redirect(request.path)
    told, words = access.actions(thing), request.GET.get("q", "").strip()[:150]
    page = Paginator(access.people(thing, words), A_PAGE).get_page(request.GET.get("p"))
    title = _("Rights on “%(thing)s”") % {"thing": thing}
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("content_access:index"), "label": _("Rights")},
        {"url": "", "label": str(thing)},
    ]
    return render(
        request,
        "content/access/thing.html",
        {
            "thing": thing, "edit_url": edit_url(request, thing),
            "kind": type(thing)._meta.verbose_name, "is_file": isinstance(thing, policies.FILES),
            "actions": [(name, grant.words(name)) for name in told],
            "people": [
                (person, [(grant.words(name), person.may[name]) for name in told])
                for person in access.who(thing, among=page.object_list)
            ],
            "page": page, "words": words,
            "given": [grants.line(one) for one in grant.on(thing)],
            "below": isinstance(thing, (Page, Collection)), "form": form,
            "may_take": request.user.has_perm(TAKES), "now": clock.now(),
            "header_title": title, "header_icon": "lock", "breadcrumbs_items": crumbs,
        },
    )  # fmt: skip


def take(
    request: HttpRequest, app_label: str, model_name: str, object_id: int, row: int
) -> HttpResponse:
    """Ask once more, and take a right away.

    Raises:
        PermissionDenied: the person may not.
    """
    thing = thing_of(request, app_label, model_name, object_id)
    if not request.user.has_perm(TAKES):
        raise PermissionDenied
    back = grants.address(thing)
    mine = {one.row.pk for one in grant.on(thing)}
    if row not in mine:
        return redirect(back)
    held = get_object_or_404(UserObjectPermission, pk=row)
    if request.method == "POST":
        grants.take(request, held)
        return redirect(back)
    title = _("Take a right away")
    crumbs = [
        {"url": reverse("content_access:index"), "label": _("Rights")},
        {"url": back, "label": str(thing)},
        {"url": "", "label": title},
    ]
    told = {
        "thing": thing, "line": grants.line(grant.Grant(held, None)), "back": back,
        "header_title": title, "header_icon": "lock", "breadcrumbs_items": crumbs,
    }  # fmt: skip
    return render(request, "content/access/take.html", told)


def edit_url(request: HttpRequest, thing: Model) -> str:
    """Return where a thing is edited, if the person may."""
    try:
        return AdminURLFinder(request.user).get_edit_url(thing) or ""
    except NoReverseMatch:
        return ""


def urls() -> Any:
    """Return the addresses of rights."""
    of = "<slug:app_label>/<slug:model_name>/<int:object_id>/"
    return [
        path("", grants.GrantList.as_view(), name="index"),
        path("results/", grants.GrantList.as_view(results_only=True), name="index_results"),
        path(of, rights, name="thing"),
        path(f"{of}take/<int:row>/", take, name="take"),
    ], "content_access"
