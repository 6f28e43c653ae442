"""Webhooks of mail providers: is each read as the event that it should be?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

SHOWN = 20
# Of HTTP itself, not of the news in it.
_OF_HTTP = ("response.", "kwargs")


def run(folder: Path) -> dict[str, Any]:
    """Read each payload of the set as the door does, and compare what the set expects of it."""
    from journeys.channels.email import hear

    figures: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    for provider, case in cases(folder):
        figures["payloads"] += 1
        try:
            found = hear.events(provider, request(case))
            heard = hear.hear(provider, request(case))
        except hear.BadCallback as error:
            wrong.append(f"{provider} {case['test']}: {error}")
            continue
        kinds.update(f"{one.kind}{' for good' * one.hard}" for one in heard)
        if faults := list(differences(found, case["expected"])):
            figures["not_in_the_payload"] += untold(case)
            wrong += [f"{provider} {case['test']}: {one}" for one in faults]
        else:
            figures["equal"] += 1
        figures["attributes"] += len(case["expected"])
    for one in wrong[:SHOWN]:
        print(one)
    return {**figures, "kinds": dict(kinds.most_common())}


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the payloads, each with its provider."""
    for file in sorted(folder.glob("*.json")):
        for case in json.loads(file.read_text()):
            yield file.stem, case


def request(case: dict[str, Any]) -> Any:
    """Return the call of a provider: JSON, or a form where the set names no type."""
    from django.test import RequestFactory

    post = RequestFactory().post
    payload = case["payload"]
    if case["content_type"] or case["url"].startswith("/anymail/amazon_ses"):
        headers = {}
        if isinstance(payload, dict) and "MessageId" in payload:
            headers = {
                "x-amz-sns-message-type": payload["Type"],
                "x-amz-sns-message-id": payload["MessageId"],
            }
        kind = case["content_type"] or "text/plain; charset=UTF-8"
        return post(case["url"], json.dumps(payload), content_type=kind, headers=headers)
    # The set leaves out what signing adds: to Mailgun's old form, the moment.
    return post(case["url"], {"timestamp": "1461261330", **payload})


def differences(found: list[Any], expected: list[list[Any]]) -> Iterator[str]:
    """Yield where the events are not what is expected of them."""
    asked: set[str] = set()
    events = iter(found)
    event = next(events, None)
    for name, value in expected:
        if name.startswith(_OF_HTTP):
            continue
        if name in asked:
            # Asked a second time, it is about the next event.
            asked, event = set(), next(events, None)
        asked.add(name)
        told = attribute(event, name)
        if told != meant(value):
            yield f"{name} is {told!r}, not {value!r}"


def untold(case: dict[str, Any]) -> bool:
    """Return whether the set expects metadata that its own payload lacks."""
    payload = json.dumps(case["payload"])
    return any(
        isinstance(one, str) and one not in payload
        for name, value in case["expected"]
        if name == "event.metadata"
        for one in (value or {}).values()
    )


def attribute(event: Any, name: str) -> Any:
    """Return what stands at a path such as `event.timestamp.isoformat()` or `event.raw['id']`."""
    told = event
    for step in re.findall(r"\.(\w+)(\(\))?|\['([^']+)'\]", name):
        told = getattr(told, step[0]) if step[0] else told[step[2]]
        told = told() if step[1] else told
    return told


def meant(value: Any) -> Any:
    """Return a value as it is meant: moments stand in the set as Python writes them."""
    if isinstance(value, str) and value.startswith("datetime("):
        return _moment(value)
    return value


def _moment(text: str) -> datetime:
    numbers = [int(one) for one in re.findall(r"[(,]\s*(\d+)(?=[,)])", text)]
    micro = re.search(r"microsecond=(\d+)", text)
    zone = re.search(r"get_fixed_timezone\((-?\d+) \* 60\)", text)
    zoned = timezone(timedelta(hours=int(zone[1]))) if zone else UTC
    moment = datetime(*numbers[:3], tzinfo=zoned)  # type: ignore[misc,arg-type]
    hours, minutes, seconds = numbers[3:]
    return moment.replace(
        hour=hours, minute=minutes, second=seconds, microsecond=int(micro[1]) if micro else 0
    )
