"""The code of docs/developer/collection.md runs as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command

from customers import fold
from customers.models import Event, Quarantine, Source
from dxp.lib.clock import now

DOCS = Path(__file__).resolve().parents[2] / "docs" / "developer" / "collection.md"
pytestmark = pytest.mark.django_db


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_commands_make_sources_of_both_kinds(capsys):
    (told,) = blocks("sh")
    for line in told.splitlines():
        _python, _manage, *arguments = shlex.split(line, comments=True)
        call_command(*arguments)

    kinds = dict(Source.objects.values_list("name", "kind"))
    assert (kinds["Backend"], kinds["Web shop"]) == ("server", "browser")
    assert capsys.readouterr().out.splitlines()[-1] == Source.objects.get(kind="browser").write_key


@pytest.mark.django_db(transaction=True)
def test_the_sdk_example_sends(live_server):
    shop = Source.objects.create(name="Shop")
    code = blocks("python")[0].replace("WRITE KEY", shop.write_key)

    exec(code.replace("https://dxp.example.org", live_server.url), {})

    fold.drain(at=now())
    assert sorted(Event.objects.values_list("name", flat=True)) == ["Article Viewed", "Identified"]


def test_the_example_tries_again(capsys):
    shop = Source.objects.create(name="Shop")
    Quarantine.objects.create(
        source=shop, received_at=now(), code="name", reason="No name",
        body={"type": "track", "userId": "ana", "event": "Named by now"},
    )  # fmt: skip

    exec(blocks("python")[1], {})

    assert capsys.readouterr().out == "1 0\n"
    assert not Quarantine.objects.exists()


def test_every_address_and_answer_of_the_table_is_true(client):
    shop = Source.objects.create(name="Shop")
    text = DOCS.read_text()
    for method, address in re.findall(r"`(GET|POST) (/[^`]*)`", text):
        for path in spelled_out(address.replace("KEY", shop.write_key)):
            body = f'{{"writeKey": "{shop.write_key}", "batch": []}}'
            asked = {"data": body, "content_type": "text/plain"} if method == "POST" else {}
            separator = "&" if "?" in path else "?"
            known = path if path.endswith(shop.write_key) else (
                f"{path}{separator}writeKey={shop.write_key}"
            )  # fmt: skip
            assert client.generic(method, known, **asked).status_code == 200, path


def spelled_out(address):
    """Return the addresses that `/v1/{a,b}` and `/v1/x?writeKey=` stand for."""
    found = re.search(r"\{(.*?)\}", address)
    if not found:
        return [address.removesuffix("?writeKey=")]
    return [address.replace(found[0], one) for one in found[1].split(",")]
