"""Rights where Wagtail asks for none: choosers, and the one thing that a screen is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import CopyViewMixin
from wagtail.permissions import policy_registry

# Who has one of these on a thing knows that it exists; who may add others sees what there is.
SEEING = ("view", "change", "delete", "publish", "lock", "unlock")
LISTING = (*SEEING, "add")


class GuardedChooserMixin:
    """A chooser viewset that only answers people who may see what it lists.

    Wagtail shows the names in a chooser to everybody who can sign in. Set `needs` to a permission.
    """

    needs: str

    def construct_view(self, view_class: type[Any], **arguments: Any) -> Any:
        """Return Wagtail's view behind the right."""
        view = super().construct_view(view_class, **arguments)  # type: ignore[misc]
        return permission_required(self.needs)(view)


class Narrowed:
    """A permission policy that is asked about the model and answers for one thing of it."""

    def __init__(self, policy: Any, thing: Model) -> None:
        self._policy, self._thing = policy, thing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policy, name)

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Return whether the person may do this to the thing; adding means another one."""
        if action == "add":
            return bool(self._policy.user_has_permission(user, action))
        return bool(self._policy.user_has_permission_for_instance(user, action, self._thing))

    def user_has_any_permission(self, user: Any, actions: Iterable[str]) -> bool:
        """Return whether the person may do any of this."""
        return any(self.user_has_permission(user, action) for action in actions)


class GuardedView:
    """A view of one thing that asks about this thing; a list that holds what the person may see.

    Wagtail's views ask whether somebody has the right on any thing of the kind.
    """

    guarded: type[Model]
    request: HttpRequest

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Refuse whoever has nothing to do with the thing, before anything of it is read.

        Raises:
            PermissionDenied: the person has no right on it and no part in its review.
        """
        policy = policy_registry.get_by_type(self.guarded)
        thing = _thing(self.guarded, kwargs.get("pk"))
        if thing is not None:
            if not policy.user_has_any_permission_for_instance(request.user, SEEING, thing):
                _refuse_unless_reviewer(thing, request.user)
            _refuse_others_task(thing, kwargs.get("task_state_id"))
            policy = Narrowed(policy, thing)
        self.permission_policy = policy
        super().setup(request, *args, **kwargs)  # type: ignore[misc]

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return what the person may see."""
        found: QuerySet[Any] = super().get_base_queryset()  # type: ignore[misc]
        return seen(found, self.request.user) if found.model is self.guarded else found

    def search_queryset(self, queryset: QuerySet[Any]) -> Any:
        """Return what is found, of what the person may see."""
        if queryset.model is not self.guarded or sees_all(self.guarded, self.request.user):
            return super().search_queryset(queryset)  # type: ignore[misc]
        # Not every search index knows numbers, by which the person's things are told apart.
        found = super().search_queryset(self.guarded._default_manager.all())  # type: ignore[misc]
        return queryset.filter(pk__in=[one.pk for one in found])

    def get_edit_url(self, *row: Model) -> Any:
        """Return where a row is edited, if the person may."""
        return self._about(row, super().get_edit_url)  # type: ignore[misc]

    def get_copy_url(self, *row: Model) -> Any:
        """Return where a row is copied, if the person may."""
        return self._about(row, super().get_copy_url)  # type: ignore[misc]

    def get_inspect_url(self, *row: Model) -> Any:
        """Return where a row is looked at, if the person may."""
        return self._about(row, super().get_inspect_url)  # type: ignore[misc]

    def get_delete_url(self, *row: Model) -> Any:
        """Return where a row is deleted, if the person may."""
        return self._about(row, super().get_delete_url)  # type: ignore[misc]

    def _about(self, row: tuple[Model, ...], act: Any) -> Any:
        # Pages about one thing name none: their policy is narrow already.
        if not row:
            return act()
        whole = self.permission_policy
        self.permission_policy = Narrowed(whole, row[0])
        try:
            return act(*row)
        finally:
            self.permission_policy = whole


class GuardedCopy(GuardedView):
    """A form filled in as another thing is. It is sent to where things are added.

    Sent to here, it would overwrite the thing that is copied, which takes another right.
    """

    http_method_names = ("get", "head", "options")


class GuardedChoice:
    """A view of a chooser that offers and answers what the person may see, and no more."""

    guarded: type[Model]
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Refuse whoever has no right on anything here.

        Raises:
            PermissionDenied: the person may see nothing of this kind.
        """
        policy = policy_registry.get_by_type(self.guarded)
        if not policy.user_has_any_permission(request.user, LISTING):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def filter_object_list(self, objects: QuerySet[Any]) -> Any:
        """Return what may be chosen, as it was searched for."""
        found = super().filter_object_list(objects)  # type: ignore[misc]
        if sees_all(self.guarded, self.request.user):
            return found
        ids = [one.pk for one in found]
        return seen(self.guarded._default_manager.filter(pk__in=ids), self.request.user)

    def get_object(self, pk: Any) -> Any:
        """Return what was chosen.

        Raises:
            PermissionDenied: the person may not see it.
        """
        thing = super().get_object(pk)  # type: ignore[misc]
        if not seen(self.guarded._default_manager.filter(pk=thing.pk), self.request.user).exists():
            raise PermissionDenied
        return thing

    def get_objects(self, pks: Iterable[Any]) -> QuerySet[Any]:
        """Return what was chosen, as far as the person may see it."""
        return seen(super().get_objects(pks), self.request.user)  # type: ignore[misc]


