"""One run with a clock that goes as one likes: the real engine, and nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from customers import describe, match, record
from customers.models import Profile
from customers.record import New
from dxp.lib import ids
from journeys import advance, announce, charts, compose, enroll, graph, permit, phrase
from journeys.compose import House, Shown
from journeys.models import Delivery, Enrollment, Journey, Notice, Step
from journeys.models.enrollments import Lane

MOST_ROUNDS = 400
LONGEST = timedelta(days=366)


class Restless(Exception):
    """The journey does not come to an end within a test run."""


class NotLetIn(Exception):
    """The person does not enter: the event is another, or tells not what the entry asks for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that came to pass.

    `kind`: entered, step, sent, held, skipped, event, rest, ended or failed. `node` is the step,
    `shown` the message as the person would see it, `until` when what waits goes on.
    """

    at: datetime
    kind: str
    title: str
    text: str = ""
    node: str = ""
    message: str = ""
    until: datetime | None = None
    shown: Shown | None = None


class Rehearsal:
    """One person's run through one journey, with a clock that goes as one likes."""

    def __init__(
        self, *, journey: Journey, profile_id: int, at: datetime, house: House, names: phrase.Names
    ) -> None:
        assert journey.current is not None
        self.journey, self.profile_id, self.house, self.names = journey, profile_id, house, names
        self.now = at
        self.lines: list[Line] = []
        self.run: Enrollment | None = None
        self.event: Mapping[str, Any] = {}
        self._steps = {str(one["id"]): one for one in graph.steps_of(journey.current.outline)}
        self._called = phrase.called(journey.current.outline, names)
        self._seq = 0
        self._rest: tuple[str, datetime | None] = ("", None)

    def enter(self, properties: Mapping[str, Any] | None = None) -> None:
        """Let the person in as the journey says: by the event that it asks for, else directly.

        Raises:
            NotLetIn: the event does not let them in.
        """
        entry = self.journey.current.entry if self.journey.current else {}
        self.event = dict(properties or {})
        mine = Enrollment.objects.filter(journey=self.journey, profile_id=self.profile_id)
        before = set(mine.values_list("pk", flat=True))
        if entry.get("type") == "event":
            self.happened(str(entry["event"]), self.event)
        else:
            about = {"by": "test", "event": self.event} if self.event else {"by": "test"}
            start = enroll.Start(self.profile_id, self.journey, entry=about)
            enroll.enter(starts=[start], at=self.now)
        self.run = mine.exclude(pk__in=before).order_by("-pk").first()
        if self.run is None:
            raise NotLetIn(str(entry.get("event", "")))
        self._note("entered", phrase.entry(entry, self.names))
        self._settle()

    def happened(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        """Let the person do something now."""
        key = f"test-run:{ids.key(20)}"
        new = New(self.profile_id, name, dict(properties or {}), self.now, key)
        self._note("event", name, ", ".join(f"{k}: {v}" for k, v in (properties or {}).items()))
        record.events([new], at=self.now)
        if self.run:
            self._settle()

    def until(self, moment: datetime) -> None:
        """Let the clock run to a moment.

        Raises:
            Restless: too much would happen until then.
        """
        for _round in range(MOST_ROUNDS):
            self._settle()
            following = self._next()
            if following is None or following > moment:
                self.now = max(self.now, moment)
                return
            self.now = max(self.now, following)
        raise Restless(str(self.journey))

    def finish(self, *, within: timedelta = LONGEST) -> None:
        """Let the clock run until the run is over, or nothing would happen any more."""
        last = self.now + within
        while self._is_under_way() and self.now < last:
            following = self._next()
            if following is None or following > last:
                return
            self.until(following)

    @property
    def standing(self) -> Enrollment:
        """The run as it stands.

        Raises:
            NotLetIn: nobody entered.
        """
        if self.run is None:
            raise NotLetIn(str(self.journey))
        return self.run

    def _is_under_way(self) -> bool:
        return self.run is not None and self.run.ended_at is None and self.run.lane != Lane.FAILED

    def _settle(self) -> None:
        """Let everything happen that can happen now.

        Raises:
            Restless: it does not come to rest.
        """
        assert self.run is not None
        for _round in range(MOST_ROUNDS):
            moved = 0
            if self._is_under_way():
                moved = advance.advance(lane=0, at=self.now, only=[self.run.pk]).runs
            self.run.refresh_from_db()
            self._read_steps()
            if not moved + self._announce() + self._send():
                self._look_when_it_matters()
                self._tell_rest()
                return
        raise Restless(str(self.journey))

    def _next(self) -> datetime | None:
        """Return the next moment at which something happens by itself."""
        assert self.run is not None
        queued = Delivery.objects.filter(enrollment=self.run, state=Delivery.State.QUEUED)
        moments = list(queued.values_list("due_at", flat=True))
        if self._is_under_way() and self.run.due_at:
            moments.append(self.run.due_at)
        return min(moments, default=None)

    def _read_steps(self) -> None:
        assert self.run is not None
        for step in Step.objects.filter(enrollment=self.run, seq__gt=self._seq).order_by("seq"):
            self._seq = step.seq
            told = self._steps.get(step.node, {})
            why = phrase.reason(told, step.outcome, step.why, self.names)
            self._note("step", self.title(step.node), why, step.node)
        if self.run.ended_at and not any(line.kind == "ended" for line in self.lines):
            self._note("ended", phrase.outcome(self.run.outcome, self.names))
        if self.run.lane == Lane.FAILED:
            self._note("failed", self.title(self.run.node), self.run.error, self.run.node)

    def _tell_rest(self) -> None:
        assert self.run is not None
        until = self.run.until or self.run.due_at
        if self._is_under_way() and self.run.resting and (self.run.node, until) != self._rest:
            self._rest = (self.run.node, until)
            self._note("rest", self.title(self.run.node), node=self.run.node, until=until)

    def _look_when_it_matters(self) -> None:
        """Of a wait for a condition, look again only when time alone can change its answer.

        The engine looks every quarter of an hour; a year of that is no test run.
        """
        run = self.run
        if run is None or not self._is_under_way() or not run.resting or run.until is None:
            return
        route = charts.of(run.version_id)
        keys = getattr(route.chart.nodes.get(run.node), "rules", [])
        if not keys:
            return
        asked = [route.rules[key] for key, _arm, _next in keys]
        found = match.these(asked, profile_ids=[self.profile_id], at=self.now)
        dues = [found.due(place, self.profile_id) for place in range(len(asked))]
        moments = [run.until, *(due for due in dues if due and due > self.now)]
        Enrollment.objects.filter(pk=run.pk).update(due_at=min(moments))
        run.refresh_from_db()

    def _announce(self) -> int:
        """Record what the engine left to be recorded about this person."""
        told = list(Notice.objects.filter(profile_id=self.profile_id).order_by("pk"))
        Notice.objects.filter(pk__in=[one.pk for one in told]).delete()
        for one in told:
            if one.traits is None:
                event = New(self.profile_id, one.name, one.properties, one.at, one.message_id)
                record.events([event], at=self.now)
            else:
                self._write(one)
        return len(told)

    def _write(self, notice: Notice) -> None:
        """Write traits as the engine does: only then its run goes on."""
        rests = Enrollment.objects.filter(pk=notice.enrollment_id or 0, ended_at__isnull=True)
        try:
            with transaction.atomic():
                describe.describe(
                    profile_id=self.profile_id, traits=notice.traits or {},
                    source=announce.SOURCE, at=self.now,
                )  # fmt: skip
        except (describe.Unfit, describe.Forgotten) as error:
            rests.update(resting=False, lane=Lane.FAILED, error=str(error)[:500])
        else:
            rests.filter(resting=True).update(due_at=self.now)

    def _send(self) -> int:
        """Decide about messages that are due, as a sender would, and send none."""
        due = Delivery.objects.filter(
            enrollment=self.run, state=Delivery.State.QUEUED, due_at__lte=self.now
        ).select_related("message__topic", "message__current")
        found = list(due.order_by("seq"))
        for delivery in found:
            self._decide(delivery)
        return len(found)

    def _decide(self, delivery: Delivery) -> None:
        message = delivery.message
        said = permit.verdict(
            profile_id=self.profile_id, message=message, at=self.now, zone=self.house.zone
        )
        if self.now >= delivery.expires_at:
            said = permit.Verdict(None, Delivery.Reason.EXPIRED)
        words = str(Delivery.Reason(said.reason).label) if said.reason else ""
        delivery.reason = said.reason
        if said.until:
            delivery.due_at = said.until
            self._note("held", message.name, words, delivery.node, until=said.until)
        elif said.reason:
            delivery.state = Delivery.State.SKIPPED
            self._note("skipped", message.name, words, delivery.node, shown=self._shown(delivery))
        else:
            delivery.state, delivery.sent_at = Delivery.State.SENT, self.now
            delivery.contact_point = said.contact_point
            self._note("sent", message.name, "", delivery.node, shown=self._shown(delivery))
        delivery.save()

    def _shown(self, delivery: Delivery) -> Shown:
        return compose.sample_fill(
            delivery.message,
            Profile.objects.get(pk=self.profile_id),
            self.event,
            house=self.house,
            at=self.now,
            edition=delivery.message.current,
        )

    def title(self, node: str) -> str:
        """Return what a step is called."""
        return self._called.get(node, node)

    def _note(
        self, kind: str, title: str, text: str = "", node: str = "", *,
        shown: Shown | None = None, until: datetime | None = None,
    ) -> None:  # fmt: skip
        message = title if kind in ("sent", "held", "skipped") else ""
        self.lines.append(Line(self.now, kind, title, text, node, message, until, shown))
