"""Who holds what: the grants of django-guardian, as the policies and the screens ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from guardian.models import GroupObjectPermission, UserObjectPermission
from wagtail.models import Page

from content.models import GrantNote
from dxp.users.models import User

# By kind of thing and thing, the names of rights.
Held = dict[int, dict[str, set[str]]]


@dataclass(frozen=True, slots=True)
class Right:
    """A permission of which only the name counts."""

    codename: str


@dataclass(frozen=True, slots=True)
class Given:
    """A grant in the shape of Wagtail's rows for groups."""

    permission: Right
    page: Any = None
    collection: Any = None

    @property
    def page_id(self) -> Any:
        return self.page.pk

    @property
    def collection_id(self) -> Any:
        return self.collection.pk


def by(user: Any) -> Held:
    """Return what was granted to a person: by kind of thing and thing, the names of rights.

    Asked once for each time that the person was read from the database, as Wagtail does.
    """
    known: Held | None = getattr(user, "_dxp_held", None)
    if known is not None:
        return known
    found: Held = {}
    if user.is_active and user.is_authenticated and not user.is_superuser:
        mine = UserObjectPermission.objects.filter(user_id=user.pk).exclude(pk__in=_ended())
        ours = GroupObjectPermission.objects.filter(group__user=user.pk)
        columns = ("content_type_id", "object_pk", "permission__codename")
        for kind, pk, codename in mine.values_list(*columns).union(ours.values_list(*columns)):
            found.setdefault(kind, {}).setdefault(pk, set()).add(codename)
    user._dxp_held = found
    return found


def learn(users: Iterable[Any]) -> None:
    """Ask for the grants of many people at once, so that nobody's are asked for one by one."""
    asked = {
        user.pk: user
        for user in users
        if user.is_active and not user.is_superuser and not hasattr(user, "_dxp_held")
    }
    columns = ("content_type_id", "object_pk", "permission__codename")
    mine = UserObjectPermission.objects.filter(user__in=asked).exclude(pk__in=_ended())
    ours = GroupObjectPermission.objects.filter(group__user__in=asked)
    for user in asked.values():
        user._dxp_held = {}
    for rows, whose in ((mine, "user_id"), (ours, "group__user")):
        for pk, kind, thing, codename in rows.values_list(whose, *columns):
            asked[pk]._dxp_held.setdefault(kind, {}).setdefault(thing, set()).add(codename)


def people(thing: Model, codenames: Iterable[str]) -> list[int]:
    """Return who was granted one of these rights on a thing itself."""
    kind = ContentType.objects.get_for_model(stem(type(thing)))
    asked = {
        "content_type": kind,
        "object_pk": str(thing.pk),
        "permission__codename__in": codenames,
    }
    users = UserObjectPermission.objects.filter(**asked).exclude(pk__in=_ended())
    groups = GroupObjectPermission.objects.filter(**asked).values("group")
    return [
        *users.values_list("user_id", flat=True),
        *User.objects.filter(groups__in=groups).values_list("pk", flat=True),
    ]


def _ended() -> QuerySet[Any]:
    """Return the grants whose time is over; a worker takes them away soon."""
    return GrantNote.objects.filter(until__lte=Now()).values("row")


def stem(model: type[Model]) -> type[Model]:
    """Return the model by which grants name a thing: a page is a page, whatever its kind."""
    return Page if issubclass(model, Page) else model
