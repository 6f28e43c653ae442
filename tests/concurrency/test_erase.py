"""Ana has data in every table of every floor; she asks for it, and asks to be forgotten."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import time
import zipfile
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch

import pytest
from django.apps import apps
from django.db import connection, connections
from wagtail.log_actions import log

from analytics import collect, compact, query, rewrite, shelf
from analytics.measures import names
from analytics.models import Chunk, ErasedAlias
from content import impress, recognize
from content.models import Form, Submission
from content.personalize import Because, Decision
from customers import consent, erase, export, gather, identify, ingest, retain
from customers.models import (
    Alias,
    AliasOverride,
    AliasOwnership,
    BlockedValue,
    BotEvent,
    CannotLink,
    ComputedTrait,
    ComputedValue,
    ContactPoint,
    ErasureRequest,
    Event,
    IdentityChange,
    MergeReview,
    Preference,
    Profile,
    SegmentDue,
    SegmentMember,
    TraitDef,
)
from customers.rights import KEEPERS, Person
from customers.segment import create
from dxp.lib import hints
from dxp.users.models import ApiCall, ApiToken
from journeys import mark
from journeys.models import (
    Delivery,
    Enrollment,
    Notice,
    OnsiteMessage,
    PushSubscription,
    Report,
    Sender,
    Step,
    Suppression,
    Touch,
)
from tests.customers.people import bought, happened, staff, track, website
from tests.house.test_rights import ABOUT_NOBODY
from tests.journeys.conftest import delay, draw, write

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=300)
TOMORROW = NOW + timedelta(days=1)
NEEDLES = {"ana-7731", "cookie-7731", "maric@example.org", "maric+old@example.org", "Marić"}


@pytest.fixture
def lake(settings, tmp_path):
    settings.LAKE_DIR = tmp_path
    return collect.Lake(tmp_path, threads=1)


def events(at):
    """What her devices sent."""
    return [
        track("ana-7731", "purchase", "ana-7731-1", timestamp=at.isoformat(),
              properties={"revenue": 10}),
        {"type": "identify", "userId": "ana-7731", "anonymousId": "cookie-7731",
         "messageId": "two", "timestamp": at.isoformat(),
         "traits": {"name": "Ana Marić", "email": "Maric@Example.org"}},
    ]  # fmt: skip


def world(lake) -> tuple[Profile, Profile]:
    """Leave something about ana everywhere, and something about bruno beside it."""
    segment = create(name="Buyers", rule=bought(), at=LONG_AGO)
    happened(*events(LONG_AGO), track("bruno", "purchase", "b-1"), at=LONG_AGO)
    collect.seal(lake=lake, at=NOW)
    # PostgreSQL has let go of that month, the lake has not yet.
    assert retain.prune(at=NOW, default_days=90)["months"]
    happened(track("ana-7731", "Opened", "three"), track("bruno", "Opened", "b-2"), at=NOW)
    collect.seal(lake=lake, at=NOW)
    ana = Profile.objects.get(aliases__value="ana-7731")
    bruno = Profile.objects.get(aliases__value="bruno")
    leave_with_the_customers_floor(ana, bruno, segment)
    leave_with_the_others(ana, bruno, segment)
    query.ask(names.seen, lake=lake, at=NOW, start=LONG_AGO, end=TOMORROW)
    # What nobody folded yet, and what could not be read.
    ingest.accept(source=website(), events=[track("ana-7731", "Late", "four")], at=NOW)
    ingest.accept(source=website(), at=NOW, events=[
        {"type": "no such", "traits": {"email": "maric@example.org"}},
        {"type": "no such", "userId": "bruno"},
    ])  # fmt: skip
    return ana, bruno


def leave_with_the_customers_floor(ana, bruno, segment):
    her, his = (p.aliases.order_by("id")[0] for p in (ana, bruno))
    point = ContactPoint.objects.get(value="maric@example.org")
    a, b = sorted((her, his), key=lambda alias: alias.pk)
    both = {"a": a, "b": b, "at": NOW}
    trait = TraitDef.objects.create(key="orders", type="number", created_at=NOW)
    computed = ComputedTrait.objects.create(trait=trait, event="purchase", state="LIVE")
    ComputedValue.objects.update_or_create(
        computed=computed, profile=ana, defaults={"value": 1, "computed_at": NOW}
    )
    Preference.objects.create(contact_point=point, method="form", at=NOW)
    gather.create(name="Fans", profile_ids=[ana.pk, bruno.pk], at=NOW)
    form = Form.objects.create(name="Advice", slug="advice", fields=[])
    Submission.objects.create(
        form=form, profile=ana, alias=her, key="k", at=NOW,
        answers=[["note", "What?", "ana-7731"]],
    )  # fmt: skip
    for subject in ({"contact_point": point, "channel": "email"}, {"alias": her}):
        consent.record(
            purpose="marketing" if "channel" in subject else "tracking", state="GRANTED",
            method="form", evidence={"page": "ana-7731"}, at=NOW, **subject,
        )  # fmt: skip
    CannotLink.objects.create(**both)
    MergeReview.objects.create(**both, reason="two known users", evidence={"value": "ana-7731"})
    IdentityChange.objects.create(
        cause="merge", kept=ana, other=bruno, at=NOW, traits_before={"1": {"name": "Ana Marić"}}
    )
    AliasOwnership.objects.create(alias=his, holder=her, valid=(LONG_AGO, NOW))
    AliasOverride.objects.filter(alias=her).delete()
    AliasOverride.objects.create(alias=her, profile=ana, changed_at=NOW)
    BlockedValue.objects.create(kind="user", value="ana-7731", at=NOW)
    BotEvent.objects.create(
        source=website(), message_id="bot", received_at=NOW, at=NOW, type="page", name="x",
        user_agent="bot", anonymous_id="cookie-7731", body={"anonymousId": "cookie-7731"},
    )  # fmt: skip
    SegmentDue.objects.update_or_create(segment=segment, profile=ana, defaults={"due_at": NOW})
    assert SegmentMember.objects.filter(profile=ana).exists()


def leave_with_the_others(ana, bruno, segment):
    token = ApiToken.objects.create(
        user=staff("mara"), name="CRM", scopes=["profiles:read"], digest="d", created_at=NOW
    )
    ApiCall.objects.create(
        token=token, key="k", fingerprint="f",
        status=200, body=b"maric@example.org", about=[ana.public_id], at=NOW,
    )  # fmt: skip
    message = write("Welcome", at=NOW)
    journey = draw(segment, {"type": "send", "message": message.pk}, delay(), at=NOW)
    point = ContactPoint.objects.get(value="maric@example.org")
    for person in (ana, bruno):
        Enrollment.objects.filter(profile=person).delete()
        run = Enrollment.objects.create(
            profile=person, journey=journey, version=journey.current, node="s1", since=NOW,
            entered_at=NOW,
        )  # fmt: skip
        Step.objects.create(enrollment=run, seq=0, node="s1", outcome=str(person), at=NOW)
        delivery = Delivery.objects.create(
            enrollment=run, seq=0, node="s1", profile=person, message=message,
            sender=Sender.objects.first(), contact_point=point if person == ana else None,
            state="SENDING", detail=f"250 {person}", queued_at=NOW, due_at=NOW, expires_at=TOMORROW,
            lease_until=TOMORROW, mark_epoch=mark.lease(),
        )  # fmt: skip
        marks = mark.Marks(delivery.mark_epoch)
        marks.trying(delivery.pk)
        marks.tell({delivery.pk: f"ok:{person}"})
        Touch.objects.create(delivery=delivery, kind="open", at=NOW, agent=f"Mail of {person}")
        Report.objects.create(
            key=f"r-{person.pk}", kind="delivered", source="test", delivery=delivery, at=NOW,
            contact_point=delivery.contact_point, detail=f"250 {person}",
        )  # fmt: skip
        OnsiteMessage.objects.create(
            delivery=delivery, profile=person, title=f"Hello {person}", text="…", queued_at=NOW,
            expires_at=TOMORROW,
        )  # fmt: skip
        Notice.objects.create(
            profile=person, name="Told", properties={"to": str(person)}, at=NOW,
            message_id=f"n-{person.pk}",
        )  # fmt: skip
    for cookie in ("cookie-7731", "cookie-of-somebody"):
        # What a page that is filled by our server, and the call for slots, leave for a while.
        alias = identify.ensure_alias(kind="anonymous", value=cookie, at=NOW)
        consent.record(
            purpose="personalization", state="GRANTED", method="form", at=NOW, alias=alias
        )
        who = recognize.visitor(cookie, None, at=NOW)
        shown = Decision("default", [], Because.NO_MATCH, "", NOW, slot="s", who=who)
        impress.shown(decisions=[shown], anonymous_id=cookie, page_id=1, at=NOW)
    for person in (ana, bruno):
        log(instance=person, action="wagtail.edit")
    log(instance=BlockedValue.objects.get(), action="wagtail.create")
    Suppression.objects.create(contact_point=point, cause="refused", at=NOW)
    PushSubscription.objects.create(
        contact_point=point, endpoint="https://push.example/ana-7731", p256dh="k", auth="a",
        created_at=NOW,
    )  # fmt: skip


def everything(lake) -> dict[str, str]:
    """All that is kept anywhere, as text, by place."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = relnamespace WHERE nspname = 'public' AND relkind IN ('r', 'm')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            # Bytes are shown as hexadecimal digits.
            lines = "\n".join(row for (row,) in cursor.fetchall())
            found[f"table {table}"] = lines + _bytes(table, cursor)
    client = hints.client()
    for key in client.scan_iter():
        told = {
            b"string": lambda one: [client.get(one) or b""], b"hash": client.hvals,
            b"set": client.smembers,
        }.get(client.type(key), lambda _one: [])  # fmt: skip
        lines = told(key)
        words = b" ".join(lines).decode(errors="replace")
        found[f"redis {key.decode()}"] = f"{key.decode()} {words}"
    with collect.engine(lake) as database:
        for file in lake.events.glob("*"):
            rows = database.execute(
                "SELECT e::text FROM read_parquet($f) e", {"f": str(file)}
            ).fetchall()
            found[f"lake {file.name}"] = "\n".join(map(str, rows))
    return found


