"""Files that are encrypted where they lie: nobody reads them there, and keys can be changed."""

from __future__ import annotations

import io
import random

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm
from wagtail.models import Collection

from content import bulk, seal, vault
from content.models import BulkRun, Document, Image, SealedCollection
from dxp.users.models import User
from tests.content import papers

pytestmark = pytest.mark.django_db
OLD, NEW = "an old key " * 4, "a new key " * 4
WORDS = b"Nobody but the board may read this. " * 40


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.FILE_KEYS = [OLD]


@pytest.fixture
def board(at):
    """A collection that is encrypted, and one below it."""
    made = Collection.get_first_root_node().add_child(name="Board")
    SealedCollection.objects.create(collection=made, since=at)
    return made.add_child(name="Minutes")


@pytest.fixture
def mara(db):
    client = Client()
    client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
    return client


def document(collection, data=WORDS, name="minutes.txt"):
    made = Document(title="Minutes", file=papers.named(name, data), collection=collection)
    made._set_document_file_metadata()
    made.save()
    return made


def lies(thing):
    """What somebody finds who takes the disk."""
    with default_storage.open(thing.file.name) as file:
        return file.read()


def settled(at):
    while seal.settle(at=at):
        pass


class TestVault:
    @pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
    def test_gives_back_what_it_took_from_any_place_on(self, size):
        data = random.Random(size).randbytes(size)
        storage = vault.Vault()
        name = storage.save("sealed/x.bin", ContentFile(data))

        with storage.open(name) as file:
            assert file.read() == data
            for place in (0, 1, 65_535, 65_536, 65_537, size - 1, size, size + 9):
                file.seek(max(0, place))
                assert file.read(70_000) == data[max(0, place) :][:70_000]
        assert storage.size(name) == size
        assert len(data) < 20 or data[:20] not in default_storage.open(name).read()

    def test_two_files_of_the_same_words_have_nothing_in_common(self):
        one, two = (vault.Vault().save("sealed/x", ContentFile(WORDS)) for _each in range(2))

        raw = [default_storage.open(name).read() for name in (one, two)]
        assert raw[0][24:] != raw[1][24:]

    @pytest.mark.parametrize("harm", ["bit", "cut", "swap", "other"])
    def test_sees_that_a_file_was_changed(self, harm):
        storage = vault.Vault()
        name = storage.save("sealed/x", ContentFile(random.Random(1).randbytes(200_000)))
        other = storage.save("sealed/y", ContentFile(WORDS))
        raw = bytearray(default_storage.open(name).read())
        whole = 65_536 + 16
        if harm == "bit":
            raw[100] ^= 1
        elif harm == "cut":
            del raw[24 + whole :]
        elif harm == "swap":
            raw[24 : 24 + 2 * whole] = raw[24 + whole : 24 + 2 * whole] + raw[24 : 24 + whole]
        else:
            raw = default_storage.open(other).read()
        default_storage.delete(name)
        default_storage.save(name, ContentFile(bytes(raw)))

        with pytest.raises(vault.Broken), storage.open(name) as file:
            file.read()

    def test_has_neither_path_nor_address_and_no_key_among_its_arguments(self):
        storage = vault.Vault()

        with pytest.raises(NotImplementedError):
            storage.path("sealed/x")
        with pytest.raises(NotImplementedError):
            storage.url("sealed/x")
        assert storage.deconstruct() == ("content.vault.Vault", (), {})

    def test_opens_nothing_without_the_key(self, settings):
        name = vault.Vault().save("sealed/x", ContentFile(WORDS))
        settings.FILE_KEYS = [NEW]

        with pytest.raises(vault.NoKey):
            vault.Vault().open(name)


