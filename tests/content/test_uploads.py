"""What is taken in, and what is refused with a reason at the field."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Pixels
from wagtail.models import Collection

from content.models import Document, Image
from dxp.users.models import User
from tests.content import papers

pytestmark = pytest.mark.django_db


@pytest.fixture
def elena(db):
    """Edits pages, and uploads what they show."""
    client = Client()
    client.force_login(User.objects.create_superuser("elena", "elena@example.com", "x" * 12))
    return client


def add(client, name, data, kind="document"):
    """Upload as an editor does with the form; return the faults at the field."""
    place = {"document": "wagtaildocs:add", "image": "wagtailimages:add"}[kind]
    root = Collection.get_first_root_node()
    answer = client.post(
        reverse(place),
        {"title": name, "collection": root.pk, "file": papers.named(name, data), "tags": ""},
    )
    if answer.status_code == 302:
        return []
    return [str(one) for one in answer.context["form"].errors.get("file", ["?"])]


def many(client, name, data, kind="document"):
    """Upload as an editor does who drops several files at once."""
    place = {"document": "wagtaildocs:add_multiple", "image": "wagtailimages:add_multiple"}[kind]
    answer = client.post(
        reverse(place), {"title": name, "files[]": papers.named(name, data)},
        headers={"x-requested-with": "XMLHttpRequest"},
    )  # fmt: skip
    return json.loads(answer.content)


GOOD = {
    "fees.pdf": papers.pdf(),
    "fees.docx": papers.docx("Fees"),
    "fees.csv": "Name;Gebühr\n".encode("cp1252"),
    "fees.txt": "Цены".encode("utf-16"),
    "fees.json": b'{"fee": 3}',
    "fees.html": b"<p>Fees</p>",
    "fees.rss": b'<?xml version="1.0"?><rss><channel><title>Fees</title></channel></rss>',
    "fees.zip": papers.zipped({"fees.txt": "3"}),
    "fees.jpg": papers.photo(),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_what_it_says_is_taken(elena, name):
    assert add(elena, name, GOOD[name]) == []
    assert Document.objects.get().file.read() == GOOD[name]


def overlapping():
    """Two entries over the same bytes."""
    data = bytearray(papers.zipped({"a": "x" * 50_000, "b": "x" * 50_000}, zipfile.ZIP_STORED))
    second = data.rfind(b"PK\1\2")
    data[second + 42 : second + 46] = (0).to_bytes(4, "little")
    data[second + 20 : second + 24] = (90_000).to_bytes(4, "little")
    return bytes(data)


def locked():
    data = bytearray(papers.docx("Fees"))
    data[data.rfind(b"PK\1\2") + 8] |= 1
    return bytes(data)


BAD = {
    ("run.exe", b"MZ\x90\0"): "not taken",
    ("letter.pdf", b"MZ\x90\0 a program"): "no PDF",
    ("letter.pdf", papers.pdf()[:200]): "broken",
    ("letter.pdf", b"%PDF-1.4\n" + b"\0" * 4000): "broken",
    ("letter.docx", papers.pdf()): "broken",
    ("letter.docx", papers.zipped({"hello.txt": "x"})): "no .docx",
    ("letter.docx", papers.docx("x")[:-30]): "broken",
    ("letter.docx", papers.docx("x", head=papers.LAUGHS)): "entities",
    ("letter.docx", papers.docx("x", **{"word/vbaProject.bin": "macro"})): "macros",
    ("letter.docx", locked()): "password",
    ("letter.docx", papers.docx("x", **{"word/media/a.bin": b"\0" * 40_000_000})): "bomb",
    ("letter.zip", papers.zipped({f"{n}": "" for n in range(6000)})): "too many",
    ("letter.zip", papers.zipped({"../../etc/passwd": "x"})): "outside",
    ("letter.zip", overlapping()): "bomb",
    ("letter.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600): "broken",
    ("letter.doc", b"<html>"): "no .doc",
    ("feed.xml", papers.LAUGHS.encode() + b"<x>&c;</x>"): "entities",
    ("feed.xml", b"<a>" * 300 + b"</a>" * 300): "nested",
    ("feed.xml", b"<a><b></a>"): "well-formed",
    ("page.html", papers.pdf()): "no .html",
    ("list.csv", b"a,b\n\0\1\2"): "no text",
    ("list.csv", b"\xff\xfe" + bytes(range(256)) * 8): "no text",
    ("told.json", b"[" * 100_000): "no JSON",
    ("song.mp3", b"MZ\x90\0"): "no .mp3",
    ("photo.jpg", papers.photo("PNG")): "PNG picture",
    ("photo.jpg", papers.photo(size=(900, 900))[:2000]): "broken",
}


@pytest.mark.parametrize(("file", "reason"), BAD.items(), ids=lambda one: str(one)[:20])
def test_a_bad_document_is_refused_with_a_reason_at_the_field(elena, file, reason):
    (fault,) = add(elena, *file)

    assert reason in fault
    assert not Document.objects.exists()


def bomb():
    """A PNG that says it is 40,000 pixels wide and as high."""
    data = bytearray(papers.photo("PNG"))
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


BAD_PICTURES = {
    ("photo.jpg", papers.photo("PNG")): "PNG picture",
    ("photo.jpg", papers.photo(size=(900, 900))[:3000]): "broken",
    ("photo.png", bomb()): "too many pixels",
    ("photo.tiff", papers.photo("TIFF")): "not taken",
    ("a.svg", papers.svg("<script>alert(1)</script>")): "<script>",
    ("a.svg", papers.svg("<foreignObject/>")): "<foreignobject>",
    ("a.svg", papers.svg(about='onload="alert(1)"')): "onload",
    ("a.svg", papers.svg('<a href="java&#115;cript:alert(1)">x</a>')): "program",
    ("a.svg", papers.svg('<use href="https://elsewhere.example/x.svg#a"/>')): "elsewhere",
    ("a.svg", papers.svg('<image href="data:image/svg+xml;base64,AA=="/>')): "elsewhere",
    ("a.svg", papers.svg("<style>@im<!-- -->port 'x.css';</style>")): "elsewhere",
    ("a.svg", papers.svg('<rect style="fill:ur&#108;(//x.example)"/>')): "elsewhere",
    ("a.svg", papers.svg('<animate attributeName="href" to="#"/>')): "links lead",
    ("a.svg", papers.svg('<f:form xmlns:f="http://www.w3.org/1999/xhtml"/>')): "web page",
    ("a.svg", b"<html><svg/></html>"): "no SVG",
    ("a.svg", b'<svg viewBox="0 0 0 0"/>'): "how large",
    ("a.svg", b'<svg width="9" height="9" viewBox="0 0 -9 9"/>'): "how large",
    ("a.svg", b'<svg width="wide" height="9"/>'): "how large",
    ("a.svg", b'<svg width="9" height="1e9"/>'): "larger",
    ("a.svg", b'<?xml-stylesheet href="x.css"?>' + papers.svg()): "elsewhere",
}


@pytest.mark.parametrize(("file", "reason"), BAD_PICTURES.items(), ids=lambda one: str(one)[:30])
def test_a_bad_picture_is_refused_with_a_reason_at_the_field(elena, file, reason):
    (fault,) = add(elena, *file, kind="image")

    assert reason in fault
    assert not Image.objects.exists()


def test_a_drawing_that_only_draws_is_taken(elena):
    inside = '<defs><linearGradient id="g"/></defs><path fill="url(#g)" d="M0 0"/><use href="#g"/>'

    assert add(elena, "a.svg", papers.svg(inside), kind="image") == []


def test_the_same_holds_where_several_are_dropped_at_once(elena):
    refused = many(elena, "letter.docx", papers.docx("x", head=papers.LAUGHS))
    drawn = many(elena, "a.svg", papers.svg("<script/>"), kind="image")
    taken = many(elena, "letter.docx", papers.docx("x"))

    assert "entities" in refused["error_message"]
    assert "<script>" in drawn["error_message"]
    assert taken["success"]
    assert Document.objects.count() == 1


def test_a_huge_file_is_counted_and_not_kept(elena, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.WAGTAILDOCS_MAX_UPLOAD_SIZE = 3_000_000
    kept = []
    from dxp.lib import uploads

    class Watched(uploads.BoundedUploadHandler):
        def file_complete(self, size):
            self.file.flush()
            kept.append(sum(one.stat().st_size for one in tmp_path.iterdir()))
            return super().file_complete(size)

    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.watched"]
    globals()["watched"] = Watched

    (fault,) = add(elena, "film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 12_000_000)

    assert "too big (11.4" in fault
    assert kept[0] < 3_200_000


def test_a_document_that_takes_too_long_is_not_called_broken(elena, monkeypatch):
    monkeypatch.setattr("content.admit.paper.SECONDS", 0.01)

    (fault,) = add(elena, "fees.pdf", papers.pdf())

    assert "too many pages" in fault


def test_many_files_at_once_do_not_fill_the_disk(chen, settings):
    settings.WAGTAILDOCS_MAX_UPLOAD_SIZE = 3_000_000
    film = b"\0" * 4_000_000

    sent = {name: papers.named(f"{name}.mp4", film) for name in ("one", "two", "three")}

    answer = chen.post("/_x/sign-up", sent, headers={"origin": "http://testserver"})

    assert answer.status_code == 400


class TestPhotographs:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("orientation", [1, 3, 6])
    def test_stands_upright_and_does_not_tell_where_it_was_taken(self, elena, form, orientation):
        name = f"ana.{form.lower()}"

        assert add(elena, name, papers.photo(form, orientation=orientation), kind="image") == []

        image = Image.objects.get()
        data = image.file.read()
        pixels = Pixels.open(io.BytesIO(data))
        red, _green, blue = pixels.convert("RGB").getpixel((5, 20))
        assert (image.width, image.height) == pixels.size == (60, 40)
        assert red > 200 > 60 > blue
        assert not pixels.getexif()
        assert b"Camera" not in data
        assert image.file_size == len(data)

    def test_an_upright_one_keeps_every_pixel(self, elena):
        add(elena, "ana.jpg", papers.photo(), kind="image")

        kept = Pixels.open(io.BytesIO(Image.objects.get().file.read()))
        assert kept.tobytes() == Pixels.open(io.BytesIO(papers.photo())).tobytes()

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_of_a_phone_that_stores_several_the_first_is_taken(self, elena, orientation):
        depth = Pixels.new("RGB", (60, 40), "green")
        several = papers.photo("MPO", orientation=orientation, save_all=True, append_images=[depth])

        assert add(elena, "ana.jpg", several, kind="image") == []

        data = Image.objects.get().file.read()
        pixels = Pixels.open(io.BytesIO(data))
        red, _green, blue = pixels.convert("RGB").getpixel((5, 20))
        assert (pixels.format, pixels.size) == ("JPEG", (60, 40))
        assert red > 200 > 60 > blue
        assert b"Camera" not in data

    def test_a_second_picture_behind_the_first_is_left_out(self, elena):
        hidden = papers.photo() + papers.photo()

        add(elena, "ana.jpg", hidden, kind="image")

        assert b"Camera" not in Image.objects.get().file.read()
