"""Messages that came back: what we read out of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.bounce import Bounce, Kind, read

HEAD = (
    "From: MAILER-DAEMON@mx.example.org (Mail Delivery System)\nTo: bounces@us.example\n"
    "Subject: Undelivered Mail Returned to Sender\n\n"
)
QMAIL = (
    "Hi. This is the qmail-send program at example.org.\nI'm afraid I wasn't able to deliver your "
    "message to the following addresses.\n\n<ana@example.com>:\n{}\n\n"
    "--- Below this line is a copy of the message.\n\nReturn-Path: <hello@us.example>\n"
    "Message-ID: <d7.abc@us.example>\n"
)
EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent "
    "could not be delivered to one or more of its\nrecipients. This is a permanent error. The "
    "following address(es) failed:\n\n  ana@example.com\n    {}\n"
)


def free(text, head=HEAD) -> list[Bounce]:
    return read((head + text).encode())


def dsn(said, status, *, action="failed", story="", command="RCPT TO command", more="") -> Bounce:
    """Return what a report by RFC 3464 of a server such as Postfix is read as."""
    story = story or f"<ana@example.com>: host mx said: {said} (in reply to {command})"
    text = (
        "From: MAILER-DAEMON@x.example\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        f"--B\n\n{story}\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        f"Final-Recipient: rfc822; ana@example.com\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {said}\n{more}\n--B\nContent-Type: message/rfc822\n\n"
        "Message-ID: <d7.abc@us.example>\nTo: ana@example.com\n\nHello\n--B--\n"
    )
    [found] = read(text.encode())
    return found


class TestReports:
    @pytest.mark.parametrize(
        ("said", "status", "command", "reason"),
        [
            ("550 5.1.1 <ana@example.com>: User unknown", "5.1.1", "RCPT TO", "userunknown"),
            ("550 no such user here", "5.0.0", "RCPT TO", "userunknown"),
            ("550 5.4.1 Recipient address rejected: Access denied", "5.4.1", "RCPT TO",
             "userunknown"),
            ("550 User unknown", "5.0.0", "end of DATA", "filtered"),
            ("452 4.2.2 The email account that you tried to reach is over quota.", "4.2.2",
             "RCPT TO", "mailboxfull"),
            ("550 5.2.1 The email account that you tried to reach is disabled.", "5.2.1",
             "RCPT TO", "suspend"),
            ("554 5.7.1 Client host [192.0.2.3] blocked using zen.spamhaus.org", "5.7.1",
             "RCPT TO", "blocked"),
            ("450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.3]", "4.7.1",
             "RCPT TO", "requireptr"),
            ("450 4.1.8 <a@b.example>: Sender address rejected: Domain not found", "4.1.8",
             "RCPT TO", "rejected"),
            ("550 5.1.2 <ana@example.com>: Domain not found", "5.1.2", "RCPT TO", "hostunknown"),
            ("554 5.7.1 <ana@example.com>: Relay access denied", "5.7.1", "RCPT TO", "norelaying"),
            ("552 5.3.4 Message size exceeds fixed limit", "5.3.4", "MAIL FROM", "mesgtoobig"),
            ("452 4.3.1 Insufficient system storage", "4.3.1", "MAIL FROM", "systemfull"),
            ("550-5.7.26 Unauthenticated email is not accepted due to DMARC policy", "5.7.26",
             "end of DATA", "authfailure"),
            ("554 5.7.1 Message rejected as spam", "5.7.1", "end of DATA", "spamdetected"),
            ("554 5.7.1 virus Eicar-Test-Signature detected", "5.7.1", "end of DATA",
             "virusdetected"),
            ("450 4.2.0 Greylisted, come back later", "4.2.0", "RCPT TO", "onhold"),
            ("556 5.1.10 Domain does not accept mail (nullMX)", "5.1.10", "RCPT TO", "notaccept"),
        ],
    )  # fmt: skip
    def test_the_words_of_servers_have_a_class(self, said, status, command, reason):
        assert dsn(said, status, command=f"{command} command").reason == reason

    def test_only_what_never_works_is_hard(self):
        assert dsn("550 5.1.1 User unknown", "5.1.1").hard
        assert not dsn("552 5.2.2 Mailbox full", "5.2.2").hard
        assert not dsn("550 5.1.1 User unknown", "5.1.1", action="delayed").hard

    def test_recipient_message_code_and_words_are_kept(self):
        found = dsn("550 5.1.1 <ana@example.com>: User unknown", "5.1.1")

        assert (found.recipient, found.message_id) == ("ana@example.com", "d7.abc@us.example")
        assert (found.kind, found.status, found.code) == (Kind.FAILED, "5.1.1", "550")
        assert found.detail == "550 5.1.1 <ana@example.com>: User unknown"

    def test_a_delay_is_no_failure(self):
        assert dsn("421 busy", "4.4.1", action="delayed").kind is Kind.DELAYED

    def test_what_arrived_is_no_bounce(self):
        text = b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: " \
               b"message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; " \
               b"ana@example.com\nAction: delivered\nStatus: 2.0.0\n\n--B--\n"  # fmt: skip
        assert read(text) == []


class TestFreeWords:
    @pytest.mark.parametrize(
        ("form", "said", "reason"),
        [
            (QMAIL, "192.0.2.1 does not like recipient.\nRemote host said: 550 User unknown",
             "userunknown"),
            (QMAIL, "Sorry, no mailbox here by that name. (#5.1.1)", "userunknown"),
            (QMAIL, "192.0.2.1 failed after I sent the message.\nRemote host said: 550 user "
                    "unknown", "filtered"),
            (QMAIL, "Sorry, I couldn't find any host named example.com. (#5.1.2)", "hostunknown"),
            (QMAIL, "I'm not going to try again; this message has been in the queue too long.",
             "expired"),
            (EXIM, "It responded as follows: [550 5.1.1 unknown user]", "userunknown"),
            (EXIM, "The number of messages in recipient's mailbox exceeded the local limit.",
             "mailboxfull"),
            (EXIM, "Unrouteable address", "userunknown"),
            (EXIM, "all relevant MX records point to non-existent hosts", "hostunknown"),
            (EXIM, "mailbox is full:\n    retry timeout exceeded", "mailboxfull"),
            (EXIM, "SMTP error from remote mail server after initial connection:\n    host mx "
                   "[192.0.2.1]: 550 Access denied", "blocked"),
        ],
    )  # fmt: skip
    def test_other_forms_are_understood(self, form, said, reason):
        [found] = free(form.format(said))

        assert (found.reason, found.recipient) == (reason, "ana@example.com")

    def test_several_recipients_have_each_their_reason(self):
        found = free(EXIM.format(
            "SMTP error from remote mail server after RCPT TO:<ana@example.com>:\n"
            "    host mx: 550 5.1.1 <ana@example.com>... User Unknown\n  bruno@example.com\n"
            "    SMTP error from remote mail server after RCPT TO:<bruno@example.com>:\n"
            "    host mx: 552 5.2.2 <bruno@example.com>... Mailbox full"
        ))  # fmt: skip

        assert [(one.recipient, one.reason) for one in found] == [
            ("ana@example.com", "userunknown"),
            ("bruno@example.com", "mailboxfull"),
        ]


class TestOthers:
    def test_a_complaint_names_its_type_and_whom(self):
        text = (
            "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; "
            "boundary=B\n\n--B\n\nAbuse\n--B\nContent-Type: message/feedback-report\n\n"
            "Feedback-Type: abuse\nOriginal-Rcpt-To: <ana@example.com>\n\n--B\n"
            "Content-Type: message/rfc822\n\nMessage-ID: <d7.abc@us.example>\n\nHi\n--B--\n"
        )

        [found] = read(text.encode())

        assert (found.kind, found.feedback) == (Kind.COMPLAINT, "abuse")
        assert (found.recipient, found.message_id) == ("ana@example.com", "d7.abc@us.example")

    def test_somebody_on_holiday_is_no_bounce(self):
        [found] = free("I am away.", "From: ana@example.com\nSubject: Out of Office: Hello\n\n")

        assert found.kind is Kind.ANSWER

    def test_a_letter_from_a_person_is_nothing(self):
        head = "From: ana@example.com\nSubject: Re: your order\n\n"

        assert free("Hello, my parcel could not be delivered to my neighbor.\n", head) == []
        assert free("What is the delivery status?\n", head) == []

    def test_a_forwarded_report_is_still_one(self):
        inner = EXIM.format("Unrouteable address").replace("\n", "\n> ")

        assert [one.reason for one in free("> " + inner)] == ["userunknown"]


class TestBadData:
    @settings(max_examples=150, deadline=1000)
    @given(st.one_of(
        st.binary(max_size=3000),
        st.lists(
            st.sampled_from([
                "Content-Type: multipart/report; boundary=B\n", "\n", "--B\n", "--B--\n", "> ",
                "Content-Type: message/delivery-status\n", "Final-Recipient: rfc822;", "<a@b.c>",
                "Status: 5.1.1\n", "Diagnostic-Code: smtp; 550 user unknown\n", "Subject: Undeliv",
                "From: MAILER-DAEMON\n", "Content-Type: text/plain; charset=nonsense\n", "550 ",
                "Content-Transfer-Encoding: base64\n", "=?x?q?=00?=", ">>> RCPT TO", "\x00\xff",
                "user you entered " * 40, "mailbox exceed " * 40, "<" * 200, " not" * 200,
            ]),
            max_size=25,
        ).map(lambda parts: "".join(parts).encode("latin-1")),
    ))  # fmt: skip
    def test_nothing_breaks_it_or_keeps_it_busy(self, raw):
        for found in read(raw):
            assert found.reason
