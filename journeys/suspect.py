"""What speaks for a program, and not a person, behind a mail that was opened or a link followed.

Mail gateways read every mail and follow every link before the person does; mail programs fetch
pictures in advance. Each reason is a word of `journeys.models.Touch.Reason`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from customers import agents

# What comes together within so long is judged together; until then a link's follower is unknown.
HOLD = timedelta(seconds=5)
# Nobody reads so fast.
SOON = timedelta(seconds=3)
# A program that fell into the trap is about for so long.
TRAPPED = timedelta(seconds=60)
# So many different links of one mail, or mails to so many people opened from one network, within
# `HOLD` are more than a person does.
FEW_LINKS, MANY_LINKS, MANY_PEOPLE = 3, 5, 5
# These fetch a picture when somebody opens the mail, in their name.
_ON_BEHALF = re.compile(r"GoogleImageProxy|YahooMailProxy")
# Scanners that the lists of crawlers do not know.
_SCANNERS = re.compile(
    r"safelinks|barracuda|proofpoint|mimecast|messagelabs|forcepoint|fireeye|ironport|cloudmark"
    r"|urldefense|spamexperts|link.?preview|link.?check|mail.?scan",
    re.IGNORECASE,
)
# What a mail program says that fetches all pictures of all mails, read or not.
_IN_ADVANCE = "Mozilla/5.0"


@dataclass(frozen=True, slots=True)
class Followed:
    """A link of a mail, followed by somebody or something from a network; link 0 is the trap."""

    delivery: int
    person: int
    number: int
    network: str
    at: datetime


def at_once(
    *, opened: bool, trap: bool, agent: str, head: bool, since: timedelta | None
) -> list[str]:
    """Return what speaks for a program already when it comes.

    Args:
        opened: the picture was fetched; else a link was followed.
        trap: it is the link that no person sees.
        agent: what it calls itself.
        head: it asked for the head alone.
        since: how long after sending; None where that says nothing.
    """
    reasons = []
    if trap:
        reasons.append("trap")
    if head:
        reasons.append("head")
    if opened and agent.strip() == _IN_ADVANCE:
        reasons.append("advance")
    elif is_program(agent) and not (opened and _shows_pictures(agent)):
        reasons.append("agent")
    if since is not None and since < SOON:
        reasons.append("soon")
    return reasons


def is_program(agent: str) -> bool:
    """Return whether a user agent is none that people use to read mail or pages."""
    return bool(_SCANNERS.search(agent)) or agents.is_bot(agent)


def _shows_pictures(agent: str) -> bool:
    """Return whether it fetches pictures when a person opens the mail: proxies, apps."""
    return bool(_ON_BEHALF.search(agent)) or agents.is_app(agent)


def together(one: Followed, others: Iterable[Followed], *, links: int) -> list[str]:
    """Return what speaks for a program once it is known what else was followed around that time.

    Args:
        one: what is judged.
        others: what was followed around it: of the same mail, or from the same network.
        links: how many different links the mail has.
    """
    reasons = []
    numbers, people = {one.number}, {one.person}
    for other in others:
        apart = abs(other.at - one.at)
        if other.delivery == one.delivery and other.number == 0 and apart <= TRAPPED:
            reasons = ["trap"]
        if apart > HOLD:
            continue
        if other.delivery == one.delivery and other.number:
            numbers.add(other.number)
        if one.network and other.network == one.network:
            people.add(other.person)
    if len(numbers) >= min(max(links, FEW_LINKS), MANY_LINKS):
        reasons.append("links")
    if len(people) >= MANY_PEOPLE:
        reasons.append("crowd")
    return reasons
