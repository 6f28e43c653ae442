"""What mara does with lists of people on their screens, and what omar, without rights, does not."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from customers import gather, segment
from customers.models import Profile, ProfileList, Segment
from tests.customers import people
from tests.customers.people import NOON

pytestmark = pytest.mark.django_db
LISTS = "/admin/customers/lists/"
RIGHTS = (
    "view_profilelist", "add_profilelist", "change_profilelist", "delete_profilelist",
    "view_profile", "add_segment", "view_segment", "see_name", "see_contact",
)  # fmt: skip


@pytest.fixture
def mara(client):
    client.force_login(people.staff("mara", *RIGHTS))
    return client


@pytest.fixture
def omar(client):
    client.force_login(people.nobody())
    return client


@pytest.fixture
def ana():
    return people.ana()


@pytest.fixture
def guests(ana):
    return gather.create(name="Guests", profile_ids=[ana.pk], at=NOON, origin="Funnel, step 2")


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def names(a_list):
    return set(a_list.entries.values_list("profile__traits__name", flat=True))


class TestAllLists:
    def test_say_what_they_are_before_there_are_any(self, mara):
        assert "There are no lists of people to display." in text(mara.get(LISTS))

    def test_show_how_many_people_are_on_each(self, mara, guests):
        page = text(mara.get(LISTS))

        assert "Guests" in page
        assert f"{LISTS}people/{guests.pk}/" in page

    def test_a_new_one_is_empty_and_says_who_made_it(self, mara):
        answer = mara.post(f"{LISTS}new/", {"name": "Guests", "description": "Autumn"})

        made = ProfileList.objects.get()
        assert answer["Location"] == f"{LISTS}people/{made.pk}/"
        assert (made.created_by.username, made.description) == ("mara", "Autumn")
        assert "Nobody is on this list yet." in text(mara.get(answer["Location"]))

    def test_a_name_is_taken_once(self, mara, guests):
        assert "already exists" in text(mara.post(f"{LISTS}new/", {"name": "Guests"}))

    def test_omar_sees_none(self, omar, guests):
        for page in ("", f"people/{guests.pk}/", f"people/{guests.pk}/add/"):
            assert omar.get(LISTS + page).status_code in (302, 403)
        assert omar.post(f"{LISTS}people/{guests.pk}/remove/", {"person": 1}).status_code in (
            302,
            403,
        )
        assert guests.entries.count() == 1


class TestPeople:
    def test_are_shown_with_where_they_come_from(self, mara, guests):
        page = text(mara.get(f"{LISTS}people/{guests.pk}/"))

        assert "Ana Marić" in page
        assert "Taken from: Funnel, step 2" in page

    def test_are_searched_and_downloaded(self, mara, guests):
        address = f"{LISTS}people/{guests.pk}/"

        assert "Ana Marić" not in text(mara.get(f"{address}?q=bruno"))
        file = b"".join(mara.get(f"{address}?export=csv").streaming_content).decode()
        assert "Ana Marić" in file
        assert "Ana@Example.org" in file

    def test_hide_from_a_reader_what_they_may_not_see(self, client, guests):
        client.force_login(people.staff("nora", "view_profilelist", "view_profile"))
        address = f"{LISTS}people/{guests.pk}/"

        page = text(client.get(address))
        assert "Ana" not in page
        assert "Add people" not in page
        assert "Ana" not in b"".join(client.get(f"{address}?export=csv").streaming_content).decode()

    def test_one_is_removed(self, mara, ana, guests):
        group = gather.segment_of(list=guests, name="Guests now", at=NOON)

        mara.post(f"{LISTS}people/{guests.pk}/remove/", {"person": ana.pk})

        assert guests.entries.count() == 0
        assert segment.members_of(ana.pk) == set()
        assert group.members.filter(left_at=None).count() == 0


class TestAdding:
    def test_somebody_who_was_searched_for(self, mara, guests):
        chen = people.chen()
        address = f"{LISTS}people/{guests.pk}/add/?q=cookie"

        page = text(mara.get(address))
        assert f'value="{chen.pk}"' in page
        # Ana's cookie was found too.
        assert "is on the list" in page
        mara.post(address, {"person": chen.pk})

        assert guests.entries.filter(profile=chen).exists()

    def test_lines_of_any_kind_and_the_unknown_are_named(self, mara, guests):
        chen = people.chen()
        people.happened({"type": "identify", "userId": "bruno", "messageId": "b",
                         "traits": {"name": "Bruno", "phone": "+4072200001"}})  # fmt: skip
        gather.remove(
            list=guests, profile_ids=[Profile.objects.get(aliases__value="ana").pk], at=NOON
        )
        lines = f"ANA@example.org\n\nnobody@example.org\nbruno\n{chen.public_id}\n<b>x</b>\n"

        page = text(mara.post(f"{LISTS}people/{guests.pk}/add/", {"text": lines}))

        assert names(guests) == {"Ana Marić", "Bruno", None}
        assert "Line 3: nobody@example.org" in page
        assert "Line 6: &lt;b&gt;x&lt;/b&gt;" in page
        assert "3 people were added." in page

    @pytest.mark.parametrize(
        "content",
        [
            b"email,name\nana@example.org,Ana\n",
            b"\xef\xbb\xbfE-Mail;Name\r\nana@example.org;Ana\r\n",
            b'"ana@example.org"\n',
            "id\nana\nZo\u00eb\n".encode("cp1252"),
        ],
    )
    def test_a_file_as_spreadsheets_write_it(self, mara, ana, content):
        guests = gather.create(name="Guests", profile_ids=[], at=NOON)
        file = SimpleUploadedFile("guests.csv", content)

        mara.post(f"{LISTS}people/{guests.pk}/add/", {"file": file})

        assert list(guests.entries.values_list("profile", flat=True)) == [ana.pk]

    def test_nothing_at_all_is_said(self, mara, guests):
        page = text(mara.post(f"{LISTS}people/{guests.pk}/add/", {"text": " \n"}))

        assert "Write at least one line, or choose a file." in page

    def test_too_many_are_refused(self, mara, guests, monkeypatch):
        monkeypatch.setattr("customers.admin.list_file.MOST_LINES", 2)

        page = text(mara.post(f"{LISTS}people/{guests.pk}/add/", {"text": "a\nb\nc"}))

        assert "At most 2 people at a time." in page


class TestASegmentOfAList:
    def test_is_made_and_holds_its_people(self, mara, ana, guests):
        answer = mara.post(f"{LISTS}people/{guests.pk}/segment/", {"name": "Guests now"})

        made = Segment.objects.get()
        assert answer["Location"] == f"/admin/customers/segments/inspect/{made.pk}/"
        assert segment.members_of(ana.pk) == {made.pk}
        assert "is on the list “Guests”" in text(mara.get(answer["Location"]))

    def test_needs_a_name_of_its_own(self, mara, guests):
        gather.segment_of(list=guests, name="Guests", at=NOON)

        page = text(mara.post(f"{LISTS}people/{guests.pk}/segment/", {"name": "Guests"}))

        assert "Another segment has this name." in page

    def test_keeps_the_list_from_being_deleted(self, mara, guests):
        made = gather.segment_of(list=guests, name="Guests now", at=NOON)
        address = f"{LISTS}delete/{guests.pk}/"

        assert "is in use" in text(mara.get(address))
        mara.post(address)
        assert ProfileList.objects.exists()

        segment.remove(segment=made)
        mara.post(address)
        assert not ProfileList.objects.exists()

    def test_offers_the_list_where_rules_are_written(self, mara, guests):
        page = text(mara.get("/admin/customers/segments/new/"))

        assert "On a list" in page
        assert f'"lists": [{{"id": {guests.pk}, "name": "Guests"}}]' in page
