"""One file for each question; every measure states its unit, window, source and an example."""

from analytics.measures import (  # noqa: F401 - each registers what it measures
    attribution,
    counts,
    deliveries,
    documents,
    funnels,
    lifecycle,
    names,
    pages,
    paths,
    retention,
    revenue,
    searches,
    sessions,
    slots,
    sources,
    traffic,
    trends,
)
from analytics.measures.base import MEASURES, Measure, register

__all__ = ["MEASURES", "Measure", "register"]
