"""What keeps strangers from becoming one person: blocked names, and limits."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic

from customers import block, identify, split
from customers.admin.tables import CountColumn, ListingView, OwnViewSet, TextColumn, WhenColumn
from customers.models import BlockedValue, LinkLimit
from dxp.lib import clock


class BlockedList(ListingView):
    """All blocked names."""

    any_permission_required = ["view", "add", "delete"]
    nothing = lazy(
        "No name is blocked. One that is seen with too many people is blocked by itself."
    )
    page_title = lazy("Blocked names")
    is_searchable = True
    search_fields = ["value"]


class BlockedForm(WagtailAdminModelForm):
    """Which name."""

    class Meta:
        model = BlockedValue
        fields = ["kind", "value"]

    def clean_value(self) -> str:
        """Refuse what nobody could have as a name anyway.

        Raises:
            ValidationError: it is never taken for somebody.
        """
        value = str(self.cleaned_data["value"]).strip()
        if identify.is_nobody(value):
            raise ValidationError(_("This is never taken for somebody: nothing is to be blocked."))
        return value


class BlockedCreate(generic.CreateView):
    """A name to block: what it linked until now is undone."""

    page_title = lazy("Block a name")

    def get_success_buttons(self) -> list[Any]:
        """Return no way to change it: it is blocked or not."""
        return []

    def save_instance(self) -> BlockedValue:
        """Block it, and undo what it linked."""
        at, told = clock.now(), self.form.cleaned_data
        with transaction.atomic():
            made = block.block(
                kind=told["kind"], value=told["value"], by=self.request.user.pk, at=at
            )
            split.cut(blocked=made, by=self.request.user.pk, at=at)
        made.refresh_from_db()
        return made


class BlockedDelete(generic.DeleteView):
    """Let a name count again; links come back with new events only."""

    page_title = lazy("Let a name count again")
    confirmation_message = lazy(
        "From now on this name stands for somebody again. Links that were undone come back with"
        " the next event that says so."
    )


class BlockedViewSet(OwnViewSet):
    """Names that stand for nobody in particular, such as a test account's or a kiosk's."""

    model = BlockedValue
    icon = "no-view"
    name = "customers_blocked"
    url_prefix = "customers/blocked-names"
    menu_label = lazy("Blocked names")
    menu_order = 500
    pages = ("index", "index_results", "add", "delete")
    index_view_class = BlockedList
    add_view_class = BlockedCreate
    delete_view_class = BlockedDelete
    ordering = "-at"
    list_display = [
        TitleColumn("value", label=lazy("Name"), url_name="customers_blocked:delete"),
        TextColumn("kind", label=lazy("Kind"), accessor="get_kind_display"),
        TextColumn("origin", label=lazy("Blocked by"), accessor="get_origin_display"),
        CountColumn("people", label=lazy("People seen with it")),
        WhenColumn("at", label=lazy("Blocked"), sort_key="at"),
    ]

    def get_form_class(self, for_update: bool = False) -> type[BlockedForm]:
        """Return the form that refuses what names nobody anyway."""
        return BlockedForm


class LimitList(ListingView):
    """All limits."""

    any_permission_required = ["view", "change"]
    page_title = lazy("Limits of identity")


class LimitEdit(generic.EditView):
    """Another limit."""

    any_permission_required = ["change"]

    def get_success_message(self) -> str:
        """Return what was done."""
        return _("From the next event on, the new limit counts.")


class LimitViewSet(OwnViewSet):
    """How much may join one person before somebody looks."""

    model = LinkLimit
    icon = "group"
    name = "customers_limits"
    url_prefix = "customers/limits"
    menu_label = lazy("Limits of identity")
    add_to_settings_menu = True
    pages = ("index", "index_results", "edit")
    index_view_class = LimitList
    edit_view_class = LimitEdit
    form_fields = ["most", "days"]
    ordering = "about"
    list_display = [
        TitleColumn(
            "about", label=lazy("What"), accessor="get_about_display",
            url_name="customers_limits:edit",
        ),
        CountColumn("most", label=lazy("At most")),
        TextColumn("days", label=lazy("Within days (empty is ever)")),
    ]  # fmt: skip
