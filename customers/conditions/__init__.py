"""The kinds of conditions, one file each. They know no database and no framework."""

from customers.conditions import (  # noqa: F401 - each registers itself
    bucket,
    consent,
    contact,
    event,
    list,
    segment,
    sequence,
    trait,
)
from customers.conditions.base import LEAVES

__all__ = ["LEAVES"]
