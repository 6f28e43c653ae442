"""The cellar's tools keep their word."""

import pytest

from customers.models import Profile
from dxp.lib import ids, rows, sheets
from dxp.lib.clock import now


class TestIds:
    def test_uuid7_sorts_by_time(self):
        made = [ids.uuid7() for _ in range(50)]

        assert [one.version for one in made] == [7] * 50
        assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)

    def test_a_bucket_is_always_the_same(self):
        assert ids.bucket("split", 7) == ids.bucket("split", 7)
        assert len({ids.bucket("split", person) for person in range(1000)}) > 900


class TestSheets:
    def test_run_no_formula_and_keep_numbers(self):
        row = ["=cmd()", "+1", "\uff1dcmd()", "\nx", -5, None, "a, b", "it's"]

        told = "".join(sheets.lines([row]))

        assert told == "'=cmd(),'+1,'\uff1dcmd(),\"'\nx\",-5,,\"a, b\",it's\r\n"
        assert [sheets.meant(sheets.safe(one)) for one in row if isinstance(one, str)] == [
            one for one in row if isinstance(one, str)
        ]


@pytest.mark.django_db
class TestRows:
    def test_copy_appends_and_rolls_back_with_django(self):
        at = now()

        rows.copy_rows(
            "customers_profile",
            ["public_id", "bucket", "state", "is_known", "traits", "created_at", "last_seen_at"],
            [(ids.uuid7(), 3, "ACTIVE", False, "{}", at, at)],
        )

        assert Profile.objects.get().bucket == 3


@pytest.mark.django_db
class TestPictures:
    def test_a_rendition_is_served_and_no_document(self, client, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        for folder in ("images", "documents"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "tree.jpg").write_bytes(b"picture")

        seen = client.get("/media/images/tree.jpg")

        assert (seen.status_code, b"".join(seen)) == (200, b"picture")
        for path in ("documents/tree.jpg", "images/../documents/tree.jpg", "images/"):
            assert client.get(f"/media/{path}").status_code in {301, 400, 404}, path
