"""The people behind a number: a list with search, a file, and the way to a list or a segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.auth import permission_required
from wagtail.log_actions import log

from analytics import pose
from analytics.admin.ask_address import as_object, clean, dumped, write
from analytics.admin.ask_page import AskingPage, days_label, refused
from analytics.admin.report import VIEW_PEOPLE, as_csv
from analytics.query import Table
from analytics.questions.asked import Asked
from analytics.questions.base import QuestionError
from customers import define, gather, segment
from customers.models import Alias, ContactPoint, Profile, ProfileList, Segment
from dxp.lib import hints

MOST = 100_000
A_PAGE = 50
BITE = 2000
LONGEST, LONGEST_NAME = 200, 100
ADD_LIST, ADD_SEGMENT = "customers.add_profilelist", "customers.add_segment"
# The worker's task that takes people into a new segment.
FILL = "customers.tasks.fill"


class KeepPeopleForm(forms.Form):
    """What the list or the segment is called."""

    name = forms.CharField(label=lazy("Name"), max_length=LONGEST_NAME)


@method_decorator(permission_required(VIEW_PEOPLE), name="dispatch")
class PeoplePage(AskingPage):
    """Shows who stands behind a number."""

    template_name = "analytics/question/people.html"
    page_title = lazy("People behind a number")
    header_icon = "group"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Read which number is meant."""
        told = request.POST if request.method == "POST" else request.GET
        self.told = as_object(told.get("q", ""))
        self.point = as_object(told.get("point", ""))
        self.of = clean(told.get("of", ""))[:LONGEST]
        named = {"name": self.of[:LONGEST_NAME]}
        self.forms = {how: KeepPeopleForm(initial=named) for how in ("list", "segment")}
        return super().dispatch(request, *args, **kwargs)

    @property
    def asked(self) -> Asked:
        """The question.

        Raises:
            Http404: there is none.
        """
        asked, _fault = self.read_as
        if asked is None:
            raise Http404
        return asked

    def people(self, via: Any) -> Table:
        """Return everybody behind the number, who came last first.

        Raises:
            Http404: there is no such number, or it stands for nobody in particular.
        """
        try:
            found = pose.people(
                asked=self.asked, point=self.point, zone=settings.TIME_ZONE, at=self.at, via=via,
                limit=MOST,
            )  # fmt: skip
        except (QuestionError, KeyError, TypeError, ValueError) as error:
            raise Http404 from error
        if found is None:
            raise Http404
        return found

    @cached_property
    def sight(self) -> define.Sight:
        """What the reader may see of people."""
        return define.sight(user=self.request.user)

    @cached_property
    def rule(self) -> dict[str, Any] | None:
        """The rule that picks such people from now on, the question's own people alone."""
        root = self.asked.kind.rule(self.point)
        if root is None:
            return None
        if self.asked.who is not None:
            root = {"op": "and", "of": [self.asked.who["root"], root]}
        return {"v": 1, "root": root}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of the people, and what can be made of them."""
        table = self.people(self.ask)
        found = table.rows
        words = self.request.GET.get("words", "").replace("\0", "").strip()[:LONGEST]
        rows = found
        if words:
            meant = set(searched(words).values_list("pk", flat=True)[:MOST])
            rows = [row for row in found if row[0] in meant]
        page = Paginator(rows, A_PAGE).get_page(self.request.GET.get("page"))
        days, _before = self.asked.days(zone=settings.TIME_ZONE, at=self.at)
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "rows": list(self.named(page.object_list)),
            "page_obj": page,
            "count": len(found),
            "is_cut": len(found) == MOST,
            "words": words,
            "days": days_label(days),
            "table": table,
            "period": days,
            "kind": _(str(self.asked.kind.label)),
            "of": self.of,
            "question": dumped(self.raw),
            "point": dumped(self.point),
            "back": f"{reverse('analytics_question_new')}?{write(self.raw)}",
            "file_url": f"{reverse('analytics_people_file')}?{self._here()}",
            "here": self._here(),
            "may_list": user.has_perm(ADD_LIST),
            "may_segment": user.has_perm(ADD_SEGMENT),
            "has_rule": self.rule is not None,
            "list_form": self.forms["list"],
            "segment_form": self.forms["segment"],
        }

    def _here(self) -> str:
        return urlencode({"q": dumped(self.raw), "point": dumped(self.point), "of": self.of})

    def named(self, rows: Any) -> Iterator[dict[str, Any]]:
        """Yield people as this reader may see them, some at a time."""
        rows = list(rows)
        for first in range(0, len(rows), BITE):
            bite = rows[first : first + BITE]
            profiles = Profile.objects.in_bulk([row[0] for row in bite])
            for number, second, *_rest in bite:
                if number in profiles:
                    yield {
                        "profile": profiles[number],
                        "name": name_of(profiles[number], self.sight),
                        "at": datetime.fromtimestamp(second, UTC),
                    }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make a list or a segment of them."""
        how = "list" if request.POST.get("keep") == "list" else "segment"
        if not request.user.has_perm(ADD_LIST if how == "list" else ADD_SEGMENT):
            return refused(request)
        form = self.forms[how] = KeepPeopleForm(request.POST)
        if form.is_valid():
            name = form.cleaned_data["name"]
            try:
                with transaction.atomic():
                    made = self._listed(name) if how == "list" else self._segment(name)
            except IntegrityError:
                form.add_error("name", _("This name is taken."))
            else:
                return self._there(made)
        return self.render_to_response(self.get_context_data())

    def _listed(self, name: str) -> ProfileList:
        user: Any = self.request.user
        days, _before = self.asked.days(zone=settings.TIME_ZONE, at=self.at)
        told = (_(str(self.asked.kind.label)), self.of, days_label(days))
        origin = ": ".join(part for part in told if part)
        ids = [row[0] for row in self.people(self.at_once).rows]
        return gather.create(name=name, profile_ids=ids, at=self.at, by=user, origin=origin)

    def _segment(self, name: str) -> Segment:
        if self.rule is not None:
            return segment.create(name=name, rule=self.rule, at=self.at)
        return gather.segment_of(list=self._listed(name), name=name, at=self.at)

    def _there(self, made: ProfileList | Segment) -> HttpResponse:
        log(instance=made, action="wagtail.create", user=self.request.user)
        messages.success(self.request, _("“%(name)s” is made.") % {"name": made.name})
        if isinstance(made, Segment):
            hints.after_commit(FILL)
            return redirect("customers_segments:inspect", made.pk)
        return redirect("customers_lists:people", made.pk)


class PeopleFile(PeoplePage):
    """The people behind a number as a file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the file."""
        return as_csv(
            "people",
            [_("Profile"), _("Name"), _("Since")],
            (
                (str(row["profile"].public_id), row["name"], row["at"].isoformat())
                for row in self.named(self.people(self.at_once).rows)
            ),
        )


def name_of(profile: Profile, sight: define.Sight) -> str:
    """Return somebody's name, or a number for who may not see names."""
    if sight.hides("name") or sight.hides("email"):
        return f"#{str(profile.public_id)[-8:]}"
    return profile.display_name


def searched(words: str) -> QuerySet[Profile]:
    """Return the people whose name, address or id begins with what was typed."""
    points = ContactPoint.objects.filter(value__startswith=words.lower()).values("profile_id")
    aliases = Alias.objects.filter(value__startswith=words).values("profile_id")
    named = Profile.objects.named(words).order_by().values("pk")
    return Profile.objects.filter(pk__in=points.union(aliases, named))