def _bytes(table, cursor) -> str:
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
        " AND atttypid = 'bytea'::regtype",
        [table],
    )
    text = ""
    for (column,) in cursor.fetchall():
        cursor.execute(f"SELECT encode(\"{column}\", 'escape') FROM {table}")
        text += "\n".join(row or "" for (row,) in cursor.fetchall())
    return text


def places_of(needles, lake) -> dict[str, set[str]]:
    return {
        place: hits
        for place, text in everything(lake).items()
        if (hits := {needle for needle in needles if needle.casefold() in text.casefold()})
    }


def strange_keys() -> list[str]:
    """What lies in Redis under a name that nobody declared."""
    known = [*ABOUT_NOBODY, *(store for keeper in KEEPERS for store in keeper.stores)]
    return [
        key.decode()
        for key in hints.client().scan_iter()
        if not any(fnmatch(f"redis:{key.decode()}", store) for store in known)
    ]


def names_of(person: Person) -> set[str]:
    return {*NEEDLES, *person.public_ids}


def numbers_of(person: Person) -> list[str]:
    """Rows of any model that still point at her by number."""
    asked = {Profile: person.profile_ids, Alias: person.alias_ids,
             ContactPoint: person.contact_point_ids}  # fmt: skip
    return [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model in asked
        and model._base_manager.filter(**{f"{field.name}__in": asked[field.related_model]}).exists()
    ]


