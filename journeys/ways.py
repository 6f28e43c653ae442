"""The ways out: one adapter per sender and process, and what a sender that fails has to rest.

Ten failures in a row open a sender's circuit: nothing goes out before its pause is over, then one
message as a trial. Each trial that fails doubles the pause.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.urls import reverse

from dxp.lib import crypto
from dxp.lib.kinds import UnknownKind
from journeys.channels import CHANNELS
from journeys.channels.base import Adapter, Unusable
from journeys.channels.email.channel import BadAddress, open_channel
from journeys.models import Sender

if TYPE_CHECKING:
    from journeys.compose import House

OPENS = 10
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
# A trial whose process dies keeps nobody from the next one for longer.
TRIAL = timedelta(minutes=2)
# However long the other side wants to be left alone.
LONGEST_ASKED = timedelta(days=30)
_SECRETS = "journeys.sender"


class _Kept(threading.local):
    """The open adapters of a thread: connections are for one thread and one process."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.adapters: dict[int, tuple[str, Adapter]] = {}


_kept = _Kept()


def open_way(sender: Sender, house: House) -> Adapter:
    """Return a sender's adapter, kept open until its configuration changes.

    Raises:
        Unusable: it can't work as it is configured.
    """
    if _kept.process != os.getpid():
        # Forked: these connections are our parent's.
        _kept.process, _kept.adapters = os.getpid(), {}
    mine = _fingerprint(sender, house)
    known = _kept.adapters.get(sender.pk)
    if known and known[0] == mine:
        return known[1]
    if known:
        del _kept.adapters[sender.pk]
        known[1].close()
    adapter = make(sender, house)
    _kept.adapters[sender.pk] = (mine, adapter)
    return adapter


def close_all() -> None:
    """Let go of all adapters that this thread keeps open."""
    for _mine, adapter in _kept.adapters.values():
        adapter.close()
    _kept.adapters.clear()


def make(sender: Sender, house: House) -> Adapter:
    """Return an adapter of one's own, which the caller closes.

    Raises:
        Unusable: it can't work as it is configured.
    """
    try:
        if not sender.adapter and sender.channel == "email":
            return open_channel(house.smtp_url, house.mail_dir)
        kind = CHANNELS.get(sender.channel).adapters.get(sender.adapter)
        config = {one.name: one.default for one in kind.settings}
        ours = {"networks": house.networks, "callback": _callback(sender, house)}
        return kind(config | sender.config | secrets_of(sender) | ours)
    except (UnknownKind, BadAddress, crypto.BrokenSeal, KeyError, ValueError) as error:
        raise Unusable(str(error)) from error


def _callback(sender: Sender, house: House) -> str:
    """Return where a gateway tells us what became of messages."""
    if sender.channel != "sms" or not sender.pk:
        return ""
    return house.site + reverse("journeys:sms", args=[sender.pk])


def check(sender: Sender, house: House) -> str:
    """Return what the other side says to a first contact that sends nothing.

    Raises:
        Unusable: it can't be reached, refuses us, or is badly configured.
    """
    adapter = make(sender, house)
    try:
        return adapter.check()
    finally:
        adapter.close()


def is_idempotent(sender: Sender) -> bool:
    """Say whether the provider takes a message with the same token only once."""
    try:
        return CHANNELS.get(sender.channel).adapters.get(sender.adapter).idempotent
    except UnknownKind:
        return False


def secrets_of(sender: Sender) -> dict[str, Any]:
    """Return the part of a sender's configuration that nobody reads back.

    Raises:
        BrokenSeal: it was sealed under a key that we no longer have.
    """
    if not sender.secrets:
        return {}
    opened: dict[str, Any] = json.loads(crypto.unseal(_SECRETS, sender.secrets))
    return opened


def seal_secrets(secrets: dict[str, Any]) -> str:
    """Return the secret part of a configuration as `Sender.secrets` keeps it."""
    return crypto.seal(_SECRETS, json.dumps(secrets)) if secrets else ""


def _fingerprint(sender: Sender, house: House) -> str:
    told = [sender.channel, sender.adapter, sender.config, sender.secrets, house.smtp_url]
    return json.dumps([*told, str(house.mail_dir), house.networks], sort_keys=True)


@dataclass(slots=True)
class Health:
    """How a batch went for its sender: `streak` failures since the last thing that worked."""

    worked: bool = False
    streak: int = 0
    detail: str = ""
    retry_after: float | None = None

    def saw(self, *, worked: bool, detail: str) -> None:
        """Take note of one answer."""
        self.worked = self.worked or worked
        self.streak = 0 if worked else self.streak + 1
        self.detail = "" if worked else detail


def with_work(*, at: datetime) -> list[Sender]:
    """Return the senders that have messages to send and may."""
    waiting = Sender.objects.extra(
        where=[
            "EXISTS (SELECT 1 FROM journeys_delivery d WHERE d.sender_id = journeys_sender.id "
            "AND d.state = 'QUEUED' AND d.due_at <= %s)"
        ],
        params=[at],
    )
    return list(waiting.filter(Q(paused_until=None) | Q(paused_until__lte=at)).order_by("pk"))


def may_take(sender: Sender, limit: int, *, at: datetime) -> int:
    """Return how many messages a sender may take: one by one process, while it is on trial."""
    if sender.failures < OPENS:
        return limit
    open_still = Sender.objects.filter(
        Q(paused_until=None) | Q(paused_until__lte=at), pk=sender.pk, failures__gte=OPENS
    )
    return min(limit, open_still.update(paused_until=at + TRIAL))


def learn(sender: Sender, health: Health, *, at: datetime) -> None:
    """Write down how a sender does: it rests when it fails again and again, or is asked to."""
    failures = health.streak if health.worked else sender.failures + health.streak
    rest = _rest(failures, health)
    if failures == sender.failures and not rest and sender.paused_until is None:
        return
    changes: dict[str, Any] = {"paused_until": None, "pause_reason": ""}
    if rest:
        changes = {"paused_until": at + rest, "pause_reason": health.detail[:500]}
    # Others may have failed beside us.
    grown = health.streak if health.worked else F("failures") + health.streak
    # What somebody stopped by hand goes on by hand alone.
    theirs = Sender.objects.exclude(paused_until__gt=at + LONGEST_ASKED)
    theirs.filter(pk=sender.pk).update(failures=grown, **changes)


def rest_of(sender: Sender, reason: str, *, at: datetime) -> None:
    """Let a sender rest that could not even begin."""
    learn(sender, Health(streak=OPENS, detail=reason), at=at)


def _rest(failures: int, health: Health) -> timedelta | None:
    asked = min(timedelta(seconds=health.retry_after or 0), LONGEST_ASKED)
    if failures < OPENS or not health.streak:
        return asked or None
    doubled: timedelta = FIRST_PAUSE * 2 ** min(failures - OPENS, 10)
    return max(asked, min(doubled, LONGEST_PAUSE))
