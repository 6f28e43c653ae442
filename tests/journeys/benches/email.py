"""Mail servers, and the providers that anymail knows."""

import email
import email.policy
import json
from urllib.parse import parse_qs

from tests.journeys.benches.base import HERE, Bench, Taken, WebBench, bench
from tests.journeys.relay import Relay

ONE_CODE = "all providers share one adapter, and Postmark's bench shows what it does"


class MailBench(Bench):
    channel = "email"

    def recipient(self, number):
        return f"ana{number}@example.com"


@bench
class OwnServer(MailBench):
    adapter = "smtp"
    secrets = ("pa55word",)

    def __enter__(self):
        self.relay = Relay().__enter__()
        return self

    def __exit__(self, *args):
        self.relay.__exit__()

    def config(self):
        return {
            "host": "127.0.0.1", "port": self.relay.port, "security": "none", "user": "ana",
            "password": "pa55word", "seconds": 0.5,
        }  # fmt: skip

    def gone(self):
        self.relay.says("RCPT", "550 5.1.1 no such user")

    def later(self):
        self.relay.says("RCPT", "451 4.3.0 try again")

    def busy(self):
        self.relay.says("MAIL", "421 4.7.0 slow down")

    def away(self):
        self.relay.__exit__()

    def silent(self):
        self.relay.does("END", "close")

    def hangs(self):
        self.relay.does("END", "hang")

    def taken(self):
        found = []
        for recipient, content in self.relay.messages:
            mail = email.message_from_bytes(content, policy=email.policy.default)
            found.append(Taken(recipient, f"{mail['Subject']} {mail.get_body(('html',))}"))
        return found


class ProviderBench(WebBench, MailBench):
    key_name = "api_key"
    secrets = ("k3y-of-ours",)
    never = dict.fromkeys(["gone", "later", "busy", "away", "silent"], ONE_CODE)

    def config(self):
        return {
            "networks": HERE, "seconds": 0.5, self.key_name: "k3y-of-ours",
            "api_url": f"{self.far.url}/",
        }  # fmt: skip

    def taken(self):
        return [self.read(one) for one in self.far.requests]

    def read(self, request):
        told = json.loads(request.body)
        return Taken(self.to(told), json.dumps(told), request.headers.get("idempotency-key", ""))

    def to(self, told):
        return told["to"]


@bench
class Postmark(ProviderBench):
    adapter, key_name, never = "postmark", "server_token", {}
    refusal = (
        422, {}, b'{"ErrorCode": 406, "Message": "You tried to send to a recipient that has been '
        b"marked as inactive. Found inactive addresses: ana1@example.com, ana2@example.com. "
        b'Inactive recipients are ones that have generated a hard bounce or a complaint."}',
    )  # fmt: skip

    def __enter__(self):
        super().__enter__()
        self.far.says(self.queued)
        return self

    def queued(self, request):
        to = json.loads(request.body)["To"]
        told = {"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "To": to}
        return 200, {}, json.dumps(told).encode()

    def to(self, told):
        return told["To"]


@bench
class SendGrid(ProviderBench):
    adapter = "sendgrid"
    yes = (202, {}, b"")

    def to(self, told):
        return told["personalizations"][0]["to"][0]["email"]


@bench
class Mailgun(ProviderBench):
    adapter = "mailgun"
    yes = (200, {}, b'{"id": "<m-1@alder.example>", "message": "Queued. Thank you."}')

    def read(self, request):
        told = parse_qs(request.body.decode())
        return Taken(told["to"][0], json.dumps(told))


@bench
class Mailjet(ProviderBench):
    adapter = "mailjet"
    yes = (200, {}, b'{"Messages": [{"Status": "success", "To": []}]}')

    def config(self):
        return {**super().config(), "secret_key": "s3cret-of-ours"}

    def __enter__(self):
        super().__enter__()
        self.far.says(200, {}, b'{"Messages": [{"Status": "success", "To": [%s]}]}' % b", ".join(
            b'{"Email": "ana%d@example.com", "MessageID": %d}' % (n, n) for n in range(3)
        ))  # fmt: skip
        return self

    def to(self, told):
        return told["Messages"][0]["To"][0]["Email"]


@bench
class Mandrill(ProviderBench):
    adapter = "mandrill"
    yes = (200, {}, b"[%s]" % b", ".join(
        b'{"email": "ana%d@example.com", "status": "sent", "_id": "m"}' % n for n in range(3)
    ))  # fmt: skip

    def to(self, told):
        return told["message"]["to"][0]["email"]


@bench
class SparkPost(ProviderBench):
    adapter = "sparkpost"
    yes = (
        200, {}, b'{"results": {"id": "1", "total_accepted_recipients": 1, '
        b'"total_rejected_recipients": 0}}',
    )  # fmt: skip

    def to(self, told):
        return told["recipients"][0]["address"]["email"]


@bench
class Brevo(ProviderBench):
    adapter = "brevo"
    yes = (201, {}, b'{"messageId": "<m-1@brevo.example>"}')

    def to(self, told):
        return told["to"][0]["email"]


@bench
class MailerSend(ProviderBench):
    adapter, key_name = "mailersend", "api_token"
    yes = (202, {"X-Message-Id": "m-1", "Content-Type": "text/html"}, b"")

    def to(self, told):
        return told["to"][0]["email"]


@bench
class Mailtrap(ProviderBench):
    adapter, key_name = "mailtrap", "api_token"
    yes = (200, {}, b'{"success": true, "message_ids": ["m-1"]}')

    def to(self, told):
        return told["to"][0]["email"]


@bench
class Postal(ProviderBench):
    adapter = "postal"
    yes = (200, {}, b'{"status": "success", "data": {"messages": {%s}}}' % b", ".join(
        b'"ana%d@example.com": {"id": %d, "token": "t"}' % (n, n) for n in range(3)
    ))  # fmt: skip

    def to(self, told):
        return told["to"][0]


@bench
class Resend(ProviderBench):
    adapter = "resend"
    yes = (200, {}, b'{"id": "m-1"}')

    def to(self, told):
        return told["to"][0]
