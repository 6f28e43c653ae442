"""The providers of e-mail that anymail knows, each with what it has to be told."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from journeys.channels.base import Parcel, Setting
from journeys.channels.email.anymail import HOOK, Provider
from journeys.channels.email.kind import Email

KEY = Setting("api_key", _("API key"), kind="secret")
SIGNED = Setting(
    HOOK, _("Key that signs its callbacks"), kind="secret", required=False,
    help=_("Empty: callbacks are believed because of their secret address."),
)  # fmt: skip


def address(default: str) -> Setting:
    """Return the setting of where a provider's API is."""
    return Setting("api_url", _("Address of its API"), kind="url", default=default)


@Email.adapters.register
class Postmark(Provider):
    name = "postmark"
    label = "Postmark"
    backend = "postmark"
    settings = (
        Setting("server_token", _("Server token"), kind="secret"),
        Setting("message_stream", _("Message stream"), required=False),
        address("https://api.postmarkapp.com/"),
    )


@Email.adapters.register
class SendGrid(Provider):
    name = "sendgrid"
    label = "Twilio SendGrid"
    backend = "sendgrid"
    settings = (KEY, address("https://api.sendgrid.com/v3/"), SIGNED)


@Email.adapters.register
class Mailgun(Provider):
    name = "mailgun"
    label = "Mailgun"
    backend = "mailgun"
    settings = (
        KEY,
        Setting("sender_domain", _("Domain"), required=False),
        address("https://api.mailgun.net/v3"),
        SIGNED,
    )


@Email.adapters.register
class Mailjet(Provider):
    name = "mailjet"
    label = "Mailjet"
    backend = "mailjet"
    settings = (
        KEY,
        Setting("secret_key", _("Secret key"), kind="secret"),
        address("https://api.mailjet.com/v3.1/"),
    )


@Email.adapters.register
class Mandrill(Provider):
    name = "mandrill"
    label = "Mailchimp Transactional (Mandrill)"
    backend = "mandrill"
    settings = (KEY, address("https://mandrillapp.com/api/1.0"), SIGNED)


@Email.adapters.register
class SparkPost(Provider):
    name = "sparkpost"
    label = "SparkPost"
    backend = "sparkpost"
    settings = (KEY, address("https://api.sparkpost.com/api/v1/"))


@Email.adapters.register
class Brevo(Provider):
    name = "brevo"
    label = "Brevo"
    backend = "brevo"
    settings = (KEY, address("https://api.brevo.com/v3/"))


@Email.adapters.register
class MailerSend(Provider):
    name = "mailersend"
    label = "MailerSend"
    backend = "mailersend"
    settings = (
        Setting("api_token", _("API token"), kind="secret"),
        address("https://api.mailersend.com/v1/"),
        SIGNED,
    )


@Email.adapters.register
class Mailtrap(Provider):
    name = "mailtrap"
    label = "Mailtrap"
    backend = "mailtrap"
    settings = (
        Setting("api_token", _("API token"), kind="secret"),
        address("https://send.api.mailtrap.io/api/"),
        SIGNED,
    )


@Email.adapters.register
class Postal(Provider):
    name = "postal"
    label = "Postal"
    backend = "postal"
    settings = (KEY, address(""), SIGNED)


@Email.adapters.register
class Resend(Provider):
    name = "resend"
    label = "Resend"
    backend = "resend"
    # Of two requests with the same key within a day it sends one.
    idempotent = True
    settings = (KEY, address("https://api.resend.com/"), SIGNED)

    def prepare(self, parcel: Parcel) -> None:
        """Say which message it is, in every try."""
        self.session.headers["Idempotency-Key"] = parcel.token
