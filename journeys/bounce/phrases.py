"""Reads what mail servers say when they refuse, from the list beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_LIST = Path(__file__).with_name("phrases.txt")
_HEADING = re.compile(r"\[(\w+)\]$")
_SHORT = re.compile(r"(\w+) = (.+)$")


def _classes(lines: list[str]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield each class of the list with all its phrases as one pattern."""
    name = ""
    said: list[str] = []
    short: dict[str, str] = {}
    for line in [*lines, "[end]"]:
        if heading := _HEADING.match(line):
            if said:
                yield name, re.compile("|".join(said))
            name, said = heading[1], []
        elif named := _SHORT.match(line):
            short[named[1]] = f"({named[2]})"
        elif line and not line.startswith(("#", "==")):
            said.append(re.sub(r"\{([a-z]+)\}", lambda found: short[str(found[1])], line))


_first, _second = _LIST.read_text(encoding="utf-8").split("== weak\n")
_OWN_RULES = ("size", "network", "host", "user")
_strong = list(_classes(_first.splitlines()))
_weak = list(_classes(_second.splitlines()))
STRONG = tuple(one for one in _strong if one[0] not in _OWN_RULES)
SIZE, NETWORK, HOST, USER = (dict(_strong)[name] for name in _OWN_RULES)
WEAK = tuple(one for one in _weak if one[0] != "late")
LATE = dict(_weak)["late"]
