"""Web push as browsers' services speak it (RFC 8030, 8291, 8292)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils.translation import gettext_lazy as _

from dxp.lib.outbound import Answer, Refused
from journeys.channels.base import Parcel, Receipt, Setting, Unusable
from journeys.channels.push.kind import Push, packed
from journeys.channels.web import WebAdapter
from journeys.models import PushSubscription

# A token holds for a day at most (RFC 8292); it is used for half of that.
TOKEN_SECONDS = 12 * 3600
HOUR = 3600


@Push.adapters.register
class WebPush(WebAdapter):
    """Encrypts for one browser, and signs with a key of the sender's own."""

    name = "vapid"
    label = _("Browsers (VAPID)")
    one_place: ClassVar[bool] = False
    settings = (
        Setting(
            "contact", _("Contact"), default="mailto:",
            help=_("Whom push services write to: mailto:you@example.org, or an https address."),
        ),
        Setting(
            "hours", _("Kept for hours"), kind="number", default=24,
            help=_("How long the push service waits for a device that is off."),
        ),
        Setting(
            "private", _("Private key"), kind="secret", required=False,
            help=_("Empty: one is made. With another key, browsers have to agree anew."),
        ),
    )  # fmt: skip

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.public = public_key(str(config.get("private") or ""))
        self.tokens: dict[str, tuple[str, float]] = {}

    @classmethod
    def complete(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Make a key where none was given."""
        return {**config, "private": config.get("private") or new_key()}

    def check(self) -> str:
        """Return the public key, which browsers are given.

        Raises:
            Unusable: push services can write to nobody.
        """
        contact = str(self.config.get("contact") or "")
        if not contact.startswith(("mailto:", "https://")) or len(contact) < 9:
            raise Unusable(_("The contact must be mailto:… or https://…"))
        return self.public

    def ask(self, parcel: Parcel) -> Answer:
        """Encrypt and post one notification.

        Raises:
            Refused: what the browser gave us as its keys is none.
        """
        # Here, since it brings a second HTTP library with it that nobody else needs.
        from pywebpush import WebPusher, WebPushException

        try:
            browser = json.loads(parcel.recipient)
            body = WebPusher(browser).encode(packed(parcel.content))["body"]
        except (ValueError, KeyError, TypeError, WebPushException) as error:
            raise Refused(f"no subscription: {type(error).__name__}") from error
        headers = {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(float(self.config.get("hours") or 24) * HOUR)),
            "Authorization": self._token(browser["endpoint"]),
        }
        return self.client.post(browser["endpoint"], body, headers)

    def judge(self, parcel: Parcel, answer: Answer) -> Receipt:
        """Read the status; a browser that its service no longer knows is forgotten."""
        receipt = super().judge(parcel, answer)
        place = answer.headers.get("location", "")[:200]
        gone = answer.status in {404, 410}
        if gone:
            endpoint = json.loads(parcel.recipient)["endpoint"]
            PushSubscription.objects.filter(endpoint=endpoint).delete()
        return replace(receipt, recipient_refused=gone, provider_id=place)

    def _token(self, endpoint: str) -> str:
        """Return the signed token for a push service, the same for some hours."""
        from py_vapid import Vapid

        parts = urlsplit(endpoint)
        place = f"{parts.scheme}://{parts.netloc}"
        token, until = self.tokens.get(place, ("", 0.0))
        if until < time.time() + HOUR:
            until = time.time() + TOKEN_SECONDS
            claims = {"aud": place, "exp": int(until), "sub": str(self.config["contact"])}
            key = Vapid.from_string(private_key=str(self.config["private"]))
            token = str(key.sign(claims)["Authorization"])
            self.tokens[place] = (token, until)
        return token


def new_key() -> str:
    """Return a new private key, as VAPID writes keys."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def public_key(private: str) -> str:
    """Return the public key of a private one, as browsers want it.

    Raises:
        Unusable: it is no key.
    """
    try:
        number = int.from_bytes(
            base64.urlsafe_b64decode(private + "=" * (-len(private) % 4)), "big"
        )
        point = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise Unusable(_("The private key is none.")) from error
    told = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()
