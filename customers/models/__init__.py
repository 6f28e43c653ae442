"""The nouns of this floor; other floors import from here."""

from customers.models.consents import ConsentEntry
from customers.models.events import Event, EventDay, EventMatcher, Inbox, Seen
from customers.models.identities import Alias, AliasOverride, ContactPoint, IdentityLink
from customers.models.profiles import Profile
from customers.models.rejected import Quarantine, Repeat, Replay
from customers.models.segments import Segment, SegmentDue, SegmentMember
from customers.models.sources import Source
from customers.models.traits import (
    BotEvent,
    ComputedTrait,
    ComputedValue,
    TraitDef,
    TraitObservation,
)

__all__ = [
    "Alias",
    "AliasOverride",
    "BotEvent",
    "ComputedTrait",
    "ComputedValue",
    "ConsentEntry",
    "ContactPoint",
    "Event",
    "EventDay",
    "EventMatcher",
    "IdentityLink",
    "Inbox",
    "Profile",
    "Quarantine",
    "Seen",
    "Segment",
    "SegmentDue",
    "SegmentMember",
    "Source",
    "TraitDef",
    "TraitObservation",
]  # fmt: skip
