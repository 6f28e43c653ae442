"""Looking at a page as somebody: an audience, a persona, a person, at another time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from wagtail.models import ModelLogEntry

from content import look
from content.models import HomePage, Persona
from customers.models import Alias, TraitDef
from dxp import roles
from dxp.users.models import User
from tests.content.conftest import action

pytestmark = pytest.mark.django_db
NAME = "{{ customer.first_name|there }}"


@pytest.fixture
def elena(client):
    roles.seed()
    user = User.objects.create_user("elena", "elena@example.com", "x" * 12)
    user.groups.add(Group.objects.get(name="Editor"))
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def person(ana):
    return Alias.objects.get(value=ana.aid).profile


@pytest.fixture
def seen(pages, elena):
    """Look at the front page's draft through the form; return the page in the frame."""

    def looked(client=elena, **asked):
        answer = client.get(reverse("content_look", args=[pages.home.pk]), asked)
        assert answer.status_code == 200, answer
        frame = answer.context["frame"]
        return client.get(frame).content.decode()

    return looked


class TestModes:
    def test_are_audiences_and_personas(self, pages, readers):
        persona = Persona.objects.create(name="Saver")
        persona.segments.add(readers)

        modes = dict(pages.home.preview_modes)

        assert list(modes) == ["", f"audience-{readers.pk}", f"persona-{persona.pk}"]
        for mode in list(modes)[1:]:
            page = pages.home.make_preview_request(preview_mode=mode).content.decode()
            assert "Welcome back, reader" in page

    @pytest.mark.parametrize("mode", ["persona-999", "audience-x", "look:forged", "profile-1", "?"])
    def test_that_nobody_offers_show_the_default(self, pages, mode):
        page = pages.home.make_preview_request(preview_mode=mode)

        assert "New here?" in page.content.decode()
        assert "no-store" in page["Cache-Control"]

    def test_persona_comes_as_it_is_written_and_has_a_name(self, pages, at):
        TraitDef.objects.update_or_create(
            key="firstName", defaults={"type": "text", "pii": "name", "created_at": at}
        )
        persona = Persona.objects.create(
            name="Traveler", traits={"firstName": "Ana"}, context={"device": "phone"}
        )
        variants = [{"content": action(f"Hi {NAME}"), "when": {"device": ["phone"]}}]
        pages.home.body = [("personal_slot", {"default": action("D"), "variants": variants})]
        pages.home.save()
        page = HomePage.objects.get(pk=pages.home.pk)

        shown = page.make_preview_request(preview_mode=f"persona-{persona.pk}")

        assert "Hi Ana" in shown.content.decode()


