"""Where the funnel report was: its addresses lead to the same question in the builder."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from wagtail.admin.auth import permission_required

from analytics.admin.ask_address import clean, write
from analytics.admin.report import VIEW_REPORTS

HOURS_A_DAY = 24
MOST_STEPS = 10


@permission_required(VIEW_REPORTS)
def funnel(request: HttpRequest) -> HttpResponse:
    """Lead to the builder with the steps and the days of the address."""
    told = request.GET
    raw: dict[str, Any] = {"kind": "funnel", "period": _period(request)}
    steps = [clean(name) for name in told.getlist("step") if name][:MOST_STEPS]
    if steps:
        raw["steps"] = [{"event": name} for name in steps]
    within = _within(told.get("within", ""))
    if within:
        raw["within"] = within
    if told.get("by") == "visits":
        raw["unit"] = "property" if told.get("key") else "visits"
        raw |= {"prop": clean(told["key"])} if told.get("key") else {}
    return redirect(f"{reverse('analytics_question_new')}?{write(raw)}")


def _period(request: HttpRequest) -> dict[str, Any]:
    told = request.GET
    if told.get("days") not in {"7", "30", "90"} and told.get("first"):
        return {"from": clean(told["first"]), "to": clean(told.get("last", ""))}
    days = told.get("days", "")
    return {"last": [int(days) if days in {"7", "30", "90"} else 30, "days"]}


def _within(text: str) -> list[Any] | None:
    try:
        hours = round(float(text) * HOURS_A_DAY)
    except (ValueError, OverflowError):
        return None
    if hours < 1:
        return None
    return [hours, "hours"] if hours % HOURS_A_DAY else [hours // HOURS_A_DAY, "days"]
