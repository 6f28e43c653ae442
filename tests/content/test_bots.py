"""Bots: made with narrow rights and a key, working on what they were given, and sent away."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from content import grant
from content.models import Fragment
from dxp import roles
from dxp.lib.clock import now
from dxp.users import bots, scopes
from dxp.users.models import ApiToken, User
from tests.house.objects import person


@pytest.fixture
def admin(db):
    roles.seed()
    return person("admin", "Administrator")


@pytest.fixture
def desk(admin):
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def gita(db):
    """May enter the admin and nothing more."""
    return person("gita")


@pytest.fixture
def bot(admin):
    return bots.create(name="Export", scopes=["profiles:read"], by=admin, at=now())


def test_a_bot_cannot_sign_in_even_with_a_password(bot, admin):
    bot, _key = bot
    bot.set_password("a long password")
    bot.save()
    client = Client()

    assert not client.login(username=bot.username, password="a long password")
    client.force_login(bot)
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_bot_may_what_it_was_given_and_no_more(bot, client):
    bot, key = bot
    told = {"headers": {"Authorization": f"Bearer {key}"}}

    assert client.get("/api/v1/profiles/", **told).status_code == 200
    assert client.get("/api/v1/segments/", **told).status_code == 403
    assert sorted(bot.get_all_permissions()) == [scopes.SCOPES["profiles:read"].right]


def test_nobody_makes_a_bot_that_may_more_than_they(gita, at):
    with pytest.raises(PermissionError):
        bots.create(name="Sneaky", scopes=["profiles:read"], by=gita, at=at)

    assert not User.objects.filter(is_bot=True).exists()


def test_a_bot_is_made_and_retired_on_the_screen(desk, client):
    made = desk.post(
        reverse("content_bots:index"), {"name": "Export", "scopes": ["profiles:read"], "days": "90"}
    )
    bot = User.objects.get(is_bot=True, first_name="Export")
    key = made.text.split('data-dxp-copy-target="text">')[1].split("<")[0]
    before = client.get("/api/v1/profiles/", headers={"Authorization": f"Bearer {key}"})
    shown = desk.get(reverse("content_bots:one", args=[bot.pk]))
    desk.post(reverse("content_bots:retire", args=[bot.pk]))
    after = client.get("/api/v1/profiles/", headers={"Authorization": f"Bearer {key}"})

    assert (before.status_code, after.status_code) == (200, 401)
    assert key not in shown.text
    assert "profiles:read" in shown.text
    assert ApiToken.objects.get(user=bot).revoked_at is not None


def test_a_bot_shows_what_it_was_given(desk, bot, admin, words, at):
    bot, _key = bot
    grant.give(to=bot, on=words["Amber"], actions=["change"], by=admin, at=at)

    assert "Amber" in desk.get(reverse("content_bots:one", args=[bot.pk])).text


def test_bots_are_called_so_in_any_script(admin):
    named = [
        bots.create(name=name, scopes=[], by=admin, at=now())[0].username
        for name in ("翻译", "Перевод", "!!!")
    ]

    assert named[:2] == ["bot-翻译", "bot-перевод"]
    assert len(named[2]) > len("bot-")
    with pytest.raises(bots.NameTaken):
        bots.create(name="翻译", scopes=[], by=admin, at=now())


def test_a_new_key_opens_what_the_old_one_opened(desk, bot, client):
    bot, old = bot
    page = reverse("content_bots:one", args=[bot.pk])
    shown = desk.post(page, {"days": "90"}).text
    new = shown.split('data-dxp-copy-target="text">')[1].split("<")[0]
    answers = [client.get("/api/v1/profiles/", headers=bearer(key)) for key in (old, new)]

    assert new != old
    assert [answer.status_code for answer in answers] == [200, 200]
    assert new not in desk.get(page).text
    assert ApiToken.objects.filter(user=bot, expires_at__isnull=False).count() == 1


def test_a_retired_bot_works_again_with_a_new_key(desk, bot, client):
    bot, old = bot
    desk.post(reverse("content_bots:retire", args=[bot.pk]))
    desk.post(reverse("content_bots:resume", args=[bot.pk]))
    bot.refresh_from_db()

    assert bot.is_active
    assert client.get("/api/v1/profiles/", headers=bearer(old)).status_code == 401
    key = bots.renew(bot=bot, by=User.objects.get(username="admin"), at=now())
    assert client.get("/api/v1/profiles/", headers=bearer(key)).status_code == 200


@pytest.fixture
def words(db):
    """Two fragments that nobody published."""
    return {
        name: Fragment.objects.create(name=name, sms=f"{name} says so", live=False, body=[])
        for name in ("Amber", "Birch")
    }


@pytest.fixture
def writer(admin, words, at):
    """The key of a bot that writes into Amber."""
    bot, key = bots.create(name="Translation", scopes=["fragments:write"], by=admin, at=now())
    grant.give(to=bot, on=words["Amber"], actions=["change"], by=admin, at=at)
    return bot, key


def newest(name):
    return Fragment.objects.get(name=name).get_latest_revision_as_object()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def asked(client, key, fragment, told=None, door="draft", **headers):
    address = f"/api/v1/fragments/{fragment.pk}/{door}/"
    options = {"headers": {**bearer(key), **headers}, "content_type": "application/json"}
    if door == "publish":
        return client.post(address, **options)
    if told is None:
        return client.get(address, headers=bearer(key))
    return client.patch(address, json.dumps(told), **options)


def test_a_bot_writes_into_the_fragment_that_it_was_given_and_into_no_other(client, writer, words):
    bot, key = writer
    answer = asked(client, key, words["Amber"], {"sms": "Save early."})
    read = asked(client, key, words["Amber"])
    refused = [
        asked(client, key, words["Birch"], {"sms": "Save late."}).status_code,
        asked(client, key, words["Birch"]).status_code,
        asked(client, key, words["Amber"], door="publish").status_code,
    ]

    assert (answer.status_code, answer.json()["sms"]) == (200, "Save early.")
    assert (read.json(), read["ETag"]) == (answer.json(), answer["ETag"])
    assert refused == [404, 404, 403]
    assert bot.get_all_permissions() == set()
    for name, sms in (("Amber", "Save early."), ("Birch", "Birch says so")):
        assert newest(name).sms == sms
    said = ModelLogEntry.objects.filter(user=bot).values_list("action", "label")
    assert list(said) == [("wagtail.edit", "Amber")]


def test_a_bot_publishes_what_it_may_publish(client, writer, words, admin, at):
    bot, key = writer
    grant.give(to=bot, on=words["Amber"], actions=["publish"], by=admin, at=at)
    asked(client, key, words["Amber"], {"sms": "Save early."})
    before = Fragment.objects.get(name="Amber").live
    answer = asked(client, key, words["Amber"], door="publish")

    amber = Fragment.objects.get(name="Amber")
    assert (answer.status_code, before, amber.live, amber.sms) == (200, False, True, "Save early.")


def test_a_text_that_does_not_fit_or_that_changed_meanwhile_is_refused(client, writer, words):
    _bot, key = writer
    read = asked(client, key, words["Amber"])
    too_long = asked(client, key, words["Amber"], {"push_title": "x" * 101})
    unknown = asked(client, key, words["Amber"], {"name": "Mine"})
    asked(client, key, words["Amber"], {"sms": "Meanwhile"})
    late = asked(client, key, words["Amber"], {"sms": "Late"}, **{"If-Match": read["ETag"]})

    assert [one.status_code for one in (too_long, unknown, late)] == [400, 400, 412]
    assert newest("Amber").sms == "Meanwhile"


def test_a_locked_fragment_is_not_written(client, writer, words, admin):
    Fragment.objects.filter(name="Amber").update(locked=True, locked_by=admin)

    answer = asked(client, writer[1], words["Amber"], {"sms": "Save early."})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "It is locked."
