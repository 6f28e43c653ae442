"""The funnel report: an editor of steps, who went how far, and who they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.auth import permission_required

from analytics import draw
from analytics.admin.report import VIEW_PEOPLE, Report, as_csv
from analytics.measures import funnels, names
from analytics.measures.attempts import MOST as MOST_STEPS
from customers.models import Profile

SHOWN_PEOPLE = 200
FILE_PEOPLE = 10_000
UNITS = [("people", gettext_lazy("People")), ("visits", gettext_lazy("Visits"))]


class FunnelForm(forms.Form):
    """How to count; the steps themselves stand in the address as `step=…`, in their order."""

    within = forms.FloatField(
        label=gettext_lazy("Within days"),
        min_value=0.001,
        max_value=3650,
        required=False,
        help_text=gettext_lazy("From the first step to the last. Empty: any time."),
    )
    by = forms.ChoiceField(label=gettext_lazy("Count"), choices=UNITS, required=False)
    key = forms.RegexField(
        label=gettext_lazy("Visit property"),
        regex=r"^[A-Za-z_][A-Za-z0-9_ ]{0,59}$",
        required=False,
        help_text=gettext_lazy(
            "For visits: the event property that names one."
            " Empty: 30 minutes of silence end a visit."
        ),
    )

    def counted(self) -> dict[str, Any]:
        """Return the measure's parameters; what is odd counts as empty, and the form says so."""
        self.is_valid()
        found = self.cleaned_data
        by = found.get("by") or "people"
        if by == "visits" and found.get("key"):
            by = f"property:{found['key']}"
        return {"within_days": found.get("within"), "by": by}


class FunnelView(Report):
    """Shows how many went from step to step."""

    template_name = "analytics/funnel.html"
    page_title = gettext_lazy("Funnel")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the report; a button that edits the steps leads to the edited report's address."""
        act = request.GET.get("do")
        if act:
            return redirect(_edited(request.GET, act))
        return super().get(request, *args, **kwargs)

    def counting(self) -> tuple[FunnelForm, dict[str, Any]]:
        """Return the form and what it means for the measure."""
        form = FunnelForm(self.request.GET)
        return form, form.counted()

    @property
    def steps(self) -> list[str]:
        """Return the chosen steps, in order."""
        return [step for step in _chosen(self.request.GET) if step]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the editor's choices and, with two steps or more, the answer."""
        form, counted = self.counting()
        # Names from as long ago as the report looks, so that a choice finds something.
        known = self.ask(names.seen)
        listed = [row[0] for row in known.rows]
        chosen = _chosen(self.request.GET)
        chosen += [""] * (2 - len(chosen))
        found = super().get_context_data(**kwargs) | {
            "counting": form,
            "chosen": chosen,
            "names": [*known.records(), *_unseen(chosen, listed)],
            "full": len(chosen) >= MOST_STEPS,
            "table": known,
            "nothing_happened": not known.rows,
            "unit": dict(UNITS).get(counted["by"], UNITS[1][1]),
        }
        if len(self.steps) < 2:
            return found
        table = self.ask(funnels.funnel, steps=self.steps, **counted)
        return found | {"table": table, "funnel": self._lines(table.rows), **_whole(table.rows)}

    def _lines(self, rows: list[Any]) -> list[dict[str, Any]]:
        lines = []
        for number, (name, reached, median, *_more) in enumerate(rows, 1):
            before = rows[number - 2][1] if number > 1 else None
            after = rows[number][1] if number < len(rows) else None
            lines.append({
                "number": number,
                "name": name,
                "reached": reached,
                "of_first": draw.share(draw.ratio(reached, rows[0][1])),
                "of_before": draw.share(None if before is None else draw.ratio(reached, before)),
                "stopped": None if after is None else reached - after,
                "stopped_share": draw.share(draw.ratio(reached - (after or 0), reached)),
                "median": draw.duration(median),
                "people": self._people_url(number),
                "stopped_people": self._people_url(number, stopped=True),
            })  # fmt: skip
        return lines

    def _people_url(self, number: int, *, stopped: bool = False) -> str:
        asked = self.request.GET.copy()
        asked["of"] = str(number)
        if stopped:
            asked["stopped"] = "1"
        return f"{reverse('analytics_funnel_people')}?{asked.urlencode()}"


