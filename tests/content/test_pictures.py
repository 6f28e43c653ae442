"""Pictures: in the formats and sizes that browsers want, made by the worker, never waited for."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.core.files.images import ImageFile
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Picture

from content import pagecache, renditions
from content.models import Image, StandardPage
from content.tasks import withdraw
from content.templatetags.picture_tags import shown

pytestmark = pytest.mark.django_db
SPECS = 9


@pytest.fixture
def river(db):
    file = io.BytesIO()
    Picture.new("RGB", (1600, 1200), "#1d4b3d").save(file, "JPEG")
    return Image.objects.create(
        title="river.jpg",
        description="A river in spring",
        file=ImageFile(file, name="river.jpg"),
    )


@pytest.fixture
def done(django_capture_on_commit_callbacks, at):
    """Do what is committed, as the worker would."""

    def run(act):
        from content import background

        with django_capture_on_commit_callbacks(execute=True):
            act()
        while background.step(at=at):
            pass

    return run


def picture(image):
    image.contextual_alt_text, image.decorative = "A river", False
    return {"image": image, "caption": ""}


def publish(page, **fields):
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


class TestPlace:
    def test_has_room_and_an_address_before_any_size_is_there(self, pages, river, chen):
        publish(pages.article, picture=river)

        page = chen.get("/insights/cash/").content.decode()

        img = re.search(r'<img class="dxp-art dxp-art--banner"[^>]*>', page)[0]
        assert 'width="1984" height="850"' in img
        assert 'alt="A river in spring"' in img
        assert 'fetchpriority="high"' in img
        assert river.renditions.count() == 0
        made = chen.get(re.search(r'src="([^"]*)"', img)[1])
        assert made.status_code == 302
        assert made["Location"].endswith(".jpg")

    def test_a_size_that_no_page_asked_for_is_refused(self, river, chen):
        address = renditions.address(river, "width-480|format-jpeg")

        assert chen.get(address.replace("480", "4800")).status_code == 403
        assert river.renditions.count() == 0

    def test_is_small_in_lists_and_says_nothing_there(self, pages, river, chen):
        publish(pages.article, picture=river)

        listed = chen.get("/insights/").content.decode()

        assert re.search(r'dxp-art--card"[^>]* alt="" width="800" height="600"', listed)

    def test_a_drawing_stands_where_there_is_no_picture(self, pages, chen):
        publish(pages.product, art="hills")

        page = chen.get("/products/canopy/").content.decode()

        assert "img/art/hills.svg" in page
        assert "<picture>" not in page


class TestRights:
    """A picture that may be shown until a day, by which nobody has to remember it."""

    @pytest.fixture
    def licensed(self, river, at):
        river.credit, river.rights_until_on = "Ana Moss", at.date()
        river.save()
        return river

    def test_names_whom_to_name(self, pages, licensed, chen, at, monkeypatch):
        monkeypatch.setattr("dxp.lib.clock.now", lambda: at)
        publish(pages.article, picture=licensed, body=[("picture", picture(licensed))])

        page = chen.get(pages.article.url).content.decode()

        assert page.count("Picture: Ana Moss") == 2
        assert page.count("<picture>") == 2

    def test_is_shown_no_longer_than_it_may_be(self, pages, licensed, chen, at, monkeypatch):
        publish(pages.article, picture=licensed, art="hills", body=[("picture", picture(licensed))])
        monkeypatch.setattr("dxp.lib.clock.now", lambda: at + timedelta(days=1))

        page = chen.get(pages.article.url).content.decode()

        assert "<picture>" not in page
        assert "Ana Moss" not in page
        assert "og:image" not in page
        assert 'rel="preload" as="image"' not in page
        assert "img/art/hills.svg" in page

    def test_its_sizes_go_and_come_back_with_a_later_day(
        self, pages, licensed, chen, at, done, monkeypatch
    ):
        monkeypatch.setattr("dxp.lib.clock.now", lambda: at)
        done(lambda: publish(pages.article, picture=licensed))
        licensed.get_rendition("max-165x165")
        sizes = [one for one in licensed.renditions.all() if "max-" not in one.filter_spec]
        files = {one.file.name for one in sizes}
        withdraw()
        assert licensed.renditions.count() == len(sizes) + 1
        monkeypatch.setattr("dxp.lib.clock.now", lambda: at + timedelta(days=1))

        done(withdraw)

        # The list of pictures in the admin still shows what it is about.
        assert [one.filter_spec for one in licensed.renditions.all()] == ["max-165x165"]
        assert not any(default_storage.exists(name) for name in files)
        address = renditions.address(licensed, sizes[0].filter_spec)
        assert chen.get(address).status_code == 404
        licensed.rights_until_on = at.date() + timedelta(days=9)
        done(licensed.save)
        assert licensed.renditions.count() == len(sizes) + 1
        assert chen.get(address).status_code == 302

    def test_the_caches_keep_its_page_no_longer_than_that(self, licensed, at, monkeypatch):
        monkeypatch.setattr("dxp.lib.clock.now", lambda: at)

        with pagecache.watch() as told:
            assert shown(licensed) is licensed

        midnight = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        assert told.until == midnight.timestamp()

    @pytest.mark.parametrize(
        ("days", "words"), [(-1, "pages leave it out since"), (29, "after that"), (40, None)]
    )
    def test_its_own_page_says_when_it_ends(
        self, river, admin_client, at, days, words, monkeypatch
    ):
        monkeypatch.setattr("dxp.lib.clock.now", lambda: at)
        river.rights_until_on = at.date() + timedelta(days=days)
        river.save()

        page = admin_client.get(reverse("wagtailimages:edit", args=[river.pk])).content.decode()

        assert ("pages leave it out" in page) is (words is not None)
        assert words is None or words in page


class TestMaking:
    def test_publishing_has_all_sizes_made_and_the_page_shows_them(self, pages, river, chen, done):
        done(lambda: publish(pages.article, picture=river))

        page = chen.get("/insights/cash/").content.decode()
        specs = set(river.renditions.values_list("filter_spec", flat=True))
        assert specs == {*renditions.specs("banner"), *renditions.specs("card")}
        kinds = re.findall(r'<source type="([^"]*)" srcset="([^"]*)"', page)
        assert [kind for kind, _srcset in kinds] == ["image/avif", "image/webp", "image/jpeg"]
        assert all(re.search(r" 640w, \S+ 1280w", srcset) for _kind, srcset in kinds)
        preload = re.search(r'<link rel="preload" as="image" type="image/avif"[^>]*>', page)[0]
        assert kinds[0][1] in preload
        assert re.search(r'<meta property="og:image" content="http://testserver/\S+\.jpg">', page)

    def test_blocks_have_theirs_made_too(self, pages, river, chen, done):
        page = StandardPage(title="Blocks", slug="blocks")
        pages.home.add_child(instance=page)
        river.contextual_alt_text, river.decorative = "Spring", False
        hero = {
            "eyebrow": "", "heading": "Left in peace", "text": "", "links": [], "art": "",
            "picture": river,
        }  # fmt: skip
        done(
            lambda: publish(
                page, body=[("hero", hero), ("picture", {"image": river, "caption": ""})]
            )
        )

        shown = chen.get("/blocks/").content.decode()
        assert 'dxp-art--arch" src="' in shown
        assert 'alt="Spring"' in shown
        assert len(re.findall("<source ", shown)) == 6
        assert river.renditions.count() == len(renditions.specs("arch") + renditions.specs("wide"))

    def test_another_point_of_interest_has_them_made_anew(self, pages, river, chen, done):
        done(lambda: publish(pages.product, picture=river))
        before = re.search(
            r"<picture>.*?</picture>", chen.get("/products/canopy/?1").content.decode()
        )

        def look():
            river.focal_point_x, river.focal_point_y = 100, 100
            river.focal_point_width = river.focal_point_height = 50
            river.save()

        done(look)

        after = re.search(
            r"<picture>.*?</picture>", chen.get("/products/canopy/?2").content.decode()
        )
        assert after[0].count("<source ") == 3
        assert after[0] != before[0]

    def test_a_second_worker_makes_nothing_twice(self, pages, river, done):
        done(lambda: publish(pages.product, picture=river))
        count = river.renditions.count()

        assert count == len(renditions.specs("arch") + renditions.specs("card"))
        assert not renditions.one(image=river, spec=renditions.specs("arch")[0])
        assert river.renditions.count() == count

    def test_a_missing_file_stops_no_page_and_no_worker(self, pages, river, chen, done):
        river.file.storage.delete(river.file.name)

        done(lambda: publish(pages.article, picture=river))

        assert river.renditions.count() == 0
        assert chen.get("/insights/cash/").status_code == 200

    def test_a_page_full_of_pictures_keeps_its_number_of_queries(
        self, pages, river, chen, done, django_assert_max_num_queries
    ):
        river.contextual_alt_text, river.decorative = "Spring", False
        page = StandardPage(title="Blocks", slug="blocks")
        pages.home.add_child(instance=page)
        block = ("picture", {"image": river, "caption": ""})
        done(lambda: publish(page, body=[block] * 8))
        chen.get("/blocks/?warm")

        with django_assert_max_num_queries(5):
            assert chen.get("/blocks/?cold").content.count(b"<picture>") == 8
