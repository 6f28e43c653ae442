"""The e-mail channel against a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import ssl
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import AuthResult

from journeys.channels.base import Outcome, Parcel
from journeys.channels.email import mime
from journeys.channels.email.channel import BadAddress, Folder, Server, Smtp, open_channel
from journeys.channels.email.smtp import stuff
from tests.journeys.sink import Sink, free_port

BODY = b"Subject: hi\r\n\r\nhello\r\n"


def parcels(*recipients, content=BODY):
    return [Parcel(n, "from@alder.example", to, content) for n, to in enumerate(recipients, 1)]


def outcomes(channel, *recipients, content=BODY):
    return [
        receipt.outcome.value for receipt in channel.send(parcels(*recipients, content=content))
    ]


@pytest.fixture(params=[True, False], ids=["pipelining", "in turn"])
def sink(request):
    with Sink(pipelining=request.param) as running:
        yield running


@pytest.fixture
def channel(sink):
    one = Smtp(Server.parse(sink.url), timeout=5)
    yield one
    one.close()


class TestSmtp:
    def test_delivers_over_one_connection(self, sink, channel):
        assert outcomes(channel, "ana@example.com", "bea@example.com") == ["ok", "ok"]

        assert [to for to, _content in sink.messages] == ["ana@example.com", "bea@example.com"]
        assert channel.sent == 2

    def test_a_refused_recipient_does_not_hurt_the_neighbors(self, sink, channel):
        receipts = list(channel.send(parcels("gone@example.com", "ana@example.com")))

        assert [receipt.outcome.value for receipt in receipts] == ["permanent", "ok"]
        assert receipts[0].recipient_refused
        assert "5.1.1" in receipts[0].detail
        assert [to for to, _content in sink.messages] == ["ana@example.com"]

    def test_a_refusal_of_us_is_no_fault_of_the_address(self, channel):
        (receipt,) = channel.send(parcels("spam@example.com"))

        assert (receipt.outcome, receipt.recipient_refused) == (Outcome.PERMANENT, False)

    @pytest.mark.parametrize(
        ("recipient", "expected"),
        [
            ("full@example.com", "temporary"),
            ("slow@example.com", "temporary"),
            ("late@example.com", "permanent"),
        ],
    )
    def test_other_answers(self, sink, channel, recipient, expected):
        assert outcomes(channel, recipient, "ana@example.com") == [expected, "ok"]

        assert len(sink.messages) == 1

    def test_a_server_that_finds_us_hasty_throttles(self, channel):
        (receipt,) = channel.send([Parcel(1, "hasty@alder.example", "ana@example.com", BODY)])

        assert receipt.outcome is Outcome.THROTTLED

    def test_a_connection_cut_before_the_answer_leaves_it_unknown_and_is_renewed(
        self, sink, channel
    ):
        assert outcomes(channel, "cut@example.com", "ana@example.com") == ["unknown", "ok"]

    @pytest.mark.parametrize(
        "address", ["no-at-sign", "a b@example.com", "<x@y>@example.com", "名@example.com"]
    )
    def test_an_address_that_is_none_is_refused_here(self, channel, address):
        assert outcomes(channel, address, "ana@example.com") == ["permanent", "ok"]

    def test_a_foreign_domain_is_encoded(self, sink, channel):
        assert outcomes(channel, "ana@bücher.example") == ["ok"]

        assert sink.messages[0][0] == "ana@xn--bcher-kva.example"

    def test_dots_and_line_ends_arrive_as_they_were(self, sink, channel):
        content = b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\nbare\r\n"

        assert outcomes(channel, "ana@example.com", content=content) == ["ok"]

        assert sink.messages[0][1] == b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\nbare\r\n"

    def test_a_server_that_closed_meanwhile_is_called_again(self):
        port = free_port()
        with Sink(port=port):
            channel = Smtp(Server.parse(f"smtp://127.0.0.1:{port}"), timeout=5)
            assert outcomes(channel, "ana@example.com") == ["ok"]
        with Sink(port=port) as second:
            first_try = outcomes(channel, "bea@example.com")
            again = outcomes(channel, "bea@example.com")

        assert first_try in (["temporary"], ["ok"])
        assert again == ["ok"]
        assert {to for to, _content in second.messages} == {"bea@example.com"}

    def test_no_server_is_nobodys_fault(self):
        channel = Smtp(Server.parse(f"smtp://127.0.0.1:{free_port()}"), timeout=2)

        assert outcomes(channel, "ana@example.com") == ["throttled"]


class TestSecurity:
    @pytest.fixture
    def certificate(self, tmp_path):
        import subprocess

        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-keyout", key,
             "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            check=True, capture_output=True,
        )  # fmt: skip
        return cert, key

    def test_starttls_then_the_password(self, certificate):
        theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        theirs.load_cert_chain(*certificate)
        seen = []

        def check(server, session, envelope, mechanism, data):
            seen.append((data.login, data.password))
            return AuthResult(success=True)

        ours = ssl.create_default_context(cafile=str(certificate[0]))
        with Sink(
            tls_context=theirs, require_starttls=True, auth_required=True, authenticator=check
        ) as sink:
            server = Server.parse(f"smtp://ana:p%40ss@localhost:{sink.port}?starttls=1")
            assert outcomes(Smtp(server, timeout=5, context=ours), "ana@example.com") == ["ok"]

        assert seen == [(b"ana", b"p@ss")]

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, certificate):
        theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        theirs.load_cert_chain(*certificate)

        with Sink(tls_context=theirs, require_starttls=True) as sink:
            server = Server.parse(f"smtp://localhost:{sink.port}?starttls=1")
            assert outcomes(Smtp(server, timeout=5), "ana@example.com") == ["throttled"]
            assert sink.messages == []


class TestAddressOfTheServer:
    def test_is_read(self):
        assert Server.parse("smtps://u:p@mail.example") == Server(
            "mail.example", 465, "u", "p", tls=True
        )

    @pytest.mark.parametrize("url", ["mail.example:25", "http://mail.example", "smtp://"])
    def test_or_refused(self, url):
        with pytest.raises(BadAddress):
            Server.parse(url)


def test_without_a_server_messages_become_files(tmp_path):
    channel = open_channel("", tmp_path / "mail")

    assert isinstance(channel, Folder)
    assert outcomes(channel, "ana@example.com") == ["ok"]
    assert [file.read_bytes() for file in (tmp_path / "mail").glob("*.eml")] == [BODY]


def test_stuffing_ends_the_message():
    assert stuff(b".a\n.") == b"..a\r\n..\r\n.\r\n"


class TestMime:
    AT = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def built(self, **changes):
        given = {
            "sender": "Alder & Finch <hello@alder.example>", "recipient": "ana@example.com",
            "subject": "Hi", "text": "plain", "html": "<p>rich</p>",
            "message_id": "d1.2@alder.example",
            "at": self.AT,
        }  # fmt: skip
        return email.message_from_bytes(
            mime.build(**(given | changes)), policy=email.policy.default
        )

    @pytest.mark.parametrize(
        "words",
        [
            "Hi",
            "Grüße an Ana, 你好 " * 8,
            "x" * 300,
            "Hi\r\nBcc: eve@example.com",
            "=?utf-8?q?no?=",
        ],
    )
    def test_the_subject_reads_back_on_one_line(self, words):
        message = self.built(subject=words)

        assert message["Bcc"] is None
        if not words.startswith("=?"):
            assert message["Subject"] == " ".join(words.split("\r\n")).strip()

    @pytest.mark.parametrize(
        "words", ["plain", "ä = 1\n.\n\nß", "long " * 500, "trailing \nline=\n"]
    )
    def test_both_forms_read_back(self, words):
        message = self.built(text=words, html=f"<p>{words}</p>")

        plain = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        rich = message.get_body(("html",)).get_content().replace("\r\n", "\n")
        assert plain.rstrip("\n") == words.rstrip("\n")
        assert rich.rstrip("\n") == f"<p>{words}</p>"
        assert message.get_content_type() == "multipart/alternative"

    def test_no_line_is_too_long(self):
        raw = mime.build(
            sender="Ünïcode Näme <a@b.example>", recipient="ana@example.com", subject="ü" * 400,
            text="x" * 3000, html="y" * 3000, message_id="d1.2@alder.example", at=self.AT,
        )  # fmt: skip

        assert max(len(line) for line in raw.split(b"\r\n")) <= 78
        assert (
            email
            .message_from_bytes(raw, policy=email.policy.default)["From"]
            .addresses[0]
            .display_name
            == "Ünïcode Näme"
        )
