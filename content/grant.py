"""Give somebody a right on one thing, for as long as they need it, and take it away again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from guardian.models import GroupObjectPermission, UserObjectPermission
from wagtail.log_actions import log
from wagtail.models import Collection, Page
from wagtail.permissions import policy_registry

from content import policies
from content.models import GrantNote
from dxp.users.models import User

GIVEN, TAKEN, ENDED = "dxp.grant.give", "dxp.grant.take", "dxp.grant.end"
# What can be given on a thing, in the order of weight; what Wagtail knows for this kind.
OFFERED = ("view", "choose", "change", "publish", "lock", "unlock", "delete")
ON_PAGES = ("add", "change", "publish", "lock", "unlock", "bulk_delete")
ON_COLLECTIONS = ("view", "add", "change")


class NotYours(PermissionError):
    """A person can't give what they may not do themselves."""


class NothingGiven(ValueError):
    """No right was named, or one that this kind of thing does not have."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One right of one person on one thing."""

    row: UserObjectPermission
    note: GrantNote | None

    @property
    def action(self) -> str:
        """Return the name of the right, without the kind of thing."""
        return str(self.row.permission.codename).rsplit("_", 1)[0]

    def holds(self, at: datetime) -> bool:
        """Return whether its time is not over."""
        return self.note is None or self.note.until is None or self.note.until > at


def offered(thing: Model) -> list[Permission]:
    """Return the rights that can be given on a thing."""
    model = stem(thing)
    wanted = ON_PAGES if model is Page else ON_COLLECTIONS if model is Collection else OFFERED
    kind = ContentType.objects.get_for_model(model)
    known = {
        row.codename.rsplit("_", 1)[0]: row for row in Permission.objects.filter(content_type=kind)
    }
    return [known[action] for action in wanted if action in known]


def give(
    *, to: User, on: Model, actions: Iterable[str], by: User, at: datetime,
    until: datetime | None = None,
) -> list[Grant]:  # fmt: skip
    """Give rights on a thing, or change until when they hold; on a page, on those below as well.

    Raises:
        NothingGiven: no right was named, or one that there is not here.
        NotYours: the one who gives it may not do so themselves.
    """
    wanted = list(dict.fromkeys(actions))
    known = {row.codename.rsplit("_", 1)[0]: row for row in offered(on)}
    if not wanted or not set(wanted) <= set(known):
        raise NothingGiven(", ".join(wanted))
    missing = [action for action in wanted if not _holds(by, action, on)]
    if missing:
        raise NotYours(", ".join(missing))
    thing, found = _itself(on), []
    with transaction.atomic():
        for action in wanted:
            row = UserObjectPermission.objects.get_or_create(
                user=to,
                permission=known[action],
                object_pk=str(thing.pk),
                content_type=ContentType.objects.get_for_model(thing),
            )[0]
            told = {"by": by, "at": at, "until": until}
            note = GrantNote.objects.update_or_create(row=row, defaults=told)[0]
            found.append(Grant(row, note))
        _write_down(GIVEN, on, by, to, wanted, until)
    return found


def take(*, row: UserObjectPermission, by: User | None, at: datetime, why: str = TAKEN) -> None:
    """Take a right away at once; doing so twice does nothing."""
    with transaction.atomic():
        thing, action = row.content_object, row.permission.codename.rsplit("_", 1)[0]
        gone, _kinds = UserObjectPermission.objects.filter(pk=row.pk).delete()
        if gone and thing is not None:
            _write_down(why, thing, by, row.user, [action], None)


def end(*, at: datetime) -> int:
    """Take away what was given until now; return how many rights."""
    over = GrantNote.objects.filter(until__lte=at).select_related(
        "row__user", "row__permission", "row__content_type"
    )
    rows = [note.row for note in over]
    for row in rows:
        take(row=row, by=None, at=at, why=ENDED)
    return len(rows)


def forget(*, kind: ContentType, pk: Any) -> None:
    """Forget what was given on a thing that is gone."""
    for rows in (UserObjectPermission.objects, GroupObjectPermission.objects):
        rows.filter(content_type=kind, object_pk=str(pk)).delete()


def on(thing: Model) -> list[Grant]:
    """Return what was given on a thing itself, by person."""
    rows = UserObjectPermission.objects.filter(
        content_type=ContentType.objects.get_for_model(stem(thing)), object_pk=str(thing.pk)
    ).select_related("user", "permission")
    return _noted(rows.order_by("user__username", "permission__codename"))


def of(user: User) -> list[Grant]:
    """Return what was given to a person or bot, by thing."""
    rows = UserObjectPermission.objects.filter(user=user).select_related(
        "permission", "content_type"
    )
    return _noted(rows.order_by("content_type_id", "object_pk", "permission__codename"))


def _noted(rows: Any) -> list[Grant]:
    found = list(rows)
    told = GrantNote.objects.select_related("by").filter(row__in=found)
    notes = {note.row_id: note for note in told}
    return [Grant(row, notes.get(row.pk)) for row in found]


def _holds(user: User, action: str, thing: Model) -> bool:
    if user.is_superuser and user.is_active:
        return True
    if isinstance(thing, Page):
        # The right itself, not what it comes to at this page as it stands now.
        policy = policy_registry.get_by_type(Page)
        return bool(policy.user_has_permission_for_instance(user, action, thing))
    if isinstance(thing, Collection):
        # A right on a collection is one on its files.
        return all(policies.may_in(user, action, thing, model) for model in policies.FILES)
    return policies.may(user, action, thing)


def _itself(thing: Model) -> Any:
    """Return a page as what grants name: as a page, whatever its kind."""
    return thing.page_ptr if isinstance(thing, Page) and type(thing) is not Page else thing


def stem(thing: Model) -> type[Model]:
    """Return the model by which grants name a thing."""
    return Page if isinstance(thing, Page) else type(thing)


def _write_down(
    action: str, thing: Model, by: User | None, to: User, actions: list[str],
    until: datetime | None,
) -> None:  # fmt: skip
    told = {"to": to.get_username(), "to_id": to.pk, "rights": actions}
    if until is not None:
        told["until"] = until.isoformat()
    log(instance=thing, action=action, user=by, data=told)


def words(action: str) -> str:
    """Return what a right is called."""
    known = {
        "view": _("Look"), "choose": _("Use"), "add": _("Add"), "change": _("Edit"),
        "publish": _("Publish"), "lock": _("Lock"), "unlock": _("Unlock"),
        "delete": _("Delete"), "bulk_delete": _("Delete with everything below"),
    }  # fmt: skip
    return known.get(action, action)
