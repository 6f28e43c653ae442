"""One file for each question; every measure states its unit, window, source and an example."""

from analytics.measures import counts, funnels, names, pages, sources, traffic
from analytics.measures.base import Measure

ALL: tuple[Measure, ...] = (
    traffic.per_day, traffic.totals, pages.top, sources.by_source, counts.per_day, names.seen,
    funnels.funnel, funnels.people,
)  # fmt: skip
