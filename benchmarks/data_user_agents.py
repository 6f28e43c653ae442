"""User agents: is every crawler known, and are browsers, systems and devices read as expected?"""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from customers import agents

SHOWN = 20
# Families that uap-core names as it names browsers, though no person reads pages with them:
# libraries, monitors, scanners, readers of feeds, and what fetches previews and pictures.
PROGRAMS = frozenset({
    "AHC", "Apache-HttpClient", "Catchpoint", "Connector Spider", "DAVdroid", "Feedbin",
    "GmailImageProxy", "Go-http-client", "HTTPie", "HTTrack", "HeadlessChrome",
    "HuaweiSymantecSpider", "Huaweisymantecspider", "Jersey", "Mediapartners-Google", "Monitis",
    "OpenVAS Scanner", "PhantomJS", "PingdomBot", "Python Requests", "Python aiohttp",
    "RSScrawler", "RackspaceBot", "Ruxit Synthetic", "SSL-Crawler", "Site24x7", "Tiny Tiny RSS",
    "Web-sniffer", "Wget", "WhatsApp", "WordPress", "axios", "curl", "got", "libwww-perl",
    "moba-crawler", "mobile crawler", "msnbot", "okhttp", "wget2",
})  # fmt: skip
Case = tuple[str, str]


def run(folder: Path) -> dict[str, Any]:
    """Ask about each case of the set, print where we disagree, and return the figures."""
    crawlers = json.loads(gzip.decompress((folder / "crawler-user-agents.json.gz").read_bytes()))
    instances = [(one["pattern"], text) for one in crawlers for text in one["instances"]]
    figures: dict[str, Any] = {
        "patterns": len(crawlers),
        "bots": len(instances),
        "bots_known": _agree("bots", ((text, "True") for _, text in instances),
                             lambda text: str(agents.is_bot(text))),
    }  # fmt: skip
    people: list[str] = []
    for name, file, part in (
        ("browsers", "uap_test_ua.yaml.gz", lambda text: agents.read(text).browser),
        ("systems", "uap_test_os.yaml.gz", lambda text: agents.read(text).system),
        ("devices", "uap_test_device_sample2000.json.gz", lambda text: agents.read(text).device),
    ):
        asked = list(cases(folder / file))
        figures[name] = len(asked)
        figures[f"{name}_agree"] = _agree(name, asked, part)
        figures[f"{name}_called_bots"] = sum(_is_odd(text) for text, _ in asked)
        people += [text for text, _ in asked if is_person(text)]
    figures |= _told_apart(people, [text for _, text in instances])
    figures |= _cost([text for _, text in instances])
    for key, value in figures.items():
        print(f"{key:<28} {value}")
    return figures


def is_person(text: str) -> bool:
    """Return whether uap-core names a browser or app of people."""
    told = agents.read(text)
    return told.device != "Spider" and told.browser not in PROGRAMS


def _told_apart(people: list[str], bots: list[str]) -> dict[str, Any]:
    """Return how often people are taken for programs, in events and in clicks on mails."""
    from journeys import suspect

    figures: dict[str, Any] = {
        "bots_known_in_mails": sum(map(suspect.is_program, bots)),
        "people": len(people),
    }
    for name, ask in (("events", agents.is_bot), ("mails", suspect.is_program)):
        taken = [text for text in people if ask(text)]
        figures[f"people_called_bots_in_{name}"] = len(taken)
        figures[f"percent_called_bots_in_{name}"] = round(100 * len(taken) / len(people), 2)
    for text in taken[:SHOWN]:
        print(f"a person called a bot: {text}")
    return figures


def cases(path: Path) -> Iterator[Case]:
    """Yield the strings of a file, each with the family it must have."""
    text = gzip.decompress(path.read_bytes()).decode()
    if path.suffixes[0] == ".json":
        told = json.loads(text)
        told = told["test_cases"] if isinstance(told, dict) else told
    else:
        told = _yaml(text)
    for one in told:
        yield one["user_agent_string"], one["family"]


def _is_odd(text: str) -> bool:
    """Return whether we call a bot what uap-core does not call a spider."""
    return agents.is_bot(text) and agents.read(text).device != "Spider"


def _yaml(text: str) -> Iterator[dict[str, str]]:
    """Yield the test cases of uap-core's YAML, which is a flat list of texts in quotes."""
    case: dict[str, str] = {}
    for line in text.splitlines():
        word = line.strip()
        if word.startswith("- user_agent_string:"):
            if case:
                yield case
            case = {}
            word = word.removeprefix("- ")
        key, colon, value = word.partition(":")
        if colon and not word.startswith("#") and key in ("user_agent_string", "family"):
            case[key] = _unquoted(value.strip())
    if case:
        yield case


def _unquoted(value: str) -> str:
    if value[:1] == "'":
        return value[1 : value.rindex("'")].replace("''", "'")
    if value[:1] == '"':
        told: str = json.loads(value[: value.rindex('"') + 1])
        return told
    return value.partition(" #")[0].strip()


def _agree(name: str, cases: Iterable[Case], ask: Callable[[str], str]) -> int:
    wrong: Counter[tuple[str, str]] = Counter()
    agreed = 0
    for text, expected in cases:
        said = ask(text)
        if said == expected:
            agreed += 1
        else:
            wrong[expected, said] += 1
    for (expected, said), n in wrong.most_common(SHOWN):
        print(f"{name}: {n} times expected {expected!r}, said {said!r}")
    return agreed


def _cost(texts: list[str]) -> dict[str, float]:
    """Return what asking costs, in microseconds: a new string, and one that was asked before."""
    agents.is_bot.cache_clear()
    told = {}
    for name in ("microseconds_new", "microseconds_known"):
        start = time.perf_counter()
        for text in texts:
            agents.is_bot(text)
        told[name] = round((time.perf_counter() - start) / len(texts) * 1e6, 2)
    return told
