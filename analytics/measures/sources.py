"""Where did visits come from?"""

from __future__ import annotations

from datetime import datetime

from analytics.measures.base import Example, Measure, Statement, register
from analytics.measures.visits import openings

_HOST = r"'^[a-zA-Z]+://([^/:?#]+).*$', '\1'"


def _by_source(
    *, start: datetime, end: datetime, basis: str = "views", limit: int = 20
) -> Statement:
    carried = ", referrer, url, campaign_source, campaign_medium"
    sql = f"""WITH {openings(basis=basis, keep=carried)},
    landed AS (
      SELECT profile_id, campaign_source, campaign_medium,
        CASE WHEN referrer LIKE '%://%' THEN lower(regexp_replace(referrer, {_HOST})) END AS host,
        CASE WHEN url LIKE '%://%' THEN lower(regexp_replace(url, {_HOST})) END AS here
      FROM opened WHERE opens = 1
    ),
    named AS (
      SELECT profile_id,
        coalesce(campaign_source, CASE WHEN host <> coalesce(here, '') THEN host END, '') AS origin,
        coalesce(campaign_medium, CASE WHEN campaign_source IS NULL
          AND host <> coalesce(here, '') THEN 'referral' END, '') AS medium
      FROM landed
    )
    SELECT origin, medium, count(*) AS visits, count(DISTINCT profile_id) AS visitors
    FROM named GROUP BY origin, medium
    ORDER BY visits DESC, origin COLLATE "C", medium COLLATE "C" LIMIT $limit"""
    return Statement(
        sql,
        {"start": start, "end": end, "limit": limit},
        (
            "id", "happened_at", "profile_id", "type", "name", "referrer", "url", "campaign_source",
            "campaign_medium",
        ),
        start,
        end,
    )  # fmt: skip


by_source = Measure(
    name="sources",
    columns=("source", "medium", "visits", "visitors"),
    unit="visits, and people who made them; an empty source came directly",
    window="[start, end) by the event's own time",
    source="the first act of a visit: its utm_source, else the referring host unless it is our own",
    ask=_by_source,
    example=Example(
        [
            (1, 0, "page", "Page Viewed", {"campaign_source": "news", "campaign_medium": "email"}),
            (1, 9, "page", "Page Viewed", {"referrer": "https://other.example/"}),
            (
                2, 0, "page", "Page Viewed",
                {"referrer": "https://Search.example:443/?q=a", "url": "https://us.example/"},
            ),
            (
                3, 0, "page", "Page Viewed",
                {"referrer": "https://us.example/a", "url": "https://us.example/"},
            ),
        ],
        {},
        [("", "", 1, 1), ("news", "email", 1, 1), ("search.example", "referral", 1, 1)],
    ),
)  # fmt: skip
register(by_source)
