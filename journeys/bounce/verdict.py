"""What a refusal means: by its words, by where in the talk it came, by its code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from journeys.bounce import phrases

HARD = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})
STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.]\d)")
CODE = re.compile(r"(?<![\d.:\-])([45]\d\d)(?=[ \-:]|$)")
# Replies are shorter by far; phrases with gaps take their time on what is longer.
MOST = 3000
_URL = re.compile(r"(https?://|www\.)\S+")
_ADDRESS = re.compile(r"<[^<>\s]*@[^<>\s]*>|\S*[\w.+\-=]@[\w\-]+(\.[\w\-]+)+")
# RFC 3463, read as what it says about the address.
BY_STATUS = {
    "1.0": "", "1.1": "userunknown", "1.2": "hostunknown", "1.3": "userunknown",
    "1.6": "hasmoved", "1.7": "rejected", "1.8": "rejected", "1.9": "rejected",
    "1.10": "notaccept", "2.0": "filtered", "2.1": "filtered", "2.2": "mailboxfull",
    "2.3": "exceedlimit", "2.4": "filtered", "3.0": "systemerror", "3.1": "systemfull",
    "3.2": "notaccept", "3.3": "systemerror", "3.4": "mesgtoobig", "3.5": "systemerror",
    "4.1": "expired", "4.2": "expired", "4.3": "networkerror", "4.4": "hostunknown",
    "4.5": "systemerror", "4.6": "networkerror", "4.7": "expired", "4.8": "networkerror",
    "5.3": "syntaxerror", "6.0": "contenterror", "6.1": "contenterror", "6.2": "contenterror",
    "6.3": "contenterror", "6.5": "contenterror", "6.6": "contenterror", "6.7": "contenterror",
    "6.9": "contenterror", "7.0": "securityerror", "7.1": "securityerror", "7.2": "filtered",
    "7.3": "securityerror", "7.5": "securityerror", "7.6": "securityerror",
    "7.7": "securityerror", "7.8": "securityerror", "7.9": "policyviolation",
    "7.13": "suspend", "7.17": "hasmoved", "7.20": "authfailure", "7.21": "authfailure",
    "7.22": "authfailure", "7.23": "authfailure", "7.24": "authfailure", "7.25": "requireptr",
    "7.26": "authfailure", "7.27": "notaccept", "7.28": "speeding",
}  # fmt: skip
# Those that say more than the words around them.
DECISIVE = frozenset({"1.1", "1.2", "1.6", "2.2", "2.3", "3.4", "7.13", "7.25"})
BY_CODE = {
    "421": "expired", "500": "syntaxerror", "501": "syntaxerror", "502": "syntaxerror",
    "503": "syntaxerror", "504": "syntaxerror", "521": "notaccept", "523": "exceedlimit",
    "530": "securityerror", "534": "securityerror", "535": "securityerror",
    "551": "hasmoved", "556": "notaccept",
}  # fmt: skip
_AUTHENTIC = re.compile(r"7\.(2[0-46]|5\d\d)$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one refusal.

    Args:
        reply: what the server of the recipient said, if that is told apart.
        story: all that the reporting server tells about this recipient.
        status: RFC 3463, of the reply or else of the report.
        command: RCPT, MAIL, DATA or CONN: what was answered, as far as it is known.
        formal: whether a machine-readable report came with it.
        program: whether the address is a program that mail is piped to.
    """

    reply: str = ""
    story: str = ""
    status: str = ""
    command: str = ""
    formal: bool = False
    program: bool = False


def clean(text: str) -> str:
    """Return a text in lower case on one line, without addresses and URLs, which prove nothing."""
    text = _ADDRESS.sub("<>", _URL.sub("", text[:MOST]))
    return re.sub(r"\s+", " ", re.sub(r"\b[45]\d\d-([45]\.\d+\.\d+)?", " ", text)).lower().strip()


