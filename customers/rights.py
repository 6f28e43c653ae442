"""Who keeps what about a person: every floor registers here how it is exported and erased.

Keepers register in their floor's `keep.py`, upper floors first. Erasing goes in that order, so that
nothing below is gone while something above still refers to it; exporting goes the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from customers.models import Alias, ContactPoint, Profile

BITE = 2000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody who is linked: one person under all profiles, names and addresses.

    `names` are (kind, value) of the aliases, `addresses` (channel, value) of the contact points;
    `public_ids` are those of all profiles, `public_id` is that of the one they belong to.
    """

    public_id: str
    profile_ids: tuple[int, ...]
    alias_ids: tuple[int, ...]
    contact_point_ids: tuple[int, ...]
    names: tuple[tuple[str, str], ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    public_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, profile_id: int) -> Person:
        """Return the person that a profile belongs to now, with all that was merged into it.

        Raises:
            Profile.DoesNotExist: nobody has that id.
        """
        profile = Profile.objects.get(pk=profile_id)
        if profile.state == Profile.State.ABSORBED:
            owner = Alias.objects.filter(home_profile=profile).exclude(profile=profile).first()
            profile = owner.profile if owner else profile
        return cls.under({profile.pk})

    @classmethod
    def under(cls, profile_ids: Iterable[int]) -> Person:
        """Return the person that these profiles are, as far as they are still there."""
        asked = set(profile_ids)
        aliases = list(Alias.objects.filter(profile__in=asked).order_by("first_seen_at", "id"))
        mine = asked | {alias.home_profile_id for alias in aliases}
        points = list(ContactPoint.objects.filter(profile__in=mine).order_by("id"))
        owner = aliases[0].profile_id if aliases else min(asked, default=0)
        public = dict(Profile.objects.filter(pk__in=mine).values_list("pk", "public_id"))
        return cls(
            public_id=str(public.get(owner, "")),
            profile_ids=tuple(sorted(mine)),
            alias_ids=tuple(sorted(alias.pk for alias in aliases)),
            contact_point_ids=tuple(point.pk for point in points),
            names=tuple((alias.kind, alias.value) for alias in aliases),
            addresses=tuple((point.channel, point.value) for point in points),
            public_ids=tuple(str(one) for one in public.values()),
        )


@dataclass(frozen=True, slots=True)
class Keeper:
    """One kind of data about people, with the two things that everybody may ask for.

    Args:
        name: of its file in an export, and in the journal of an erasure.
        models: the models it answers for.
        export: yields all that is kept about a person, a few rows at a time.
        erase: removes it and returns how many rows went; twice is as good as once.
        label: what it is called in words.
        about: one sentence that says what it holds, for the person it is about.
        stores: what it keeps outside of models, by name: "table:…", "redis:…", "lake:…".
        columns: "app.Model.column" that name a person without a foreign key.
    """

    name: str
    models: tuple[type[models.Model], ...]
    export: Callable[[Person], Iterable[Row]]
    erase: Callable[[Person, datetime], int]
    label: Any = ""
    about: Any = ""
    stores: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class Keepers:
    """All keepers, in the order in which they erase."""

    def __init__(self) -> None:
        self._members: dict[str, Keeper] = {}

    def register(self, keeper: Keeper) -> Keeper:
        """Take a keeper in.

        Raises:
            ValueError: another one has that name.
        """
        if keeper.name in self._members:
            raise ValueError(f"Two keepers call themselves {keeper.name!r}.")
        self._members[keeper.name] = keeper
        return keeper

    def __iter__(self) -> Iterator[Keeper]:
        return iter(self._members.values())

    def __reversed__(self) -> Iterator[Keeper]:
        return reversed(self._members.values())

    def get(self, name: str) -> Keeper:
        """Return the keeper of that name."""
        return self._members[name]


KEEPERS = Keepers()


def rows_of(
    name: str,
    model: type[models.Model],
    where: Callable[[Person], models.Q],
    *,
    label: Any = "",
    about: Any = "",
    columns: tuple[str, ...] = (),
) -> Keeper:
    """Return a keeper of the rows of one model: exported as they are, and deleted.

    Args:
        name: of the keeper.
        model: whose rows it answers for.
        where: which rows are about a person.
        label: what it is called in words.
        about: one sentence that says what it holds.
        columns: "app.Model.column" that name a person without a foreign key.
    """

    def export(person: Person) -> Iterator[Row]:
        found = model._default_manager.filter(where(person)).order_by("pk")
        yield from found.values().iterator(chunk_size=BITE)

    def erase(person: Person, at: datetime) -> int:
        return int(model._default_manager.filter(where(person)).delete()[0])

    return Keeper(
        name=name, models=(model,), export=export, erase=erase, label=label, about=about,
        columns=columns,
    )  # fmt: skip
