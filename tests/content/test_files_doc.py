"""The examples of docs/developer/files.md do what the text says."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wagtail.models import Collection

from content import admit, extract, share
from content.models import Document
from tests.content import papers

DOC = Path(__file__).resolve().parents[2] / "docs" / "developer" / "files.md"
TEXT = DOC.read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
TRACK = b"<gpx><wpt><name>Mill</name></wpt><wpt><name>Bridge</name></wpt></gpx>"


def run(number, **known):
    found = {"__name__": __name__, **known}
    exec(compile(BLOCKS[number], str(DOC), "exec", dont_inherit=True), found)
    return found


@pytest.fixture
def track():
    run(0)
    yield
    del admit.FAMILIES.members["track"]


def test_another_kind_of_file_is_taken_and_looked_at(track):
    admit.check(papers.named("walk.gpx", TRACK), "document")

    with pytest.raises(admit.Refused, match="entities"):
        admit.check(papers.named("walk.gpx", papers.LAUGHS.encode() + TRACK), "document")


def test_without_it_such_a_file_is_refused():
    with pytest.raises(admit.Refused, match=r"\.gpx"):
        admit.check(papers.named("walk.gpx", TRACK), "document")


def test_a_reader_gets_its_words():
    reader = run(1)["Tracks"]()

    assert list(reader.words(io.BytesIO(TRACK), "gpx")) == ["Mill", "Bridge"]


@pytest.mark.django_db
def test_a_link_is_made_used_and_taken_back():
    at = datetime(2026, 11, 21, tzinfo=UTC)
    root = Collection.get_first_root_node()
    document = Document(title="Fees", file=papers.named("a.txt", b"Fees"), collection=root)
    document.save()

    told = run(2, document=document, at=at)

    told["link"].refresh_from_db()
    assert told["link"].used == 1
    with pytest.raises(share.NoLink):
        share.use(token=told["token"], at=at)


def test_every_family_and_ending_is_told_of():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", TEXT, re.MULTILINE))

    for family in admit.FAMILIES:
        assert set(re.findall(r"\w+", rows[family.name])) >= set(family.extensions)


class TestReaders:
    """What comes out of each format, in a process of its own."""

    GOOD = {
        "docx": (papers.docx("Seven\npercent"), "Seven\npercent"),
        "html": (b"<nav>Menu</nav><p>Seven <b>percent</b></p><script>no</script>", "Seven percent"),
        "rss": (b"<rss><description>&lt;p&gt;Seven&lt;/p&gt;</description></rss>", "Seven"),
        "rtf": (rb"{\rtf1{\fonttbl x;}Seven\par caf\'e9}", "Seven\ncafé"),
        "pdf": (papers.pdf("Seven percent"), "Seven percent"),
    }

    @pytest.mark.parametrize("extension", GOOD)
    def test_gives_words_and_nothing_else(self, extension):
        data, words = self.GOOD[extension]

        assert extract.text(io.BytesIO(data), extension=extension).text == words

    @pytest.mark.parametrize(
        ("encoding", "words"),
        [
            ("cp932", "名前,年齢\n佐藤太郎,東京"), ("gb18030", "我们的费用是多少"),
            ("cp1251", "Сколько стоит управление"), ("koi8_r", "Сколько стоит управление"),
            ("cp1252", "Les frais sont prélevés où à l'été"), ("utf-16", "Цены"),
            ("euc_kr", "수수료는 얼마입니까"),
        ],
    )  # fmt: skip
    def test_old_encodings_are_recognized(self, encoding, words):
        from content.extract.plain import decoded

        assert decoded(words.encode(encoding)) == words

    def test_one_that_runs_too_long_is_ended(self):
        with pytest.raises(extract.TooLong, match=r"longer than 0\.01 seconds"):
            extract.text(io.BytesIO(b"x"), extension="txt", seconds=0.01)

    def test_the_child_has_nothing_of_ours_and_may_write_nothing(self, monkeypatch):
        monkeypatch.setenv("SECRET_KEY", "x" * 60)
        seen = {}
        started = extract.subprocess.Popen

        def watched(words, **told):
            seen.update(told)
            return started(words, **told)

        monkeypatch.setattr(extract.subprocess, "Popen", watched)
        extract.text(io.BytesIO(b"x"), extension="txt")

        assert set(seen["env"]) == {"PATH", "OPENBLAS_NUM_THREADS", "LC_ALL"}

    @pytest.mark.parametrize(
        ("act", "error"),
        [
            ("bytearray(2_000_000_000)", "MemoryError"),
            ("open(path, 'wb', 0).write(b'x')", "OSError"),
        ],
    )
    def test_the_child_can_neither_fill_the_memory_nor_the_disk(self, tmp_path, act, error):
        code = (
            "from content.extract.inside import _bound; _bound(20.0)\n"
            f"path = {str(tmp_path / 'x')!r}\n"
            f"try:\n    file = {act}\nexcept {error}:\n    print('held')"
        )

        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, cwd=extract.ROOT, check=False
        )

        assert done.stdout == b"held\n"
