"""Which pages were looked at most?"""

from __future__ import annotations

from datetime import datetime

from analytics.measures.base import Example, Measure, Statement, register


def _top(*, start: datetime, end: datetime, limit: int = 20) -> Statement:
    sql = """WITH seen AS (
      SELECT profile_id, coalesce(path, '') AS page, title
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND type IN ('page', 'screen')
    ),
    counted AS (
      SELECT page, coalesce(max(title COLLATE "C"), '') AS title, count(*) AS views,
        count(DISTINCT profile_id) AS visitors
      FROM seen GROUP BY page
    )
    SELECT page, title, views, visitors FROM counted
    ORDER BY views DESC, page COLLATE "C" LIMIT $limit"""
    return Statement(
        sql,
        {"start": start, "end": end, "limit": limit},
        ("happened_at", "profile_id", "type", "path", "title"),
        start,
        end,
    )


top = Measure(
    name="top_pages",
    columns=("path", "title", "views", "visitors"),
    unit="views, and people who viewed it",
    window="[start, end) by the event's own time",
    source="page and screen events; a page is its path, without host and query",
    ask=_top,
    example=Example(
        [
            (1, 0, "page", "Page Viewed", {"path": "/funds/", "title": "Funds"}),
            (1, 9, "page", "Page Viewed", {"path": "/funds/", "title": "Funds"}),
            (2, 5, "page", "Page Viewed", {"path": "/", "title": "Home"}),
            (2, 5, "track", "Product Viewed", {"path": "/"}),
        ],
        {},
        [("/funds/", "Funds", 2, 1), ("/", "Home", 1, 1)],
    ),
)
register(top)
