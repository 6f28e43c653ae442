"""A running house with a real mail server, and Chromium to visit it."""

from __future__ import annotations

import email
import email.policy
import logging
import shutil
import time

import psycopg
import pytest
from aiosmtpd.controller import Controller

from dxp.embedded import free_port
from tests.house.running import House

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # Under its own name a headless browser is a bot, and nobody.
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36",
]  # fmt: skip


# What it says of each connection hides what a test that failed says.
logging.getLogger("mail.log").setLevel(logging.WARNING)

MOVING = "SELECT count(*) FROM journeys_enrollment WHERE ended_at IS NULL AND due_at <= now()"


class Mailbox:
    """Keeps every message that the mail server accepted."""

    def __init__(self) -> None:
        self.messages: list[email.message.EmailMessage] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        message.arrived = time.monotonic()
        self.messages.append(message)
        return "250 kept"

    def wait_for(self, address: str, patience: float):
        """Return the first message to an address, or None when it did not come in time."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for message in list(self.messages):
                if address in message["To"]:
                    return message
            time.sleep(0.05)
        return None


@pytest.fixture(scope="session")
def mailbox():
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    box.port = server.port
    yield box
    server.stop()


@pytest.fixture(scope="session")
def house(tmp_path_factory, mailbox):
    house = House(
        tmp_path_factory.mktemp("house"),
        SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}",
        DEMO="1",
        # The gateway of the tests stands here too.
        ALLOWED_NETWORKS="127.0.0.0/8",
    )
    house.start(patience=300)
    yield house
    house.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": QUIET}


@pytest.fixture(scope="session")
def token(house):
    """Return a token that may everything."""
    return house.manage("token", "admin", "--scope", "all").split()[-1]


@pytest.fixture
def staff(browser, house):
    """Return a page of somebody who is signed in as administrator."""
    context = browser.new_context(base_url=house.address, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, house)
    yield page
    context.close()


@pytest.fixture
def clock(house):
    """Let time pass: for everybody who waits, and for what was sent, it is so much later."""

    def passes(**span):
        hours = span.get("hours", 0) + 24 * span.get("days", 0)
        with psycopg.connect(house.database) as connection:
            # Who comes to a step only now would wait from now on.
            deadline = time.monotonic() + 30
            while connection.execute(MOVING).fetchone()[0]:
                assert time.monotonic() < deadline, "somebody is due and nobody moves them on"
                connection.rollback()
                time.sleep(0.1)
            for table, columns in (
                ("journeys_enrollment", ("due_at", "until", "since", "entered_at")),
                ("journeys_delivery", ("queued_at", "sent_at")),
            ):
                moves = ", ".join(f"{one} = {one} - {hours} * interval '1 hour'" for one in columns)
                connection.execute(f"UPDATE {table} SET {moves}")

    return passes


def sign_in(page, house) -> None:
    """Sign in as the administrator whose password was printed at the first start."""
    page.goto("/admin/login/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", house.password())
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
