"""Traits that are counted: how far each is, and the form of one."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic
from wagtail.log_actions import log

from customers import compute
from customers.admin.tables import CountColumn, ListingView, OwnViewSet, StateColumn, TextColumn
from customers.models import ComputedTrait, EventMatcher
from customers.tasks import COMPUTE
from dxp.lib import clock, hints

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


class ComputedList(ListingView):
    """All computed traits, with how many people have one."""

    any_permission_required = ["view", "add", "change", "delete"]
    is_searchable = True
    search_fields = ["trait__key", "trait__label", "event"]
    nothing = lazy("Nothing is counted yet. Add a trait such as the number of orders in 90 days.")

    def get_base_queryset(self) -> QuerySet[ComputedTrait]:
        """Return them with the number of people who have a value."""
        people = Count("values", filter=Q(values__value__isnull=False))
        return ComputedTrait.objects.select_related("trait").annotate(people=people)

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            self._get_title_column_class(TitleColumn)(
                "trait", label=_("Trait"), get_url=self.get_edit_url, sort_key="trait__key"
            ),
            TextColumn("what", label=_("What it counts"), accessor=in_words),
            CountColumn("people", label=_("People"), sort_key="people"),
            StateColumn("state", label=_("State"), accessor=_state, primary=_is_live),
        ]


def in_words(computed: ComputedTrait) -> str:
    """Return what is counted, as a sentence."""
    told = {
        "measure": computed.get_metric_display(), "prop": computed.prop, "event": computed.event,
        "days": computed.days,
    }  # fmt: skip
    if computed.prop:
        words = _("%(measure)s “%(prop)s” of %(event)s") % told
    else:
        words = _("%(measure)s: %(event)s") % told
    if computed.days is not None:
        words += ", " + _("last %(days)s days") % told
    return words


def _state(computed: ComputedTrait) -> str:
    if computed.state == ComputedTrait.State.COMPUTING:
        return _("Computing: %(percent)s %%") % {"percent": computed.percent}
    if computed.failure:
        return f"{computed.get_state_display()}: {computed.failure}"
    return computed.get_state_display()


def _is_live(computed: ComputedTrait) -> bool:
    return computed.state == ComputedTrait.State.LIVE


class ComputedForm(WagtailAdminModelForm):
    """What to count, and under which key."""

    key = forms.CharField(
        label=lazy("Key"),
        max_length=100,
        help_text=lazy("As segments and messages name it, such as orders_90_days."),
    )
    label = forms.CharField(label=lazy("Label"), max_length=100, required=False)
    description = forms.CharField(
        label=lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ("key", "label", "description", "event", "metric", "prop", "days")

    class Meta:
        model = ComputedTrait
        fields = ["event", "metric", "prop", "days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain = EventMatcher.objects.filter(where=[]).order_by("event")
        names = list(plain.values_list("event", flat=True))
        if self.instance.pk and self.instance.event not in names:
            names = [self.instance.event, *names]
        self.fields["event"].widget = forms.Select(choices=[(name, name) for name in names])
        self.fields["days"].widget.attrs.update(min=1, max=3650)
        self.order_fields(self.field_order)
        if self.instance.pk:
            trait = self.instance.trait
            for name in ("key", "label", "description"):
                self.fields[name].initial = getattr(trait, name)
            self.fields["key"].disabled = True

    def clean_key(self) -> str:
        """Return the key.

        Raises:
            ValidationError: it is no name that a segment or a message could use.
        """
        key: str = self.cleaned_data["key"]
        if not KEY.fullmatch(key):
            raise forms.ValidationError(
                _("A key begins with a letter and has letters, digits and underscores only.")
            )
        return key


class _Saves:
    """What creating and editing share."""

    form: Any
    request: Any

    def keep(self, action: str) -> ComputedTrait:
        """Save, and have the worker count for everybody."""
        computed: ComputedTrait = self.form.save(commit=False)
        told = self.form.cleaned_data
        compute.save(
            computed=computed, key=told["key"], label=told["label"],
            description=told["description"], at=clock.now(),
        )  # fmt: skip
        log(instance=computed, action=action, user=self.request.user)
        hints.after_commit(COMPUTE)
        return computed

    def form_valid(self, form: Any) -> HttpResponse:
        """Save, or show at the form what can't be counted."""
        try:
            return super().form_valid(form)  # type: ignore[misc, no-any-return]
        except compute.BadDefinition as error:
            form.add_error(None, _(str(error)))
            self.produced_error_message = self.get_error_message()  # type: ignore[attr-defined]
            return self.form_invalid(form)  # type: ignore[attr-defined, no-any-return]


class ComputedCreate(_Saves, generic.CreateView):
    """A new computed trait."""

    def save_instance(self) -> ComputedTrait:
        """Make it."""
        return self.keep("wagtail.create")


class ComputedEdit(_Saves, generic.EditView):
    """A changed computed trait: everybody is counted anew."""

    def save_instance(self) -> ComputedTrait:
        """Change it."""
        return self.keep("wagtail.edit")


class ComputedDelete(generic.DeleteView):
    """Takes the trait away from everybody."""

    @property
    def confirmation_message(self) -> str:
        """Return what goes with it."""
        people = self.object.values.filter(value__isnull=False).count()
        words = ngettext(
            "%(n)s person loses the trait “%(key)s”. Segments that ask for it follow.",
            "%(n)s people lose the trait “%(key)s”. Segments that ask for it follow.",
            people,
        )
        return words % {"n": people, "key": self.object.trait.key}

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete it."""
        address = self.get_success_url()
        log(instance=self.object, action="wagtail.delete", user=self.request.user)
        compute.remove(computed=self.object, at=clock.now())
        return HttpResponseRedirect(address)


class ComputedViewSet(OwnViewSet):
    """Traits that nobody tells."""

    model = ComputedTrait
    icon = "order"
    name = "customers_computed"
    url_prefix = "customers/computed"
    menu_label = lazy("Computed traits")
    menu_order = 160
    pages = ("index", "index_results", "add", "edit", "delete")
    index_view_class = ComputedList
    add_view_class = ComputedCreate
    edit_view_class = ComputedEdit
    delete_view_class = ComputedDelete
    ordering = "trait__key"

    def get_form_class(self, for_update: bool = False) -> type[ComputedForm]:
        """Return the form."""
        return ComputedForm
