"""Join the parts of one piece of work that were written beside each other."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

PARTS = range(5, 13)


class Migration(migrations.Migration):
    dependencies = [
        ("content", file.stem)
        for file in sorted(Path(__file__).parent.glob("0*.py"))
        if int(file.stem[:4]) in PARTS
    ]
    operations = []
