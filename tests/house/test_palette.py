"""Colors of charts: readable on their ground, and told apart by the color-blind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "static/js/analytics/palette.js"
# Machado, Oliveira & Fernandes 2009, severity 1, over linear light.
SIGHTS = {
    "all colors": [(1, 0, 0), (0, 1, 0), (0, 0, 1)],
    "no red": [
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ],
    "no green": [
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ],
}  # fmt: skip
# How far apart in L*a*b*: charts of four lines are common, and more differ by their shapes as well.
FIRST, FAR, FAR_ENOUGH = 4, 20, 12


def palettes():
    for name, ground, series in re.findall(
        r'export const (\w+) = \{\s*ground: "(#\w+)",\s*series: \[([^\]]+)\]', FILE.read_text()
    ):
        yield name, ground, re.findall(r"#\w{6}", series)


by_palette = pytest.mark.parametrize(
    ("name", "ground", "series"), [pytest.param(*one, id=one[0]) for one in palettes()]
)


def linear(color):
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def luminance(color):
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True))


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def lab(color, sight):
    """Return a color as an eye of that sight sees it, in CIE L*a*b*."""
    rgb = [
        min(max(sum(w * p for w, p in zip(row, linear(color), strict=True)), 0), 1)
        for row in SIGHTS[sight]
    ]
    white = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(w * p for w, p in zip(row, rgb, strict=True)) / sum(row) for row in white]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one, other, sight):
    pairs = zip(lab(one, sight), lab(other, sight), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


def test_there_are_two():
    assert [(name, len(series)) for name, _ground, series in palettes()] == [
        ("LIGHT", 8), ("DARK", 8),
    ]  # fmt: skip


@by_palette
def test_lines_and_the_words_beside_them_can_be_read(name, ground, series):
    # 4.5 is what WCAG asks of text; lines would need 3.
    assert [color for color in series if contrast(color, ground) < 4.5] == []


@pytest.mark.parametrize("sight", SIGHTS)
@by_palette
def test_all_are_told_apart_and_the_first_at_a_glance(name, ground, series, sight):
    close = [
        (one, other)
        for number, other in enumerate(series)
        for one in series[:number]
        if apart(one, other, sight) < (FAR if number < FIRST else FAR_ENOUGH)
    ]

    assert close == []
