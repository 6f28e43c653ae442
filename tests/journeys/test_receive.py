"""Returned mail: piped in or fetched, believed only if it carries a name of ours."""

from __future__ import annotations

import io
import socketserver
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from dxp.lib import mailbox
from journeys import tasks
from journeys.links import return_path, token
from journeys.models import Delivery, Report, Suppression
from journeys.receive import receive
from tests.journeys.conftest import HOUSE, NOON
from tests.journeys.test_report import deliver

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def sent(ana, welcome):
    """Return a message that ana got."""
    return deliver(ana, welcome)


def returned(name, *, said="550 5.1.1 <ana@example.com>: User unknown", to="b@us.example", id_=""):
    """Return the report of a server that refused a message."""
    return (
        f"From: MAILER-DAEMON@x.example\nTo: {to}\nSubject: Undelivered Mail\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\n\nSorry\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: rfc822; ana@example.com\nAction: failed\nStatus: 5.0.0\n"
        f"Diagnostic-Code: smtp; {said}\n\n--B\nContent-Type: message/rfc822\n\n"
        f"Message-ID: <{id_ or name + '@us.example'}>\n\nHello\n--B--\n"
    ).encode()


class TestReceive:
    def test_an_address_that_does_not_exist_is_never_written_to_again(self, sent):
        done, understood = receive(mails=[returned(token(delivery=sent.pk))], at=LATER)

        assert (done.reports, done.ours, done.news, understood) == (1, 1, 1, [True])
        report = Report.objects.get()
        assert (report.delivery, report.reason, report.hard) == (sent, "userunknown", True)
        assert Suppression.objects.get().contact_point == sent.contact_point
        assert Delivery.objects.get().bounced_at == LATER

    def test_the_same_mail_twice_is_told_once(self, sent):
        mail = returned(token(delivery=sent.pk))

        assert [receive(mails=[mail], at=LATER)[0].news for _ in range(2)] == [1, 0]

    def test_the_address_it_came_back_to_names_the_message(self, sent):
        to = return_path(sender="A <a@us.example>", name=token(delivery=sent.pk), house=_house())

        receive(mails=[returned("", to=to, id_="redacted")], at=LATER)

        assert to.startswith("bounces+d")
        assert Report.objects.get().delivery == sent

    def test_nobody_can_make_up_a_bounce_of_somebody_else(self, sent):
        forged = token(delivery=sent.pk)[:-1] + "x"

        done, _read = receive(mails=[returned(forged)], at=LATER)

        assert (done.reports, done.ours) == (1, 0)
        assert not Report.objects.exists()
        assert not Suppression.objects.exists()

    def test_five_full_mailboxes_in_a_month_are_the_last(self, ana, welcome):
        for day in range(5):
            one, at = deliver(ana, welcome), NOON + timedelta(days=day)
            assert not Suppression.objects.exists()
            receive(mails=[returned(token(delivery=one.pk), said="552 5.2.2 Mailbox full")], at=at)

        assert Suppression.objects.get().cause == "soft"

    def test_holidays_change_nothing(self, sent):
        mail = (
            f"From: ana@example.com\nSubject: Out of Office\nTo: b+{token(delivery=sent.pk)}@u\n\n"
        )

        done, understood = receive(mails=[mail.encode()], at=LATER)

        assert (done.reports, understood) == (0, [True])
        assert not Report.objects.exists()


def _house():
    from dataclasses import replace

    return replace(HOUSE, bounces="bounces@us.example")


class TestPipe:
    def test_a_mail_server_pipes_into_the_command(self, sent, monkeypatch):
        said = io.StringIO()
        stdin = io.TextIOWrapper(io.BytesIO(returned(token(delivery=sent.pk))))
        monkeypatch.setattr("sys.stdin", stdin)

        call_command("bounces", stdout=said)

        assert said.getvalue() == "1 mails, 1 reports, 1 about messages of ours, 1 new\n"

    def test_a_file_of_many_mails_is_read_whole(self, sent, monkeypatch):
        mail = returned(token(delivery=sent.pk))
        many = b"".join(b"From x Sun Nov 22\n" + mail + bytes(f"\n{n}\n", "ascii") for n in (1, 2))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(many)))
        said = io.StringIO()

        call_command("bounces", "--mbox", stdout=said)

        assert said.getvalue().startswith("2 mails, 2 reports")

    def test_without_a_mailbox_it_says_so(self, settings):
        settings.BOUNCE_URL = ""
        with pytest.raises(CommandError, match="BOUNCE_URL"):
            call_command("bounces", "--fetch")


