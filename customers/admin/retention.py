"""How long events are kept: rules, and what goes next because of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic

from customers import retain
from customers.admin.tables import CountColumn, ListingView, OwnViewSet, TextColumn
from customers.models import Event, RetentionRule
from dxp.lib import clock

SHOWN = 8
PATIENCE_MS = 3000


def going() -> dict[tuple[str, str], int] | None:
    """Return what goes next by type and name, or None where counting takes too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            return retain.preview(at=clock.now(), default_days=settings.EVENT_KEEP_DAYS)
    except OperationalError:
        return None


class RetentionList(ListingView):
    """All rules, with what goes next."""

    template_name = "customers/retention/index.html"
    any_permission_required = ["view", "add", "change"]
    nothing = lazy("No class of events has a rule of its own.")
    page_title = lazy("How long events are kept")

    @cached_property
    def going(self) -> dict[tuple[str, str], int] | None:
        """What goes next."""
        return going()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, the general term, and what goes next."""
        counts = self.going or {}
        shown = [(name, count) for (_type, name), count in list(counts.items())[:SHOWN]]
        return {
            **super().get_context_data(**kwargs),
            "default_days": settings.EVENT_KEEP_DAYS,
            "going": None if self.going is None else shown,
            "total": sum(counts.values()),
            "more": len(counts) > SHOWN,
        }

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "value", label=_("Events"), accessor=wording,
                url_name="customers_retention:edit" if self.may_change else None,
            ),
            CountColumn("keep_days", label=_("Kept for days"), sort_key="keep_days"),
            TextColumn("goes", label=_("Go next"), accessor=self.count),
        ]  # fmt: skip

    @property
    def may_change(self) -> bool:
        """Whether this person may change rules."""
        return bool(self.request.user.has_perm("customers.change_retentionrule"))

    def count(self, rule: RetentionRule) -> str:
        """Return how many events go next that a rule may be the reason for."""
        by_name = rule.kind == RetentionRule.Kind.NAME
        return str(
            sum(
                count
                for (kind, name), count in (self.going or {}).items()
                if (name if by_name else kind) == rule.value
            )
            or ""
        )


def wording(rule: RetentionRule) -> str:
    """Return what a rule is about, in words."""
    if rule.kind == RetentionRule.Kind.NAME:
        return _("“%(name)s”") % {"name": rule.value}
    label = dict(Event.Type.choices).get(rule.value, rule.value)
    return _("All calls of type %(type)s") % {"type": label}


class RetentionForm(WagtailAdminModelForm):
    """Which events, and for how long."""

    class Meta:
        model = RetentionRule
        fields = ["kind", "value", "keep_days"]
        widgets = {"kind": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = ", ".join(Event.Type.values)
        self.fields["value"].help_text = _("The name of an event, or a type: %(types)s.") % {
            "types": types
        }
        self.fields["keep_days"].help_text = _(
            "Counted from when an event was received. What is older goes once a day."
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a type that is none.

        Returns:
            What was told.
        """
        told: dict[str, Any] = super().clean()
        if told.get("kind") == RetentionRule.Kind.TYPE and told.get("value") not in (
            *Event.Type.values,
            None,
        ):
            self.add_error("value", _("This is no type of call."))
        return told


class _Counted:
    """After saving, what goes next is told at once."""

    def get_success_message(self, instance: RetentionRule) -> str:
        """Return what was saved, and what follows."""
        found = going()
        if found is None:
            return _("The rule holds from now on.")
        total = sum(found.values())
        return _("The rule holds from now on. Too old at this moment: %(n)d events.") % {"n": total}


class RetentionCreate(_Counted, generic.CreateView):
    """A new rule."""


class RetentionEdit(_Counted, generic.EditView):
    """A changed rule."""

    def get_success_message(self) -> str:  # type: ignore[override]
        """Return what was saved, and what follows."""
        return _Counted.get_success_message(self, self.object)


class RetentionViewSet(OwnViewSet):
    """Rules of how long events are kept, among the settings."""

    model = RetentionRule
    icon = "time"
    name = "customers_retention"
    url_prefix = "customers/retention"
    menu_label = lazy("Retention")
    add_to_settings_menu = True
    menu_order = 700
    pages = ("index", "index_results", "add", "edit", "delete")
    index_view_class = RetentionList
    add_view_class = RetentionCreate
    edit_view_class = RetentionEdit
    ordering = ("kind", "value")

    def get_form_class(self, for_update: bool = False) -> type[RetentionForm]:
        """Return the form."""
        return RetentionForm
