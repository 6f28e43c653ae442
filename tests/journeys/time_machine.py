"""A journey, a person, and a clock that goes as a test likes: the fixture `journey`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from customers import consent, describe, identify
from customers.models import Alias, Profile
from journeys import phrase, publish
from journeys.compose import House
from journeys.models import Journey, Message
from journeys.rehearse import Line, Rehearsal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUSE = House(site="https://example.org", sender="Example <hello@example.org>")


class TimeMachine:
    """Draw or take a journey, let somebody enter, let time pass, and say what must have happened.

    Each sentence returns the machine, so that a test reads in one line:
    `journey.enter("ana").after(days=2).sent("welcome")`.
    """

    def __init__(self, at: datetime = NOON, house: House = HOUSE) -> None:
        self.at, self.house = at, house
        self.journey: Journey | None = None
        self.run: Rehearsal | None = None

    def draw(self, *steps: dict, entry: dict | None = None, **drawn) -> TimeMachine:
        """Publish a journey of these steps; steps and arms without an id get one."""
        self.journey = Journey.objects.create(
            name=drawn.pop("name", "Under test"),
            outline=_with_ids(list(steps)),
            entry=entry or {"type": "hand"},
            **drawn,
        )
        publish.publish(journey=self.journey, at=self.at)
        return self

    def take(self, name: str) -> TimeMachine:
        """Take a journey that exists, as it was published last."""
        self.journey = Journey.objects.get(name=name)
        return self

    def enter(self, who: str | Profile, **event) -> TimeMachine:
        """Let somebody in: a profile, or a name for somebody new who agreed to marketing."""
        assert self.journey is not None, "Draw a journey first, or take one."
        profile = who if isinstance(who, Profile) else self._somebody(who)
        self.run = Rehearsal(
            journey=self.journey, profile_id=profile.pk, at=self.at, house=self.house,
            names=phrase.Names(messages=dict(Message.objects.values_list("pk", "name"))),
        )  # fmt: skip
        self.run.enter(event)
        return self

    def after(self, **length) -> TimeMachine:
        """Let so much time pass, such as `days=2`."""
        self._walk.until(self._walk.now + timedelta(**length))
        return self

    def until(self, moment: datetime) -> TimeMachine:
        """Let time pass until a moment."""
        self._walk.until(moment)
        return self

    def happened(self, name: str, **properties) -> TimeMachine:
        """Let the person do something."""
        self._walk.happened(name, properties)
        return self

    def sent(self, *messages: str) -> TimeMachine:
        """Say which messages have been sent since the last time this was asked, by name."""
        found = self._new("sent")
        assert found == list(messages), f"{found} were sent.\n{self.told}"
        return self

    def skipped(self, message: str, reason: str) -> TimeMachine:
        """Say that a message was not sent, and a word of the reason."""
        found = [line for line in self._walk.lines if line.kind == "skipped"]
        assert any(one.message == message and reason in one.text for one in found), self.told
        return self

    def waits_at(self, step: str) -> TimeMachine:
        """Say where the person rests: the step's id, its name, or its words."""
        run = self._walk.standing
        assert run.ended_at is None, f"It is over.\n{self.told}"
        title = self._walk.title(run.node)
        found = {run.node, title, title.partition(". ")[2]}
        assert step in found, f"They wait at {title}.\n{self.told}"
        return self

    def ended(self, outcome: str) -> TimeMachine:
        """Say how the run is over."""
        run = self._walk.standing
        assert run.ended_at is not None, f"It is not over.\n{self.told}"
        assert run.outcome == outcome, f"It ended with {run.outcome!r}.\n{self.told}"
        return self

    @property
    def told(self) -> str:
        """Everything that happened, for whoever reads a failing test."""
        return "\n".join(_line(line) for line in self._walk.lines)

    @property
    def _walk(self) -> Rehearsal:
        assert self.run is not None, "Let somebody enter first."
        return self.run

    def _new(self, kind: str) -> list[str]:
        seen: int = getattr(self, "_seen", 0)
        self._seen = len(self._walk.lines)
        return [line.message for line in self._walk.lines[seen:] if line.kind == kind]

    def _somebody(self, name: str) -> Profile:
        alias = identify.ensure_alias(kind=Alias.Kind.USER, value=name, at=self.at)
        if not alias.profile.contact_points.exists():
            for channel, address in (
                ("email", f"{name}@example.com"), ("phone", f"+1202555{alias.pk % 10_000:04}"),
            ):  # fmt: skip
                point = identify.ensure_contact_point(
                    profile_id=alias.profile_id, channel=channel, address=address, at=self.at
                )
                consent.record(
                    purpose="marketing", channel=channel, state="GRANTED", method="form",
                    contact_point=point, at=self.at,
                )  # fmt: skip
            describe.describe(
                profile_id=alias.profile_id, traits={"firstName": name.capitalize()},
                source="test", at=self.at,
            )  # fmt: skip
        return Profile.objects.get(pk=alias.profile_id)


def _line(line: Line) -> str:
    zone = ZoneInfo("UTC")
    parts = (line.kind, line.title, line.text)
    return f"{line.at.astimezone(zone):%Y-%m-%d %H:%M} {' | '.join(one for one in parts if one)}"


def _with_ids(steps: list[dict], before: str = "s") -> list[dict]:
    """Number steps and arms as they stand: s1, s2, the first arm of s2 is s2a, its step s2a1."""
    for number, step in enumerate(steps, 1):
        step.setdefault("id", f"{before}{number}")
        for name in ("for", "arms"):
            for place, arm in enumerate(step.get(name, ())):
                arm.setdefault("id", f"{step['id']}{'abcdefghij'[place]}")
                _with_ids(arm.setdefault("steps", []), arm["id"])
        for name in ("timeout", "else"):
            _with_ids(step.get(name, []), f"{step['id']}{name[0]}")
    return steps
