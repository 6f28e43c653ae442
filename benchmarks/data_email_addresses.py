"""E-mail addresses, valid and not, after the diagnoses of isemail: which ones we take."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

# The file comes with the set beside the checkout and names no entities.
from xml.etree import ElementTree

from customers import address

# What the categories of isemail_meta.xml mean to a sender of mail. Those in between are valid by
# some RFC: isemail itself leaves it to the caller where to draw the line.
TAKEN = ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN")
REFUSED = ("ISEMAIL_ERR",)
SYMBOLS = 0x2400
# What we do on purpose, by what the diagnosis or the address shows.
AROUND = "spaces and line breaks around it are taken off"
NO_DOT = "a domain without a dot is not on the open net"


def run(folder: Path) -> dict[str, Any]:
    """Ask for the normal form of every address, and compare with its category."""
    counted: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    between: dict[str, Counter[str]] = {}
    differ: Counter[str] = Counter()
    for text, category, diagnosis in cases(folder):
        counted[category] += 1
        taken = is_taken(text)
        if category in TAKEN + REFUSED:
            if taken == (category in TAKEN):
                agreed[category] += 1
            else:
                differ[reason(text, category, diagnosis)] += 1
        else:
            between.setdefault(category, Counter())["taken" if taken else "refused"] += 1
    judged = sum(counted[one] for one in TAKEN + REFUSED)
    figures: dict[str, Any] = {
        "addresses": sum(counted.values()),
        "judged": judged,
        "as_stated": sum(agreed.values()),
        "valid_taken": f"{sum(agreed[one] for one in TAKEN)} of {sum(counted[o] for o in TAKEN)}",
        "errors_refused": f"{agreed['ISEMAIL_ERR']} of {counted['ISEMAIL_ERR']}",
        "by_policy": dict(sorted(differ.items())),
        "in_between": {one: dict(some) for one, some in sorted(between.items())},
    }
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    return figures


def cases(folder: Path) -> list[tuple[str, str, str]]:
    """Return the set's addresses with category and diagnosis."""
    tests = ElementTree.parse(folder / "isemail_tests.xml").getroot().iter("test")
    return [
        (
            _plain(one.findtext("address") or ""),
            one.findtext("category") or "",
            one.findtext("diagnosis") or "",
        )
        for one in tests
    ]


def is_taken(text: str) -> bool:
    """Return whether an address gets a normal form."""
    try:
        address.email(text)
    except address.BadAddress:
        return False
    return True


def reason(text: str, category: str, diagnosis: str) -> str:
    """Return why we differ, where that is on purpose; else the diagnosis itself."""
    if category in REFUSED and text != text.strip() and is_taken(text.strip()):
        return AROUND
    if category in TAKEN and "." not in text.rpartition("@")[2]:
        return NO_DOT
    return f"not on purpose: {diagnosis}"


def _plain(text: str) -> str:
    """Return an address with the control characters that the file shows as symbols."""
    return "".join(
        chr(ord(one) - SYMBOLS) if SYMBOLS <= ord(one) < SYMBOLS + 0x20 else one for one in text
    )