class Box(socketserver.ThreadingTCPServer):
    """A mailbox that speaks as much IMAP or POP3 as anybody needs, with an account ana/secret."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, handler, mails):
        super().__init__(("127.0.0.1", 0), handler)
        self.mails, self.seen, self.gone = list(mails), set(), set()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def left(self):
        return [one for number, one in enumerate(self.mails, 1) if number not in self.gone]


class Imap(socketserver.StreamRequestHandler):
    def handle(self):
        box, dead = self.server, set()
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, word, *rest = line.decode().split()
            word = rest.pop(0).upper() if word.upper() == "UID" else word.upper()
            ok = True
            if word == "CAPABILITY":
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif word == "LOGIN":
                ok = [one.strip('"') for one in rest] == ["ana", "secret"]
            elif word == "SELECT":
                self.wfile.write(f"* {len(box.mails)} EXISTS\r\n".encode())
            elif word == "SEARCH":
                new = [n for n in range(1, len(box.mails) + 1) if n not in box.seen | box.gone]
                self.wfile.write(f"* SEARCH {' '.join(map(str, new))}\r\n".encode())
            elif word == "FETCH":
                mail = box.mails[int(rest[0]) - 1]
                head = f"* {rest[0]} FETCH (UID {rest[0]} BODY[]<0> {{{len(mail)}}}\r\n"
                self.wfile.write(head.encode() + mail + b")\r\n")
            elif word == "STORE":
                box.seen.add(int(rest[0]))
                if "Deleted" in line.decode():
                    dead.add(int(rest[0]))
            elif word == "EXPUNGE":
                box.gone |= dead
            self.wfile.write(f"{tag} {'OK' if ok else 'NO'} done\r\n".encode())
            if word == "LOGOUT":
                return


class Pop(socketserver.StreamRequestHandler):
    def handle(self):
        box, dead = self.server, set()
        self.wfile.write(b"+OK ready\r\n")
        for line in self.rfile:
            word, *rest = line.decode().split()
            if word == "PASS" and rest != ["secret"]:
                self.wfile.write(b"-ERR no\r\n")
                continue
            self.wfile.write(b"+OK\r\n")
            if word == "LIST":
                for number, mail in enumerate(box.mails, 1):
                    self.wfile.write(f"{number} {len(mail)}\r\n".encode())
                self.wfile.write(b".\r\n")
            elif word == "RETR":
                self.wfile.write(box.mails[int(rest[0]) - 1].replace(b"\n", b"\r\n") + b"\r\n.\r\n")
            elif word == "DELE":
                dead.add(int(rest[0]))
            elif word == "QUIT":
                box.gone |= dead
                return


LETTER = b"From: bruno@example.com\nSubject: Hello\n\nHow are you?\n"


@pytest.mark.parametrize(("handler", "scheme"), [(Imap, "imap"), (Pop, "pop3")])
class TestMailbox:
    def test_reports_are_taken_and_letters_stay(self, sent, settings, handler, scheme):
        with Box(handler, [returned(token(delivery=sent.pk)), LETTER]) as box:
            settings.BOUNCE_URL = f"{scheme}://ana:secret@127.0.0.1:{box.server_address[1]}/INBOX"

            done = tasks.fetch_bounces()
            again = tasks.fetch_bounces() if scheme == "imap" else None
            box.shutdown()

        assert (done.mails, done.news) == (2, 1)
        assert again is None or again.mails == 0
        assert box.left() == [LETTER]

    def test_what_was_not_dealt_with_stays(self, sent, settings, handler, scheme):
        def die(_mails):
            raise RuntimeError

        with Box(handler, [returned(token(delivery=sent.pk))]) as box:
            url = f"{scheme}://ana:secret@127.0.0.1:{box.server_address[1]}"
            with pytest.raises(RuntimeError):
                mailbox.empty(url, die)
            box.shutdown()

        assert len(box.left()) == 1

    def test_a_wrong_password_is_told_and_kept_out_of_the_words(self, settings, handler, scheme):
        with Box(handler, []) as box:
            url = f"{scheme}://ana:hidden@127.0.0.1:{box.server_address[1]}"
            with pytest.raises(mailbox.Unreachable) as error:
                mailbox.empty(url, lambda mails: [])
            box.shutdown()

        assert "hidden" not in str(error.value)


def test_an_address_that_is_none_is_told():
    for url in ("https://example.org", "imap://", "nonsense"):
        with pytest.raises(mailbox.Unreachable, match="no mailbox address"):
            mailbox.empty(url, lambda mails: [])
