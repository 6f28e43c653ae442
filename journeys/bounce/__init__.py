"""Read messages that came back: who can't be reached, for what reason, and for good or not.

RFC 3464 reports, RFC 5965 complaints, automatic answers, and what old mail systems write in words
of their own. Nothing here knows a database or the net.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from journeys.bounce import told
from journeys.bounce.opened import Opened, open_mail
from journeys.bounce.verdict import CODE, HARD, Evidence, judge

__all__ = ["Bounce", "Kind", "read"]


class Kind(Enum):
    """What a returned message is."""

    FAILED = "failed"
    DELAYED = "delayed"
    COMPLAINT = "complaint"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient of a report.

    `reason` is a class such as userunknown; `hard`: the address will never work; `message_id` that
    of the message that came back; `feedback` the type of a complaint (RFC 5965).
    """

    kind: Kind
    reason: str
    recipient: str = ""
    message_id: str = ""
    status: str = ""
    code: str = ""
    detail: str = ""
    feedback: str = ""

    @property
    def hard(self) -> bool:
        """Return whether the address is never to be tried again."""
        return self.kind is Kind.FAILED and self.reason in HARD


_FROM = re.compile(
    r"mailer-?daemon|postmaster|mail delivery|mail administrator|delivery (sub)?system|autoreply"
    r"|mdaemon|mail system|bounce|no-?reply.*delivery",
    re.I,
)
_SUBJECT = re.compile(
    r"undeliver|deliver(y|ies) (status|fail|problem|report|notif|has failed|incomplete|error)"
    r"|returned (mail|to sender)|failure (notice|delivery)|mail (delivery|failure|system error)"
    r"|could not (send|be delivered|deliver)|returning message|non-?deliver|not (be )?"
    r"delivered|rejected|message .{0,40}delayed|mail status|error (sending|mail)|mail could not"
    r"|warning: |failed mail|bounce|unable to deliver|undelivered|failure: |user unknown",
    re.I,
)
# For those who hide behind a name like everybody's.
_TEXT = re.compile(
    r"could not be delivered|(was|were|been) not (been )?delivered|not deliverable|undeliverable"
    r"|delivery (to|of) .{0,80}failed|failed to deliver|unable to deliver|error message below",
    re.I,
)
_ANSWER = re.compile(
    r"^(re: *)?(auto(matic|mated)?[ -]?(reply|response|answer)|out of (the )?office|vacation|away "
    r"|i am (away|out)|abwesenheit|absence|r.ponse automatique|automatische antwort|autoreply)",
    re.I,
)
_DELAY = re.compile(
    r"has been delayed|not yet been delivered|still undelivered|warning message only|will keep "
    r"trying|will be retried|delivery.{0,20}delayed",
    re.I,
)
_REPORTED = re.compile(
    r"^(?:Original|Removal)-(?:Rcpt-To|Recipient)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE
)
_ID = re.compile(r"^Message-ID[ \t]*:\s*<?([^\s<>]+)>?", re.IGNORECASE | re.MULTILINE)


def read(raw: bytes) -> list[Bounce]:
    """Return what a message reports, one entry per recipient; none if it is no report."""
    mail = open_mail(raw)
    ids = (_ID.search(one) for one in mail.originals)
    original = next((one[1] for one in ids if one), "")
    if found := _complaints(mail, original):
        return found
    if found := _formal(mail, original):
        return found
    if _answer(mail):
        return [Bounce(Kind.ANSWER, "vacation", told.address(mail.head("From")))]
    return _freely(mail, original)


def _complaints(mail: Opened, original: str) -> list[Bounce]:
    if not mail.feedback:
        return _asked_in_words(mail, original)
    block = "\n".join(mail.feedback)
    said = told.fields(block)
    kind = said.get("feedback-type", "abuse").lower()
    whom = _REPORTED.findall(block)
    who = list(dict.fromkeys(told.address(one) for one in whom)) or [_to(mail)]
    return [Bounce(Kind.COMPLAINT, "feedback", one, original, feedback=kind) for one in who]


