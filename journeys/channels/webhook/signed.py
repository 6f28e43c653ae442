"""Calls signed as standardwebhooks.com says, so that any of its libraries can check them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from standardwebhooks.webhooks import EmptyWebhookSecretError
from standardwebhooks.webhooks import Webhook as Signer

from dxp.lib import clock
from dxp.lib.outbound import Answer
from journeys.channels.base import Outcome, Parcel, Receipt, Setting, Unusable
from journeys.channels.web import WebAdapter
from journeys.channels.webhook.kind import Webhook

# Who says "gone" is left alone until somebody looks.
GONE_SECONDS = 24 * 3600.0


@Webhook.adapters.register
class Signed(WebAdapter):
    """Posts JSON with webhook-id, webhook-timestamp and webhook-signature."""

    name = "signed"
    label = gettext_lazy("Signed webhook (Standard Webhooks)")
    # The same webhook-id comes with every try: the receiver takes one.
    idempotent = True
    one_place: ClassVar[bool] = False
    settings = (
        Setting(
            "secret", gettext_lazy("Secret"), kind="secret", required=False,
            help=gettext_lazy("whsec_… as the receiver knows it. Empty: one is made."),
        ),
    )  # fmt: skip

    @classmethod
    def complete(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Make a secret where none was given."""
        made = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        return {**config, "secret": config.get("secret") or made}

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        try:
            self.signer = Signer(str(config.get("secret") or ""))
        except (ValueError, EmptyWebhookSecretError) as error:
            raise Unusable(_("The secret must be whsec_ and base64 after it.")) from error

    def check(self) -> str:
        """Say that there is nobody to ask before there is a message."""
        return _("Signs; where it goes stands in each message.")

    def ask(self, parcel: Parcel) -> Answer:
        """Post one call."""
        url, body = parcel.content["url"], parcel.content["body"]
        return self.client.post(url, body.encode(), self._sign(parcel.token, body))

    def judge(self, parcel: Parcel, answer: Answer) -> Receipt:
        """Read the status; 410 asks us to stop."""
        if answer.status == 410:
            detail = self.detail(answer)
            return Receipt(parcel.key, Outcome.THROTTLED, detail, retry_after=GONE_SECONDS)
        return super().judge(parcel, answer)

    def _sign(self, name: str, body: str) -> dict[str, str]:
        # Of this try: receivers refuse what was signed minutes ago.
        at = clock.now()
        return {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self.signer.sign(name, at, body),
        }
