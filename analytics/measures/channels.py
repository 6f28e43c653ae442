"""Which channel brought a visit: the default channel grouping of Google Analytics 4.

Its rules are published at https://support.google.com/analytics/answer/9756891. They stand here
once; the Python function and the SQL are both made of them, so that they can't drift apart.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.measures.places import HOSTS, NAMES

DIRECT = "Direct"
UNASSIGNED = "Unassigned"
KINDS = ("search", "social", "shopping", "video")


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a rule: a column, how it is compared, and with which words (one is enough).

    `how` is: is, holds, starts, ends, or like (a pattern that describes the whole text).
    """

    column: str
    how: str
    words: tuple[str, ...]


# Every one of `all` must hold; a group within it holds where any of its tests does.
Rule = tuple[str, tuple[tuple[Test, ...], ...]]


def _is(column: str, *words: str) -> Test:
    return Test(column, "is", words)


_NOTHING = ("", "(none)", "(not set)")
_PAID = (
    Test("medium", "holds", ("cp",)),
    _is("medium", "ppc", "retargeting"),
    Test("medium", "starts", ("paid",)),
)
# "shop" not within a word such as "workshop" or "bishop", except after an e: "eshop".
_SHOP = Test("campaign", "like", ("(shop.*|.*[^a-df-z]shop.*|.*shopping.*)",))
_MAIL = ("email", "e-mail", "e_mail", "e mail")

RULES: tuple[Rule, ...] = (
    (DIRECT, ((_is("source", "(direct)"),), (_is("medium", *_NOTHING),))),
    (DIRECT, ((_is("source", ""),), (_is("medium", *_NOTHING),), (_is("campaign", ""),))),
    ("Cross-network", ((Test("campaign", "holds", ("cross-network",)),),)),
    ("Paid Shopping", ((_is("kind", "shopping"), _SHOP), _PAID)),
    # A link on a marketplace that names it and no medium: listings there are paid for. Whoever
    # merely followed a link from there has the medium "referral".
    ("Paid Shopping", ((_is("kind", "shopping"),), (_is("medium", ""),))),
    ("Paid Search", ((_is("kind", "search"),), _PAID)),
    ("Paid Social", ((_is("kind", "social"),), _PAID)),
    ("Paid Video", ((_is("kind", "video"),), _PAID)),
    ("Display", ((_is("medium", "display", "banner", "expandable", "interstitial", "cpm"),),)),
    ("Paid Other", (_PAID,)),
    ("Organic Shopping", ((_is("kind", "shopping"), _SHOP),)),
    (
        "Organic Social",
        (
            (
                _is("kind", "social"),
                _is(
                    "medium", "social", "social-network", "social-media", "sm", "social network",
                    "social media",
                ),
            ),
        ),
    ),
    ("Organic Video", ((_is("kind", "video"), Test("medium", "holds", ("video",))),)),
    ("Organic Search", ((_is("kind", "search"), _is("medium", "organic")),)),
    ("Referral", ((_is("medium", "referral", "app", "link"),),)),
    ("Email", ((_is("source", *_MAIL), _is("medium", *_MAIL)),)),
    ("Affiliates", ((_is("medium", "affiliate"),),)),
    ("Audio", ((_is("medium", "audio"),),)),
    ("SMS", ((_is("source", "sms"), _is("medium", "sms")),)),
    (
        "Mobile Push Notifications",
        (
            (
                Test("medium", "ends", ("push",)),
                Test("medium", "holds", ("mobile", "notification")),
                _is("source", "firebase"),
            ),
        ),
    ),
)  # fmt: skip
CHANNELS = (*dict.fromkeys(name for name, _groups in RULES), UNASSIGNED)


def channel_of(
    source: str | None, medium: str | None, campaign: str | None, host: str | None, here: str | None
) -> str:
    """Return the channel of a visit, by its link's campaign and by the host that led here.

    Args:
        source: utm_source, if the link had one.
        medium: utm_medium.
        campaign: utm_campaign.
        host: the referring host.
        here: the host of the page that was opened; a visit that comes from there came directly.
    """
    came, how = origin(source, medium, host, here)
    row = {"source": came, "medium": how, "campaign": lower(campaign or ""), "kind": kind_of(came)}
    for name, groups in RULES:
        if all(any(_said(test, row[test.column]) for test in group) for group in groups):
            return name
    return UNASSIGNED


def origin(
    source: str | None, medium: str | None, host: str | None, here: str | None
) -> tuple[str, str]:
    """Return the source and the medium of a visit; empty where nothing is known."""
    led = plain_host(host)
    led = "" if led == plain_host(here) else led
    implied = "referral" if led and not source else ""
    return lower(source or "") or led, lower(medium or "") or implied


def kind_of(source: str) -> str:
    """Return which kind of site a source is: search, social, shopping, video, or nothing."""
    for words, name in ((HOSTS, source), (NAMES, _own_name(source))):
        for kind, known in words.items():
            if f"|{name}|" in _listed(known):
                return kind
    return ""


# --- the same in SQL ------------------------------------------------------------------------------

