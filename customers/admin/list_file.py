"""Who somebody means: lines that were pasted, or the first column of a file."""

from __future__ import annotations

import csv
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

MOST_LINES = 20_000
MOST_BYTES = 5_000_000
# So many unknown lines are shown.
MOST_SHOWN = 100
# What a first line may be called that is a heading and nobody's name.
HEADINGS = {
    "id", "public_id", "public id", "profile.public_id", "user_id", "userid", "user id", "email",
    "e-mail", "mail", "phone", "address",
}  # fmt: skip


class PeopleForm(forms.Form):
    """One person in each line."""

    text = forms.CharField(
        label=lazy("One person in each line"),
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=lazy("An e-mail address, a phone number, a user id or the id of a profile."),
    )
    file = forms.FileField(
        label=lazy("Or a CSV file"),
        required=False,
        help_text=lazy("The first column says who; a heading may stand above it."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def clean(self) -> dict[str, Any]:
        """Return the lines with their numbers, as `lines`.

        Raises:
            ValidationError: there are none, or too many.
        """
        told = super().clean() or {}
        lines = first_column(_text(told.get("file"))) or first_column(told.get("text") or "")
        if not lines and not self.errors:
            raise forms.ValidationError(_("Write at least one line, or choose a file."))
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(
                _("At most %(most)s people at a time."), params={"most": MOST_LINES}
            )
        return {**told, "lines": lines}


def first_column(text: str) -> list[tuple[int, str]]:
    """Return the first cell of each line that says something, with the line's number."""
    found = []
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    for number, cells in enumerate(csv.reader(text.splitlines(), delimiter=separator), 1):
        cell = cells[0].strip().lstrip("\ufeff").removeprefix("'") if cells else ""
        if cell and not (number == 1 and cell.casefold() in HEADINGS):
            found.append((number, cell[:320]))
    return found


def _text(file: UploadedFile[Any] | None) -> str:
    if file is None:
        return ""
    if (file.size or 0) > MOST_BYTES:
        raise forms.ValidationError(_("This file is too large: at most 5 megabytes."))
    raw = bytes(file.read())
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets of Western Europe write.
        return raw.decode("cp1252", errors="replace")