def take_everything(ana):
    """She takes at least a row of every keeper with her."""
    file = io.BytesIO()
    counts = export.write(Person.of(ana.pk), to=file, at=NOW)
    assert [name for name, count in counts.items() if not count] == []
    with zipfile.ZipFile(file) as archive:
        for keeper in KEEPERS:
            lines = archive.read(f"{keeper.name}.jsonl").splitlines()
            assert len([json.loads(line) for line in lines]) == counts[keeper.name]
        assert "bruno" not in archive.read("events.jsonl").decode()
        older = [json.loads(line) for line in archive.read("lake.jsonl").splitlines()]
    # Only what PostgreSQL no longer holds.
    assert {"purchase", "Identified"} <= {row["name"] for row in older}
    assert "Opened" not in {row["name"] for row in older}


def test_pitfall_05_of_her_nothing_is_left_in_any_table_in_redis_or_in_a_file(lake):
    ana, bruno = world(lake)
    take_everything(ana)
    her, his = Person.of(ana.pk), Person.of(bruno.pk)
    assert strange_keys() == []
    before = places_of(names_of(her), lake)
    for place in ("table customers_inbox", "table customers_quarantine", "redis journeys:mark",
                  "redis visit:", "redis visits:", "redis shown:", "lake ",
                  "table journeys_delivery", "table users_apicall"):  # fmt: skip
        assert any(found.startswith(place) for found in before), place

    done = erase.run(erase.request(her, by=None, at=NOW), at=NOW)
    # Reports leave her out at once, although the files still hold her.
    for window in ((LONG_AGO, NOW), (NOW, TOMORROW)):
        table = query.ask(names.seen, lake=lake, at=NOW, start=window[0], end=window[1])
        assert sum(row[1] for row in table.rows) == _events_of(his, window, lake)
    rewrite.rewrite(lake=lake, at=NOW)
    compact.compact(lake=lake, at=TOMORROW)
    rewrite.rewrite(lake=lake, at=TOMORROW + timedelta(days=1))

    assert done.counts["lake"]
    assert min(done.counts.values()) >= 0
    assert places_of(names_of(her), lake) == {}
    assert numbers_of(her) == []
    assert not ErasedAlias.objects.exists()
    assert places_of({"bruno"}, lake)
    assert hints.client().exists("visit:cookie-of-somebody")
    assert Enrollment.objects.filter(profile=bruno).count() == 1
    assert Delivery.objects.filter(profile=bruno).count() == 1


