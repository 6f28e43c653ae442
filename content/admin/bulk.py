"""Acts on many things: what is chosen, the page that asks once more, and how far it is.

These take the place of Wagtail's own: "select all" there forgets the filters of a list, and the
pages that ask once more name things that one may not see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils.functional import classproperty
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin import widgets
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.models import DraftStateMixin, Page
from wagtail.permissions import policy_registry
from wagtail.snippets.models import get_snippet_models
from wagtail.users.views.bulk_actions import (
    AssignRoleBulkAction,
    DeleteBulkAction,
    SetActiveStateBulkAction,
)

from content import (
    acts,  # noqa: F401 - registers what can be done
    bulk,
    policies,
)
from content.admin.runs import head
from content.models import Document, Image
from content.tasks import BULK
from dxp.lib import clock, guard, hints
from dxp.users.models import User

SHOWN = 20
# What Wagtail's lists add to an address and no filter means.
NO_FILTER = ("id", "next", "childOf", "p")


class Queued(BulkAction):  # type: ignore[misc]
    """An act on what was ticked, or on a whole list as it is filtered: a worker does it."""

    act: ClassVar[str]
    template_name = "content/bulk/ask.html"
    aria_label = lazy("Do this to everything chosen")
    display_name = lazy("Act")
    action_type = ""

    @property
    def doing(self) -> bulk.Act:
        """Return the act."""
        return bulk.acts.get(self.act)()

    def chosen(self) -> list[int]:
        """Return what was chosen, as far as the person may see it.

        Raises:
            BadRequest: the address names something that is no number.
        """
        ids = self.request.GET.getlist("id")
        if "all" in ids:
            return listed(self.model, self.request.user, self.request.GET)
        try:
            numbers = [int(one) for one in ids]
        except ValueError as error:
            raise BadRequest from error
        return list(self._visible().filter(pk__in=numbers).values_list("pk", flat=True))

    def _visible(self) -> Any:
        if issubclass(self.model, Page):
            return policy_registry.get_by_type(Page).explorable_instances(self.request.user)
        things = self.model._default_manager.all()
        if self.model in {Image, Document}:
            policy = policy_registry.get_by_type(self.model)
            acts = ["choose", "change", "delete"]
            return policy.instances_user_has_any_permission_for(self.request.user, acts)
        return guard.seen(things, self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return how many were chosen, and the names of the first of them."""
        ids, form = self.chosen(), kwargs.get("form") or self.get_form()
        doing = self.doing
        first = self.model._default_manager.filter(pk__in=ids[: SHOWN * 3])
        may = [one for one in first if doing.may(self.request.user, one)][:SHOWN]
        noun = (
            self.model._meta.verbose_name if len(ids) == 1 else self.model._meta.verbose_name_plural
        )
        return {
            "count": len(ids), "noun": noun, "names": [_name(one) for one in may],
            "act": doing, "form": form, "next": self.next_url, "view": self,
            "more": max(len(ids) - len(may), 0), "possible": bool(may) or len(ids) > SHOWN * 3,
            "submit_url": self.request.get_full_path(), "media": form.media,
            **head(f"{doing.label}: {len(ids)} {noun}", self.icon),
        }  # fmt: skip

    @property
    def icon(self) -> str:
        """Return the icon of what it is done to."""
        viewset = getattr(self.model, "snippet_viewset", None)
        return getattr(viewset, "icon", "") or "doc-full"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Leave it to a worker, and show how far it is.

        Raises:
            PermissionDenied: nothing was chosen that one may see.
        """
        ids = self.chosen()
        if not ids:
            raise PermissionDenied
        run = bulk.start(
            act=self.act, model=self.model, by=self.request.user, at=clock.now(), ids=ids,
            words_of_list=_filters(self.request.GET), **self.asked(form),
        )  # fmt: skip
        hints.after_commit(BULK)
        address = reverse("content_bulk:progress", args=[run.pk])
        return redirect(address)

    def asked(self, form: forms.Form) -> dict[str, Any]:
        """Return what the act wants to know besides."""
        return {}


class MoveForm(forms.Form):
    """Below which page."""

    to = forms.ModelChoiceField(
        queryset=Page.objects.all(), label=lazy("Below which page"),
        widget=widgets.AdminPageChooser(can_choose_root=True, user_perms="move_to"),
    )  # fmt: skip


class WordsForm(forms.Form):
    """Which words."""

    words = forms.CharField(
        label=lazy("Words"), help_text=lazy("Separated by commas."), max_length=300
    )


class QueuedMove(Queued):
    """Move pages."""

    form_class = MoveForm

    def asked(self, form: forms.Form) -> dict[str, Any]:
        """Return below which page."""
        return {"to": form.cleaned_data["to"].pk}


class QueuedWords(Queued):
    """Add words to files."""

    form_class = WordsForm

    def asked(self, form: forms.Form) -> dict[str, Any]:
        """Return the words."""
        told = form.cleaned_data["words"].split(",")
        return {"words": [word.strip()[:100] for word in told if word.strip()]}


class QueuedCollect(Queued):
    """Put files into a collection."""

    def get_form(self, form_class: Any = None) -> forms.Form:
        """Return the collections to which one may add."""
        form: forms.Form = super().get_form(form_class)
        policy = policy_registry.get_by_type(self.model)
        form.fields["to"] = forms.ModelChoiceField(
            queryset=policy.collections_user_has_permission_for(self.request.user, "add"),
            label=_("Collection"),
        )
        return form

    def asked(self, form: forms.Form) -> dict[str, Any]:
        """Return which collection."""
        return {"to": form.cleaned_data["to"].pk}


def made(
    act: str, models: Callable[[], list[type[Model]]], base: type[Queued] = Queued
) -> type[Queued]:
    """Return Wagtail's view for an act of ours; which models there are is asked when one looks."""
    kind = bulk.acts.get(act)
    order = {"publish": 40, "unpublish": 50, "move": 10, "delete": 100}.get(act, 30)
    named = {
        "act": act, "action_type": act, "display_name": kind.label,
        "models": classproperty(lambda _view: models()),
        "action_priority": order, "classes": {"serious"} if act == "delete" else set(),
    }  # fmt: skip
    return type(f"Queued{kind.__name__}", (base,), named)


