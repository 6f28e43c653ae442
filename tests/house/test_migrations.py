"""Migrations are all there, named by people, and can be taken back."""

from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent.parent


def ours():
    for pattern in ("*/migrations/0*.py", "dxp/users/migrations/0*.py"):
        yield from ROOT.glob(pattern)


def test_none_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_none_is_named_by_the_machine():
    assert [file.name for file in ours() if "_auto_" in file.name] == []


def test_raw_sql_can_be_taken_back():
    assert [
        file.name
        for file in ours()
        if "RunSQL(" in file.read_text() and "reverse_sql" not in file.read_text()
    ] == []
