"""The kinds of questions that people ask in the admin, one file each; see `base`."""

from analytics.questions import (  # noqa: F401 - each registers its kind
    attribution,
    deliveries,
    funnel,
    lifecycle,
    paths,
    retention,
    revenue,
    trend,
    visits,
)
from analytics.questions.base import KINDS

__all__ = ["KINDS"]
