"""From the blocks of a message to HTML and text, with marks for variables and links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import mrml

from dxp.lib import ids
from journeys import wording
from journeys.channels.base import Rendered

# Dark colors for clients that ask for them; the others show the light ones.
_DARK = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  body, .page, .page > table { background: #14181d !important; }
  .sheet, .sheet > table { background: #1d232a !important; }
  .ink div, .ink a { color: #e8e6e1 !important; }
  .soft div, .soft a { color: #a9b0b8 !important; }
  .rule p { border-top-color: #3a424b !important; }
}
"""
_HEAD = """<mjml lang="{language}"><mj-head>
<mj-title>{subject}</mj-title><mj-preview>{preheader}</mj-preview>
<mj-attributes>
<mj-all font-family="Helvetica, Arial, sans-serif" />
<mj-text font-size="16px" line-height="1.55" color="#22282f" padding="8px 32px" />
<mj-button background-color="#1f5f5b" color="#ffffff" border-radius="6px" font-size="16px"
  inner-padding="14px 26px" padding="16px 32px" align="left" />
</mj-attributes>
<mj-raw><meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark"></mj-raw>
<mj-style>{dark}</mj-style>
</mj-head><mj-body background-color="#f3f1ec" css-class="page">
<mj-section padding="24px 0 0"><mj-column>
<mj-text css-class="soft" font-size="14px" color="#5b646d">{brand}</mj-text>
</mj-column></mj-section>
<mj-section background-color="#ffffff" border-radius="10px" padding="24px 0" css-class="sheet">
<mj-column>"""
_FOOT = """</mj-column></mj-section><mj-section padding="8px 0 32px"><mj-column>
<mj-text css-class="soft" font-size="13px" color="#5b646d">{why}
{links}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""
_LINKS = """<a href="{preferences}" style="color:#5b646d">{prefer}</a> ·
<a href="{unsubscribe}" style="color:#5b646d">{leave}</a>"""
UNSUBSCRIBE = 0
# No message has so many links; editions that were rendered before have none of it.
PREFERENCES, CONFIRM = 9999, 9998
# A picture that tells that a mail was opened, and a link that no person sees: who follows it is a
# program.
OPEN, TRAP = 9997, 9996
_WATCH = (
    f'<img src="{wording.link(OPEN)}" alt="" width="1" height="1" style="display:block">'
    f'<a href="{wording.link(TRAP)}" style="display:none" aria-hidden="true" tabindex="-1"></a>'
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every message: words that the door translates and knows."""

    brand: str
    why: str
    leave: str
    prefer: str
    # Transactional mails offer no way out of marketing.
    marketing: bool = True
    # The words of the button of a message that asks an address to confirm; nothing else stands
    # below such a message.
    confirm: str = ""
    language: str = "en"


def render(
    *, subject: str, preheader: str, blocks: Iterable[tuple[str, Any]], site: str, frame: Frame
) -> Rendered:
    """Render the blocks of a message once for everyone.

    Args:
        subject: with variables.
        preheader: with variables.
        blocks: (kind, value) as in `journeys.blocks`.
        site: the address that links beginning with / belong to.
        frame: what stands around the content.
    """
    links = [""]
    mjml, text = [], []
    # mrml escapes unusual letters in attributes, so links stand there under a word of our own.
    key = ids.key(16)
    for kind, value in blocks:
        part, plain = _PARTS[kind](value, links, _Around(site, key))
        mjml.append(part)
        text.append(plain)
    head = _HEAD.format(
        subject=escape(frame.brand),
        preheader=wording.mark(preheader, escape),
        dark=_DARK,
        brand=escape(frame.brand),
        language=frame.language,
    )
    end, plain_end = _end(frame, key)
    text.append(plain_end)
    html = mrml.to_html(head + "".join(mjml) + end).content
    html = re.sub(f"{key}([0-9]+)-", lambda match: wording.link(int(match[1])), html)
    if not frame.confirm:
        html = html.replace("</body>", f"{_WATCH}</body>", 1)
    return Rendered(wording.mark(subject, str), html, "\n\n".join(text) + "\n", links)


def _end(frame: Frame, key: str) -> tuple[str, str]:
    """Return what stands below the content, as MJML and as text."""
    why = escape(frame.why)
    if frame.confirm:
        button = f'<mj-button href="{key}{CONFIRM}-">{escape(frame.confirm)}</mj-button>'
        plain = f"{frame.confirm}: {wording.link(CONFIRM)}\n\n--\n{frame.why}"
        return button + _FOOT.format(why=why, links=""), plain
    if not frame.marketing:
        return _FOOT.format(why=why, links=""), f"--\n{frame.why}"
    links = _LINKS.format(
        leave=escape(frame.leave), unsubscribe=f"{key}{UNSUBSCRIBE}-",
        prefer=escape(frame.prefer), preferences=f"{key}{PREFERENCES}-",
    )  # fmt: skip
    plain = (
        f"--\n{frame.why}\n{frame.prefer}: {wording.link(PREFERENCES)}\n"
        f"{frame.leave}: {wording.link(UNSUBSCRIBE)}"
    )
    return _FOOT.format(why=why, links=links), plain


@dataclass(frozen=True, slots=True)
class _Around:
    """What the parts need to know: the site, and the word that stands for links."""

    site: str
    key: str


def _heading(value: str, links: list[str], around: _Around) -> tuple[str, str]:
    marked = wording.mark(value, escape)
    part = (
        '<mj-text css-class="ink" font-size="26px" line-height="1.25" font-weight="700">'
        f'<h1 style="margin:0;font-size:26px">{marked}</h1></mj-text>'
    )
    return part, wording.mark(value, str)


def _text(value: str, links: list[str], around: _Around) -> tuple[str, str]:
    paragraphs = [
        part.strip() for part in value.replace("\r\n", "\n").split("\n\n") if part.strip()
    ]
    marked = [wording.mark(part, escape).replace("\n", "<br />") for part in paragraphs]
    html = "".join(f'<mj-text css-class="ink">{part}</mj-text>' for part in marked)
    return html, "\n\n".join(wording.mark(part, str) for part in paragraphs)


def _link(value: Any, links: list[str], around: _Around) -> tuple[str, str]:
    links.append(_absolute(value["url"], around.site))
    mark, href = wording.link(len(links) - 1), f"{around.key}{len(links) - 1}-"
    words = wording.mark(value["text"], escape)
    if value["look"] == "link":
        html = (
            f'<mj-text css-class="ink"><a href="{href}" style="color:#1f5f5b">{words}</a></mj-text>'
        )
    else:
        html = f'<mj-button href="{href}">{words}</mj-button>'
    return html, f"{wording.mark(value['text'], str)}: {mark}"


def _picture(value: Any, links: list[str], around: _Around) -> tuple[str, str]:
    source, alt = escape(_absolute(value["url"], around.site)), escape(value["alt"] or "")
    html = f'<mj-image src="{source}" alt="{alt}" padding="8px 32px" fluid-on-mobile="true" />'
    return html, f"[{value['alt']}]" if value["alt"] else ""


def _divider(value: Any, links: list[str], around: _Around) -> tuple[str, str]:
    look = 'border-width="1px" border-color="#d9d5cc" padding="16px 32px"'
    return f'<mj-divider css-class="rule" {look} />', "- - -"


def _absolute(url: str, site: str) -> str:
    return f"{site.rstrip('/')}{url}" if url.startswith("/") else url


_PARTS = {
    "heading": _heading,
    "text": _text,
    "link": _link,
    "picture": _picture,
    "divider": _divider,
}
