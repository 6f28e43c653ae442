"""Numbers as people read them: gaps filled, changes in words, small pictures, tables."""

from analytics.draw.numbers import (
    DASH,
    day_label,
    duration,
    every_day,
    number,
    ratio,
    share,
    shown,
)
from analytics.draw.sheets import Cell, Drawn, Head, Line, sheet
from analytics.draw.tiles import Tile, points, tile

__all__ = [
    "DASH", "Cell", "Drawn", "Head", "Line", "Tile", "day_label", "duration", "every_day",
    "number", "points", "ratio", "share", "sheet", "shown", "tile",
]  # fmt: skip
