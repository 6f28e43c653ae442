"""Is one share larger than another, for somebody who looks again and again?"""

from __future__ import annotations

import math
from dataclasses import dataclass

# One in twenty such intervals, all looks at it together, does not hold the true value.
WRONG = 0.05
# The number of people at which the interval is as narrow as it gets against a single look's.
TUNED_FOR = 5000
# Of the normal distribution: an even draw is further off in one of a thousand cases.
FAR = 3.290527


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two shares, and the interval it lies in, in points of a hundred."""

    points: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether it is no chance that there is one."""
        return self.low > 0 or self.high < 0


def difference(a: int, n: int, b: int, m: int) -> Difference | None:
    """Return a/n - b/m; None where one of the two groups is empty.

    Unit: points of a hundred.
    Source: the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
    "Time-uniform central limit theory" (2021), eq. 9: it holds at every look at once. An interval
    for one look would call every fourth difference sure that is none, when looked at each day. The
    variance is that of Agresti and Caffo, so that two small groups without a success are not sure.
    """
    if not n or not m:
        return None
    points = 100 * (a / n - b / m)
    p, q = (a + 1) / (n + 2), (b + 1) / (m + 2)
    deviation = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    seen = (n + m) * _tuning()
    factor = math.sqrt(2 * (seen + 1) / seen * math.log(math.sqrt(seen + 1) / WRONG))
    off = 100 * deviation * factor
    return Difference(points, max(points - off, -100.0), min(points + off, 100.0))


def is_uneven(part: int, whole: int, share: float) -> bool:
    """Return whether a group is so much larger or smaller than its share that it is no chance.

    Then something is counted on one side only, or the share was changed on the way: a difference
    between the groups says nothing.
    """
    return abs(part - whole * share) > FAR * math.sqrt(whole * share * (1 - share))


def _tuning() -> float:
    told = -2 * math.log(WRONG)
    return (told + math.log(told + 1)) / TUNED_FOR
