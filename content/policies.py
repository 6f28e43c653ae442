"""Who may do what to which thing: a role's rights, and what was granted on the thing itself."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from wagtail.models import Page
from wagtail.permissions import policy_registry

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
    wanted = SAME_AS.get(action, action)
    return bool(policy.user_has_permission_for_instance(user, wanted, thing))