class TestCollection:
    def test_what_is_uploaded_there_never_lies_open(self, board):
        made = document(board)

        assert WORDS[:30] not in lies(made)
        assert made.file.read() == WORDS

    def test_what_comes_there_is_encrypted_and_what_leaves_is_not(
        self, board, at, django_capture_on_commit_callbacks
    ):
        made = document(Collection.get_first_root_node())
        before = made.file.name
        # As bulk acts of Wagtail do it: without a word to anybody.
        Document.objects.filter(pk=made.pk).update(collection=board)

        with django_capture_on_commit_callbacks(execute=True):
            settled(at)

        made.refresh_from_db()
        assert WORDS[:30] not in lies(made)
        assert made.file.read() == WORDS
        assert not default_storage.exists(before)

        SealedCollection.objects.all().delete()
        settled(at)

        made.refresh_from_db()
        assert lies(made) == WORDS
        assert not seal.left()

    def test_a_long_name_keeps_its_place_and_holds_nobody_up(self, board, at):
        names = [f"{'minutes-' * 10}{n}.txt" for n in range(2)]
        made = [document(Collection.get_first_root_node(), name=name) for name in names]
        Document.objects.update(collection=board)
        default_storage.delete(made[0].file.name)

        settled(at)

        made[1].refresh_from_db()
        assert made[1].is_sealed
        assert made[1].file.read() == WORDS

    def test_it_keeps_its_name_for_people(self, board, at):
        document(board, name="minutes.txt")
        made = document(Collection.get_first_root_node(), name="minutes.txt")
        before = made.url
        Document.objects.update(collection=board)

        settled(at)

        made.refresh_from_db()
        assert made.is_sealed
        assert made.url == before

    def test_a_form_that_was_open_meanwhile_does_not_lose_the_file(self, board, at):
        pk = document(Collection.get_first_root_node()).pk
        Document.objects.update(collection=board)
        opened = Document.objects.get(pk=pk)
        settled(at)

        opened.title = "Minutes of May"
        opened.save()

        kept = Document.objects.get(pk=pk)
        assert (kept.title, kept.is_sealed) == ("Minutes of May", True)
        assert kept.file.read() == WORDS

    def test_a_new_file_takes_its_place_all_the_same(self, board):
        made = Document.objects.get(pk=document(board).pk)

        made.file.save("may.txt", ContentFile(b"May"))

        assert Document.objects.get(pk=made.pk).file.read() == b"May"

    def test_without_a_key_everything_stays_where_it_is(self, board, settings, at):
        made = document(Collection.get_first_root_node())
        Document.objects.filter(pk=made.pk).update(collection=board)
        settings.FILE_KEYS = []

        assert not seal.settle(at=at)
        assert seal.left() == 1

    def test_pictures_and_their_sizes_are_encrypted_too(self, board, mara, chen):
        made = Image(title="Ana", file=papers.named("ana.jpg", papers.photo()), collection=board)
        made.save()

        small = made.get_rendition("width-20|format-webp")

        assert lies(made)[:8] == lies(small)[:8] == vault.MAGIC
        assert small.url.startswith("/pictures/")
        assert chen.get(small.url).status_code == 403
        shown = mara.get(small.url)
        assert b"".join(shown)[8:12] == b"WEBP"
        assert "private" in shown.headers["Cache-Control"]

    def test_deleting_one_takes_its_key_along(self, board):
        name = document(board, name="secret.txt").file.name
        folder, _slash, stem = name.rpartition("/")
        left = [one for one in default_storage.listdir(folder)[1] if one.startswith(stem)]
        assert len(left) == 2

        vault.Vault().delete(name)

        left = [one for one in default_storage.listdir(folder)[1] if one.startswith(stem)]
        assert left == []


class TestWho:
    def test_only_who_has_a_right_on_it_may_open_it(self, board, chen, mara):
        made = document(board)
        chooser = User.objects.create_user("omar", "omar@example.com", "x" * 12)
        omar = Client()
        omar.force_login(chooser)

        assert b"".join(mara.get(made.url)) == WORDS
        assert b"".join(mara.get(made.url, headers={"range": "bytes=7-9"})) == WORDS[7:10]
        assert "/login/" in chen.get(made.url).headers["Location"]
        assert omar.get(made.url).status_code in {302, 403}

        assign_perm("content.change_document", chooser, made)

        assert omar.get(made.url).status_code == 200

    def test_who_may_choose_files_for_pages_may_not_read_them(self, board):
        from django.contrib.auth.models import Permission
        from wagtail.models import GroupCollectionPermission

        editors = Group.objects.create(name="Choosers")
        GroupCollectionPermission.objects.create(
            group=editors, collection=Collection.get_first_root_node(),
            permission=Permission.objects.get(
                codename="choose_document", content_type__app_label="content"
            ),
        )  # fmt: skip
        user = User.objects.create_user("elena", "elena@example.com", "x" * 12)
        user.groups.add(editors)
        elena = Client()
        elena.force_login(user)

        assert elena.get(document(board).url).status_code in {302, 403}

    def test_without_its_key_the_answer_is_later_and_not_noise(self, board, mara, settings):
        made = document(board)
        settings.FILE_KEYS = [NEW]

        assert mara.get(made.url).status_code == 503


