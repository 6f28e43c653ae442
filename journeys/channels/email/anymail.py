"""E-mail through the APIs of providers, by django-anymail, which knows how each wants it.

Its requests go out through our own client: no redirects, no private addresses, an end in time.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from dxp.lib.outbound import Answer, Client, NoAnswer, NotReached, Refused
from journeys.channels.base import Outcome, Parcel, Receipt
from journeys.channels.web import OverHttp, outcome_of

if TYPE_CHECKING:
    from requests import PreparedRequest, Response  # noqa: TID251

# Headers of ours that a provider may pass on; it writes the others itself.
PASSED_ON = ("List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Precedence")
# A setting that is not the backend's but the callbacks'.
HOOK = "webhook_key"
# What a provider says of an address to which it will not send.
GONE = frozenset({"invalid", "rejected"})


class Provider(OverHttp):
    """One message per call, through one of anymail's backends.

    `fixed` is told to the backend besides the settings. What the provider tells later comes back
    with the token in its metadata.
    """

    backend: ClassVar[str] = ""
    fixed: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        # What anymail speaks costs a web process that never sends a twentieth of a second.
        import requests  # noqa: TID251 - `_Through` leads it through our own client
        from anymail.exceptions import AnymailError

        self.wrong = AnymailError
        names = {one.name for one in self.settings} - {HOOK}
        told = {name: value for name, value in config.items() if name in names and value != ""}
        make = import_string(f"anymail.backends.{self.backend}.EmailBackend")
        self.door = make(
            fail_silently=False, ignore_unsupported_features=True, ignore_recipient_status=True,
            **told, **self.fixed,
        )  # fmt: skip
        self.session = requests.Session()
        self.session.trust_env = False
        through: Any = _Through(self.client)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, through)
        self.door.session = self.session

    def _send(self, parcel: Parcel) -> Receipt:
        letter = _letter(parcel)
        try:
            self.prepare(parcel)
            self.door.send_messages([letter])
        except Refused as error:
            return Receipt(parcel.key, Outcome.THROTTLED, self.discreet(str(error)))
        except NotReached as error:
            words = self.discreet(f"no connection: {error}")
            return Receipt(parcel.key, Outcome.THROTTLED, words)
        except NoAnswer as error:
            return Receipt(parcel.key, Outcome.UNKNOWN, self.discreet(f"no answer: {error}"))
        except self.wrong as error:
            return self._failed(parcel, error)
        return self._told(parcel, letter.anymail_status)

    def prepare(self, parcel: Parcel) -> None:
        """Tell the session what this message needs besides anymail's own."""

    def _failed(self, parcel: Parcel, error: Exception) -> Receipt:
        """Return what an error means: an answer that was no, or one that can't be read."""
        response = getattr(error, "response", None)
        if response is None:
            # Something in the message that this provider can't take.
            return Receipt(parcel.key, Outcome.PERMANENT, self.discreet(str(error)))
        answer = Answer(
            response.status_code,
            response.content or b"",
            {name.lower(): value for name, value in response.headers.items()},
        )
        outcome = outcome_of(answer, one_place=True)
        if outcome is Outcome.OK:
            # It said yes in words that nobody understands.
            outcome = Outcome.UNKNOWN
        patience = answer.retry_after if outcome is Outcome.THROTTLED else None
        return Receipt(parcel.key, outcome, self.detail(answer), retry_after=patience)

    def _told(self, parcel: Parcel, status: Any) -> Receipt:
        name = status.message_id if isinstance(status.message_id, str) else ""
        words = ", ".join(sorted(status.status or ()))
        if status.status and status.status <= GONE | {"failed"}:
            gone = status.status <= GONE
            return Receipt(
                parcel.key, Outcome.PERMANENT, self.discreet(words), gone, provider_id=name[:200]
            )
        return Receipt(parcel.key, Outcome.OK, words, provider_id=name[:200])

    def check(self) -> str:
        """Connect to the provider.

        Raises:
            Unusable: nobody is there.
        """
        return self.reach(self.door.api_url)

    def close(self) -> None:
        """Let go of the connections."""
        self.session.close()
        super().close()


class _Through:
    """Leads what `requests` would send through our own client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send one request, as `requests.Session` asks its adapters."""
        from requests import Response  # noqa: TID251
        from requests.structures import CaseInsensitiveDict  # noqa: TID251

        body: Any = request.body or b""
        headers = {str(name): str(value) for name, value in request.headers.items()}
        answer = self.client.ask(
            str(request.method), str(request.url),
            body.encode() if isinstance(body, str) else body,
            {name: value for name, value in headers.items() if name.lower() not in _OWN},
        )  # fmt: skip
        response = Response()
        response.status_code = answer.status
        response._content = answer.body
        response.headers = CaseInsensitiveDict(answer.headers)
        # Nobody follows it elsewhere.
        response.headers.pop("location", None)
        response.request, response.url = request, str(request.url)
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Let go of nothing: the client belongs to the adapter."""


_OWN = frozenset({"host", "content-length", "connection", "accept-encoding"})


def _letter(parcel: Parcel) -> Any:
    """Return a composed mail as Django knows it."""
    mail = email.message_from_bytes(parcel.content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    # Anymail reads more in it than Django's class declares.
    letter: Any = EmailMultiAlternatives(
        subject=str(mail["Subject"] or ""),
        body=_part(mail, "plain"),
        from_email=str(mail["From"] or parcel.sender),
        to=[parcel.recipient],
        headers={name: str(mail[name]) for name in PASSED_ON if mail[name]},
    )
    letter.attach_alternative(_part(mail, "html"), "text/html")
    # We count opens and clicks ourselves.
    letter.track_opens = letter.track_clicks = False
    letter.metadata = {"delivery": parcel.token} if parcel.token else {}
    return letter


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""
