"""Documents: who may have them, what is told of it, what search finds, and links that end."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from guardian.shortcuts import assign_perm
from wagtail.models import BaseViewRestriction, Collection, CollectionViewRestriction

from content import absorb, share
from content.models import Document
from customers import fold
from customers.models import Event
from dxp.lib import clock
from dxp.users.models import User
from tests.content import papers

pytestmark = pytest.mark.django_db
LANGUAGES = ["en", "es", "zh-hans", "ru", "ro", "it"]


@pytest.fixture
def shelf(db):
    """Put a document into a collection of the root, or of its own."""

    def put(name="fees.pdf", data=None, collection=None):
        document = Document(
            title=name.partition(".")[0].title(), file=papers.named(name, data or papers.pdf()),
            collection=collection or Collection.get_first_root_node(),
        )  # fmt: skip
        document.full_clean(exclude=["tags"])
        document._set_document_file_metadata()
        document.save()
        return document

    return put


@pytest.fixture
def closet(db):
    """A collection that is kept from the public, in one of the ways that Wagtail offers."""

    def make(kind=BaseViewRestriction.LOGIN, **told):
        made = Collection.get_first_root_node().add_child(name=f"Closet {kind}")
        CollectionViewRestriction.objects.create(collection=made, restriction_type=kind, **told)
        # Below it: what holds above holds here.
        return made.add_child(name="Inner")

    return make


@pytest.fixture
def staff(db):
    """Somebody who signed in."""

    def sign_in(name, *grants):
        user = User.objects.create_user(name, f"{name}@example.com", "x" * 12)
        for right, thing in grants:
            assign_perm(right, user, thing)
        client = Client()
        client.force_login(user)
        client.user = user
        return client

    return sign_in


class TestWho:
    def test_a_public_document_goes_to_anybody(self, chen, shelf):
        answer = chen.get(shelf().url)

        assert b"".join(answer) == papers.pdf()
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "public" in answer.headers["Cache-Control"]
        assert not answer.cookies
        assert "Cookie" not in answer.headers.get("Vary", "")

    def test_what_a_browser_could_run_is_only_kept(self, chen, shelf):
        page = shelf("fees.html", b"<script>alert(1)</script>")

        assert chen.get(page.url).headers["Content-Disposition"] == (
            'attachment; filename="fees.html"'
        )

    def test_no_media_address_leads_to_it(self, chen, shelf):
        document = shelf()

        assert chen.get(f"/media/{document.file.name}").status_code == 404
        assert chen.get(f"/media/images/../{document.file.name}").status_code == 400
        assert chen.get(f"/documents/{document.pk}/other.pdf").status_code == 404

    def test_a_private_one_asks_who_comes(self, chen, staff, shelf, closet):
        document = shelf(collection=closet())

        assert "/login/" in chen.get(document.url).headers["Location"]

        answer = staff("omar").get(document.url)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]

    def test_one_for_a_group_goes_to_that_group(self, staff, shelf, closet):
        inner = closet(BaseViewRestriction.GROUPS)
        board = Group.objects.create(name="Board")
        inner.get_view_restrictions().get().groups.add(board)
        document = shelf(collection=inner)
        mara, omar = staff("mara"), staff("omar")
        mara.user.groups.add(board)

        assert mara.get(document.url).status_code == 200
        assert omar.get(document.url).status_code == 302

    def test_one_with_a_password_opens_by_it(self, chen, shelf, closet):
        inner = closet(BaseViewRestriction.PASSWORD, password="sesame")
        document = shelf(collection=inner)
        asked = chen.get(document.url)
        assert b"%PDF" not in asked.content
        assert "no-store" in asked.headers["Cache-Control"]

        chen.post(asked.context["action_url"], {"password": "sesame", "return_url": document.url})

        assert b"".join(chen.get(document.url)) == papers.pdf()

    def test_a_grant_on_the_document_opens_it_alone(self, staff, shelf, closet):
        inner = closet(BaseViewRestriction.GROUPS)
        mine, other = shelf(collection=inner), shelf("other.pdf", collection=inner)

        elena = staff("elena", ("content.change_document", mine))

        assert elena.get(mine.url).status_code == 200
        assert elena.get(other.url).status_code == 302


class TestParts:
    @pytest.mark.parametrize(
        ("asked", "status", "part"),
        [
            ("bytes=0-3", 206, slice(0, 4)), ("bytes=5-", 206, slice(5, None)),
            ("bytes=-6", 206, slice(-6, None)), ("bytes=2-99999", 206, slice(2, None)),
            ("bytes=0-", 200, slice(None)), ("bytes=0-1,4-5", 200, slice(None)),
            ("bytes=99999-", 416, slice(0, 0)), ("bytes=5-2", 416, slice(0, 0)),
            ("bytes=-0", 416, slice(0, 0)), (f"bytes={'9' * 5000}-", 200, slice(None)),
            ("furlongs=1-2", 200, slice(None)),
        ],
    )  # fmt: skip
    def test_a_part_is_sent_where_one_is_asked_for(self, chen, shelf, asked, status, part):
        answer = chen.get(shelf().url, headers={"range": asked})

        assert answer.status_code == status
        assert b"".join(answer) == papers.pdf()[part]
        if status == 206:
            first = range(len(papers.pdf()))[part]
            whole = len(papers.pdf())
            assert answer.headers["Content-Range"] == f"bytes {first[0]}-{first[-1]}/{whole}"

    def test_what_the_browser_has_is_not_sent_again(self, chen, shelf):
        document = shelf()
        tag = chen.get(document.url).headers["ETag"]

        assert chen.get(document.url, headers={"if-none-match": tag}).status_code == 304
        changed = {"range": "bytes=2-", "if-range": '"of yesterday"'}
        assert chen.get(document.url, headers=changed).status_code == 200


class TestTold:
    def told(self, at):
        fold.drain(at=at + timedelta(seconds=5))
        events = Event.objects.filter(name="Document Downloaded")
        return list(events.values_list("properties", flat=True))

    def test_a_download_is_an_event_of_who_allowed_it(self, ana, bruno, chen, shelf, at):
        document = shelf()

        for visitor in (ana, bruno, chen):
            visitor.get(document.url)

        assert self.told(at) == [{"path": document.url, "title": "Fees"}]

    def test_the_browser_tells_the_same_and_it_counts_once(self, ana, shelf, source, at):
        from customers import ingest

        document, number = shelf(), str(uuid.uuid4())
        ana.get(f"{document.url}?d={number}")
        by_browser = {
            "type": "track", "event": "Document Downloaded", "anonymousId": ana.aid,
            "messageId": number, "timestamp": at.isoformat(),
            "properties": {"path": document.url, "title": "Our fees"},
        }  # fmt: skip
        ingest.accept(source=source, events=[by_browser], at=at)

        assert len(self.told(at)) == 1

    def test_further_parts_robots_and_questions_do_not_count(self, ana, chen, shelf, at):
        document = shelf()

        ana.head(document.url)
        ana.get(document.url, headers={"range": "bytes=100-200"})
        ana.get(document.url, headers={"user-agent": "curl/8"})
        tag = chen.get(document.url).headers["ETag"]
        ana.get(document.url, headers={"if-none-match": tag})
        document.file.storage.delete(document.file.name)
        ana.get(document.url)

        assert self.told(at) == []

    def test_a_download_by_a_link_counts_and_does_not_tell_the_link(self, ana, chen, shelf, at):
        document = shelf()
        _link, token = share.make(
            document=document, note="Ana", most=None, by=None, at=at,
            expires_at=clock.now() + timedelta(days=7),
        )  # fmt: skip

        for visitor in (ana, chen):
            visitor.post(f"/open/{token}")

        assert self.told(at) == [{"path": document.url, "title": "Fees"}]


class TestSearch:
    def test_a_document_is_found_by_what_stands_in_it(self, chen, shelf):
        document = shelf("list.docx", papers.docx("The quarterly surcharge for oaks"))

        assert absorb.absorb(languages=LANGUAGES)

        document.refresh_from_db()
        assert (document.reading, document.language) == ("READ", "en")
        assert list(Document.objects.search("surcharge oaks")) == [document]
        assert document.url in chen.get("/search/", {"q": "surcharge"}).content.decode()

    @pytest.mark.parametrize("typed", ["9700dc99-6685-40b4", "49e168b7-d2ae-407f-a055", "INV-2024"])
    def test_one_is_found_by_the_number_of_a_thing(self, shelf, typed):
        document = shelf("list.txt", b"9700dc99-6685-40b4 49e168b7-d2ae-407f-a055 INV-2024-17")
        absorb.absorb(languages=LANGUAGES)

        assert list(Document.objects.search(typed)) == [document]

    def test_a_private_one_is_not_found_by_visitors(self, chen, shelf, closet):
        document = shelf("list.csv", b"surcharge", collection=closet())
        absorb.absorb(languages=LANGUAGES)

        assert list(Document.objects.search("surcharge")) == [document]
        assert document.url not in chen.get("/search/", {"q": "surcharge"}).content.decode()

    def test_what_can_not_be_read_says_why_and_is_not_tried_again(self, shelf):
        document = shelf("list.txt", b"fine")
        storage = document.file.storage
        storage.delete(document.file.name)

        absorb.absorb(languages=LANGUAGES)

        document.refresh_from_db()
        assert document.reading == "FAILED"
        assert document.reading_note
        assert not absorb.absorb(languages=LANGUAGES)

    def test_a_new_file_is_read_anew(self, shelf):
        document = shelf("list.txt", b"surcharge")
        absorb.absorb(languages=LANGUAGES)

        document.refresh_from_db()
        document.file = papers.named("list.txt", b"discount")
        document.save()
        absorb.absorb(languages=LANGUAGES)

        assert not Document.objects.search("surcharge")
        assert list(Document.objects.search("discount")) == [document]


class TestLinks:
    @pytest.fixture
    def link(self, shelf, closet, at):
        def make(most=None, days=7):
            return share.make(
                document=shelf(collection=closet()), note="Auditor", most=most, by=None, at=at,
                expires_at=at + timedelta(days=days),
            )  # fmt: skip

        return make

    @pytest.fixture(autouse=True)
    def _today(self, at, monkeypatch):
        self.now = at
        monkeypatch.setattr("dxp.lib.clock.now", lambda: self.now)

    def test_opens_a_private_document_for_whoever_has_it(self, chen, link):
        made, token = link()

        page = chen.get(f"/open/{token}")
        sent = chen.post(f"/open/{token}")

        assert b"Fees" in page.content
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page.headers["Cache-Control"]
        assert b"".join(sent) == papers.pdf()
        made.refresh_from_db()
        assert (made.used, made.last_used_at) == (1, self.now)

    def test_nobody_can_read_its_token_from_the_database(self, link):
        made, token = link()

        assert token not in str(made.__dict__)

    def test_looking_at_it_does_not_use_it_up(self, chen, link):
        _made, token = link(most=1)

        for _scanner in range(3):
            assert chen.get(f"/open/{token}").status_code == 200

        assert chen.post(f"/open/{token}", headers={"range": "bytes=5-"}).status_code == 200
        assert chen.post(f"/open/{token}").status_code == 404
        assert chen.get(f"/open/{token}").status_code == 404

    def test_what_can_not_be_sent_does_not_use_it_up(self, chen, link):
        made, token = link(most=1)
        made.document.file.storage.delete(made.document.file.name)

        assert chen.post(f"/open/{token}").status_code == 404
        made.refresh_from_db()
        assert made.used == 0

    def test_opens_nothing_once_it_ended_or_was_taken_back(self, chen, link):
        made, token = link()
        assert share.take_back(link=made, at=self.now)
        assert chen.get(f"/open/{token}").status_code == 404
        assert not share.take_back(link=made, at=self.now)

        _made, other = link(days=1)
        self.now += timedelta(days=1)
        assert chen.post(f"/open/{other}").status_code == 404
        assert b"Auditor" not in chen.get("/open/made-up").content


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_gets_the_last_copy(shelf, at):
    from django.db import connection

    _link, token = share.make(
        document=shelf(), note="Auditor", most=1, by=None, at=at, expires_at=at + timedelta(days=1)
    )
    got, start = [], threading.Barrier(4)

    def press():
        start.wait()
        try:
            got.append(share.use(token=token, at=at))
        except share.NoLink:
            pass
        finally:
            connection.close()

    pressing = [threading.Thread(target=press) for _one in range(4)]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join()

    assert len(got) == 1
