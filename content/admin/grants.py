"""Rights on single things: given, taken away, and all of them in a list."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from guardian.models import UserObjectPermission
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets import AdminDateInput
from wagtail.models import Collection, Page
from wagtail.snippets.models import get_snippet_models

from content import grant, policies
from content.models import GrantNote
from dxp.lib import clock, sheets
from dxp.users.models import User

ENTERS = "wagtailadmin.access_admin"


def kinds() -> list[type[Model]]:
    """Return the models on whose things rights are given one by one."""
    snippets = [one for one in policies.SNIPPETS if one in get_snippet_models()]
    return [Page, Collection, *policies.FILES, *snippets]


def address(thing: Model) -> str:
    """Return where the rights on a thing are."""
    model = grant.stem(thing)
    return reverse(
        "content_access:thing", args=[model._meta.app_label, model._meta.model_name, thing.pk]
    )


class GiveForm(forms.Form):
    """To whom, what, until when."""

    user = forms.ModelChoiceField(queryset=User.objects.none(), label=lazy("Who"))
    actions = forms.MultipleChoiceField(label=lazy("May"), widget=forms.CheckboxSelectMultiple)
    until = forms.DateField(
        label=lazy("Until the end of"), required=False, widget=AdminDateInput,
        help_text=lazy("Empty: until it is taken away."),
    )  # fmt: skip

    def __init__(self, *args: Any, thing: Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, is_superuser=False)
        self.fields["user"].queryset = people.order_by("is_bot", "username")  # type: ignore[attr-defined]
        self.fields["actions"].choices = [  # type: ignore[attr-defined]
            (name, grant.words(name))
            for name in (row.codename.rsplit("_", 1)[0] for row in grant.offered(thing))
        ]

    def clean_until(self) -> datetime | None:
        """Return the first moment at which it does not hold any more.

        Raises:
            ValidationError: that moment is over.
        """
        day = self.cleaned_data["until"]
        if day is None:
            return None
        until = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
        if until <= clock.now():
            raise forms.ValidationError(_("This day is over."))
        return until


def give(request: HttpRequest, form: GiveForm, thing: Model) -> bool:
    """Give what the form says; return whether that was possible."""
    if not form.is_valid():
        return False
    told = form.cleaned_data
    try:
        grant.give(
            to=told["user"], on=thing, actions=told["actions"], until=told["until"],
            by=request.user, at=clock.now(),  # type: ignore[arg-type]
        )  # fmt: skip
    except grant.NotYours as error:
        words = ", ".join(grant.words(name) for name in str(error).split(", "))
        form.add_error(
            "actions", _("You may not do this yourself: %(rights)s.") % {"rights": words}
        )
        return False
    who = told["user"]
    messages.success(request, _("%(who)s may now work on it.") % {"who": who})
    if not who.is_bot and not who.has_perm(ENTERS):
        words = _("%(who)s has no role that opens the admin yet: there is no way in to use it.")
        messages.warning(request, words % {"who": who})
    return True


def take(request: HttpRequest, row: UserObjectPermission) -> None:
    """Take a right away, and say so."""
    grant.take(row=row, by=request.user, at=clock.now())  # type: ignore[arg-type]
    messages.success(request, _("The right was taken away from %(who)s.") % {"who": row.user})


def line(one: grant.Grant) -> dict[str, Any]:
    """Return a grant as a screen shows it."""
    return {
        "row": one.row, "note": one.note, "user": one.row.user, "words": grant.words(one.action)
    }  # fmt: skip


class GrantFilter(WagtailFilterSet):
    """Whose rights, on which kind of thing, and whether they end."""

    user = django_filters.ModelChoiceFilter(label=lazy("Who"), queryset=lambda _request: _holders())
    content_type = django_filters.ModelChoiceFilter(
        label=lazy("Kind"), queryset=lambda _request: _held_kinds()
    )
    ends = django_filters.BooleanFilter(
        label=lazy("Ends by itself"), field_name="until", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = UserObjectPermission
        fields = ["user", "content_type", "ends"]


def _holders() -> QuerySet[User]:
    held = UserObjectPermission.objects.order_by().values("user")
    return User.objects.filter(pk__in=held).order_by("username")


def _held_kinds() -> QuerySet[ContentType]:
    held = UserObjectPermission.objects.order_by().values("content_type")
    return ContentType.objects.filter(pk__in=held).order_by("model")


class GrantList(generic.IndexView):
    """Everything that was given on single things."""

    model = UserObjectPermission
    any_permission_required = ["view"]
    page_title = lazy("Rights on single things")
    header_icon = "lock"
    index_url_name = "content_access:index"
    index_results_url_name = "content_access:index_results"
    default_ordering = ["user__username", "content_type", "object_pk"]
    is_searchable = True
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    search_backend_name = None
    filterset_class = GrantFilter
    template_name = "content/access/list.html"
    table_classname = "listing dxp-stack"
    list_export = ["thing", "content_type", "user", "may", "until", "by"]
    export_headings = {
        "thing": lazy("On"), "content_type": lazy("Kind"), "user": lazy("Who"),
        "may": lazy("May"), "until": lazy("Until"), "by": lazy("Given by"),
    }  # fmt: skip

    @property
    def columns(self) -> list[Any]:
        """Return who, what, which thing, until when, and by whom."""
        return [
            TitleColumn("thing", label=_("On"), accessor=_thing, get_url=_address),
            Column("kind", label=_("Kind"), accessor=lambda row: row.content_type.name),
            Column("user", label=_("Who"), accessor="user"),
            Column("may", label=_("May"), accessor=lambda row: grant.words(_action(row))),
            Column("until", label=_("Until"), accessor=_until),
            Column("by", label=_("Given by"), accessor=lambda row: row.by or ""),
        ]

    def get_base_queryset(self) -> Any:
        """Return grants with what they are on, until when they hold and who gave them."""
        note = GrantNote.objects.filter(row=OuterRef("pk"))
        told = UserObjectPermission.objects.select_related("user", "permission", "content_type")
        return told.prefetch_related("content_object").annotate(
            until=Subquery(note.values("until")), by=Subquery(note.values("by__username"))
        )

    def to_row_dict(self, item: Any) -> dict[str, Any]:
        """Return a row of the file: what the list shows."""
        told = {
            "thing": _thing(item), "content_type": item.content_type.name,
            "user": item.user.get_username(), "may": grant.words(_action(item)),
            "until": _until(item), "by": item.by or "",
        }  # fmt: skip
        return {name: sheets.safe(value) for name, value in told.items()}


def _until(row: Any) -> str:
    return f"{timezone.localtime(row.until):%Y-%m-%d %H:%M}" if row.until else ""


def _thing(row: UserObjectPermission) -> str:
    return str(row.content_object or _("(is gone)"))


def _action(row: UserObjectPermission) -> str:
    return str(row.permission.codename).rsplit("_", 1)[0]


def _address(row: UserObjectPermission) -> str | None:
    thing = row.content_object
    return address(thing) if thing is not None and grant.stem(thing) in kinds() else None
