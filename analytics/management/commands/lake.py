"""`manage.py lake status|verify|rebuild`: how the event lake is, and making it whole again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from analytics import health, repair, tasks
from analytics.models import Chunk, Damage
from dxp.lib import clock


class Command(BaseCommand):
    help = (
        "status: what the event lake holds and what waits. verify: read every file; damaged ones "
        "are noted and built anew by the worker. rebuild: write every file anew from PostgreSQL. "
        "Ends with 1 where something is damaged or lost."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("act", choices=["status", "verify", "rebuild"])
        parser.add_argument("--json", action="store_true", help="for programs, not for people")
        parser.add_argument(
            "--damaged", action="store_true", help="rebuild: only what is damaged or missing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do as asked, and say it.

        Raises:
            SystemExit: something is damaged or lost.
        """
        self.lake = tasks.lake()
        act = {"status": self._status, "verify": self._verify, "rebuild": self._rebuild}
        told, lines, is_well = act[options["act"]](options["damaged"])
        if options["json"]:
            lines = [json.dumps(told, default=str)]
        for line in lines:
            self.stdout.write(line)
        if not is_well:
            raise SystemExit(1)

    def _status(self, _damaged: bool) -> tuple[Any, list[str], bool]:
        at = clock.now()
        found = health.look(lake=self.lake, at=at)
        open_ = [damage for damage in found.damages if damage.mended_at is None]
        lost = sum(damage.lost for damage in found.damages)
        lines = [
            f"The event lake in {found.place}",
            f"  files     {found.files:,} with {found.rows:,} events, {found.bytes / 1e6:,.1f} MB",
            f"  waiting   {found.waiting.rows:,} events not in a file yet,"
            f" the oldest for {found.waiting.lag.total_seconds():,.0f} s",
            *(f"  {work:<9} last at {when:%Y-%m-%d %H:%M:%S %Z}"
              for work, when in sorted(found.done.items())),
            *(f"  HELD UP   {health.words(holder, at)}" for holder in found.waiting.holders),
            *(f"  DAMAGED   {one.path}: {one.get_reason_display()}" for one in open_),
        ]  # fmt: skip
        if found.alone:
            lines.append(f"  alone     {found.alone:,} events that only files hold")
        if lost:
            lines.append(f"  LOST      {lost:,} events, with damaged files")
        if not found.is_ours:
            lines.append("  RESTORED  files of the former database are taken over by the worker")
        told = asdict(found) | {
            "damages": [
                {"path": one.path, "reason": one.reason, "mended_at": one.mended_at,
                 "rows": one.rows, "lost": one.lost}
                for one in found.damages
            ]
        }  # fmt: skip
        return told, lines, not open_

    def _verify(self, _damaged: bool) -> tuple[Any, list[str], bool]:
        at = clock.now()
        lines, faults, seen = [], [], 0
        for chunk, fault in repair.check(lake=self.lake, deep=True):
            seen += 1
            if fault:
                Damage.note(chunk=chunk, reason=fault, at=at)
                faults.append({"path": chunk.path, "reason": fault, "rows": chunk.rows})
                lines.append(f"{chunk.path}: {Damage.Reason(fault).label}, {chunk.rows:,} events")
        alone = sum(Chunk.objects.filter(retired_at=None).values_list("alone", flat=True))
        lines.append(f"{seen:,} files read, {len(faults):,} damaged.")
        if alone:
            lines.append(f"{alone:,} events are in files alone: PostgreSQL no longer holds them.")
        if faults:
            lines.append("The worker builds them anew, or `manage.py lake rebuild --damaged`.")
        return {"files": seen, "damaged": faults, "alone": alone}, lines, not faults

    def _rebuild(self, damaged: bool) -> tuple[Any, list[str], bool]:
        at = clock.now()
        repair.adopt(lake=self.lake, at=at)
        mended = repair.mend(lake=self.lake, at=at, deep=True)
        written = 0 if damaged else repair.rebuild(lake=self.lake, at=at)
        lost = sum(one.lost for one in mended)
        lines = [
            *(f"{one.path}: {one.rebuilt:,} of {one.rows:,} events from PostgreSQL"
              for one in mended),
            f"{len(mended):,} damaged files built anew, {written:,} others written anew.",
        ]  # fmt: skip
        if lost:
            lines.append(f"{lost:,} events are lost: PostgreSQL no longer holds them.")
        return {"mended": len(mended), "written": written, "lost": lost}, lines, not lost
