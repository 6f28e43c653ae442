"""The nouns of this floor; other floors import from here."""

from customers.models.consents import ConsentAudit, ConsentEntry, ConsentNotice
from customers.models.events import Event, EventDay, EventMatcher, Inbox, Seen
from customers.models.identities import Alias, AliasOverride, AliasOwnership, ContactPoint
from customers.models.links import (
    STRENGTH,
    BlockedValue,
    CannotLink,
    IdentityChange,
    IdentityLink,
    LinkLimit,
    MergeReview,
    Refusal,
)
from customers.models.lists import ProfileList, ProfileListEntry
from customers.models.preferences import Preference
from customers.models.profiles import Profile
from customers.models.rejected import Quarantine, Repeat, Replay
from customers.models.rights import ErasedName, ErasureRequest, RetentionRule
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
    "STRENGTH",
    "Alias",
    "AliasOverride",
    "AliasOwnership",
    "BlockedValue",
    "BotEvent",
    "CannotLink",
    "ComputedTrait",
    "ComputedValue",
    "ConsentAudit",
    "ConsentEntry",
    "ConsentNotice",
    "ContactPoint",
    "ErasedName",
    "ErasureRequest",
    "Event",
    "EventDay",
    "EventMatcher",
    "IdentityChange",
    "IdentityLink",
    "Inbox",
    "LinkLimit",
    "MergeReview",
    "Preference",
    "Profile",
    "ProfileList",
    "ProfileListEntry",
    "Quarantine",
    "Refusal",
    "Repeat",
    "Replay",
    "RetentionRule",
    "Seen",
    "Segment",
    "SegmentDue",
    "SegmentMember",
    "Source",
    "TraitDef",
    "TraitObservation",
]  # fmt: skip
