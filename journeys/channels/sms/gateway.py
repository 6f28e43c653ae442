"""Any gateway with an HTTP interface: its address, what it wants to be told, what it answers."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext_lazy as _

from dxp.lib.outbound import Answer
from journeys.channels.base import Outcome, Parcel, Receipt, Setting, Unusable
from journeys.channels.sms.kind import BadSignature, Call, Gateway, Heard, Sms

BODY = '{"to": "{to}", "from": "{from}", "text": "{text}", "reference": "{token}"}'
# What gateways call the ends of a message's way.
_STATES = {
    "delivered": "delivered", "delivrd": "delivered", "received": "delivered",
    "failed": "failed", "undelivered": "failed", "undeliv": "failed", "rejected": "failed",
    "rejectd": "failed", "expired": "failed", "undeliverable": "failed",
    "optout": "refused", "unsubscribed": "refused", "blocked": "refused",
}  # fmt: skip


@Sms.adapters.register
class Http(Gateway):
    """Fills a template and posts it; nothing that a person typed can change its shape."""

    name = "http"
    label = _("Gateway over HTTP")
    settings = (
        Setting("url", _("Address"), kind="url"),
        Setting("from", _("From"), required=False, help=_("A number or a name that is yours.")),
        Setting(
            "shape", _("Form of the request"), kind="choice", default="json",
            options=(("json", "JSON"), ("form", _("Form fields"))),
        ),
        Setting(
            "body", _("Content of the request"), default=BODY,
            help=_("With {to}, {from}, {text}, {token} and {secret}. As form fields: to={to}&…"),
        ),
        Setting(
            "headers", _("Headers"), required=False, default="Authorization: Bearer {secret}",
            help=_("Name: value, divided by |. {secret} stands for the key below."),
        ),
        Setting("secret", _("Key"), kind="secret", required=False),
        Setting(
            "id_path", _("Where the id stands"), required=False, default="id",
            help=_("In the answer, such as messages.0.id. Needed to know what became of messages."),
        ),
        Setting(
            "success", _("What says yes"), required=False,
            help=_("Where errors are answered with 200: such as messages.0.status=0."),
        ),
        Setting(
            "inbound", _("Key of its calls to us"), kind="secret", required=False,
            help=_("The gateway adds it to our address for answers and reports, as ?key=…"),
        ),
    )  # fmt: skip

    def check(self) -> str:
        """Look at the template and connect.

        Raises:
            Unusable: the template is no JSON, or nobody is there.
        """
        try:
            self._body({})
            self._headers()
        except ValueError as error:
            raise Unusable(str(error)) from error
        return self.reach(str(self.config["url"]))

    def ask(self, parcel: Parcel) -> Answer:
        """Post the filled template."""
        told = {
            "to": parcel.recipient, "from": str(self.config.get("from") or ""),
            "text": parcel.content["text"], "token": parcel.token,
        }  # fmt: skip
        return self.client.post(str(self.config["url"]), self._body(told), self._headers())

    def judge(self, parcel: Parcel, answer: Answer) -> Receipt:
        """Read the id, and whether a 200 is meant as one."""
        receipt = super().judge(parcel, answer)
        if receipt.outcome is not Outcome.OK:
            return receipt
        told = _json(answer.text)
        where, equals, wanted = str(self.config.get("success") or "").partition("=")
        if equals and str(_at(told, where.strip())) != wanted.strip():
            return Receipt(parcel.key, Outcome.PERMANENT, self.detail(answer))
        found = _at(told, str(self.config.get("id_path") or ""))
        name = str(found)[:200] if isinstance(found, str | int) else ""
        return Receipt(parcel.key, Outcome.OK, self.detail(answer), provider_id=name)

    def hear(self, call: Call) -> list[Heard]:
        """Read JSON or form fields: {"id", "status"} of a message, or {"from", "text"}.

        Raises:
            BadSignature: the key is missing or wrong.
        """
        key = str(self.config.get("inbound") or "")
        if not key or not hmac.compare_digest(call.query.get("key", "").encode(), key.encode()):
            raise BadSignature
        told = _json(call.body.decode("utf-8", "replace"))
        told = told if isinstance(told, dict) else {**call.query, **call.form}
        name, text = _word(told, "id", "message_id", "messageId"), _word(told, "text", "body")
        if text or not name:
            address = _word(told, "from", "msisdn", "sender")
            return [Heard(name, f"answer:{name}", address=address, text=text)]
        word = _word(told, "status", "state")
        status = _STATES.get(word.casefold(), "")
        return [Heard(name, f"{name}:{status}", status=status, detail=word)] if status else []

    def _body(self, told: Mapping[str, str]) -> bytes:
        words = {**told, "secret": str(self.config.get("secret") or "")}
        template = str(self.config.get("body") or BODY)
        if self.config.get("shape") == "form":
            pairs = parse_qsl(template, keep_blank_values=True)
            return urlencode([(name, _fill(value, words)) for name, value in pairs]).encode()
        return json.dumps(_filled(json.loads(template), words), ensure_ascii=False).encode()

    def _headers(self) -> dict[str, str]:
        shape = "x-www-form-urlencoded" if self.config.get("shape") == "form" else "json"
        headers = {"Content-Type": f"application/{shape}; charset=utf-8"}
        words = {"secret": str(self.config.get("secret") or "")}
        for line in str(self.config.get("headers") or "").split("|"):
            name, colon, value = line.partition(":")
            if colon and name.strip():
                headers[name.strip()] = _fill(value.strip(), words)
        return headers


def _fill(text: str, words: Mapping[str, str]) -> str:
    """Put words in the place of their names, in one go: a word may hold such a name."""
    parts, rest = [], text
    while rest:
        before, brace, after = rest.partition("{")
        name, close, behind = after.partition("}")
        parts.append(before)
        if brace and close and name in words:
            parts.append(words[name])
            rest = behind
        else:
            parts.append(brace)
            rest = after
    return "".join(parts)


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, words) for inner in value]
    return _fill(value, words) if isinstance(value, str) else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _at(told: Any, path: str) -> Any:
    """Return what stands at a path such as messages.0.id, or None."""
    for part in path.split(".") if path else []:
        if isinstance(told, dict):
            told = told.get(part)
        elif isinstance(told, list) and part.isdigit() and int(part) < len(told):
            told = told[int(part)]
        else:
            return None
    return told if path else None


def _word(told: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = told.get(name)
        if isinstance(value, str | int) and str(value):
            return str(value)[:2000]
    return ""
