"""Pages and feeds of the web."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO

from defusedxml.ElementTree import iterparse

from content.extract.office import local
from content.extract.plain import decoded
from content.extract.reader import Reader

# What stands around the words of every page of a site, or is nothing to read.
AROUND = {
    "script", "style", "noscript", "template", "svg", "nav", "footer", "form", "button",
    "select", "iframe", "object", "head",
}  # fmt: skip
# Where feeds hold markup.
MARKED = {"description", "encoded", "content", "summary"}
VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "param",
}  # fmt: skip
INLINE = {
    "a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "time", "u", "var", "wbr", "font", "bdi", "ins", "del",
}  # fmt: skip


class Web(Reader):
    """A page that was saved."""

    name = "web"
    extensions = ("html", "htm")

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield the title, and what a reader came for."""
        return of_markup(decoded(data.getvalue()))


class Feeds(Reader):
    """Feeds, whose entries hold markup as text, and other XML."""

    name = "feeds"
    extensions = ("rss", "atom", "xml")

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield what stands in each element."""
        for _event, element in iterparse(data, events=("end",)):
            text = element.text or ""
            if "<" in text and local(element.tag) in MARKED:
                yield from of_markup(text)
            else:
                yield text
            yield element.tail or ""
            element.clear()


def of_markup(source: str) -> Iterator[str]:
    """Yield the words of some HTML, a block at a time."""
    parser = _Words(convert_charrefs=True)
    parser.feed(source)
    parser.close()
    yield parser.title
    yield from parser.lines


class _Words(HTMLParser):
    """Collects what a reader came for."""

    def reset(self) -> None:
        super().reset()
        self.title = ""
        self.lines = [""]
        self.open: list[tuple[str, bool]] = []
        self.around = 0
        self.is_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.is_title = tag == "title" and not self.title
        if tag == "img" and told.get("alt"):
            self._add(f" {told['alt']} ")
        if tag not in INLINE:
            self.lines.append("")
        if tag in VOID:
            return
        hidden = tag in AROUND or "hidden" in told or told.get("aria-hidden") == "true"
        hidden = hidden or told.get("role") in {"navigation", "search", "banner", "contentinfo"}
        self.open.append((tag, hidden))
        self.around += hidden

    def handle_endtag(self, tag: str) -> None:
        self.is_title = False
        if tag not in INLINE:
            self.lines.append("")
        if not any(tag == name for name, _hidden in self.open):
            return
        while self.open:
            name, hidden = self.open.pop()
            self.around -= hidden
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.is_title:
            self.title += data
        else:
            self._add(data)

    def _add(self, words: str) -> None:
        if not self.around:
            self.lines[-1] += words
