"""What the customers' floor offers to those above: hooks, called with keywords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dxp.lib.hooks import hookspec

if TYPE_CHECKING:
    from customers.models import Profile, Segment
    from customers.record import Recorded


@dataclass(frozen=True, slots=True)
class Use:
    """Something that stands on a segment: what kind of thing, its name, and its address."""

    kind: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to begin with a segment: its words, and the address that it posts to."""

    label: str
    url: str


@hookspec
def customers_segment_uses(segment: Segment) -> list[Use]:
    """Tell what would break without this segment; while something does, it can't be deleted."""
    return []


@hookspec
def customers_list_uses(list_id: int) -> list[Use]:
    """Tell what would break without this list of people; while something does, it stays."""
    return []


@hookspec
def customers_segment_actions(segment: Segment, user: Any) -> Sequence[Action]:
    """Offer what this user can begin with a segment: buttons on its page."""
    return ()


@hookspec
def customers_events_recorded(events: Sequence[Recorded], at: datetime) -> None:
    """New events lie in the store: react inside their transaction, and call nothing outside.

    Called by the fold and by `record` once per batch, segment changes included; the events carry
    their ids, in rising order.
    """


@hookspec
def customers_profiles_merged(kept: int, absorbed: int, at: datetime) -> None:
    """Two profiles became one: move what belongs to the absorbed id over to the kept one."""


@hookspec
def customers_profiles_split(kept: int, restored: int, at: datetime) -> None:
    """Two profiles came apart again: give back what follows a name or an address.

    Names and addresses have gone back to the restored id by now. Start nothing anew.
    """


@hookspec
def customers_profile_erased(
    profile_ids: Sequence[int],
    alias_ids: Sequence[int],
    contact_points: Sequence[int],
    at: datetime,
) -> None:
    """A person is forgotten: drop what was derived from them and is in no table.

    Called once in the transaction that removes who they are. What lies in tables has a keeper
    (`customers.rights`), and is gone already.
    """


@hookspec
def customers_profile_panels(profile: Profile, user: Any) -> str:
    """Offer a panel of HTML on the profile page in the admin, or an empty text.

    `user` is who looks at it; `customers.define.sight` says what they may see.
    """
    return ""


@hookspec
def customers_preference_topics() -> Sequence[tuple[str, str]]:
    """Offer topics (short name, label) that people may leave out on the page of their settings."""
    return ()
