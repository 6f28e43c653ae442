"""Programs get keys from people, for what these may do themselves, and lose them again."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from dxp.lib.clock import now
from dxp.users import grant
from dxp.users.models import ApiToken
from tests.customers import people

pytestmark = pytest.mark.django_db
TOKENS = "/admin/tokens/"


@pytest.fixture
def mara(client):
    user = people.staff("mara", "view_profile", "view_segment")
    client.force_login(user)
    return user


def made(client, **changes):
    body = {"name": "Warehouse", "scopes": ["profiles:read"], "days": "90", **changes}
    return client.post(TOKENS, body)


def secret_in(answer):
    return re.search(r"dxp_[\w-]{43}", answer.content.decode())[0]


class TestScreen:
    def test_shows_a_new_token_once_and_it_opens_what_it_names(self, client, mara):
        answer = made(client)
        secret = secret_in(answer)

        assert "no-store" in answer["Cache-Control"]
        header = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        assert client.get("/api/v1/profiles/", **header).status_code == 200
        assert client.get("/api/v1/segments/", **header).status_code == 403
        again = client.get(TOKENS).content.decode()
        assert secret not in again
        assert "Warehouse" in again
        assert "Read profiles" in again
        token = ApiToken.objects.get()
        assert token.user == mara
        assert (token.expires_at - token.created_at).days == 90
        assert token.last_used_at is not None

    def test_offers_only_what_the_person_may_do(self, client, mara):
        page = client.get(TOKENS).content.decode()

        assert 'value="profiles:read"' in page
        assert 'value="profiles:write"' not in page
        assert made(client, scopes=["profiles:write"]).status_code == 200
        assert not ApiToken.objects.exists()

    def test_takes_a_token_back_after_asking(self, client, mara):
        header = {"HTTP_AUTHORIZATION": f"Bearer {secret_in(made(client))}"}
        revoke = reverse("users_token_revoke", args=[ApiToken.objects.get().pk])

        assert b"Warehouse" in client.get(revoke).content
        assert client.get("/api/v1/profiles/", **header).status_code == 200
        client.post(revoke)

        assert client.get("/api/v1/profiles/", **header).status_code == 401
        assert b"Revoked" in client.get(TOKENS).content

    def test_shows_nobody_elses_tokens(self, client, mara):
        made(client, name="Secret plan")
        other = people.staff("omar", "view_profile")
        client.force_login(other)

        assert b"Secret plan" not in client.get(TOKENS).content
        revoke = reverse("users_token_revoke", args=[ApiToken.objects.get().pk])
        assert client.post(revoke).status_code == 404
        assert ApiToken.objects.get().revoked_at is None

    def test_says_what_is_missing(self, client, mara):
        page = made(client, name="", scopes=[]).content.decode()

        assert page.count("This field is required.") == 2


class TestGrant:
    def test_refuses_what_the_person_may_not_do(self, mara):
        with pytest.raises(grant.NotYours, match="rights:write"):
            grant.issue(
                user=mara, scopes=["profiles:read", "rights:write"], name="Greedy", at=now()
            )

    def test_keeps_no_token(self, mara):
        secret = grant.issue(user=mara, scopes=["profiles:read"], name="Warehouse", at=now())

        assert secret not in str(list(ApiToken.objects.values()))

    def test_a_person_who_left_opens_nothing(self, mara):
        secret = grant.issue(user=mara, scopes=["profiles:read"], name="Warehouse", at=now())
        mara.is_active = False
        mara.save()

        assert grant.shown(secret=secret, at=now()) is None


class TestCommand:
    def run(self, *words):
        out = StringIO()
        call_command("token", *words, stdout=out)
        return out.getvalue().strip()

    def test_reads_what_the_person_may_read(self, mara):
        self.run("mara", "--scope", "read")

        read = ["profiles:read", "events:read", "segments:read"]
        assert set(read) <= set(ApiToken.objects.get().scopes)
        assert all(one.endswith(":read") for one in ApiToken.objects.get().scopes)

    def test_takes_single_scopes_a_name_and_an_end(self, mara):
        self.run("mara", "--scope", "events:read", "--name", "Warehouse", "--days", "30")

        token = ApiToken.objects.get()
        assert (token.scopes, token.name) == (["events:read"], "Warehouse")
        assert (token.expires_at - token.created_at).days == 30

    @pytest.mark.parametrize("scope", ["guess", "rights:write"])
    def test_refuses_what_is_no_scope_or_not_theirs(self, mara, scope):
        with pytest.raises(CommandError, match=scope):
            self.run("mara", "--scope", scope)