def _asked_in_words(mail: Opened, original: str) -> list[Bounce]:
    """Read complaints without a report: a copy of the message, or a wish to leave."""
    subject = mail.head("Subject").strip().lower()
    if mail.originals and re.match(r"complaint about message|abuse report|email feedback", subject):
        return [Bounce(Kind.COMPLAINT, "feedback", _to(mail), original, feedback="abuse")]
    if "X-Apple-Unsubscribe" in mail.heading or subject == "unsubscribe":
        who = told.address(mail.head("From"))
        return [Bounce(Kind.COMPLAINT, "feedback", who, original, feedback="opt-out")]
    return []


def _to(mail: Opened) -> str:
    for one in mail.originals:
        said = told.fields(one)
        for name in ("x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "to"):
            if found := told.address(said.get(name, "")):
                return found
    return ""


def _formal(mail: Opened, original: str) -> list[Bounce]:
    story = mail.text
    failed = told.address(mail.head("X-Failed-Recipients"))
    found: list[Bounce] = []
    for report in mail.reports:
        for block, evidence in told.formal(report, story):
            action = block.get("action", "failed").split()[:1]
            if action and action[0].lower() in {"delivered", "relayed", "expanded"}:
                continue
            late = bool(action) and action[0].lower() == "delayed"
            whom = _whom(block) or failed
            known = block.get("x-powermta-bouncecategory", "").lower()
            found.append(_bounce(evidence, whom, original, late=late, known=known))
    return found


def _whom(block: dict[str, str]) -> str:
    names = ("final-recipient", "original-recipient", "x-actual-recipient")
    return next((one for name in names if (one := told.address(block.get(name, "")))), "")


# What PowerMTA found out, where that is more than its reply shows.
_KNOWN = {"bad-mailbox": "userunknown", "bad-domain": "hostunknown", "quota-issues": "mailboxfull"}


def _bounce(evidence: Evidence, whom: str, original: str, *, late: bool, known: str = "") -> Bounce:
    said = evidence.reply or evidence.story
    code = CODE.search(evidence.reply) or CODE.search(evidence.story)
    reason = _KNOWN.get(known) or judge(evidence)
    return Bounce(
        Kind.DELAYED if late else Kind.FAILED, reason, whom, original, evidence.status,
        code[1] if code else "", " ".join(said.split())[:500],
    )  # fmt: skip


def _answer(mail: Opened) -> bool:
    if _FROM.search(mail.head("From")) and _SUBJECT.search(mail.head("Subject")):
        return False
    replied = mail.head("Auto-Submitted").lower().startswith("auto-replied")
    marked = "X-Autoreply" in mail.heading or "X-Autorespond" in mail.heading
    return replied or marked or bool(_ANSWER.match(mail.head("Subject")))


def _freely(mail: Opened, original: str) -> list[Bounce]:
    failed = told.ADDRESS.findall(mail.head("X-Failed-Recipients"))
    if not (
        failed or _FROM.search(mail.head("From")) or _SUBJECT.search(mail.head("Subject"))
        or (_TEXT.search(mail.text) and _machine(mail))
    ):  # fmt: skip
        return []
    late = bool(_DELAY.search(mail.text) or _DELAY.search(mail.head("Subject")))
    us = told.address(mail.head("To"))
    found = [
        _bounce(evidence, whom or _to(mail), original, late=late)
        for whom, evidence in told.freely(mail.text, failed, us)
    ]
    return [one for one in found if one.recipient or one.reason != "undefined"]


def _machine(mail: Opened) -> bool:
    """Return whether no person wrote it, by its sender or by the codes it quotes."""
    nobody = re.search(r"no-?reply|post_?master|daemon", mail.head("From"), re.IGNORECASE)
    return bool(nobody or re.search(r"^\s*[45]\d\d[ \-]", mail.text, re.MULTILINE))