class FunnelFile(FunnelView):
    """The funnel's table as a file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the table as CSV.

        Raises:
            Http404: there are fewer than two steps.
        """
        if len(self.steps) < 2:
            raise Http404
        _form, counted = self.counting()
        rows = self.ask(funnels.funnel, steps=self.steps, **counted).rows
        first = rows[0][1]
        heads = [_("Step"), _("Event"), _("Reached"), _("Share of the first"), _("Median seconds")]
        return as_csv(
            "funnel",
            heads,
            (
                (number, name, reached, draw.ratio(reached, first), median)
                for number, (name, reached, median, *_more) in enumerate(rows, 1)
            ),
        )


@method_decorator(permission_required(VIEW_PEOPLE), name="dispatch")
class PeopleView(FunnelView):
    """Shows who reached a step, or who stopped there."""

    template_name = "analytics/people.html"
    page_title = gettext_lazy("People in a funnel")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the people of one step.

        Raises:
            Http404: there is no such step.
        """
        of = request.GET.get("of", "")
        if len(self.steps) < 2 or not of.isdecimal() or not 1 <= int(of) <= len(self.steps):
            raise Http404
        self.of = int(of)
        self.stopped = request.GET.get("stopped") == "1" and self.of < len(self.steps)
        return self.show()

    def show(self) -> HttpResponse:
        """Answer with the page."""
        return self.render_to_response(self.get_context_data())

    def people(self, limit: int) -> list[dict[str, Any]]:
        """Return the people with the moment they reached the step, newest first."""
        _form, counted = self.counting()
        found = self.ask(
            funnels.people,
            steps=self.steps,
            step=self.of,
            stopped=self.stopped,
            limit=limit,
            **counted,
        )
        profiles = Profile.objects.in_bulk([row[0] for row in found.rows])
        return [
            {"profile": profiles[pk], "at": datetime.fromtimestamp(reached, UTC)}
            for pk, reached in found.rows
            if pk in profiles
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list and the way back."""
        asked = self.request.GET.copy()
        asked.pop("of", None)
        asked.pop("stopped", None)
        people = self.people(SHOWN_PEOPLE)
        return Report.get_context_data(self, **kwargs) | {
            "people": people,
            "cut": len(people) == SHOWN_PEOPLE,
            "most": SHOWN_PEOPLE,
            "of": self.of,
            "stopped": self.stopped,
            "step": self.steps[self.of - 1],
            "back": f"{reverse('analytics_funnel')}?{asked.urlencode()}",
        }


class PeopleFile(PeopleView):
    """The people of a step as a file."""

    def show(self) -> HttpResponse:
        """Answer with the file."""
        return as_csv(
            "funnel-people",
            [_("Profile"), _("Name"), _("Reached")],
            (
                (str(row["profile"].public_id), row["profile"].display_name, row["at"].isoformat())
                for row in self.people(FILE_PEOPLE)
            ),
        )


def _unseen(chosen: list[str], listed: list[str]) -> list[dict[str, Any]]:
    missing = dict.fromkeys(name for name in chosen if name and name not in listed)
    return [{"name": name, "events": 0, "people": 0} for name in missing]


def _whole(rows: list[Any]) -> dict[str, Any]:
    return {
        "entered": rows[0][1],
        "completed": rows[-1][1],
        "conversion": draw.share(draw.ratio(rows[-1][1], rows[0][1])),
        "left_out": rows[0][3],
    }


def _chosen(asked: QueryDict) -> list[str]:
    # PostgreSQL's texts hold no NUL, so that no event is called so.
    return [step.replace("\0", "") for step in asked.getlist("step")][: MOST_STEPS]


def _edited(asked: QueryDict, act: str) -> str:
    """Return the address of the report after one edit: `add`, `up-2`, `down-2`, `drop-2`."""
    steps = _chosen(asked)
    verb, _dash, number = act.partition("-")
    place = int(number) - 1 if number.isdecimal() else -1
    focus = place
    if verb == "add" and len(steps) < MOST_STEPS:
        steps.append("")
        focus = len(steps) - 1
    elif verb == "drop" and 0 <= place < len(steps):
        steps.pop(place)
        focus = max(place - 1, 0)
    elif verb in {"up", "down"} and 0 <= place < len(steps):
        focus = min(max(place + (1 if verb == "down" else -1), 0), len(steps) - 1)
        steps.insert(focus, steps.pop(place))
    changed = asked.copy()
    changed.pop("do")
    changed.setlist("step", steps)
    return f"{reverse('analytics_funnel')}?{changed.urlencode()}#step-{focus + 1}"
