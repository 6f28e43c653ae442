"""Whom a report is about, and what it tells about each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from journeys.bounce.verdict import CODE, MOST, STATUS, Evidence

ADDRESS = re.compile(r"[\w.+\-=%!#$&'*/?^`{|}~]+@(?:[\w\-]+\.)*[\w\-]+\.?", re.ASCII)
_FIELD = re.compile(r"^([A-Za-z][\w\-]*)[ \t]*:[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_ABOUT = ("final-recipient", "original-recipient", "x-actual-recipient", "x-failed-recipient")
# What was answered, in the words of those who ask. The last one told is the one that failed.
_COMMANDS = (
    ("RCPT", r"rcpt[ _]?to\b|after rcpt|\(state 1[45]\)|does not like recipient|smtp:rcpt"
             r"|recipient was rejected|rcpt command|to rcpt\b"),
    ("MAIL", r"mail[ _]from\b|\(state 13\)|sender was rejected"),
    ("DATA", r"end of data|after data|final data|>>> ?(data|\.)|\(state 1[78]\)|\[data\]"
             r"|in reply to (end of )?data|smtp command\W+data|to end of"
             r"|after i sent the message|\bdata command"),
    ("CONN", r"initial connection|after (ehlo|helo)|reply to (ehlo|helo)|greeting|connection, but"
             r"|our (ehlo|helo|banner)|\[(helo|ehlo|conn)\]"),
)  # fmt: skip
_COMMAND = re.compile("|".join(f"(?P<{name}>{said})" for name, said in _COMMANDS), re.IGNORECASE)
# A code and what follows on its line and the next ones.
_REPLY = re.compile(
    r"(?:^|[\s'\"(\[,:<>#])(?P<reply>[45]\d\d(?:[ \-:,]+(?=\S)).*"
    r"(?:\n[ \t]*(?:[45]\d\d[ \-]|\S).*){0,8})",
    re.MULTILINE,
)
# What every report of its kind says, whatever happened.
_SAYING = re.compile(
    r"\s*(this message was created automatically|a message that you (have )?sent|technical details"
    r"|the original message was received|this is an automatically|this is a permanent error)",
    re.I,
)


def fields(block: str) -> dict[str, str]:
    """Return the fields of a block, unfolded, by their name in lower case; the first counts."""
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(block):
        found.setdefault(name.lower(), " ".join(value[:MOST].split()))
    return found


def address(text: str) -> str:
    """Return the address in a text such as `rfc822;<ana@example.org>`, or nothing."""
    found = ADDRESS.search(text.partition(";")[2] or text)
    return found[0].rstrip(".").strip("'`") if found else ""


def command(text: str) -> str:
    """Return what was answered: RCPT, MAIL, DATA or CONN; nothing where it isn't told."""
    # A talk shows it before the first answer that refuses; what follows is the clearing up.
    talk = re.search(r"^\W*<<< [45]\d\d", text, re.MULTILINE)
    text = text[: talk.start()] if talk and ">>>" in text[: talk.start()] else text
    last = ""
    for found in _COMMAND.finditer(text):
        last = found.lastgroup or ""
    return last


def status(*texts: str) -> str:
    """Return the first status that says more than its class, else the first one."""
    said = [found[0] for text in texts for found in STATUS.finditer(text)]
    return next((one for one in said if not one.endswith(".0.0")), said[0] if said else "")


def reply(story: str) -> str:
    """Return what the other server answered, cut out of what the reporting one tells."""
    found = _REPLY.search(story)
    return found["reply"].strip() if found else ""


def formal(report: str, story: str) -> Iterator[tuple[dict[str, str], Evidence]]:
    """Yield each recipient of a machine-readable report (RFC 3464) with its evidence."""
    blocks = [fields(one) for one in re.split(r"\n\s*\n", report)]
    about = [one for one in blocks if any(name in one for name in _ABOUT) or "action" in one]
    for block in about:
        diagnosis = block.get("diagnostic-code", "")
        kind, _semi, said = diagnosis.partition(";")
        if not _semi:
            kind, said = "", diagnosis
        whom = address(block.get("final-recipient", "") or block.get("original-recipient", ""))
        own = section(story, whom) if len(about) > 1 else story
        silent = kind.strip().lower() == "x-unix" or not re.search(r"[A-Za-z]{3}", said)
        ways = command(said) or command(own)
        if silent and (reason := re.search(r"\(reason: (.*[A-Za-z]{3}.*)\)", own)):
            said, silent = reason[1], False
        stated = status(said if not silent else "", block.get("status", ""))
        program = "|" in block.get("final-recipient", "") + block.get("x-actual-recipient", "")
        words = "" if silent else said.strip()
        yield block, Evidence(words, own, stated, ways, formal=True, program=program)


def section(story: str, whom: str) -> str:
    """Return the lines about one of several recipients: from its address to the next one's."""
    lines = story.split("\n")
    starts = [n for n, one in enumerate(lines) if opens(one)]
    for at, start in enumerate(starts):
        if whom and whom.lower() in lines[start].lower():
            end = starts[at + 1] if at + 1 < len(starts) else len(lines)
            return "\n".join(lines[start:end])
    return ""


def opens(line: str) -> str:
    """Return the address that a line begins to tell about, or nothing."""
    found = re.match(
        r"\s*(?:\*\s*)?(?:\[Status: .*Address: )?<?([^\s<>]+@[^\s<>:,;()]+)>?(?=[\s:,;\]]|$)", line
    )
    return found[1] if found and ADDRESS.fullmatch(found[1]) else ""


def freely(story: str, named: list[str], us: str = "") -> list[tuple[str, Evidence]]:
    """Return each recipient of a report in words, with what is told about it."""
    whom = list(dict.fromkeys(named))
    talked = ">>> " in story or "talking to" in story.lower() or "Transcript of" in story
    if talked and (about := _transcript(story)):
        return about
    opened = list(dict.fromkeys(one for one in map(opens, _known(story)) if one))
    whom = whom or opened
    if not whom:
        found = [one for one in ADDRESS.findall(story) if one.lower() != us.lower()]
        whom = found[:1] or [""]
    several = len(whom) > 1
    return [(one, _evidence(section(story, one) if several else story)) for one in whom]


def _known(story: str) -> list[str]:
    """Return the lines of a report without those that name who sent the message."""
    lines = [line for line in story.split("\n") if line.strip()]
    return [
        line for before, line in zip(["", *lines], lines, strict=False)
        if not re.search(r"(sent by|from|sender)\W*$", before, re.IGNORECASE)
    ]  # fmt: skip


def _transcript(story: str) -> list[tuple[str, Evidence]]:
    """Read a talk of old sendmail: lines pile up until one says whom they were about."""
    found: dict[str, Evidence] = {}
    pile: list[str] = []
    for line in story.split("\n"):
        if line.lower().lstrip(". ").startswith("while talking to"):
            pile = []
        pile.append(line)
        ended = re.match(r"\s*[45]\d\d [^<>]*<([^<>\s]+@[^<>\s]+)>\.\.\. ", line)
        if ended:
            found.setdefault(ended[1], _evidence("\n".join(pile)))
            pile = []
    return list(found.items())


def _evidence(story: str) -> Evidence:
    said = reply(story)
    code = CODE.search(said)
    near = story[: story.find(said) + len(said) + 60] if said else story
    story = "\n".join(one for one in story.split("\n") if not _SAYING.match(one))
    return Evidence(said if code else "", story, status(said, story), command(near))
