"""Who can do what with a thing, and why: by role, by a right above it, or given on the thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from guardian.models import GroupObjectPermission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from content import grant, hold, policies
from dxp.users.models import User

SEES = "guardian.view_userobjectpermission"
OF_PAGE = ("view", "add", "change", "publish", "lock", "delete")
OF_FILE = ("view", "choose", "change", "delete")
OF_COLLECTION = ("view", "add", "change")
OF_SNIPPET = ("view", "change", "publish", "lock", "delete")
# Which rights lead to an act, besides the one of the same name.
LEADS = {
    "page": {
        "view": {"add", "change", "publish", "lock", "unlock", "bulk_delete"},
        "change": {"add"},
        "delete": {"add", "change", "publish", "bulk_delete"},
    },
    "file": {
        "view": {"change", "add"}, "choose": {"change", "view", "add"},
        "delete": {"change", "add"}, "change": {"add"},
    },
    "collection": {"view": {"add", "change", "choose"}, "add": {"change"}},
    "snippet": {},
}  # fmt: skip


@dataclass(slots=True)
class Person:
    """Somebody, and by what they may do each thing: an empty list means they may not."""

    user: User
    may: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rights come from, for some people."""

    users: frozenset[int]
    actions: frozenset[str]
    words: str


def actions(thing: Model) -> tuple[str, ...]:
    """Return what can be done with a thing of this kind."""
    told = {"page": OF_PAGE, "file": OF_FILE, "collection": OF_COLLECTION, "snippet": OF_SNIPPET}
    known = told[_kind(thing)]
    if known is not OF_SNIPPET:
        return known
    offered = {_short(row.codename) for row in grant.offered(thing)}
    return tuple(one for one in known if one in offered)


def people(thing: Model, words: str = "") -> QuerySet[User]:
    """Return everybody whom a right on a thing may reach, bots last; those called so, if asked."""
    ids = {pk for source in _sources_of(thing) for pk in source.users}
    found = User.objects.filter(Q(pk__in=ids) | Q(is_superuser=True), is_active=True)
    if words:
        found = found.filter(
            Q(username__icontains=words)
            | Q(first_name__icontains=words)
            | Q(last_name__icontains=words)
        )
    return found.order_by("is_bot", "username")


def who(thing: Model, among: Iterable[User] | None = None) -> list[Person]:
    """Return everybody who may do anything with a thing, with the reasons.

    Whether they may is asked of the policies themselves; the reasons only explain it.
    """
    sources = _sources_of(thing)
    users = list(people(thing) if among is None else among)
    hold.learn(users)
    told = actions(thing)
    found = [Person(user, {one: _why(user, one, thing, sources) for one in told}) for user in users]
    return [person for person in found if any(person.may.values())]


def _sources_of(thing: Model) -> list[Source]:
    return [*_from_groups(thing), *_from_grants(thing)]


def _why(user: User, action: str, thing: Model, sources: Iterable[Source]) -> list[str]:
    if not may(user, action, thing):
        return []
    if user.is_superuser:
        return [_("May do everything in this house.")]
    leading = LEADS[_kind(thing)].get(action, set()) | {action}
    words = [
        source.words for source in sources if user.pk in source.users and source.actions & leading
    ]
    return list(dict.fromkeys(words)) or [_("As its author or reviewer.")]


def may(user: Any, action: str, thing: Model) -> bool:
    """Return whether a person may; a right on a collection means its files."""
    if isinstance(thing, Collection):
        return any(policies.may_in(user, action, thing, model) for model in policies.FILES)
    return policies.may(user, action, thing)


def opens(user: Any, thing: Model) -> bool:
    """Return whether a person may see who can do what with a thing: who works on it may."""
    return may(user, "change", thing) or bool(user.has_perm(SEES))


def _kind(thing: Model) -> str:
    if isinstance(thing, Page):
        return "page"
    if isinstance(thing, Collection):
        return "collection"
    return "file" if isinstance(thing, policies.FILES) else "snippet"


def _short(codename: str) -> str:
    return codename.rsplit("_", 1)[0]


def _from_groups(thing: Model) -> list[Source]:
    if isinstance(thing, Page):
        rows = GroupPagePermission.objects.filter(page__in=thing.get_ancestors(inclusive=True))
        return _sources(rows.select_related("group", "page", "permission"), "page")
    above = thing if isinstance(thing, Collection) else getattr(thing, "collection", None)
    if above is not None:
        models = policies.FILES if isinstance(thing, Collection) else (type(thing),)
        kinds = ContentType.objects.get_for_models(*models).values()
        told = GroupCollectionPermission.objects.filter(
            collection__in=above.get_ancestors(inclusive=True), permission__content_type__in=kinds
        )
        return _sources(told.select_related("group", "collection", "permission"), "collection")
    kind = ContentType.objects.get_for_model(type(thing))
    found = []
    for right in Permission.objects.filter(content_type=kind).prefetch_related("group_set"):
        for group in right.group_set.all():
            words = _("Role “%(role)s”.") % {"role": group}
            found.append(Source(_members(group), frozenset({_short(right.codename)}), words))
        alone = frozenset(right.user_set.values_list("pk", flat=True))
        if alone:
            words = _("A right of their own on all %(things)s.")
            told = words % {"things": type(thing)._meta.verbose_name_plural}
            found.append(Source(alone, frozenset({_short(right.codename)}), told))
    return found


def _sources(rows: Iterable[Any], above: str) -> list[Source]:
    words = _("Role “%(role)s”, by its right on “%(above)s”.")
    return [
        Source(
            _members(row.group),
            frozenset({_short(row.permission.codename)}),
            words % {"role": row.group, "above": getattr(row, above)},
        )
        for row in rows
    ]


def _members(group: Any) -> frozenset[int]:
    return frozenset(group.user_set.values_list("pk", flat=True))


def _from_grants(thing: Model) -> list[Source]:
    above: list[Any] = [thing]
    if isinstance(thing, (Page, Collection)):
        above = list(thing.get_ancestors(inclusive=True))
    elif (collection := getattr(thing, "collection", None)) is not None:
        above += collection.get_ancestors(inclusive=True)
    return [source for one in above for source in _given_on(one, thing)]


def _given_on(one: Any, thing: Model) -> list[Source]:
    here = one.pk == thing.pk and grant.stem(one) is grant.stem(thing)
    place = _("Given here") if here else _("Given on “%(above)s”") % {"above": one}
    found = [
        Source(frozenset({row.row.user_id}), frozenset({row.action}), _ended(place, row))
        for row in grant.on(one)
    ]
    rows = GroupObjectPermission.objects.filter(
        content_type=ContentType.objects.get_for_model(grant.stem(one)), object_pk=str(one.pk)
    ).select_related("group", "permission")
    return found + [
        Source(
            _members(row.group),
            frozenset({_short(row.permission.codename)}),
            f"{place}, {row.group}.",
        )
        for row in rows
    ]


def _ended(place: str, row: grant.Grant) -> str:
    note = row.note
    by = _(" by %(who)s") % {"who": note.by} if note and note.by else ""
    until = _(", until %(day)s") % {"day": f"{note.until:%Y-%m-%d}"} if note and note.until else ""
    return f"{place}{by}{until}."
