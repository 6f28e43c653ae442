"""A journey tried out: the real engine with a clock of its own, and nothing of it is kept."""

from journeys.rehearse.clock import LONGEST, Line, NotLetIn, Rehearsal, Restless
from journeys.rehearse.stage import Rehearsed, Scripted, Somebody, rehearse

__all__ = [
    "LONGEST", "Line", "NotLetIn", "Rehearsal", "Rehearsed", "Restless", "Scripted", "Somebody",
    "rehearse",
]  # fmt: skip
