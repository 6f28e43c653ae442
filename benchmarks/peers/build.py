"""Make its tables and the page of the same content: `python -m benchmarks.peers.build`."""

import os
from datetime import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from wagtail.models import Page, Site  # noqa: E402
from wagtail_personalisation.models import Segment  # noqa: E402
from wagtail_personalisation.rules import TimeRule  # noqa: E402

from benchmarks import _page_words as words  # noqa: E402
from benchmarks.peers.models import PeerPage  # noqa: E402


def main() -> None:
    """Build."""
    call_command("migrate", verbosity=0, interactive=False)
    segments = []
    for number in range(len(words.SLOTS)):
        segment = Segment.objects.create(name=f"S{number}", status=Segment.STATUS_ENABLED)
        TimeRule.objects.create(segment=segment, start_time=time(0), end_time=time(23, 59, 59))
        segments.append(segment)
    root = Page.get_first_root_node()
    home = root.add_child(instance=PeerPage(title=words.TITLE, slug="peer"))
    Site.objects.update_or_create(
        is_default_site=True,
        defaults={"hostname": "localhost", "root_page": home, "site_name": "Peer"},
    )
    menu = [
        home.add_child(instance=PeerPage(title=title, slug=title.lower(), show_in_menus=True))
        for title in words.MENU
    ]
    home = PeerPage.objects.get(pk=home.pk)
    home.body = _body(menu, segments)
    home.save_revision().publish()


def _body(menu: list[PeerPage], segments: list[Segment]) -> list[tuple[str, object]]:
    eyebrow, heading, text = words.HERO
    texts = [
        ("text", f'{one}<p><a linktype="page" id="{page.pk}">{page.title}</a></p>')
        for one, page in zip(words.TEXTS, menu, strict=False)
    ]
    figures = [{"title": f"{a}: {b}", "text": c, "page": None} for a, b, c in words.FIGURES]
    quote = [{"title": " · ".join(words.QUOTE[1:]), "text": words.QUOTE[0], "page": None}]
    cards = [
        {"title": title, "text": text, "page": page}
        for (title, text), page in zip(words.CARDS, menu, strict=False)
    ]
    return [
        ("hero", {"eyebrow": eyebrow, "heading": heading, "text": text, "page": menu[0]}),
        *texts[:2],
        ("words", {"heading": "In figures", "items": figures}),
        *texts[2:],
        ("words", {"heading": "", "items": quote}),
        ("words", {"heading": "Ways in", "items": cards}),
        *(
            ("call", {"segment": str(segment.pk), "heading": special})
            for (_plain, special), segment in zip(words.SLOTS, segments, strict=True)
        ),
    ]


if __name__ == "__main__":
    main()
