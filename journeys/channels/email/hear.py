"""What providers tell us over HTTP, read by django-anymail into one form."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.module_loading import import_string

from journeys.bounce.verdict import HARD, STATUS, Evidence, judge

# Each provider's view in anymail, and what it calls the key of its signatures.
VIEWS = {
    "amazon_ses": ("AmazonSES", ""),
    "brevo": ("Brevo", ""),
    "mailersend": ("MailerSend", "signing_secret"),
    "mailgun": ("Mailgun", "webhook_signing_key"),
    "mailjet": ("Mailjet", ""),
    "mailtrap": ("Mailtrap", "tracking_secret"),
    "mandrill": ("Mandrill", "webhook_key"),
    "postal": ("Postal", "webhook_key"),
    "postmark": ("Postmark", ""),
    "resend": ("Resend", "signing_secret"),
    "sendgrid": ("SendGrid", "tracking_webhook_verification_key"),
    "sparkpost": ("SparkPost", ""),
}
# To which of our kinds anymail's belong; "failed" is told apart below.
KINDS = {
    "delivered": "delivered",
    "deferred": "deferred",
    "bounced": "bounced",
    "rejected": "rejected",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
# What a provider calls a bounce for good, in its own words.
_FOR_GOOD: dict[str, Callable[[Any], bool]] = {
    "amazon_ses": lambda told: told["bounce"]["bounceType"] == "Permanent",
    "brevo": lambda told: told["event"] in {"hard_bounce", "invalid_email"},
    "mailersend": lambda told: told["type"].endswith("hard_bounced"),
    "mailjet": lambda told: bool(told["hard_bounce"]),
    "mandrill": lambda told: told["event"] == "hard_bounce",
    "postmark": lambda told: told["Type"] in {"HardBounce", "BadEmailAddress"},
    "resend": lambda told: told["data"]["bounce"]["type"] == "Permanent",
    "sendgrid": lambda told: told.get("type", "bounce") == "bounce",
    "sparkpost": lambda told: str(told["bounce_class"]) in {"10", "30", "90"},
}
# Reasons that pass, or are about us, whatever the provider calls the bounce.
PASSING = frozenset({
    "authfailure", "blocked", "contenterror", "exceedlimit", "expired", "mailboxfull", "mesgtoobig",
    "networkerror", "policyviolation", "rejected", "requireptr", "securityerror", "spamdetected",
    "speeding", "suspend", "systemerror", "systemfull", "toomanyconn", "virusdetected",
})  # fmt: skip
_LISTED = frozenset({"invalid", "bounced"})
_CONFIRMS = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\S*")


class BadCallback(ValueError):
    """It was not signed by the provider, or can't be read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One piece of news in the form of all providers; `key` tells it from others."""

    key: str
    kind: str
    at: datetime | None
    message_id: str
    token: str
    address: str
    hard: bool
    reason: str
    detail: str


def address(*, site: str, sender: int, provider: str) -> str:
    """Return where a provider shall tell what became of a sender's messages: a secret address."""
    args = [sender, provider, _key(sender, provider)]
    return site + reverse("journeys:mail", args=args)


def is_ours(*, sender: int, provider: str, key: str) -> bool:
    """Return whether an address is one that we gave out."""
    return provider in VIEWS and constant_time_compare(key, _key(sender, provider))


def _key(sender: int, provider: str) -> str:
    told = salted_hmac("journeys.callback", f"{sender}:{provider}", algorithm="sha256")
    return told.hexdigest()[:32]


def subscription(provider: str, request: HttpRequest) -> str:
    """Return the address that Amazon wants to be asked before it begins; empty: none."""
    if provider != "amazon_ses" or b"SubscriptionConfirmation" not in request.body:
        return ""
    try:
        told = json.loads(request.body)
        url = str(told["SubscribeURL"]) if told["Type"] == "SubscriptionConfirmation" else ""
    except (ValueError, LookupError, TypeError):
        return ""
    return url if _CONFIRMS.fullmatch(url) else ""


def hear(provider: str, request: HttpRequest, *, key: str = "") -> list[Heard]:
    """Return what a provider tells.

    Args:
        provider: one of `VIEWS`.
        request: its call.
        key: of its signatures; empty: its secret address is proof enough.

    Raises:
        BadCallback: it was not signed by the provider, or can't be read.
    """
    return [_read(provider, event) for event in events(provider, request, key=key)]


def events(provider: str, request: HttpRequest, *, key: str = "") -> list[Any]:
    """Return a provider's news as anymail's events.

    Raises:
        BadCallback: it was not signed by the provider, or can't be read.
    """
    from anymail.exceptions import AnymailError

    name, secret = VIEWS[provider]
    kind = import_string(f"anymail.webhooks.{provider}.{name}TrackingWebhookView")
    try:
        if provider == "amazon_ses":
            # It would look for Amazon's own library, which only confirming needs.
            view = kind.__new__(kind)
            view.validators = []
        else:
            view = _view(kind, secret, key)
        for validate in view.validators:
            validate(view, request)
        found: list[Any] = view.parse_events(request)
    except (AnymailError, SuspiciousOperation) as error:
        raise BadCallback(str(error)[:300]) from error
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        # What they did not expect of a provider, they do not look for.
        raise BadCallback(f"{type(error).__name__}: {error}"[:300]) from error
    return found


def _view(kind: Any, secret: str, key: str) -> Any:
    told = {secret: key or "-"} if secret and (key or kind.esp_name not in _OPTIONAL) else {}
    with warnings.catch_warnings():
        # Some providers are no longer tried out by anymail's people for want of an account.
        warnings.simplefilter("ignore")
        view = kind(**told)
    # The secret address stands for the name and password that anymail would ask for.
    view.basic_auth = []
    if not key:
        view.validators = []
    return view


# Without these keys anymail checks no signature; without the others it does not even begin.
_OPTIONAL = frozenset({"Resend", "SendGrid"})


def _read(provider: str, event: Any) -> Heard:
    words = str(event.mta_response or event.description or "")
    kind = KINDS.get(event.event_type, "other")
    if event.event_type == "failed":
        # The mail server of the recipient said something, or the provider did not even ask it.
        kind = "bounced" if event.mta_response else "rejected"
    reason, hard = event.reject_reason or "", False
    if kind == "bounced":
        reason, hard = _weigh(provider, event, words)
    elif kind == "rejected":
        hard = reason in _LISTED
    elif kind == "other":
        reason = event.event_type
    token = (event.metadata or {}).get("delivery", "")
    named = [event.event_id, event.message_id, event.recipient, event.timestamp, event.event_type]
    digest = hashlib.blake2b(json.dumps(named, default=str).encode(), digest_size=20)
    return Heard(
        key=f"{provider}:{digest.hexdigest()}",
        kind=kind,
        at=event.timestamp,
        message_id=str(event.message_id or "")[:200],
        token=str(token),
        address=str(event.recipient or ""),
        hard=hard,
        reason=str(reason)[:40],
        detail=words[:500],
    )


def _weigh(provider: str, event: Any, words: str) -> tuple[str, bool]:
    """Return why a message came back, and whether it always will.

    What the provider calls it counts, unless the words of the other server say that it passes.
    """
    status = STATUS.search(words)
    reason = judge(Evidence(reply=words, status=status[0] if status else "", command="RCPT"))
    try:
        for_good = provider not in _FOR_GOOD or _FOR_GOOD[provider](event.esp_event)
    except (LookupError, TypeError):
        for_good = reason in HARD
    return reason, for_good and reason not in PASSING
