"""Figures by command: `.venv/bin/python -m benchmarks NAME [--quick]`, each with its own baseline.

A benchmark is a module here with `run(quick: bool) -> Result`; a real data set's is called
`data_NAME` and has `run(folder: Path) -> dict`. Servers and database are made for the run alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """What a benchmark found: our figure beside the same run's baseline.

    `ratio` is ours divided by the baseline; `unit` belongs to both.
    """

    benchmark: str
    ours: float
    baseline: float
    ratio: float
    unit: str
    table: list[tuple[str, str]] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        """Return what the last line of the output says."""
        told = asdict(self)
        del told["table"]
        return told
