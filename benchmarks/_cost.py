"""What work costs: processor time of this process and of its PostgreSQL backend, and wall time."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """Seconds, added up over many runs of `with cost:`."""

    python: float = 0.0
    postgres: float = 0.0
    wall: float = 0.0

    def __enter__(self) -> Cost:
        # Reading /proc costs too: it stays outside of what is measured.
        self._began = backend(), time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *failure: object) -> None:
        ended = time.process_time(), time.perf_counter(), backend()
        self.python += ended[0] - self._began[2]
        self.wall += ended[1] - self._began[1]
        self.postgres += ended[2] - self._began[0]

    @property
    def cpu(self) -> float:
        """Both processors' seconds."""
        return self.python + self.postgres

    def each(self, number: int) -> str:
        """Return microseconds per event, by where they went."""
        python, postgres = self.python / number * 1e6, self.postgres / number * 1e6
        return f"{python + postgres:8.1f} us ({python:.1f} Python + {postgres:.1f} PostgreSQL)"


def backend() -> float:
    """Return the processor seconds our backend used so far; zero where it runs elsewhere."""
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    try:
        told = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / TICK


def twin(name: str) -> None:
    """Make a bare table with the columns and the indexes of the event table."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (LIKE customers_event INCLUDING DEFAULTS)")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'customers_event'"
        )
        for index, definition in cursor.fetchall():
            made = definition.replace(index, f"{name}_{index}").replace(
                "ONLY public.customers_event ", f"public.{name} "
            )
            cursor.execute(made)


def text(row: tuple[object, ...]) -> bytes:
    """Return one row in COPY's text format, made before the clock runs."""
    return "\t".join("\\N" if one is None else str(one) for one in row).encode() + b"\n"