class TestKeys:
    def test_another_key_leaves_the_files_as_they_are(self, board, settings, capsys):
        made, before = document(board), None
        before = lies(made)
        settings.FILE_KEYS = [NEW, OLD]
        with pytest.raises(CommandError, match="still needed"):
            call_command("rewrap_files", check=True)

        call_command("rewrap_files")

        settings.FILE_KEYS = [NEW]
        call_command("rewrap_files", check=True)
        assert lies(made) == before
        assert made.file.storage.open(made.file.name).read() == WORDS
        settings.FILE_KEYS = [OLD]
        with pytest.raises(vault.NoKey):
            made.file.storage.open(made.file.name)

    def test_a_killed_rotation_leaves_every_file_readable(self, board, settings, monkeypatch):
        made = document(board)
        settings.FILE_KEYS = [NEW, OLD]
        for doomed in ("_save", "delete"):
            calls = []

            def die(*told, calls=calls):
                calls.append(told)
                raise KeyboardInterrupt

            with monkeypatch.context() as patched:
                patched.setattr(default_storage._wrapped, doomed, die, raising=False)
                with pytest.raises(KeyboardInterrupt):
                    seal.rewrap(made)
            assert calls
            assert made.file.storage.open(made.file.name).read() == WORDS

        assert seal.rewrap(made)
        assert seal.under_keys() == (1, 0, 0)

    def test_a_lock_that_was_half_written_costs_nothing(self, board, settings):
        made = document(board)
        settings.FILE_KEYS = [NEW, OLD]
        newest = next(iter(vault._keys(tuple(settings.FILE_KEYS))))
        default_storage.save(f"{made.file.name}.{newest}.key", ContentFile(b"half of"))
        assert made.file.storage.open(made.file.name).read() == WORDS

        assert seal.rewrap(made)

        settings.FILE_KEYS = [NEW]
        assert made.file.storage.open(made.file.name).read() == WORDS

    def test_is_done_from_the_screen_with_its_progress(self, board, settings, mara, at):
        document(board)
        settings.FILE_KEYS = [NEW, OLD]

        answer = mara.post(reverse("content_files:rotate"))
        while bulk.step(at=at):
            pass

        run = BulkRun.objects.get()
        assert answer.headers["Location"] == reverse("content_bulk:progress", args=[run.pk])
        assert (run.state, run.done, run.refused) == ("DONE", 1, 0)
        assert seal.under_keys() == (1, 0, 0)


class TestScreens:
    def test_a_collection_is_encrypted_and_decrypted_on_the_screen(self, mara, at):
        home = Collection.get_first_root_node().add_child(name="Board")
        made = document(home)
        place = reverse("content_files:sealed")

        mara.post(place, {"collection": home.pk})
        assert b"1 file still has to be moved" in mara.get(place).content
        settled(at)
        made.refresh_from_db()
        assert made.is_sealed

        mara.post(reverse("content_files:unseal", args=[SealedCollection.objects.get().pk]))
        settled(at)
        made.refresh_from_db()
        assert not made.is_sealed

    def test_without_a_key_nothing_can_be_encrypted(self, mara, settings):
        settings.FILE_KEYS = []
        home = Collection.get_first_root_node().add_child(name="Board")

        mara.post(reverse("content_files:sealed"), {"collection": home.pk})

        assert not SealedCollection.objects.exists()
        assert b"FILE_KEYS" in mara.get(reverse("content_files:sealed")).content

    def test_a_link_is_shown_once_counted_and_taken_back(self, mara, chen, board):
        made = document(board)
        place = reverse("content_files:links", args=[made.pk])

        shown = mara.post(place, {"note": "Auditor", "days": "7", "most": "3"})
        address = shown.context["address"].removeprefix("http://testserver")
        assert b"".join(chen.post(address)) == WORDS

        listed = mara.get(place).content.decode()
        assert address not in listed
        assert "Auditor" in listed
        link = made.links.get()
        assert (link.used, link.most) == (1, 3)
        mara.post(reverse("content_files:take_back", args=[made.pk, link.pk]))
        assert chen.post(address).status_code == 404

    def test_nobody_shares_what_they_may_not_open(self, board):
        from django.contrib.auth.models import Permission

        user = User.objects.create_user("omar", "omar@example.com", "x" * 12)
        rights = Permission.objects.filter(codename__in=["access_admin", "share_document"])
        user.user_permissions.add(*rights)
        omar = Client()
        omar.force_login(user)
        closed, opened = document(board), document(Collection.get_first_root_node())

        assert omar.get(reverse("content_files:links", args=[opened.pk])).status_code == 200
        assert omar.get(reverse("content_files:links", args=[closed.pk])).status_code != 200
        for screen in ("sealed", "rotate"):
            answer = omar.post(reverse(f"content_files:{screen}"))
            assert answer.status_code in {302, 403}
        assert not BulkRun.objects.exists()


def test_a_picture_is_read_whole_from_its_encrypted_file(board):
    data = papers.photo("PNG")
    made = Image(title="Ana", file=papers.named("ana.png", data), collection=board)
    made.save()

    with made.open_file() as file:
        assert io.BytesIO(file.read()).getvalue()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (made.width, made.height) == (60, 40)
