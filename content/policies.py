"""Who may do what to which thing: a role's rights, and what was granted on the thing itself.

Grants are rows of django-guardian. A grant on a page or a collection holds for what lies below it.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q
from wagtail.models import AbstractPage, Collection, Page
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permission_policies.collections import CollectionOwnershipPermissionPolicy
from wagtail.permission_policies.pages import PagePermissionPolicy
from wagtail.permissions import policy_registry, register_permission_policy

from content import hold
from content.models import (
    Document,
    Form,
    Fragment,
    Image,
    Topic,
)
from dxp.users.models import User

# What Wagtail asks a page about itself; the rest its policy knows.
OF_PAGES = {
    "add": "can_add_subpage",
    "change": "can_edit",
    "delete": "can_delete",
    "publish": "can_publish",
    "unpublish": "can_unpublish",
    "move": "can_move",
    "copy": "can_copy",
    "lock": "can_lock",
    "unlock": "can_unlock",
}
# Who has one of these on a page may look at its draft.
SEEING_PAGES = {"add", "change", "publish", "lock", "unlock", "bulk_delete", "view"}
# What is no right of its own elsewhere.
SAME_AS = {"unpublish": "publish", "move": "change", "copy": "view"}
# What a right on a collection lets do with the files in it.
IN_COLLECTIONS = {
    "view": ("choose",),
    "add": ("add", "choose"),
    "change": ("add", "change", "choose"),
}
FILES = (Image, Document)
# What a right on a collection is called where it is asked about its files.
_FILES_ACTS = {"view": "choose"}
# Facets, terms and personas are what all who write choose from: their rights go by role alone.
SNIPPETS = (Fragment, Form, Topic)


def may(user: Any, action: str, thing: Model) -> bool:
    """Return whether a person or bot may do this to a thing, however they came by the right.

    Actions are "view", "add" (below or into it), "change", "delete", "publish", "unpublish",
    "move", "copy", "lock", "unlock", "choose".
    """
    if not user.is_authenticated or not user.is_active:
        return False
    if isinstance(thing, Page) and action in OF_PAGES:
        tester = thing.permissions_for_user(user)
        return bool(getattr(tester, OF_PAGES[action])())
    policy = policy_registry.get_by_type(type(thing))
    if isinstance(thing, Page) and action == "view":
        return bool(policy.user_has_any_permission_for_instance(user, SEEING_PAGES, thing))
    if isinstance(thing, FILES) and action == "view":
        # To open it where not everybody may: who may change it has it open.
        return bool(policy.user_has_any_permission_for_instance(user, {"view", "change"}, thing))
    wanted = SAME_AS.get(action, action)
    return bool(policy.user_has_permission_for_instance(user, wanted, thing))


def may_in(user: Any, action: str, collection: Collection, model: type[Model]) -> bool:
    """Return whether a person may do this to files of a kind in a collection."""
    wanted = [_FILES_ACTS[action]] if action in _FILES_ACTS else [action]
    policy = policy_registry.get_by_type(model)
    mine = policy.collections_user_has_any_permission_for(user, wanted)
    return bool(mine.filter(pk=collection.pk).exists())


def _of(user: Any, model: type[Model]) -> dict[str, set[str]]:
    return hold.by(user).get(ContentType.objects.get_for_model(hold.stem(model)).pk, {})


def _with(users: Any, more: Iterable[int]) -> Any:
    """Return users, and active ones besides."""
    wanted = Q(pk__in=users.order_by().values("pk")) | Q(pk__in=list(more), is_active=True)
    return User.objects.filter(wanted)


class PagePolicy(PagePermissionPolicy):  # type: ignore[misc]
    """Wagtail's rights on pages, and grants on a page, which hold for the pages below."""

    def get_all_permissions_for_user(self, user: Any) -> Any:
        """Return rows of groups, and grants in their shape."""
        groups = super().get_all_permissions_for_user(user)
        mine = _of(user, Page)
        if not mine:
            return groups
        pages = Page.objects.in_bulk([int(pk) for pk in mine])
        return [
            *groups,
            *(
                hold.Given(hold.Right(codename), page=pages[int(pk)])
                for pk, names in mine.items()
                if int(pk) in pages
                for codename in sorted(names)
            ),
        ]

    def users_with_any_permission_for_instance(
        self, actions: Some[str], instance: Any, include_superusers: bool = True
    ) -> Any:
        """Return who may, among them those to whom it was granted here or above."""
        users = super().users_with_any_permission_for_instance(
            actions, instance, include_superusers
        )
        names = self._get_permission_codenames(actions)
        above = instance.get_ancestors(inclusive=True)
        return _with(users, (one for page in above for one in hold.people(page, names)))