_NAMED = re.compile(r"(user|recipient|userid|account|address|mailbox)\W{1,3}<>")
_FULL = next(said for reason, said in phrases.STRONG if reason == "mailboxfull")
_DEFINITE = re.compile(
    r"doesn't have|invalid recipient|does not exist at|no longer|not recognized"
    r"|unrout\w*able|not listed in|no mailbox (here|by)"
)
# Said by the server that reports: it asked nobody else.
_OWN = re.compile(r"unknown (user|local)")


def judge(found: Evidence) -> str:
    """Return the class of a refusal."""
    detail = found.status[2:]
    reply, story = clean(found.reply), clean(found.story)
    if reason := _said(reply, found, detail):
        return reason
    if found.program:
        return "mailererror"
    if _AUTHENTIC.match(detail):
        return "authfailure"
    if detail in DECISIVE:
        return BY_STATUS[detail]
    for say, text in ((_weakly, reply), (_said, story), (_weakly, story)):
        if reason := say(text, found, detail):
            return reason
    if found.command == "CONN" and reply:
        return "blocked"
    if found.command == "MAIL" and detail.startswith(("0.", "1.", "5.", "7.")):
        return "rejected"
    if reason := BY_STATUS.get(detail, ""):
        return reason
    if phrases.LATE.search(reply) or phrases.LATE.search(story):
        return "expired"
    return _last(found)


def _said(text: str, found: Evidence, detail: str) -> str:
    if not text:
        return ""
    about_sender = found.command in {"MAIL", "CONN"}
    if detail == "7.25":
        return "requireptr"
    if phrases.SIZE.search(text) and not _FULL.search(text) and "headers too" not in text:
        return "exceedlimit" if detail == "2.3" or "length exceeds" in text else "mesgtoobig"
    for reason, said in phrases.STRONG:
        if said.search(text) and not _other(reason, detail):
            return reason
    host = phrases.HOST.search(text)
    if phrases.NETWORK.search(text) and not (host and found.status.startswith("5")):
        return "networkerror"
    if host:
        return "rejected" if about_sender else "hostunknown"
    if phrases.USER.search(text):
        return "rejected" if about_sender else _unknown(text, found, detail)
    return ""


def _other(reason: str, detail: str) -> bool:
    """Return whether the code says something more definite than the words."""
    if reason == "spamdetected":
        return detail.startswith("6.")
    if reason == "suspend":
        return detail in {"2.2", "1.1"}
    return False


def _unknown(text: str, found: Evidence, detail: str) -> str:
    """Tell an address that does not exist from one whose owner filters.

    A server that took the address and refused the message after its content did not say
    "unknown" about the address, whatever its words.
    """
    if found.command == "RCPT" or detail in {"1.1", "1.3", "1.10"}:
        return "userunknown"
    if _DEFINITE.search(text) or (not found.reply and _OWN.search(text)):
        return "userunknown"
    if found.command == "DATA" or detail in {"2.0", "2.1", "7.0", "7.1"}:
        return "filtered"
    # "550 : User unknown" names nobody: said when the address was history.
    if re.search(r"\b[45]\d\d:? : ", text):
        return "filtered"
    named = "<>" in text if found.reply else bool(_NAMED.search(text))
    return "userunknown" if found.formal or named else "filtered"


def _weakly(text: str, found: Evidence, detail: str) -> str:
    for reason, said in phrases.WEAK:
        if said.search(text):
            if reason == "securityerror" and found.command == "CONN":
                return "blocked"
            return reason
    return ""


def _last(found: Evidence) -> str:
    code = CODE.search(found.reply) or CODE.search(found.story)
    if code and code[1] in BY_CODE:
        return BY_CODE[code[1]]
    if found.command == "DATA":
        return "filtered"
    if found.status.startswith("4") or (code and code[1].startswith("4")):
        return "onhold"
    return "onhold" if found.reply.strip() else "undefined"
