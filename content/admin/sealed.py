"""Collections whose files are encrypted: which, how far the worker is, and under which keys."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.forms.collections import CollectionChoiceField
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import log
from wagtail.models import Collection

from content import bulk, seal
from content.models import SealedCollection
from content.tasks import BULK, SETTLE
from content.vault import has_keys
from dxp.lib import clock, hints
from dxp.users.models import User

SEES, ADDS = "content.view_sealedcollection", "content.add_sealedcollection"
CHANGES, DELETES = "content.change_sealedcollection", "content.delete_sealedcollection"


class SealForm(forms.Form):
    """Which collection."""

    collection = CollectionChoiceField(
        label=lazy("Collection"), queryset=Collection.objects.none(), empty_label=None,
        help_text=lazy("With all collections below it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = SealedCollection.objects.values("collection")
        # Not all files at once: pictures on public pages could not be shown.
        left = Collection.objects.filter(depth__gt=1).exclude(pk__in=taken)
        self.fields["collection"].queryset = left  # type: ignore[attr-defined]


class SealedItem(MenuItem):  # type: ignore[misc]
    """The page of encrypted collections, for those who may see it."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether this person may."""
        return bool(request.user.has_perm(SEES))


def menu_item() -> MenuItem:
    """List encrypted collections among the settings."""
    return SealedItem(
        lazy("Encrypted files"), reverse("content_files:sealed"), name="encrypted",
        icon_name="lock", order=920,
    )  # fmt: skip


def _may(request: HttpRequest, right: str) -> None:
    if not request.user.has_perm(right):
        raise PermissionDenied


def collections(request: HttpRequest) -> HttpResponse:
    """Show them, and have another one encrypted."""
    _may(request, SEES)
    form = SealForm(request.POST or None)
    if request.method == "POST":
        _may(request, ADDS)
        if has_keys() and form.is_valid():
            _seal(request, form.cleaned_data["collection"])
            return redirect("content_files:sealed")
    told = {
        "rows": SealedCollection.objects.select_related("collection", "by").order_by("pk"),
        "form": form, "keys": seal.under_keys(), "left": seal.left(), "has_keys": has_keys(),
        "may_add": request.user.has_perm(ADDS), "may_delete": request.user.has_perm(DELETES),
        "may_change": request.user.has_perm(CHANGES),
        "header_title": _("Encrypted files"), "header_icon": "lock",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": _("Encrypted files")},
        ],
    }  # fmt: skip
    return render(request, "content/files/sealed.html", told)


def _seal(request: HttpRequest, collection: Collection) -> None:
    made, _created = SealedCollection.objects.get_or_create(
        collection=collection,
        defaults={"since": clock.now(), "by": cast(User, request.user)},
    )
    log(instance=made, action="wagtail.create", user=request.user, title=str(collection))
    hints.after_commit(SETTLE)
    messages.success(
        request, _("The files in “%(name)s” are being encrypted.") % {"name": collection}
    )


@require_POST
def unseal(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a collection's files decrypted."""
    _may(request, DELETES)
    sealed = get_object_or_404(SealedCollection.objects.select_related("collection"), pk=pk)
    log(instance=sealed, action="wagtail.delete", user=request.user, title=str(sealed))
    sealed.delete()
    hints.after_commit(SETTLE)
    messages.success(
        request, _("The files in “%(name)s” are being decrypted.") % {"name": sealed.collection}
    )
    return redirect("content_files:sealed")


@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Have every encrypted file locked under the newest key, and lead to how far it is."""
    _may(request, CHANGES)
    runs = [
        bulk.start(act="rewrap", model=model, by=request.user, at=clock.now(), ids=ids)
        for model in seal.KINDS
        if (ids := seal.encrypted(model))
    ]
    if not runs:
        messages.success(request, _("No file is encrypted: there is nothing to do."))
        return redirect("content_files:sealed")
    hints.after_commit(BULK)
    if len(runs) == 1:
        return redirect("content_bulk:progress", runs[0].pk)
    return redirect("content_bulk:index")
