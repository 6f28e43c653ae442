"""An editor who uploads files through the admin's own screens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dxp import roles
from dxp.users.models import User

PLACES = {"document": "wagtaildocs:add_multiple", "image": "wagtailimages:add_multiple"}


def editor() -> Client:
    """Return the browser of somebody who signed in with the role of an editor."""
    roles.seed()
    elena = User.objects.create_user("elena", "elena@example.com", "a long password")
    elena.groups.add(Group.objects.get(name="Editor"))
    client = Client()
    client.force_login(elena)
    return client


def upload(client: Client, file: Path, kind: str) -> tuple[int | None, str]:
    """Drop a file on the screen; return its number, or None and why it was refused."""
    with file.open("rb") as opened:
        sent = SimpleUploadedFile(file.name, opened.read())
    answer = client.post(
        reverse(PLACES[kind]), {"title": file.stem, "files[]": sent},
        headers={"x-requested-with": "XMLHttpRequest"},
    )  # fmt: skip
    told: dict[str, Any] = json.loads(answer.content)
    if not told.get("success"):
        return None, str(told.get("error_message", told))
    return int(told["doc_id" if kind == "document" else "image_id"]), ""
