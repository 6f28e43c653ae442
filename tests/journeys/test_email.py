"""The e-mail channel against a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import ssl
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import AuthResult

from journeys.channels.base import Outcome, Parcel, Unusable
from journeys.channels.email import mime
from journeys.channels.email.channel import BadAddress, Folder, Server, Smtp, open_channel
from journeys.channels.email.smtp import stuff
from tests.journeys.relay import Relay
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


class TestFaults:
    """Servers that refuse, hang, leave and die, at every command."""

    @pytest.fixture(params=[True, False], ids=["pipelining", "in turn"])
    def relay(self, request):
        with Relay(pipelining=request.param) as running:
            yield running

    @pytest.fixture
    def channel(self, relay):
        one = Smtp(Server.parse(relay.url), timeout=0.3)
        yield one
        one.close()

    @pytest.mark.parametrize(
        ("command", "answer", "outcome", "recipient"),
        [
            ("GREET", "554 go away", "throttled", False),
            ("EHLO", "421 too busy", "throttled", False),
            ("MAIL", "451 4.3.0 later", "temporary", False),
            ("MAIL", "550 5.7.1 not you", "permanent", False),
            ("MAIL", "421 4.7.0 too fast", "throttled", False),
            ("RCPT", "451 4.7.1 greylisted", "temporary", False),
            ("RCPT", "550 5.1.1 unknown", "permanent", True),
            ("RCPT", "550 no such user here", "permanent", True),
            ("RCPT", "554 5.7.1 relay denied", "permanent", False),
            ("DATA", "451 4.3.0 later", "temporary", False),
            ("DATA", "554 5.5.1 no", "permanent", False),
            ("END", "452 4.2.2 full", "temporary", False),
            ("END", "554 5.7.1 spam", "permanent", False),
            ("END", "421 4.7.0 too much", "throttled", False),
        ],
    )
    def test_a_no_at_each_command(self, relay, channel, command, answer, outcome, recipient):
        relay.says(command, answer)

        (receipt,) = channel.send(parcels("ana@example.com"))

        assert (receipt.outcome.value, receipt.recipient_refused) == (outcome, recipient)
        assert relay.messages == []

    @pytest.mark.parametrize("deed", ["hang", "close"])
    @pytest.mark.parametrize(
        ("command", "outcome"),
        [
            ("GREET", "throttled"),
            ("EHLO", "throttled"),
            ("MAIL", "temporary"),
            ("RCPT", "temporary"),
            ("DATA", "temporary"),
            ("END", "unknown"),
        ],
    )
    def test_silence_is_in_doubt_only_after_the_message(
        self, relay, channel, command, outcome, deed
    ):
        relay.does(command, deed)

        assert outcomes(channel, "ana@example.com") == [outcome]

        relay.deeds.clear()
        assert outcomes(channel, "ana@example.com") == ["ok"]
        assert len(relay.messages) == 1

    def test_a_server_that_took_it_and_died_may_have_it(self, relay, channel):
        relay.does("END", "take")

        assert outcomes(channel, "ana@example.com") == ["unknown"]
        assert len(relay.messages) == 1

    def test_one_that_says_no_and_leaves_said_no(self, relay, channel):
        relay.says("RCPT", "550 5.1.1 unknown")
        relay.does("RSET", "close")

        receipts = list(channel.send(parcels("gone@example.com")))

        assert (receipts[0].outcome, receipts[0].recipient_refused) == (Outcome.PERMANENT, True)

    def test_one_that_closes_after_ten_gets_the_rest_over_new_connections(self, relay, channel):
        relay.most = 10

        found = outcomes(channel, *[f"ana{n}@example.com" for n in range(25)])

        assert found == ["ok"] * 25
        assert [to for to, _content in relay.messages] == [f"ana{n}@example.com" for n in range(25)]
        assert relay.connections == 3

    @pytest.mark.parametrize(
        ("auth", "expected"),
        [
            ("PLAIN LOGIN", ["AUTH PLAIN AGFuYQBwQHNz"]),
            ("LOGIN", ["AUTH LOGIN", "YW5h", "cEBzcw=="]),
        ],
    )
    def test_signs_in_as_the_server_likes(self, auth, expected):
        with Relay(auth=auth) as relay:
            server = Server("127.0.0.1", relay.port, "ana", "p@ss")
            assert outcomes(Smtp(server, timeout=2), "ana@example.com") == ["ok"]

        assert relay.commands[1 : 1 + len(expected)] == expected

    def test_a_wrong_password_is_nobodys_fault_and_said_at_the_check(self):
        with Relay() as relay:
            relay.says("AUTH", "535 5.7.8 no")
            channel = Smtp(Server("127.0.0.1", relay.port, "ana", "wrong"), timeout=2)

            assert outcomes(channel, "ana@example.com") == ["throttled"]
            with pytest.raises(Unusable, match="535"):
                channel.check()


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