class GuardedChoices:
    """A chooser viewset whose views ask object by object."""

    model: type[Model]

    def construct_view(self, view_class: type[Any], **arguments: Any) -> Any:
        """Return Wagtail's view, guarded."""
        made = type(view_class.__name__, (GuardedChoice, view_class), {"guarded": self.model})
        return super().construct_view(made, **arguments)  # type: ignore[misc]


class GuardedViewSetMixin:
    """A viewset of a model whose rights are given object by object: stands before SnippetViewSet.

    Every view and the chooser then ask the model's permission policy about the thing itself.
    """

    model: type[Model]
    chooser_viewset_class: type[Any]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        chooser = getattr(self, "chooser_viewset_class", None)
        if chooser is not None and not issubclass(chooser, GuardedChoices):
            self.chooser_viewset_class = type(chooser.__name__, (GuardedChoices, chooser), {})

    def construct_view(self, view_class: type[Any], **arguments: Any) -> Any:
        """Return Wagtail's view, guarded."""
        guard = GuardedCopy if issubclass(view_class, CopyViewMixin) else GuardedView
        made = type(view_class.__name__, (guard, view_class), {"guarded": self.model})
        arguments.pop("permission_policy", None)
        return super().construct_view(made, **arguments)  # type: ignore[misc]


def sees_all(model: type[Model], user: Any) -> bool:
    """Return whether a person may see every thing of a kind."""
    if user.is_active and user.is_superuser:
        return True
    mine = policy_registry.get_by_type(model).instances_user_has_any_permission_for(user, LISTING)
    return not mine.query.where


def seen(things: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """Return those of the things that a person may see."""
    if sees_all(things.model, user):
        return things
    policy = policy_registry.get_by_type(things.model)
    mine = policy.instances_user_has_any_permission_for(user, LISTING)
    return things.filter(pk__in=mine.order_by().values("pk"))


def _thing(model: type[Model], pk: Any) -> Model | None:
    if pk is None:
        return None
    try:
        return model._default_manager.filter(pk=unquote(str(pk))).first()
    except ValueError:
        return None


def _refuse_unless_reviewer(thing: Model, user: Any) -> None:
    task = getattr(thing, "current_workflow_task", None)
    if task is None or not task.user_can_access_editor(thing, user):
        raise PermissionDenied


def _refuse_others_task(thing: Any, task_state_id: Any) -> None:
    """Refuse a step of another thing's review, named in this one's address.

    Raises:
        PermissionDenied: the step belongs to another thing.
    """
    if task_state_id is None:
        return
    mine = thing.workflow_states.filter(task_states__pk=task_state_id)
    if not mine.exists():
        raise PermissionDenied
