"""A real SMTP server in a thread, that keeps what it accepts."""

from __future__ import annotations

import logging
import socket

from aiosmtpd.controller import Controller

# It writes a line per command, which costs more than the test.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Keep:
    """Refuses addresses by their local part, keeps the rest."""

    def __init__(self):
        self.messages = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("full"):
            return "452 4.2.2 mailbox full"
        if address.startswith("slow"):
            return "451 4.7.1 not so fast"
        if address.startswith("spam"):
            return "550 5.7.1 we don't like you"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("hasty"):
            return "451 4.7.0 not so fast"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("cut"):
            server.transport.abort()
            return "250 nobody hears this"
        if envelope.rcpt_tos[0].startswith("late"):
            return "554 5.6.0 bad content"
        self.messages.append((envelope.rcpt_tos[0], envelope.original_content))
        return f"250 2.0.0 kept {len(self.messages)}"


class PipeliningKeep(Keep):
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]


class Sink:
    """The running server; `messages` are (recipient, bytes)."""

    def __init__(self, *, pipelining=True, port=0, **options):
        self.handler = PipeliningKeep() if pipelining else Keep()
        self.controller = Controller(
            self.handler, hostname="127.0.0.1", port=port or free_port(), **options
        )

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *args):
        self.controller.stop(no_assert=True)

    @property
    def port(self):
        return self.controller.port

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self):
        return self.handler.messages


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
