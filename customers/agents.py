"""What a user agent string says: a program that is nobody, or which browser, system and device."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 500
KEPT = 10_000
# Browsers that are driven, and others that the list of crawlers does not know.
DRIVEN = re.compile(
    r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|cypress|jsdom|zombie\.js"
    r"|electron-prerender|chrome-lighthouse|\bbot\b|crawler|spider",
    re.IGNORECASE,
)
# The client of React Native apps on Android: what crawls with it runs no tracker.
APPS = re.compile(r"okhttp/[\d.]+$")


@dataclass(frozen=True, slots=True)
class Agent:
    """Families as uap-core names them; "Other" where it knows none."""

    browser: str
    system: str
    device: str


@lru_cache(maxsize=KEPT)
def is_bot(user_agent: str) -> bool:
    """Return whether it is a crawler, a driven browser or a program; nothing is one, too."""
    import crawleruseragents  # type: ignore[import-untyped]

    text = user_agent[:LONGEST].strip()
    if not text or DRIVEN.search(text):
        return True
    return bool(crawleruseragents.is_crawler(text))


def is_app(user_agent: str) -> bool:
    """Return whether people's phones send this, though crawlers do as well."""
    return APPS.fullmatch(user_agent.strip()) is not None


@lru_cache(maxsize=KEPT)
def read(user_agent: str) -> Agent:
    """Return the families of a browser, its system and its device."""
    # Its rules take a fifth of a second to load, which a web process need not spend at its start.
    import ua_parser

    found = ua_parser.parse(user_agent[:LONGEST])
    return Agent(
        browser=found.user_agent.family if found.user_agent else "Other",
        system=found.os.family if found.os else "Other",
        device=found.device.family if found.device else "Other",
    )
