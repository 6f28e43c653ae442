"""Phone numbers in four spellings: the normal form, and which of them nobody has."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import Any

from customers import address


def run(folder: Path) -> dict[str, Any]:
    """Read every spelling as a customer of its region would have written it."""
    seen: Counter[str] = Counter()
    differ: dict[str, list[str]] = {}
    for row in rows(folder):
        kind = "valid" if row["valid"] == "True" else "invalid"
        seen[kind] += 1
        told = read(row)
        wanted = row["e164"] if kind == "valid" else None
        if told == wanted:
            seen[f"{kind}, as stated"] += 1
        else:
            reason = f"{kind}, {row['style']}: {'refused' if told is None else 'another number'}"
            differ.setdefault(reason, []).append(f"{row['default_region']} {row['raw']}")
    figures: dict[str, Any] = {
        "rows": seen["valid"] + seen["invalid"],
        "valid": seen["valid"],
        "valid_as_stated": seen["valid, as stated"],
        "invalid": seen["invalid"],
        "invalid_refused": seen["invalid, as stated"],
        "disagreements": {reason: len(some) for reason, some in sorted(differ.items())},
    }
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    for reason, some in sorted(differ.items()):
        print(f"  {reason}: {', '.join(some[:5])}")
    return figures


def rows(folder: Path) -> list[dict[str, str]]:
    """Return the set's rows."""
    found: list[dict[str, str]] = []
    for file in sorted(folder.glob("*.csv.gz")):
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            found += csv.DictReader(text)
    return found


def read(row: dict[str, str]) -> str | None:
    """Return our normal form of a spelling, or None where we refuse it."""
    try:
        return address.phone(row["raw"], country=row["default_region"])
    except address.BadAddress:
        return None
