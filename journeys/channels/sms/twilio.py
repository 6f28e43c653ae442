"""Twilio, and gateways that speak like it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_lazy as _

from dxp.lib.outbound import Answer, NoAnswer, NotReached, Refused
from journeys.channels.base import Outcome, Parcel, Receipt, Setting, Unusable
from journeys.channels.sms.kind import BadSignature, Call, Gateway, Heard, Sms

# This number can't get messages, whoever sends: not valid, not a mobile, answered STOP.
GONE = {21211, 21214, 21217, 21610, 21614, 21635, 30005, 30006}
# Too fast for the account, or for the number it is sent from.
TOO_FAST = {20429, 14107, 63018}
_STATES = {"delivered": "delivered", "undelivered": "failed", "failed": "failed"}


@Sms.adapters.register
class Twilio(Gateway):
    """Posts to `Messages.json` and believes reports that carry X-Twilio-Signature."""

    name = "twilio"
    label = "Twilio"
    settings = (
        Setting("base_url", _("Address"), kind="url", default="https://api.twilio.com"),
        Setting("account", _("Account SID")),
        Setting("token", _("Auth token"), kind="secret"),
        Setting(
            "from", _("From"),
            help=_("A number, a name, or the SID of a messaging service (MG…)."),
        ),
    )  # fmt: skip

    def check(self) -> str:
        """Ask for the account.

        Raises:
            Unusable: it is not ours, or nobody is there.
        """
        try:
            answer = self.client.ask("GET", self._address(".json"), b"", self._headers())
        except (Refused, NotReached, NoAnswer) as error:
            raise Unusable(self.discreet(str(error))) from error
        if answer.status != 200:
            raise Unusable(self.detail(answer))
        return f"{_told(answer).get('friendly_name', '')} {_told(answer).get('status', '')}".strip()

    def ask(self, parcel: Parcel) -> Answer:
        """Post one message."""
        fields = {"To": parcel.recipient, "Body": parcel.content["text"]}
        ours = str(self.config["from"])
        fields["MessagingServiceSid" if ours.startswith("MG") else "From"] = ours
        if self.config.get("callback"):
            fields["StatusCallback"] = str(self.config["callback"])
        body = urlencode(fields).encode()
        return self.client.post(self._address("/Messages.json"), body, self._headers())

    def judge(self, parcel: Parcel, answer: Answer) -> Receipt:
        """Read the SID, or the code of the error."""
        receipt, told = super().judge(parcel, answer), _told(answer)
        code = told.get("code") if isinstance(told.get("code"), int) else 0
        words = self.discreet(f"{answer.status} {code} {told.get('message', '')}")
        if receipt.outcome is Outcome.OK:
            name = str(told.get("sid") or "")[:200]
            return Receipt(parcel.key, Outcome.OK, str(told.get("status") or ""), provider_id=name)
        if code in GONE:
            return Receipt(parcel.key, Outcome.PERMANENT, words, recipient_refused=True)
        if code in TOO_FAST:
            patience = answer.retry_after
            return Receipt(parcel.key, Outcome.THROTTLED, words, retry_after=patience)
        return receipt

    def hear(self, call: Call) -> list[Heard]:
        """Read a status callback or an incoming message.

        Raises:
            BadSignature: it was not signed with our token.
        """
        signature = call.headers.get("x-twilio-signature", "")
        if not hmac.compare_digest(signature.encode(), self._signature(call).encode()):
            raise BadSignature
        form = call.form
        name, status = form.get("MessageSid", "")[:200], form.get("MessageStatus", "")
        if not status:
            address, text = form.get("From", ""), form.get("Body", "")
            return [Heard(name, f"answer:{name}", address=address, text=text[:2000])]
        if status not in _STATES:
            return []
        code = form.get("ErrorCode", "")
        gone = code.isdigit() and int(code) in GONE
        state = "refused" if gone and status != "delivered" else _STATES[status]
        return [Heard(name, f"{name}:{status}", status=state, detail=f"{status} {code}".strip())]

    def _signature(self, call: Call) -> str:
        """Return what Twilio signs: our address and every field, in order of their names."""
        told = call.url + "".join(f"{name}{value}" for name, value in sorted(call.form.items()))
        key = str(self.config["token"]).encode()
        return base64.b64encode(hmac.new(key, told.encode(), hashlib.sha1).digest()).decode()

    def _address(self, rest: str) -> str:
        base = str(self.config["base_url"]).rstrip("/")
        return f"{base}/2010-04-01/Accounts/{quote(str(self.config['account']), safe='')}{rest}"

    def _headers(self) -> dict[str, str]:
        pair = f"{self.config['account']}:{self.config['token']}".encode()
        return {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }


def _told(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