class TestLooking:
    def test_as_an_audience_and_why(self, pages, elena, readers, seen):
        answer = elena.get(
            reverse("content_look", args=[pages.home.pk]), {"as_": f"audience-{readers.pk}"}
        )

        assert "In Readers." in answer.content.decode()
        assert "Welcome back, reader" in seen(as_=f"audience-{readers.pk}")
        assert "New here?" in seen()

    def test_says_what_is_wrong_where_it_is_seen(self, pages, elena):
        address = reverse("content_look", args=[pages.home.pk])

        asked = elena.get(address, {"zone": "Mars/Base"}).content.decode()

        assert "Nobody knows this time zone." in asked
        assert '<details class="dxp-look__more" open>' in asked
        assert '<details class="dxp-look__more">' in elena.get(address).content.decode()

    def test_at_another_time(self, pages, seen, readers, at):
        variants = [{"content": action("Sale"), "starts": at + timedelta(days=30)}]
        pages.home.body = [("personal_slot", {"default": action("D"), "variants": variants})]
        pages.home.save()
        persona = Persona.objects.create(name="Anybody")
        later = f"{at + timedelta(days=31):%Y-%m-%d %H:%M}"

        assert "Sale" not in seen(as_=f"persona-{persona.pk}")
        assert "Sale" in seen(as_=f"persona-{persona.pk}", at=later)

    def test_shows_the_draft_and_not_what_is_live(self, pages, seen, readers):
        page = HomePage.objects.get(pk=pages.home.pk)
        page.body[0].value["heading"] = "Drafted"
        page.save_revision()

        assert "Drafted" in seen()

    def test_as_a_person_is_for_those_who_may_see_people_and_is_written_down(
        self, pages, elena, seen, person
    ):
        address = reverse("content_look", args=[pages.home.pk])
        refused = elena.get(address, {"person": person.public_id})
        assert "Welcome back, reader" not in elena.get(refused.context["frame"]).content.decode()
        assert not ModelLogEntry.objects.filter(action="content.look_as").exists()

        elena.user.user_permissions.add(Permission.objects.get(codename="view_profile"))

        assert "Welcome back, reader" in seen(person=person.public_id)
        entry = ModelLogEntry.objects.get(action="content.look_as")
        assert entry.object_id == str(person.pk)
        assert entry.user == elena.user
        assert entry.data == {"page": pages.home.pk}

    def test_as_a_person_says_what_the_colleague_may_read(self, pages, elena, seen, person, at):
        TraitDef.objects.update_or_create(
            key="firstName", defaults={"type": "text", "pii": "name", "created_at": at}
        )
        type(person).objects.filter(pk=person.pk).update(traits={"firstName": "Ana"})
        pages.home.body = [("personal_slot", {"default": action(f"Hi {NAME}"), "variants": []})]
        pages.home.save()
        rights = Permission.objects.filter(content_type__app_label="customers")
        elena.user.user_permissions.add(rights.get(codename="view_profile"))
        elena.user.groups.clear()
        elena.user.is_superuser = False
        look_as = look.Wish(f"profile-{person.public_id}").mode(by=elena.user.pk)

        def said():
            user = User.objects.get(pk=elena.user.pk)
            return look.see(HomePage.objects.get(pk=pages.home.pk), look_as, by=user, at=at).say(
                NAME
            )

        assert said() == "there"
        elena.user.user_permissions.add(rights.get(codename="see_name"))
        assert said() == "Ana"
        elena.user.user_permissions.remove(rights.get(codename="view_profile"))
        assert said() == "there"

    def test_what_was_signed_for_one_is_of_no_use_to_another(self, pages, elena, person, client):
        mode = look.Wish(f"profile-{person.public_id}").mode(by=elena.user.pk + 1)

        page = elena.get(reverse("content_look_frame", args=[pages.home.pk]), {"mode": mode})

        assert "Welcome back, reader" not in page.content.decode()

    def test_is_for_those_who_may_edit_the_page(self, pages, client):
        omar = User.objects.create_user("omar", "omar@example.com", "x" * 12)
        omar.user_permissions.add(Permission.objects.get(codename="access_admin"))
        client.force_login(omar)

        for name in ("content_look", "content_look_frame"):
            answer = client.get(reverse(name, args=[pages.home.pk]))
            assert answer.status_code in {302, 403}
            assert "New here?" not in answer.content.decode()

    def test_stands_beside_the_editor(self, pages, elena):
        editor = elena.get(reverse("wagtailadmin_pages:edit", args=[pages.home.pk]))

        assert reverse("content_look", args=[pages.home.pk]) in editor.content.decode()


class TestPersonas:
    def test_are_written_in_a_form(self, elena, readers):
        address = reverse("wagtailsnippets_content_persona:add")
        told = {
            "name": "Saver", "description": "", "segments": [readers.pk],
            "traits": "first_name = Ana\nage = 41", "device": "phone", "zone": "Europe/Madrid",
            "visits": "3",
        }  # fmt: skip

        assert elena.post(address, told).status_code == 302
        persona = Persona.objects.get()
        assert persona.traits == {"first_name": "Ana", "age": 41}
        assert persona.context == {"device": "phone", "zone": "Europe/Madrid", "visits": 3}
        assert list(persona.segments.all()) == [readers]
        edited = elena.get(reverse("wagtailsnippets_content_persona:edit", args=[persona.pk]))
        assert "first_name = Ana" in edited.content.decode()

    def test_refuse_what_nobody_can_read(self, elena):
        address = reverse("wagtailsnippets_content_persona:add")
        told = {"traits": "no equals", "zone": "Mars/Base", "country": "1$", "language": "?",
                "referrer": "not a host"}  # fmt: skip

        answer = elena.post(address, {"name": "X", **told})

        assert answer.status_code == 200
        assert not Persona.objects.exists()
        assert set(answer.context["form"].errors) == set(told)

    def test_keep_traits_as_they_are_however_often_they_are_saved(self, elena):
        address = reverse("wagtailsnippets_content_persona:add")
        odd = 'a = NaN\nb = "\\u0000"\nc = true\nd = "12"\ne = ["x", 1]\nf = 1e999\ng = null'

        elena.post(address, {"name": "Odd", "traits": odd})
        persona = Persona.objects.get()
        change = reverse("wagtailsnippets_content_persona:edit", args=[persona.pk])
        shown = elena.get(change).context["form"].initial["traits"]
        elena.post(change, {"name": "Odd", "traits": shown})

        assert persona.traits == {
            "a": "NaN", "b": '"\\u0000"', "c": True, "d": "12", "e": ["x", 1], "f": "1e999",
            "g": "null",
        }  # fmt: skip
        persona.refresh_from_db()
        assert persona.traits["d"] == "12"
        assert shown == odd