def _events_of(person: Person, window, lake) -> int:
    hot = Event.objects.filter(
        alias__in=person.alias_ids, at__gte=window[0], at__lt=window[1]
    ).count()
    cold = rewrite.events_of(lake=lake, alias_ids=person.alias_ids)
    return hot + sum(1 for row in cold if window[0] <= row["happened_at"] < window[1])


def people(number):
    """Bring in people of whom each has two names, an address and some events."""
    told = []
    for who in range(number):
        told += [track(f"user-{who}", "purchase", f"p-{who}-{n}") for n in range(5)]
        told.append({
            "type": "identify", "userId": f"user-{who}", "anonymousId": f"cookie-{who}",
            "messageId": f"i-{who}", "traits": {"email": f"user-{who}@x.test"},
        })  # fmt: skip
    happened(*told, at=NOW)


def killed_while(job, after):
    """Run a job in a process of its own and kill it; return how it ended."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(job,), daemon=True)
    process.start()
    process.join(after)
    ended = process.exitcode
    process.kill()
    process.join()
    return ended


def _alone(job):
    hints.client.cache_clear()
    job()


def test_killed_at_any_moment_an_erasure_is_gone_on_with():
    people(3)
    wanted = [
        erase.request(Person.under(Alias.objects.filter(value=f"user-{who}").values_list(
            "profile_id", flat=True)), by=None, at=NOW)
        for who in (0, 1)
    ]  # fmt: skip

    def dies_at(step, request):
        """Do the work, and die in a transaction after its rows went and before it commits."""
        asked = iter(range(step))
        save = ErasureRequest.save

        def or_die(*args, **rest):
            if next(asked, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            save(*args, **rest)

        ErasureRequest.save = or_die
        erase.run(request, at=NOW)

    for step in range(0, len(list(KEEPERS)) + 1, 4):
        ended = killed_while(lambda step=step: dies_at(step, wanted[0]), after=20)
        assert ended == -signal.SIGKILL
        assert ErasureRequest.objects.get(pk=wanted[0].pk).attempts == (step + 3) // 4
        happened(track("user-0", "purchase", f"late-{step}"), at=NOW)
    # At whatever moment: not only between steps.
    for after in (0.02, 0.1, 0.3):
        killed_while(lambda: erase.run(wanted[1], at=NOW), after=after)
    erase.work(at=NOW)
    assert set(ErasureRequest.objects.values_list("state", flat=True)) == {"DONE"}
    assert set(Alias.objects.values_list("value", flat=True)) == {"user-2", "cookie-2"}
    assert set(Event.objects.values_list("user_id", flat=True)) == {"user-2"}
    assert ErasureRequest.objects.filter(profile_ids__len__gt=0).count() == 0


@pytest.mark.parametrize("step", ["before the file", "before the swap", "after the swap"])
def test_a_rewrite_that_dies_leaves_the_old_file_or_the_new_one(lake, step):
    people(4)
    collect.seal(lake=lake, at=NOW)
    alias = Alias.objects.get(value="user-1")
    erase.run(erase.request(Person.of(alias.profile_id), by=None, at=NOW), at=NOW)

    def die(*args, **rest):
        os.kill(os.getpid(), signal.SIGKILL)

    def job():
        if step == "before the file":
            shelf.Lake.keep = die
        elif step == "before the swap":
            collect.replace = die
        else:
            rewrite._settle = die
        rewrite.rewrite(lake=lake, at=NOW)

    assert killed_while(job, after=20) == -signal.SIGKILL
    live = Chunk.objects.get(retired_at=None)
    assert (lake.folder / live.path).exists()
    assert shelf.checksum_of(lake.folder / live.path) == live.checksum
    assert answered(lake)["purchase"] == 15
    # The next night finishes it; two days on, nothing but the new file is there.
    rewrite.rewrite(lake=lake, at=NOW)
    late = datetime.fromtimestamp(time.time(), UTC) + timedelta(days=2)
    compact.compact(lake=lake, at=late)
    (live,) = Chunk.objects.all()
    assert [file.name for file in lake.events.iterdir()] == [live.path.rpartition("/")[2]]
    assert answered(lake)["purchase"] == 15
    assert not list(rewrite.events_of(lake=lake, alias_ids=[alias.pk]))


def answered(lake) -> dict[str, int]:
    table = query.ask(
        names.seen, lake=lake, at=NOW, start=NOW - timedelta(days=1), end=TOMORROW, cached=False
    )
    return {name: events for name, events, _people in table.rows}


def test_the_lake_lets_go_of_what_is_too_old(lake):
    people(2)
    collect.seal(lake=lake, at=NOW)
    term = retain.Term(TOMORROW, name="purchase")
    assert rewrite.rewrite(lake=lake, terms=[term], at=TOMORROW) == 1
    assert rewrite.rewrite(lake=lake, terms=[term], at=TOMORROW) == 0
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_event")
    assert answered(lake) == {"Identified": 2}
    # Of a file of which nothing is left no file remains.
    assert rewrite.rewrite(lake=lake, terms=[retain.Term(TOMORROW)], at=TOMORROW) == 1
    assert not Chunk.objects.filter(retired_at=None).exists()