UPPER, LOWER = string.ascii_uppercase, string.ascii_lowercase
_FOLD = str.maketrans(UPPER, LOWER)
HOST = "(?s)^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+).*$"
WWW = "^www[.]"
ENDING = "[.](?:(?:co|com|org|net|ac|gov|edu|ne|or)[.])?[a-z]{2,}$"
BEFORE = "(?s)^.*[.]"


def lower(text: str) -> str:
    """Return a text with its ASCII letters small: what every database agrees on."""
    return text.translate(_FOLD)


def host_of(address: str | None) -> str:
    """Return the host of an address, or nothing where it has none."""
    address = address or ""
    return plain_host(re.sub(HOST, r"\1", address)) if "://" in address else ""


def plain_host(host: str | None) -> str:
    """Return a host as sources are compared: small letters, without www."""
    return re.sub(WWW, "", lower(host or ""))


def named(*, of: str, into: str) -> str:
    """Return CTEs: `into` is the relation `of` with source, medium, campaign and channel.

    The rules are asked once for each combination, of which there are few, not for each visit.

    Args:
        of: has referrer, url, campaign_source, campaign_medium and campaign_name.
        into: the name of the new relation.
    """
    return f"""
    {into}_led AS (
      SELECT *, {_host_sql("referrer")} AS led, {_host_sql("url")} AS here,
        {small("campaign_source")} AS told_source, {small("campaign_medium")} AS told_medium,
        coalesce(campaign_name, '') AS campaign
      FROM {of}
    ),
    {into}_from AS (
      SELECT *,
        CASE WHEN told_source <> '' THEN told_source WHEN led <> here THEN led ELSE '' END
          AS source,
        CASE WHEN told_medium <> '' THEN told_medium
          WHEN told_source = '' AND led <> '' AND led <> here THEN 'referral' ELSE '' END AS medium
      FROM {into}_led
    ),
    {into}_ways AS (
      SELECT source, medium, shown, {SQL} AS channel
      FROM (
        SELECT source, medium, campaign AS shown, {small("campaign")} AS campaign,
          {KIND_SQL} AS kind
        FROM (SELECT DISTINCT source, medium, campaign FROM {into}_from) seen
      ) ways
    ),
    {into} AS (
      SELECT f.*, w.channel FROM {into}_from f
      JOIN {into}_ways w ON w.source = f.source AND w.medium = f.medium AND w.shown = f.campaign
    )"""


def _listed(words: str) -> str:
    return f"|{'|'.join(words.split())}|"


def _own_name(source: str) -> str:
    ending = ENDING.removesuffix("$") + r"\Z"
    return re.sub(BEFORE, "", re.sub(ending, "", source))


def _said(test: Test, text: str) -> bool:
    match test.how:
        case "is":
            return text in test.words
        case "holds":
            return any(word in text for word in test.words)
        case "starts":
            return text.startswith(test.words)
        case "ends":
            return text.endswith(test.words)
        case _:
            return any(re.fullmatch(word, text, re.DOTALL) is not None for word in test.words)


def small(expression: str) -> str:
    """Return an SQL text in small letters, as `lower` makes them; nothing for NULL."""
    return f"translate(coalesce({expression}, ''), '{UPPER}', '{LOWER}')"


def _host_sql(column: str) -> str:
    host = rf"regexp_replace({column}, '{HOST}', '\1')"
    plain = f"regexp_replace({small(host)}, '{WWW}', '')"
    return f"CASE WHEN {column} LIKE '%://%' THEN {plain} ELSE '' END"


def _kind_sql() -> str:
    own = f"regexp_replace(regexp_replace(source, '{ENDING}', ''), '{BEFORE}', '')"
    cases = "".join(
        f" WHEN strpos('{_listed(known)}', '|' || {name} || '|') > 0 THEN '{kind}'"
        for words, name in ((HOSTS, "source"), (NAMES, own))
        for kind, known in words.items()
    )
    return f"CASE{cases} ELSE '' END"


def _test_sql(test: Test) -> str:
    column, words = test.column, test.words
    match test.how:
        case "is":
            return f"{column} IN ({', '.join(map(_quoted, words))})"
        case "holds":
            tests = [f"strpos({column}, {_quoted(word)}) > 0" for word in words]
        case "starts":
            tests = [f"{column} LIKE {_quoted(f'{word}%')}" for word in words]
        case "ends":
            tests = [f"{column} LIKE {_quoted(f'%{word}')}" for word in words]
        case _:
            # What stands between ^ and $ means the whole text on both engines.
            tests = [f"{column} ~ {_quoted(f'(?s)^{word}$')}" for word in words]
    return " OR ".join(tests)


def _quoted(word: str) -> str:
    # Words of this file, never of an event.
    return f"'{word}'"


def _rule_sql(groups: Sequence[Sequence[Test]]) -> str:
    return " AND ".join(f"({' OR '.join(map(_test_sql, group))})" for group in groups)


KIND_SQL = _kind_sql()
"""Which kind of site the column `source` is."""

SQL = "CASE {} ELSE '{}' END".format(
    " ".join(f"WHEN {_rule_sql(groups)} THEN '{name}'" for name, groups in RULES), UNASSIGNED
)
"""The channel, over the columns source, medium, campaign (all in small letters) and kind."""