def _drafts() -> list[type[Model]]:
    known = [one for one in policies.SNIPPETS if one in get_snippet_models()]
    return [Page, *(one for one in known if issubclass(one, DraftStateMixin))]


def _files() -> list[type[Model]]:
    return list(policies.FILES)


def views() -> list[type[BulkAction]]:
    """Return the views that take the place of Wagtail's."""
    staff = (AssignRoleBulkAction, DeleteBulkAction, SetActiveStateBulkAction)
    return [
        *(type(f"Filtered{one.__name__}", (FilteredAll, one), {}) for one in staff),
        made("delete", lambda: [Page, *_files(), *get_snippet_models()]),
        made("publish", _drafts),
        made("unpublish", _drafts),
        made("move", lambda: [Page], QueuedMove),
        made("add_to_collection", _files, QueuedCollect),
        made("add_tags", _files, QueuedWords),
    ]


def listed(model: type[Model], user: Any, told: QueryDict) -> list[int]:
    """Return what a list holds, filtered as its address says: the list's own screen is asked.

    Raises:
        PermissionDenied: the person may not open the list.
    """
    filters = told.copy()
    above = filters.get("childOf")
    for name in NO_FILTER:
        filters.pop(name, None)
    request = HttpRequest()
    request.method, request.user = "GET", user
    request.GET = filters  # type: ignore[assignment]
    request.path = _list_of(model, above)
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    # Where one may not open the list, Wagtail says so in a message to nobody.
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    match = resolve(request.path)
    request.resolver_match = match
    answer = match.func(request, *match.args, **match.kwargs)
    found = getattr(answer, "context_data", None)
    if answer.status_code != 200 or not found:
        raise PermissionDenied
    things = found["paginator"].object_list
    return [one.pk for one in things] if not hasattr(things, "values_list") else list(
        things.order_by().values_list("pk", flat=True)
    )  # fmt: skip


def _list_of(model: type[Model], above: str | None) -> str:
    if issubclass(model, Page):
        if above and above.isdigit():
            return reverse("wagtailadmin_explore", args=[int(above)])
        return reverse("wagtailadmin_pages:search")
    known = {
        Image: "wagtailimages:index",
        Document: "wagtaildocs:index",
        User: "wagtailusers_users:index",
    }
    if model in known:
        return reverse(known[model])
    return reverse(model.snippet_viewset.get_url_name("list"))  # type: ignore[attr-defined]


def _filters(told: QueryDict) -> dict[str, list[str]]:
    """Return by what the list was filtered, to be shown beside the run."""
    if "all" not in told.getlist("id"):
        return {}
    return {name: values for name, values in told.lists() if name not in NO_FILTER and any(values)}


def _name(thing: Any) -> str:
    return thing.get_admin_display_title() if isinstance(thing, Page) else str(thing)


class FilteredAll:
    """For Wagtail's acts on staff: "select all" means the list as it is filtered."""

    model: type[Model]
    request: HttpRequest

    def get_all_objects_in_listing_query(self, parent_id: Any) -> list[int]:
        """Return what the list holds."""
        return listed(self.model, self.request.user, self.request.GET)
