"""The kinds of questions that people ask in the admin, one file each; see `base`."""

from analytics.questions import attribution, revenue, visits  # noqa: F401 - each registers its kind
from analytics.questions.base import KINDS

__all__ = ["KINDS"]
