"""The question builder: choose what to ask, read the answer, keep the question."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.log_actions import log

from analytics import draw, pose
from analytics.admin.ask_address import as_object, dumped, write
from analytics.admin.ask_controls import Known, about_people, controls
from analytics.admin.ask_days import compared, period_control
from analytics.admin.ask_page import AskingPage, days_label, in_words, refused
from analytics.admin.ask_rows import edited
from analytics.admin.ask_starts import starts
from analytics.admin.conversion import conversion
from analytics.admin.report import as_csv
from analytics.measures import names
from analytics.models import Question
from analytics.questions import KINDS, periods
from analytics.questions.asked import Asked, kind_of
from analytics.questions.base import Days, Kind, QuestionError
from customers import rules

ADD, CHANGE = "analytics.add_question", "analytics.change_question"
COMMON = ("kind", "period", "compare", "who")
# As people come to need them; a kind that is new here stands last.
IN_ORDER = (
    "trend", "funnel", "retention", "paths", "visits", "attribution", "revenue", "deliveries",
    "lifecycle",
)  # fmt: skip


class KeepForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a kept question is called, and whether the home page shows it."""

    class Meta:
        model = Question
        fields = ["name", "description", "on_home"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def _post_clean(self) -> None:
        # The verb says whether the name is taken; only the fields themselves are checked here.
        pass


class QuestionView(AskingPage):
    """One question: its controls, its answer, and how it is kept."""

    template_name = "analytics/question/page.html"
    keep_form: KeepForm | None = None
    faster: Question | None = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the question; a button that edits its steps leads to the edited address."""
        if "do" in request.GET:
            return redirect(f"{request.path}?{edited(request.GET)}")
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the question: as a new one, or in place of the one that is kept."""
        self.told = as_object(request.POST.get("q", ""))
        over = self.kept is not None and request.POST.get("keep") == "over"
        if not request.user.has_perm(CHANGE if over else ADD):
            return refused(request)
        asked, fault = self.read_as
        self.keep_form = KeepForm(request.POST)
        if asked is None:
            self.keep_form.add_error(None, in_words(fault))
        if self.keep_form.is_valid() and asked is not None:
            try:
                made = self._kept(asked, self.keep_form.cleaned_data, over=over)
            except pose.NameTaken:
                self.keep_form.add_error("name", _("Another question has this name."))
            except pose.SomebodyWasFaster as error:
                self.faster = self.kept = error.now
            else:
                return redirect("analytics_question", made.pk)
        return self.render_to_response(self.get_context_data())

    def _kept(self, asked: Asked, told: dict[str, Any], *, over: bool) -> Question:
        user: Any = self.request.user
        if over and self.kept is not None:
            revision = self.request.POST.get("revision", "")
            made = pose.edit(
                question=self.kept,
                revision=int(revision) if revision.isdecimal() else 0,
                asked=asked,
                at=self.at,
                **told,
            )
        else:
            made = pose.keep(asked=asked, at=self.at, by=user, **told)
        log(instance=made, action="wagtail.edit" if over else "wagtail.create", user=user)
        messages.success(self.request, _("“%(name)s” is kept.") % {"name": made.name})
        return made

    def get_page_title(self) -> str:
        """Return the question's name."""
        return self.kept.name if self.kept else _("New question")

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here, by the list."""
        *way, here = super().get_breadcrumbs_items()
        return [*way, {"url": reverse("analytics_questions"), "label": _("Questions")}, here]

    @cached_property
    def is_blank(self) -> bool:
        """Whether nothing but the kind was chosen, so that nothing is wrong yet."""
        return not any(self.raw.get(key) for key in self.raw if key not in COMMON)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the controls, the answer, and what is kept."""
        found = super().get_context_data(**kwargs)
        found |= {
            "kinds": self._kinds(), "kept": self.kept, "told": self.raw,
            "question": dumped(self.raw), "starts": None,
        }  # fmt: skip
        if not self.raw:
            window = _days({}, self.at)
            seen = self.ask(names.seen, start=window.start, end=window.end)
            listed = [str(row[0]) for row in seen.rows]
            return found | {"starts": starts(listed, conversion(since=window.first))}
        asked, fault = self.read_as
        answered = None
        if asked is not None:
            try:
                answered = self.answer(asked)
            except QuestionError as error:
                fault = error
        if self.is_blank:
            fault = None
        found |= self._form(fault) | self._keeping()
        if answered is None:
            return found | {"help": _kind_help(self.raw)}
        return found | self._answer(answered)

    def _form(self, fault: QuestionError | None) -> dict[str, Any]:
        try:
            form = kind_of(self.raw).form()
        except QuestionError:
            form = ()
        days = _days(self.raw, self.at)
        known = Known(self.ask(names.seen, start=days.start, end=days.end).records())
        if any(one.kind == "by" for one in form):
            known.groups = about_people()
        drawn = controls(form, self.told, known, fault)
        user = self.request.user
        at_control = any(one.error or any(line.error for line in one.lines) for one in drawn)
        return {
            "controls": drawn,
            "period_control": period_control(self.raw.get("period"), days),
            "comparisons": compared(self.raw.get("compare")),
            "who": dumped(self.raw["who"]) if self.raw.get("who") else "",
            "who_words": _who_words(self.raw.get("who")),
            **_who_fault(fault),
            "fault": "" if at_control or is_who(fault) else in_words(fault),
            "may_write_rules": user.has_perm("customers.add_segment")
            or user.has_perm("customers.change_segment"),
        }

    def _answer(self, answered: pose.Answered) -> dict[str, Any]:
        remarks = pose.remarks(days=answered.days, question=self.kept)
        question = dumped(self.raw)
        sheets = []
        for one in answered.shown.sheets:
            drawn = draw.sheet(
                one,
                people_url=self.people_url(one),
                marks=[(remark.happened_on, remark.text) for remark in remarks],
                today=answered.days.today,
            )
            place = reverse("analytics_question_file", args=[one.name])
            sheets.append({"drawn": drawn, "file_url": f"{place}?{urlencode({'q': question})}"})
        return {
            "shown": answered.shown,
            "sheets": sheets,
            "days": days_label(answered.days),
            "before": days_label(answered.before) if answered.before else "",
            "table": answered,
            "period": answered.days,
            "remarks": remarks,
        }

    def _keeping(self) -> dict[str, Any]:
        user = self.request.user
        form = self.keep_form or KeepForm(instance=self.kept)
        return {
            "keep_form": form,
            "may_add": user.has_perm(ADD),
            "may_change": user.has_perm(CHANGE),
            "may_delete": user.has_perm("analytics.delete_question"),
            "may_remark": user.has_perm("analytics.add_annotation"),
            "may_unremark": user.has_perm("analytics.delete_annotation"),
            "is_changed": self.is_changed,
            "faster": self.faster,
            "address": f"{self.request.path}?{write(self.raw)}",
        }

    def _kinds(self) -> list[dict[str, Any]]:
        now = self.raw.get("kind")
        common = {key: self.raw[key] for key in ("period", "compare", "who") if key in self.raw}
        return [
            {
                "label": _(str(kind.label)),
                "help": _(str(kind.help)),
                "icon": kind.icon,
                "chosen": kind.name == now,
                "url": f"{self.request.path}?{write({**common, 'kind': kind.name})}",
            }
            for kind in sorted(KINDS, key=_place)
        ]


class QuestionFile(AskingPage):
    """One table of an answer as a file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the table as CSV.

        Raises:
            Http404: this is no question, or its answer has no such table.
        """
        asked, _fault = self.read_as
        if asked is None:
            raise Http404
        try:
            answered = pose.answer(
                asked=asked, zone=settings.TIME_ZONE, at=self.at, via=self.at_once
            )
        except QuestionError as error:
            raise Http404 from error
        for one in answered.shown.sheets:
            if one.name == kwargs["sheet"]:
                heads = [column.key for column in one.columns]
                return as_csv(f"{asked.kind.name}-{one.name}", heads, one.rows)
        raise Http404


def _place(kind: type[Kind]) -> int:
    return IN_ORDER.index(kind.name) if kind.name in IN_ORDER else len(IN_ORDER)


def _days(raw: Mapping[str, Any], at: Any) -> Days:
    try:
        period = periods.parse(raw.get("period"))
    except QuestionError:
        period = periods.LAST_30_DAYS
    return period.days(zone=settings.TIME_ZONE, at=at)


def _kind_help(raw: Mapping[str, Any]) -> str:
    try:
        return _(str(kind_of(raw).help))
    except QuestionError:
        return str(lazy("Choose a kind of question."))


def is_who(fault: QuestionError | None) -> bool:
    """Return whether the conditions on people are what is wrong."""
    return fault is not None and fault.path.partition(".")[0] == "who"


def _who_fault(fault: QuestionError | None) -> dict[str, str]:
    if fault is None or not is_who(fault):
        return {"who_fault": ""}
    told = {"path": fault.path.removeprefix("who."), "words": in_words(fault)}
    return {"who_fault": told["words"], "who_fault_at": dumped(told)}


def _who_words(rule: Any) -> str:
    if not rule:
        return ""
    from customers.models import Segment

    try:
        return rules.sentence(
            rule, segments=dict(Segment.objects.values_list("pk", "name")), translate=_
        )
    except rules.RuleError:
        return ""
