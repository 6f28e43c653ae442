"""Messages that came back: do we see the same reason, and who is never to be tried again?"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from journeys import bounce
from journeys.bounce.verdict import HARD

Wanted = list[dict[str, Any]]


def run(folder: Path) -> dict[str, Any]:
    """Read every message, and compare each bounce in it with what is expected, in order."""
    counted = equal = hard = hard_seen = 0
    hard_as_soft: list[str] = []
    soft_as_hard: list[str] = []
    differ: Counter[str] = Counter()
    extra = 0
    for name, raw, wanted in cases(folder):
        found = bounce.read(raw)
        extra += max(0, len(found) - len(wanted))
        for place, want in enumerate(wanted):
            counted += 1
            ours = found[place].reason if place < len(found) else "(none)"
            equal += ours == want["reason"]
            is_hard, seen = bool(want["hard_bounce"]), ours in HARD
            hard, hard_seen = hard + is_hard, hard_seen + (is_hard and seen)
            if is_hard and not seen:
                hard_as_soft.append(name)
            if seen and not is_hard:
                soft_as_hard.append(name)
            if ours != want["reason"]:
                differ[f"{want['reason']} -> {ours}"] += 1
    strangers = sorted((folder / "not_a_bounce").glob("*.eml"))
    others = [one for one in strangers if bounce.read(one.read_bytes())]
    figures: dict[str, Any] = {
        "bounces": counted,
        "reason_equal": equal,
        "share": round(equal / counted, 4) if counted else None,
        "hard_seen": f"{hard_seen} of {hard}",
        "hard_as_soft": hard_as_soft,
        "soft_as_hard": soft_as_hard,
        "found_too_many": extra,
        "others_taken_for_bounces": [one.name for one in others],
        "differ": dict(sorted(differ.items())),
    }
    for key, value in figures.items():
        print(f"{key:<26} {value}")
    return figures


def cases(folder: Path) -> Iterator[tuple[str, bytes, Wanted]]:
    """Yield each message of the set with what is expected of it."""
    expected: dict[str, Wanted] = json.loads((folder / "expected.json").read_text())
    with tarfile.open(folder / "emails.tar.gz") as archive:
        for member in archive:
            name = Path(member.name).name
            file = archive.extractfile(member)
            if file is not None and name in expected:
                yield name, file.read(), expected[name]