def _in_files(names: Iterable[str]) -> set[str]:
    acts = {act for name in names for act in IN_COLLECTIONS.get(name.split("_")[0], ())}
    return {get_permission_codename(act, model._meta) for act in acts for model in FILES}


class FilePolicy(CollectionOwnershipPermissionPolicy):  # type: ignore[misc]
    """Rights on pictures and documents: by collection, and on the one file.

    A grant on a collection is one on the files in it and in those below it. The collection itself
    stays with those who manage collections: its privacy opens files to everybody.
    """

    def get_all_permissions_for_user(self, user: Any) -> Any:
        """Return rows of groups, and grants in their shape."""
        groups = super().get_all_permissions_for_user(user)
        mine = _of(user, Collection)
        if not mine:
            return groups
        collections = Collection.objects.in_bulk([int(pk) for pk in mine])
        return [
            *groups,
            *(
                hold.Given(hold.Right(codename), collection=collections[int(pk)])
                for pk, names in mine.items()
                if int(pk) in collections
                for codename in sorted(_in_files(names))
            ),
        ]

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Return whether the person may do this to any file."""
        return super().user_has_permission(user, action) or bool(self._granted(user, {action}))

    def user_has_any_permission(self, user: Any, actions: Some[str]) -> bool:
        """Return whether the person may do any of this to any file."""
        return any(self.user_has_permission(user, action) for action in actions)

    def user_has_any_permission_for_instance(
        self, user: Any, actions: Some[str], instance: Any
    ) -> bool:
        """Return whether the person may do any of this to a file."""
        return super().user_has_any_permission_for_instance(user, actions, instance) or (
            str(instance.pk) in self._granted(user, actions)
        )

    def instances_user_has_any_permission_for(self, user: Any, actions: Some[str]) -> Any:
        """Return the files to which the person may do any of this."""
        found = super().instances_user_has_any_permission_for(user, actions)
        mine = self._granted(user, actions)
        if not mine:
            return found
        both = Q(pk__in=found.order_by().values("pk")) | Q(pk__in=[int(pk) for pk in mine])
        return self.model._default_manager.filter(both)

    def users_with_any_permission_for_instance(self, actions: Some[str], instance: Any) -> Any:
        """Return who may, among them those to whom it was granted."""
        users = super().users_with_any_permission_for_instance(actions, instance)
        return _with(users, hold.people(instance, self._names(actions)))

    def _names(self, actions: Some[str]) -> set[str]:
        known = {*actions} - {"add"}
        if known & {"delete", "choose"}:
            # As Wagtail sees it: who may change a file may delete it; and use it, we think.
            known.add("change")
        names: set[str] = self._get_permission_codenames(known)
        return names

    def _granted(self, user: Any, actions: Some[str]) -> set[str]:
        wanted: set[str] = self._names(actions)
        mine = _of(user, self.model)
        return {pk for pk, names in mine.items() if names & wanted}


class SnippetPolicy(ModelPermissionPolicy):  # type: ignore[misc]
    """Rights on snippets: on all of a kind, and on the one thing."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Return whether the person may do this to any of them."""
        return super().user_has_permission(user, action) or bool(self._granted(user, {action}))

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        """Return whether the person may do this to a thing."""
        return super().user_has_permission(user, action) or (
            str(instance.pk) in self._granted(user, {action})
        )

    def instances_user_has_any_permission_for(self, user: Any, actions: Some[str]) -> Any:
        """Return the things to which the person may do any of this."""
        if any(super(SnippetPolicy, self).user_has_permission(user, action) for action in actions):
            return self.model._default_manager.all()
        return self.model._default_manager.filter(pk__in=self._granted(user, actions))

    def users_with_any_permission_for_instance(self, actions: Some[str], instance: Any) -> Any:
        """Return who may, among them those to whom it was granted."""
        users = super().users_with_any_permission_for_instance(actions, instance)
        names = self._get_permission_codenames(actions)
        return _with(users, hold.people(instance, names))

    def _granted(self, user: Any, actions: Some[str]) -> set[str]:
        wanted = {self._get_permission_codename(action) for action in actions if action != "add"}
        mine = _of(user, self.model)
        return {pk for pk, names in mine.items() if names & wanted}


def register() -> None:
    """Let Wagtail ask these policies; before its own apps start."""
    register_permission_policy(AbstractPage, PagePolicy(Page))
    for model in FILES:
        policy = FilePolicy(model, auth_model=model, owner_field_name="uploaded_by_user")
        # Exactly: Wagtail registers its own for the same class when its app starts.
        register_permission_policy(model, policy, exact_class=True)
    for snippet in SNIPPETS:
        register_permission_policy(snippet, SnippetPolicy(snippet))
